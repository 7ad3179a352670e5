"""Which alert a look at a conversation belongs to where one was raised for it before: pure rules.

The assistant's own report, made while the member was talking, is there before the analysis: what both name is one
cause, under the topic it was reported by.

A conversation is weighed again after the hosted engine has enriched it, or a person has asked for a new analysis. What
it gives reason for then may be named differently: another topic, another spelling of a machine. That is no second
cause. `alerts.py` says what a conversation gives reason for; the alerts stage of `orchestration` asks here before it
raises it. Never here: taking an alert back, which is a person's decision.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from jarvis.alerts import Alert, Finding, place_key, repairable_issues
from jarvis.conversations import Issue, Topic
from jarvis.places import thing_of

# Kinds of key that carry a reading of the words; the others carry facts, and are the same at every look.
READ_FROM_WORDS = frozenset({"negative_feedback", "equipment_issue"})


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert, open or closed, that an earlier look at a conversation has raised or added to."""

    session_id: UUID
    dedup_key: str
    is_open: bool
    session_count: int
    """How many conversations it rests on."""


def without_doubles(wanted: Sequence[Alert], raised: Sequence[RaisedAlert]) -> list[Alert]:
    """The alerts to raise after a second look at one conversation, each under the key of the cause it was raised for.

    One that the first look did not have in any wording is new; one that stands under another wording takes its key,
    so that it is reworded where it is open and stays away where it is closed; one that stands for other
    conversations as well is left as it is.

    Args:
        wanted: what the conversation gives reason for now.
        raised: what it was given for earlier; empty at the first look.
    """
    keys = {one.dedup_key for one in raised}
    still = {alert.dedup_key for alert in wanted}
    # What an earlier look has raised under a name that this one does not use; the open ones first.
    renamed = sorted(
        (one for one in raised if one.dedup_key not in still and _kind(one.dedup_key) in READ_FROM_WORDS),
        key=lambda one: (not one.is_open, one.dedup_key),
    )
    kept: list[Alert] = []
    for alert in wanted:
        earlier = None if alert.dedup_key in keys else _first(renamed, alert.dedup_key)
        if earlier is None:
            kept.append(alert)
            continue
        renamed.remove(earlier)
        if earlier.session_count == 1:
            kept.append(replace(alert, dedup_key=earlier.dedup_key))
    return kept


def as_handed_on(finding: Finding, handed_on: Sequence[Issue]) -> Finding:
    """The finding with its issues under the topics that the talk's own reports gave to the same things.

    A danger stays one, and what the analysis tells apart at one place stays apart. An issue without a place is the one
    that was reported by the same topic, or the only one that was.

    Args:
        handed_on: what the assistant reported to the team during the talk.
    """
    issues = repairable_issues(finding)
    if not handed_on or not issues:
        return finding
    return replace(finding, issues=tuple(_as_reported(issue, issues, handed_on) for issue in issues))


def _as_reported(issue: Issue, issues: Iterable[Issue], handed_on: Sequence[Issue]) -> Issue:
    if issue.topic is Topic.SAFETY:
        return issue
    if issue.machine is None and issue.zone is None:
        same_topic = [one for one in handed_on if one.topic is issue.topic]
        meant = (same_topic or handed_on)[0] if same_topic or len(handed_on) == 1 else issue
        return replace(issue, topic=meant.topic, machine=meant.machine, zone=meant.zone)
    told = {one.topic for one in issues if _place(one) == _place(issue)}
    reported = [one.topic for one in handed_on if _place(one) == _place(issue)]
    return issue if not reported or told.intersection(reported) else replace(issue, topic=reported[0])


def _place(issue: Issue) -> tuple[str | None, ...]:
    """What an issue is about, whoever is called for it."""
    thing = thing_of(issue.topic, issue.machine, issue.zone)
    if thing.kind is None:
        return (None, place_key(issue.machine), place_key(issue.zone))
    return (thing.kind, thing.number, thing.zone)


def _first(renamed: Sequence[RaisedAlert], dedup_key: str) -> RaisedAlert | None:
    """The earlier alert of the same kind: about the same topic where there is one, else the first."""
    same_kind = [one for one in renamed if _kind(one.dedup_key) == _kind(dedup_key)]
    same_topic = [one for one in same_kind if _topic(one.dedup_key) == _topic(dedup_key)]
    return next(iter(same_topic or same_kind), None)


def _kind(dedup_key: str) -> str:
    return dedup_key.partition(":")[0]


def _topic(dedup_key: str) -> str:
    """The topic in `equipment_issue:<topic>:<machine>:<zone>`; one conversation has one negative_feedback at a time."""
    return dedup_key.split(":")[1]
