"""One open incident per machine, whatever its names: where every report arrives, on Postgres."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.rows import dict_row

from bench.support.world import closed_session, make_gym
from jarvis.alerts import Finding, SaidTurn, alerts_for
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic
from tests.conftest import Database
from warehouse.stores.alerts import mark_unfounded, raise_alert

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
