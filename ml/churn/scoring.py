"""Every member's score of one day, with its reasons: the champion's where there is one, the rules' otherwise.

Pure. Chooses who has a score at all, and holds back those an absence explains. The churn stage of
`orchestration` brings the histories and writes the result.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import isnan
from typing import Any

from jarvis.churn import ChurnScore, ChurnThresholds, HeldBack, MemberHistory
from ml.churn.features import Timeline
from ml.churn.rules import RuleFacts, apply_rules, rules_version, total


def score_members(histories: Sequence[MemberHistory], *, as_of: date, thresholds: ChurnThresholds) -> list[ChurnScore]:
    """The scores of the day, one per member who is a member and whose pattern is known, in the given order."""
    timeline = Timeline.of(histories)
    version = rules_version(thresholds)
    scores = []
    for row in timeline.snapshot(as_of).iter_rows(named=True):
        member = timeline.members[row["place"]]
        if not is_scored(member, row, thresholds):
            continue
        factors = apply_rules(rule_facts(row, as_of), thresholds)
        score = total(factors)
        scores.append(
            ChurnScore(
                gym_id=member.gym_id,
                member_id=member.member_id,
                as_of=as_of,
                score=score,
                level=thresholds.level(score),
                factors=factors[:3],
                rules_score=score,
                rules_version=version,
                held_back_reason=held_back(member, as_of),
            )
        )
    return scores


def is_scored(member: MemberHistory, row: Mapping[str, Any], thresholds: ChurnThresholds) -> bool:
    """True for an active member of at least 21 days whose membership has not ended for good."""
    return bool(member.is_active and row["is_valid"] and row["tenure_days"] >= thresholds.new_member_days)


def rule_facts(row: Mapping[str, Any], as_of: date) -> RuleFacts:
    """What the rules look at, from a row of a snapshot."""
    left = row["days_to_expiry"]
    days_to_expiry = None if left is None or isnan(left) else int(left)
    return RuleFacts(
        days_away=int(row["days_away"]),
        last_seen_on=None if isnan(row["last_seen"]) else date.fromordinal(int(row["last_seen"])),
        negative_count=int(row["negative_count"]),
        engagement_score=row["engagement_score"],
        expires_on=None if days_to_expiry is None else as_of + timedelta(days=days_to_expiry),
        days_to_expiry=days_to_expiry,
    )


def held_back(member: MemberHistory, as_of: date) -> HeldBack | None:
    """Why the member's not coming is no news today; None where it is."""
    if any(first <= as_of <= last for first, last in member.away):
        return HeldBack.DECLARED_ABSENCE
    return HeldBack.GYM_CLOSED if as_of in member.muted_on else None
