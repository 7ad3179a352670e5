"""A second look at a conversation finds the alerts of the first one again."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from jarvis.alert_causes import RaisedAlert, without_doubles
from jarvis.alerts import Alert, AlertType, Priority

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
