"""The first tier and the later stages in one call: what a hosted engine finds when it comes."""

from psycopg import Connection

from orchestration.batches import AlertReport, analyse_due, count_members, raise_alerts
from tests.support.cue_word_engine import CueWordEngine


def seen_by_everybody(pipeline: Connection) -> AlertReport:
    """Every closed session has its local analysis, its member's analytics and its alerts, and waits for enrichment."""
    analyse_due(pipeline, CueWordEngine(), has_second_tier=True)
    return seen_again(pipeline)


def seen_again(pipeline: Connection) -> AlertReport:
    """The members and the alerts stage have seen what is new."""
    count_members(pipeline)
    return raise_alerts(pipeline, negative_feedback_below=-0.5)
