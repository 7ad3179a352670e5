"""Reads reports as one person may: the caller's transaction carries them, row security decides.

SQL is in `queries/report_reading.sql`; what the reports are made from is `stores/reports.py`.
"""

from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, scalar_row

from jarvis.churn import HeldBack
from jarvis.reports import KeptReport, MemberAtRisk, ReadReport
from warehouse.sql import queries

WHOM_TO_CALL = 5


def read(connection: Connection, report_id: UUID, *, shows_drafts: bool = False) -> ReadReport | None:
    """The report with the members to call; None where this person does not see it.

    Args:
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
    return ReadReport(report, tuple(found), None if held_back is None else HeldBack(held_back[0]))


def _gyms(connection: Connection, report: KeptReport) -> list[UUID]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(_sql("gyms_of_franchise"), {"franchise_id": report.franchise_id}).fetchall()


def _sql(block: str) -> LiteralString:
    return queries("report_reading")[block]
