"""A second look at a conversation finds the alerts of the first one again."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from jarvis.alert_causes import RaisedAlert, as_handed_on, without_doubles
from jarvis.alerts import Alert, AlertType, Finding, Priority, SaidTurn
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic

SESSION = UUID(int=1)
ALERT = Alert(
    gym_id=UUID(int=2),
    session_id=SESSION,
    kiosk_id=None,
    member_id=None,
    alert_type=AlertType.EQUIPMENT_ISSUE,
    priority=Priority.MEDIUM,
    title="Tapis 4",
    description="",
    recommended_actions=(),
    dedup_key="equipment_issue:equipment:tapis 4:-",
    occurred_at=datetime(2026, 11, 22, tzinfo=UTC),
)


def wanted(*keys: str) -> list[Alert]:
    return [replace(ALERT, dedup_key=key) for key in keys]


def raised(key: str, *, is_open: bool = True, session_count: int = 1) -> RaisedAlert:
    return RaisedAlert(SESSION, key, is_open, session_count)


def keys_of(alerts: list[Alert]) -> list[str]:
    return [alert.dedup_key for alert in alerts]


def test_at_the_first_look_everything_is_raised() -> None:
    alerts = wanted("equipment_issue:equipment:tapis 4:-", "negative_feedback:m:equipment")
    assert without_doubles(alerts, []) == alerts


def test_the_same_cause_keeps_its_key() -> None:
    key = "equipment_issue:equipment:tapis 4:-"
    assert keys_of(without_doubles(wanted(key), [raised(key)])) == [key]


def test_another_wording_takes_the_key_of_the_first_one() -> None:
    found = without_doubles(wanted("negative_feedback:m:cleanliness"), [raised("negative_feedback:m:equipment")])
    assert keys_of(found) == ["negative_feedback:m:equipment"]


def test_the_same_topic_is_preferred_and_each_earlier_alert_is_taken_once() -> None:
    earlier = [raised("equipment_issue:cleanliness:-:sauna"), raised("equipment_issue:equipment:tapis 4:-")]
    found = without_doubles(
        wanted(
            "equipment_issue:equipment:tapis de course 4:-",
            "equipment_issue:safety:-:-",
            "equipment_issue:safety:-:bar",
        ),
        earlier,
    )
    assert keys_of(found) == [
        "equipment_issue:equipment:tapis 4:-", "equipment_issue:cleanliness:-:sauna", "equipment_issue:safety:-:bar",
    ]  # fmt: skip


def test_an_open_alert_is_preferred_to_a_closed_one() -> None:
    earlier = [raised("negative_feedback:m:billing", is_open=False), raised("negative_feedback:m:staff_coaching")]
    found = without_doubles(wanted("negative_feedback:m:equipment"), earlier)
    assert keys_of(found) == ["negative_feedback:m:staff_coaching"]


def test_an_alert_of_other_conversations_too_is_left_as_it_is() -> None:
    earlier = [raised("equipment_issue:equipment:tapis 4:-", session_count=3)]
    assert without_doubles(wanted("equipment_issue:equipment:tapis 5:-"), earlier) == []


def test_kinds_are_never_mixed_and_facts_keep_their_keys() -> None:
    earlier = [raised("hand_over:s"), raised("milestone:m:50"), raised("suggestion:m:equipment")]
    alerts = wanted("negative_feedback:m:equipment", "milestone:m:100")
    assert without_doubles(alerts, earlier) == alerts


def found(*issues: Issue, topics: tuple[Topic, ...] = ()) -> Finding:
    """A conversation in which something was reported."""
    return Finding(
        gym_id=UUID(int=2), session_id=SESSION, kiosk_id=UUID(int=3), member_id=None,
        occurred_at=datetime(2026, 11, 22, tzinfo=UTC), sentiment_score=0.0, sentiment_label=Sentiment.NEUTRAL,
        emotion=Emotion.NEUTRAL, topics=topics, intents=(Intent.REPORT_ISSUE,), issues=issues,
        turns=(SaidTurn("t", "…", datetime(2026, 11, 22, tzinfo=UTC), None, None, (Intent.REPORT_ISSUE,)),),
    )  # fmt: skip


def issue(topic: Topic, machine: str | None = None, zone: str | None = None) -> Issue:
    return Issue(topic, machine, zone, ("t",))


SHOWERS, DIRT, BROKEN, DANGER = Topic.SHOWERS_LOCKERS, Topic.CLEANLINESS, Topic.EQUIPMENT, Topic.SAFETY


@pytest.mark.parametrize(
    ("issues", "handed_on", "topics"),
    [
        ([issue(SHOWERS, zone="douches")], [issue(DIRT, zone="la douche")], [DIRT]),
        ([issue(SHOWERS, zone="douches")], [issue(DIRT, zone="sauna")], [SHOWERS]),
        ([issue(BROKEN, "tapis 4")], [issue(DIRT, "tapis 5")], [BROKEN]),
        ([issue(DANGER, "tapis 4")], [issue(BROKEN, "tapis 4")], [DANGER]),
        ([issue(DIRT, zone="douches"), issue(SHOWERS, zone="douches")], [issue(DIRT, zone="douches")], [DIRT, SHOWERS]),
        ([issue(DIRT)], [issue(BROKEN, "tapis 4"), issue(DIRT, zone="sauna")], [DIRT]),
        ([issue(SHOWERS, zone="douches")], [], [SHOWERS]),
    ],
)
def test_what_was_reported_while_talking_names_the_cause(
    issues: list[Issue], handed_on: list[Issue], topics: list[Topic]
) -> None:
    """At the same place; a danger stays one, and two things that the analysis tells apart stay apart."""
    assert [one.topic for one in as_handed_on(found(*issues), handed_on).issues] == topics


def test_an_issue_without_a_place_is_the_one_that_was_reported() -> None:
    """Also where the analysis has a topic only."""
    handed_on = [issue(DIRT, zone="sauna")]
    for finding in (found(issue(DIRT)), found(topics=(DIRT,)), found(issue(SHOWERS))):
        [one] = as_handed_on(finding, handed_on).issues
        assert (one.topic, one.machine, one.zone, one.source_turn_ids) == (DIRT, None, "sauna", ("t",))
