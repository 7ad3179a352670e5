"""Reads reports as one person may: the caller's transaction carries them, row security decides.

SQL is in `queries/report_reading.sql`; what the reports are made from is `stores/reports.py`.
"""

from collections.abc import Sequence
from typing import LiteralString, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row, scalar_row

from jarvis.churn import HeldBack
from jarvis.reports import KeptReport, MemberAtRisk, ReadReport, Said
from warehouse.sql import queries

WHOM_TO_CALL = 5


class Masked(Protocol):
    """Takes out of a member's words what is personal."""

    def __call__(self, text: str, *, known: Sequence[str] = ()) -> str:
        """The words without it; `known` is what the member is called."""


def read(connection: Connection, report_id: UUID, *, masked: Masked, shows_drafts: bool = False) -> ReadReport | None:
    """The report with the members to call and the words behind its insights; None where this person does not see it.

    Args:
        masked: what is quoted goes through it.
        shows_drafts: also one that is not published, to whoever may publish it: row security knows who.
    """
    with connection.cursor(row_factory=class_row(KeptReport)) as cursor:
        report = cursor.execute(_sql("report"), {"report_id": report_id, "shows_drafts": shows_drafts}).fetchone()
    if report is None:
        return None
    gym_ids = [report.gym_id] if report.gym_id else _gyms(connection, report)
    with connection.cursor(row_factory=class_row(MemberAtRisk)) as members:
        found = members.execute(_sql("whom_to_call"), {"gym_ids": gym_ids, "asked": WHOM_TO_CALL}).fetchall()
    held_back = None if found else connection.execute(_sql("held_back"), {"gym_ids": gym_ids}).fetchone()
    said = _said(connection, report, masked)
    return ReadReport(report, tuple(found), None if held_back is None else HeldBack(held_back[0]), said)


def _said(connection: Connection, report: KeptReport, masked: Masked) -> tuple[Said, ...]:
    cited = [
        (place, UUID(str(session_id)), insight.get("topic"))
        for place, insight in enumerate(report.insights or ())
        for session_id in insight.get("session_ids") or ()
    ]
    if not cited:
        return ()
    places, sessions, topics = (list(column) for column in zip(*cited, strict=True))
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("said"), {"places": places, "session_ids": sessions, "topics": topics}).fetchall()
    return tuple(
        Said(
            session_id=row["session_id"],
            topic=row["topic"],
            said_at=row["said_at"],
            gym_name=row["gym_name"],
            kiosk_name=row["kiosk_name"],
            text=masked(row["text"], known=[name for name in (row["first_name"], row["last_name"]) if name]),
        )
        for row in rows
    )


def _gyms(connection: Connection, report: KeptReport) -> list[UUID]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_sql("gyms_of_franchise"), {"franchise_id": report.franchise_id}).fetchall()


def _sql(block: str) -> LiteralString:
    return queries("report_reading")[block]
