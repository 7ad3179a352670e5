"""One open incident per machine, whatever its names: where every report arrives, on Postgres."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import dict_row

from bench.support.world import closed_session, make_gym
from jarvis.alert_upkeep import EQUIPMENT_QUIET_FOR, EQUIPMENT_QUIET_SESSIONS, Ending, ending
from jarvis.alerts import Finding, SaidTurn, alerts_for
from jarvis.alerts_fr import EQUIPMENT_QUIET
from jarvis.cli import parser
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic
from tests.conftest import Database
from warehouse.connection import as_user
from warehouse.stores.alert_upkeep import open_alerts
from warehouse.stores.alerts import mark_unfounded, raise_alert
from warehouse.stores.machine_incidents import IncidentRefused, OpenIncident, merge, open_incidents, split

SHOWERS = Topic.SHOWERS_LOCKERS


@dataclass
class Desk:
    """What members report, and what the manager sees of it."""

    admin: Connection
    pipeline: Connection
    gyms: dict[str, Any] = field(default_factory=dict)

    def report(
        self, machine: str | None, zone: str | None = None, *, topic: Topic = SHOWERS, gym: str = "pau",
        session_id: UUID | None = None, is_gone: bool = False,
    ) -> UUID:  # fmt: skip
        """One conversation in which somebody reports it; its session."""
        place = self.gyms.get(gym) or self.gyms.setdefault(gym, make_gym(self.admin, gym))
        session = session_id or closed_session(self.admin, place)
        turn, now = str(uuid4()), datetime.now(UTC)
        finding = Finding(
            gym_id=place.gym_id, session_id=session, kiosk_id=place.kiosk_id, member_id=None, occurred_at=now,
            sentiment_score=0.0, sentiment_label=Sentiment.NEUTRAL, emotion=Emotion.NEUTRAL, topics=(topic,),
            intents=(Intent.REPORT_ISSUE,), issues=(Issue(topic, machine, zone, (turn,)),),
            turns=(SaidTurn(turn, "Ça ne marche pas.", now, 0.0, Sentiment.NEUTRAL, (Intent.REPORT_ISSUE,)),),
        )  # fmt: skip
        found = alerts_for(finding, negative_feedback_below=-0.5)
        for alert in found:
            raise_alert(self.pipeline, alert)
        # As after a correction that leaves the report as it is, or with `is_gone` takes it away.
        mark_unfounded(self.pipeline, finding, [] if is_gone else found)
        self.pipeline.commit()
        return session

    def open(self) -> list[dict[str, Any]]:
        """The open incidents, the first one first."""
        with self.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select title, occurrence_count, priority, context, gym_id from manager_alerts "
                "where alert_type = 'equipment_issue' and status = 'pending' order by created_at"
            ).fetchall()

    def names(self) -> list[list[str]]:
        """Of each open incident, how it was called."""
        return [[one["name"] for one in row["context"].get("mentions", [])] for row in self.open()]


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """An empty network."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        yield Desk(admin, pipeline)


def test_three_names_of_one_shower_are_one_incident(desk: Desk) -> None:
    """Counted, each name kept, and the exact one shown: a vaguer word later does not take it away."""
    desk.report(None, "les douches")
    desk.report("douche 3", "vestiaire femmes")
    desk.report("la douche du fond", topic=Topic.FACILITIES_OTHER)
    (incident,) = desk.open()
    assert desk.names() == [["les douches", "douche 3, vestiaire femmes", "la douche du fond"]]
    assert (incident["occurrence_count"], len(incident["context"]["session_ids"])) == (3, 3)
    assert incident["title"].startswith("Problème signalé : douche 3, vestiaire femmes")
    assert incident["context"]["thing"] == {"kind": "douche", "number": "3", "zone": "femmes", "trade": "repair"}
    assert (incident["context"]["machine"], incident["context"]["zone"]) == ("douche 3", "vestiaire femmes")


def test_two_numbers_are_two_incidents_and_a_vague_word_is_neither(desk: Desk) -> None:
    """« les douches » with 3 and 5 open could be both: it stands by itself; « douche 3 » still joins its own."""
    desk.report("douche 3")
    desk.report("douche 5")
    desk.report(None, "douches")
    desk.report("Douche numéro trois")
    assert [row["occurrence_count"] for row in desk.open()] == [2, 1, 1]
    assert desk.names()[0] == ["douche 3", "Douche numéro trois"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"machine": "tapis 4"}, {"machine": "tapis 5"}),
        ({"machine": "tapis 4"}, {"machine": "vélo 4"}),
        ({"machine": "douche 3", "zone": "vestiaire femmes"}, {"machine": "douche 3", "zone": "vestiaire hommes"}),
        ({"machine": "douche 3"}, {"machine": "douche 3", "topic": Topic.CLEANLINESS}),
        ({"machine": "tapis 4"}, {"machine": "tapis 4", "gym": "dax"}),
        ({"zone": "vestiaire"}, {"zone": "parking"}),
    ],
)
def test_different_things_stay_apart(desk: Desk, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Another number, kind, side, trade, gym or place is another incident."""
    desk.report(one.pop("machine", None), **one)
    desk.report(other.pop("machine", None), **other)
    assert [row["occurrence_count"] for row in desk.open()] == [1, 1]


def test_a_danger_makes_the_machine_s_incident_urgent(desk: Desk) -> None:
    """Whatever it was reported for first."""
    desk.report("tapis 4", topic=Topic.EQUIPMENT)
    desk.report("le tapis de course numéro quatre", "plateau cardio", topic=Topic.SAFETY)
    assert [(row["occurrence_count"], row["priority"]) for row in desk.open()] == [(2, "urgent")]


def test_the_same_conversation_again_adds_no_name(desk: Desk) -> None:
    """A second look is no second report."""
    session = desk.report("douche 3")
    desk.report("douche 3", session_id=session)
    assert desk.names() == [["douche 3"]]
    assert desk.open()[0]["occurrence_count"] == 1


def test_a_repaired_machine_that_breaks_again_is_a_new_incident(desk: Desk) -> None:
    """A closed incident is joined by nobody."""
    desk.report("douche 3")
    desk.admin.execute("update manager_alerts set status = 'resolved', outcome_code = 'solved'")
    desk.report(None, "les douches")
    assert desk.names() == [["les douches"]]


def test_a_report_under_another_name_still_founds_its_incident(desk: Desk) -> None:
    """Labels corrected without touching the report take nothing from the incident it joined; a withdrawn one does."""
    desk.report("douche 3")
    session = desk.report(None, "les douches")
    assert desk.open()[0]["context"].get("unfounded_session_ids", []) == []
    desk.report(None, "les douches", session_id=session, is_gone=True)
    assert desk.open()[0]["context"]["unfounded_session_ids"] == [str(session)]


def incidents(desk: Desk) -> list[OpenIncident]:
    """The open incidents of Pau as a person chooses between them, by their titles."""
    return sorted(open_incidents(desk.pipeline, gym_slug="pau"), key=lambda one: one.title)


def test_two_incidents_merged_by_hand_are_one_from_then_on(desk: Desk) -> None:
    """Each session counts once; later reports under either name join it, one read again adds nothing; on record."""
    both = desk.report("tapis 4", topic=Topic.EQUIPMENT)
    desk.report("la grosse machine bleue", topic=Topic.SAFETY, session_id=both)
    other = desk.report("la grosse machine bleue", topic=Topic.SAFETY)
    blue, treadmill = incidents(desk)
    merge(desk.pipeline, kept=treadmill.alert_id, folded=blue.alert_id)
    (merged,) = incidents(desk)
    assert (merged.alert_id, merged.title, merged.occurrence_count) == (treadmill.alert_id, treadmill.title, 2)
    desk.report("la grosse machine bleue", topic=Topic.SAFETY)
    desk.report("la grosse machine bleue", topic=Topic.SAFETY, session_id=other)
    desk.report("tapis numéro quatre", topic=Topic.EQUIPMENT)
    (merged,) = incidents(desk)
    assert (merged.occurrence_count, len(merged.session_ids)) == (4, 4)
    assert desk.open()[0]["priority"] == "urgent"
    closed = desk.admin.execute(
        "select status, outcome_code from manager_alerts where id = %s", [blue.alert_id]
    ).fetchone()
    assert closed == ("resolved", "duplicate")
    assert audited(desk) == [("incident_merged", str(treadmill.alert_id))]


def test_an_incident_split_by_hand_keeps_its_reports_apart(desk: Desk) -> None:
    """Names, sessions and counts move; the same report read again, and its name later, stay where they were put."""
    desk.report("douche 3")
    apart = desk.report("douche 3", "vestiaire hommes")
    desk.report(None, "les douches")
    (one,) = incidents(desk)
    assert one.occurrence_count == 3
    made = split(desk.pipeline, one.alert_id, session_ids=[apart])
    desk.report("douche 3", "vestiaire hommes", session_id=apart)
    desk.report("douche 3", "vestiaire hommes")
    desk.report("douche 3")
    found = {incident.alert_id: incident for incident in incidents(desk)}
    assert found[made].title == "Problème signalé : douche 3, vestiaire hommes (douches et casiers)"
    assert {mention["name"] for mention in found[made].mentions} == {"douche 3, vestiaire hommes"}
    assert [mention["name"] for mention in found[one.alert_id].mentions] == ["douche 3", "les douches", "douche 3"]
    assert {key: incident.occurrence_count for key, incident in found.items()} == {one.alert_id: 3, made: 2}
    assert all(len(incident.session_ids) == incident.occurrence_count for incident in found.values())
    assert audited(desk) == [("incident_split", str(one.alert_id))]
    desk.admin.execute("update manager_alerts set status = 'resolved', outcome_code = 'solved' where id = %s", [made])
    desk.report("douche 3", "vestiaire hommes", session_id=apart)
    assert [incident.alert_id for incident in incidents(desk)] == [one.alert_id]


def test_both_parts_of_a_split_end_by_themselves(desk: Desk) -> None:
    """Silence counts from the last session of each; what was merged and closed stays closed."""
    desk.report("douche 3")
    apart = desk.report(None, "les douches")
    (one,) = incidents(desk)
    split(desk.pipeline, one.alert_id, session_ids=[apart])
    for _ in range(EQUIPMENT_QUIET_SESSIONS):
        closed_session(desk.admin, desk.gyms["pau"])
    later = datetime.now(UTC) + EQUIPMENT_QUIET_FOR
    found = open_alerts(desk.pipeline, now=later)
    assert [ending(alert, now=later) for alert in found] == [Ending("cause_ended", EQUIPMENT_QUIET)] * 2
    assert [ending(alert, now=later - timedelta(days=1)) for alert in found] == [None] * 2


def test_only_who_manages_the_gym_puts_its_open_incidents_right(desk: Desk, database: Database) -> None:
    """Another gym's manager finds none; two gyms' incidents, closed ones, all or none of the sessions are refused."""
    first = desk.report("tapis 4", topic=Topic.EQUIPMENT)
    desk.report("vélo 2", topic=Topic.EQUIPMENT)
    desk.report("tapis 4", topic=Topic.EQUIPMENT, gym="dax")
    treadmill, bicycle = incidents(desk)
    (abroad,) = open_incidents(desk.pipeline, gym_slug="dax")
    people = {slug: uuid4() for slug in ("pau", "dax")}
    for slug, user_id in people.items():
        desk.admin.execute(
            "insert into users (id, email, role, gym_id) values (%s, %s, 'gym_manager', %s)",
            [user_id, f"{slug}@example.org", desk.gyms[slug].gym_id],
        )
    for kept, folded, why in (
        (treadmill.alert_id, abroad.alert_id, "another gym"),
        (treadmill.alert_id, treadmill.alert_id, "one incident twice"),
        (treadmill.alert_id, uuid4(), "found no such incident"),
    ):
        with pytest.raises(IncidentRefused, match=why):
            merge(desk.pipeline, kept=kept, folded=folded)
        desk.pipeline.rollback()
    with pytest.raises(IncidentRefused, match="some of them and not all"):
        split(desk.pipeline, treadmill.alert_id, session_ids=[first])
    desk.pipeline.rollback()
    with database.connect("dashboard") as door:
        with (
            pytest.raises(IncidentRefused, match="found no such incident"),
            as_user(door, people["dax"]),
        ):
            merge(door, kept=treadmill.alert_id, folded=bicycle.alert_id)
        with as_user(door, people["pau"]):
            merge(door, kept=treadmill.alert_id, folded=bicycle.alert_id)
    with pytest.raises(IncidentRefused, match="expected an open equipment_issue"):
        merge(desk.pipeline, kept=treadmill.alert_id, folded=bicycle.alert_id)


def test_the_operator_puts_incidents_right_by_command(
    desk: Desk, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listed with their ids, merged, and split again."""
    desk.report("tapis 4", topic=Topic.EQUIPMENT)
    session = desk.report("vélo 2", topic=Topic.EQUIPMENT)

    def jarvis(*arguments: str) -> list[dict[str, Any]]:
        options = parser().parse_args(["alerts", *arguments])
        assert options.handler(database.settings, options) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    first, second = sorted(jarvis("incidents", "--gym", "pau"), key=lambda one: str(one["title"]))
    jarvis("merge", first["alert_id"], second["alert_id"])
    assert [one["occurrence_count"] for one in jarvis("incidents", "--gym", "pau")] == [2]
    [told] = jarvis("split", first["alert_id"], "--session", str(session))
    assert {one["alert_id"] for one in jarvis("incidents", "--gym", "pau")} == {first["alert_id"], told["made"]}


def audited(desk: Desk) -> list[tuple[str, str]]:
    """What was done by hand, on record."""
    return desk.admin.execute(
        "select action, subject_id from audit_log where action like 'incident%' order by id"
    ).fetchall()
