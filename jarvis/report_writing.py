"""What a report says: its figures beside their past, the sentences worth reading, and what to do first. Pure rules.

`jarvis/reports.py` has the records, `jarvis/reports_fr.py` the words. Who calls: the report job.
"""

from collections.abc import Sequence
from dataclasses import fields

from jarvis import report_gyms, reports_fr, small_numbers
from jarvis.conversations import Topic
from jarvis.reports import SESSIONS_CITED, Change, Figures, Findings, Insight, Report, Standing

# Below this many sessions a share or a mean says more about chance than about the gym.
FEW_SESSIONS = 5
# A change smaller than this, in share of the value before, is not worth a sentence.
NOTABLE_CHANGE = 0.10
# Half the scale's usual width between a neutral and a clearly negative week.
NOTABLE_SENTIMENT = 0.10
MOST_ACTIONS = 3
# What cannot wait, whom one may lose, what they complain of, and then what only informs.
_ORDER_OF_ACTION = ("alerts", "churn", "topic", "sentiment", "visits")
# A complaint of one member is an alert, not a tendency.
_LEAST_COMPLAINTS = 2


def write_report(findings: Findings) -> Report:
    """The report on these findings; the same findings give the same report."""
    changes = changes_of(findings)
    insights = tuple(sorted(_insights(findings, changes), key=lambda one: -one.weight))
    return Report(
        findings=findings,
        title=reports_fr.title(findings.subject, findings.period),
        summary=reports_fr.summary(findings),
        changes=changes,
        insights=insights,
        actions=_actions(findings, insights),
    )


def changes_of(findings: Findings) -> tuple[Change, ...]:
    """Every figure beside the last period and the same weeks last year; None where a period is not on record."""
    periods = {
        "now": findings.now,
        "before": findings.before if findings.before.active_days else None,
        "year_before": findings.year_before if findings.year_before.active_days else None,
    }
    found = []
    for name in (field.name for field in fields(Figures) if field.name != "active_days"):
        withheld = tuple(
            when
            for when, figures in periods.items()
            if figures is not None and report_gyms.is_withheld(findings, when, name)
        )
        values = {
            when: None if figures is None or when in withheld else getattr(figures, name)
            for when, figures in periods.items()
        }
        found.append(Change(name, **values, withheld=withheld))
    return tuple(found)


def _insights(findings: Findings, changes: Sequence[Change]) -> list[Insight]:
    by_name = {one.name: one for one in changes}
    found = [
        _visits(by_name["visit_count"]),
        _sentiment(findings, by_name["mean_sentiment_score"]),
        *_topics(findings),
        _risk(findings),
        _late_alerts(findings.standing),
    ]
    return [one for one in found if one is not None]


def _visits(change: Change) -> Insight | None:
    share = change.share
    if share is None or abs(share) < NOTABLE_CHANGE or change.now is None or change.before is None:
        return None
    text = reports_fr.visits_insight(int(change.now), int(change.before), change.share_of_year)
    return Insight("visits", text, min(1.0, abs(share)), metric="visit_count", evidence_count=int(change.now))


def _sentiment(findings: Findings, change: Change) -> Insight | None:
    enough = min(findings.now.analysed_session_count, findings.before.analysed_session_count) >= FEW_SESSIONS
    if not enough or change.now is None or change.before is None:
        return None
    difference = change.now - change.before
    if abs(difference) < NOTABLE_SENTIMENT:
        return None
    text = reports_fr.sentiment_insight(
        difference,
        report_gyms.told_now(findings, "negative_session_count"),
        findings.now.analysed_session_count,
    )
    return Insight(
        "sentiment",
        text,
        min(1.0, abs(difference)),
        metric="mean_sentiment_score",
        session_ids=findings.negative_session_ids[:SESSIONS_CITED],
        evidence_count=findings.now.analysed_session_count,
    )


def _topics(findings: Findings) -> list[Insight]:
    past = {one.topic: one for one in findings.topics_before}
    analysed = max(1, findings.now.analysed_session_count)
    least = small_numbers.LEAST if findings.is_network else _LEAST_COMPLAINTS
    found = []
    for one in findings.topics:
        if one.topic is Topic.OTHER or one.negative_count < least:
            continue
        before = past[one.topic].negative_count if one.topic in past else 0
        negative_before = small_numbers.told(before) if findings.is_network else before
        text = reports_fr.topic_insight(one.topic, one.session_count, one.negative_count, negative_before)
        found.append(
            Insight(
                "topic",
                text,
                one.negative_count / analysed,
                topic=one.topic,
                session_ids=one.session_ids[:SESSIONS_CITED],
                evidence_count=one.session_count,
            )
        )
    return sorted(found, key=lambda insight: -insight.weight)[:3]


def _risk(findings: Findings) -> Insight | None:
    standing = findings.standing
    if not standing.at_risk_member_count or (findings.is_network and report_gyms.at_risk_of(findings) is None):
        return None
    text = reports_fr.risk_insight(standing.at_risk_member_count, standing.active_member_count)
    share = standing.at_risk_member_count / max(1, standing.active_member_count)
    return Insight(
        "churn",
        text,
        min(1.0, share),
        metric="at_risk_member_count",
        evidence_count=standing.at_risk_member_count,
    )


def _late_alerts(standing: Standing) -> Insight | None:
    if not standing.late_alert_ids:
        return None
    text = reports_fr.late_alerts_insight(len(standing.late_alert_ids))
    count = len(standing.late_alert_ids)
    return Insight("alerts", text, 1.0, alert_ids=standing.late_alert_ids, evidence_count=count)


def _actions(findings: Findings, insights: Sequence[Insight]) -> tuple[str, ...]:
    """What to do first: what waits, who may leave, what members complain of, and then what keeps things going."""
    wanted = []
    for insight in sorted(insights, key=lambda one: _ORDER_OF_ACTION.index(one.kind)):
        action = reports_fr.action(insight.kind, insight.topic, findings.standing)
        if action is not None:
            wanted.append(action)
    wanted += reports_fr.standing_actions(findings)
    return tuple(dict.fromkeys(wanted))[:MOST_ACTIONS]
