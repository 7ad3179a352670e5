"""The alerts of the database; every method takes the scope it answers for.

Row security decides which rows there are: each transaction carries the person's identity and no
filter here stands in for it. Nothing is cached, so a change by somebody else is seen at once.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow

from dashboards import texts_fr
from dashboards.alerts import (
    PAGE_SIZE,
    Alert,
    AlertChoice,
    AlertCounts,
    AlertPage,
    AlertStatus,
    Change,
    DeskMark,
    Refused,
    read_actions,
    read_quotes,
)
from dashboards.language import say
from dashboards.records import QUERIES
from jarvis.tenancy import Permission, Scope
from warehouse.people import Database
from warehouse.sql import read_blocks


def asked(choice: AlertChoice, *, page: int, page_size: int, seen_until: datetime | None = None) -> dict[str, object]:
    """The choice as the values of `alerts.alerts`."""
    return {
        "statuses": [str(status) for status in choice.statuses], "alert_types": list(choice.alert_types),
        "priorities": list(choice.priorities), "within": choice.within, "gym_id": choice.gym_id, "page": page,
        "page_size": page_size, "seen_until": seen_until, "first": choice.first, "last": choice.last,
    }  # fmt: skip


class DatabaseAlertDesk:
    """The alerts of Postgres, as the person of the scope may see and change them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = read_blocks(QUERIES / "alerts.sql")

    def alerts(
        self, scope: Scope, choice: AlertChoice, *, page: int = 1, seen_until: datetime | None = None
    ) -> AlertPage:
        """One page of the chosen alerts, what is urgent first: the last one where the page asked for lies past it.

        Args:
            page: from 1.
            seen_until: alerts that wait and were raised after it are counted as new; None counts them all.
        """
        with self._database.person(scope) as connection:
            rows = connection.execute(
                self._blocks["alerts"],
                asked(choice, page=page, page_size=PAGE_SIZE, seen_until=seen_until),
            ).fetchall()
        if not rows:
            return AlertPage()
        return AlertPage(
            alerts=[_alert(row) for row in rows],
            number=(rows[0]["place"] - 1) // PAGE_SIZE + 1,
            chosen_count=rows[0]["chosen_count"],
            newest_at=rows[0]["newest_at"],
            new_count=rows[0]["new_count"],
        )

    def counts(self, scope: Scope, *, gym_id: UUID | None, closed_since: datetime) -> AlertCounts:
        """How many alerts wait, are in hand, and were closed since a moment."""
        with self._database.person(scope) as connection:
            row = connection.execute(
                self._blocks["alert_counts"], {"gym_id": gym_id, "closed_since": closed_since}
            ).fetchone()
        # An aggregate without grouping always gives one row.
        return AlertCounts(**row) if row is not None else AlertCounts(0, 0, 0, 0)

    def mark(self, scope: Scope) -> DeskMark:
        """Where the person's open alerts stand."""
        with self._database.person(scope) as connection:
            row = connection.execute(self._blocks["desk_mark"]).fetchone()
        return DeskMark(**row) if row is not None else DeskMark(0, Decimal(0))

    def take(self, scope: Scope, alert: Alert) -> Change:
        """The alert is in the person's hands, unless somebody was faster."""
        return self._change(scope, alert, block="take_alert", done=texts_fr.TAKEN)

    def colleagues(self, scope: Scope, *, gym_id: UUID | None) -> Mapping[UUID, str]:
        """Active people who may act on alerts, as far as row security shows them: name by id, the person first."""
        with self._database.person(scope) as connection:
            rows = connection.execute(
                self._blocks["colleagues"], {"user_id": scope.user_id, "gym_id": gym_id}
            ).fetchall()
        return {row["id"]: row["name"] for row in rows}

    def assign(self, scope: Scope, alert: Alert, *, assignee: UUID) -> Change:
        """The alert is in the hands of somebody who sees its gym; the database refuses anybody else."""
        return self._change(
            scope, alert, block="assign_alert", done=texts_fr.ASSIGNED, illegal=texts_fr.NOT_THEIR_GYM,
            values={"assignee": str(assignee)},
        )  # fmt: skip

    def release(self, scope: Scope, alert: Alert) -> Change:
        """The alert waits for somebody again."""
        return self._change(scope, alert, block="release_alert", done=texts_fr.RELEASED)

    def resolve(self, scope: Scope, alert: Alert, *, outcome_code: str, notes: str) -> Change:
        """The alert is resolved with its outcome; notes may be empty."""
        closing = {"status": "resolved", "outcome_code": outcome_code, "notes": notes.strip() or None}
        return self._change(scope, alert, block="close_alert", done=texts_fr.RESOLVED, values=closing)

    def dismiss(self, scope: Scope, alert: Alert, *, reason: str) -> Change:
        """The alert is closed without action; a reason is required."""
        if not reason.strip():
            return Change(False, say(texts_fr.REASON_MISSING), reason=Refused.INCOMPLETE)
        closing = {"status": "dismissed", "outcome_code": None, "notes": reason.strip()}
        return self._change(scope, alert, block="close_alert", done=texts_fr.DISMISSED, values=closing)

    def use_message(self, scope: Scope, alert: Alert, *, text: str) -> Change:
        """The message is on record as sent by the person; its words stand from then on."""
        if not scope.may(Permission.ACT_ON_ALERTS):
            return Change(False, say(texts_fr.NOT_ALLOWED))
        if not text.strip():
            return Change(False, say(texts_fr.MESSAGE_MISSING), reason=Refused.INCOMPLETE)
        with self._database.person(scope) as connection:
            values = {"alert_id": alert.id, "text": text.strip()}
            is_kept = connection.execute(self._blocks["use_message"], values).fetchone() is not None
        return Change(is_kept, say(texts_fr.MESSAGE_USED if is_kept else texts_fr.MESSAGE_GONE))

    def _change(
        self, scope: Scope, alert: Alert, *, block: str, done: str, illegal: str = texts_fr.ILLEGAL_STEP,
        values: Mapping[str, str | None] | None = None,
    ) -> Change:  # fmt: skip
        if not scope.may(Permission.ACT_ON_ALERTS):
            return Change(False, say(texts_fr.NOT_ALLOWED))
        parameters = {
            "alert_id": alert.id,
            "user_id": scope.user_id,
            "seen_status": str(alert.status),
            "seen_assignee": alert.assigned_to,
            **(values or {}),
        }
        try:
            with self._database.person(scope) as connection:
                if connection.execute(self._blocks[block], parameters).fetchone() is not None:
                    return Change(True, say(done))
                return self._why_not(connection, scope, alert)
        except psycopg.errors.CheckViolation:
            # The trigger's own message is for the log of the database: it names rows by id, in English.
            return Change(False, say(illegal))

    def _why_not(self, connection: Connection[DictRow], scope: Scope, alert: Alert) -> Change:
        row = connection.execute(self._blocks["alert_state"], {"alert_id": alert.id}).fetchone()
        if row is None:
            return Change(False, say(texts_fr.GONE))
        is_mine = row["assigned_to"] == scope.user_id
        return Change(False, texts_fr.came_second(row["status"], row["assignee_name"], is_mine=is_mine))


def _alert(row: dict[str, Any]) -> Alert:
    names = (row["first_name"], row["last_name"])
    return Alert(
        id=row["id"],
        alert_type=row["alert_type"],
        priority=row["priority"],
        status=AlertStatus(row["status"]),
        title=row["title"],
        description=row["description"],
        gym_name=row["gym_name"],
        timezone=row["timezone"],
        member_name=" ".join(name for name in names if name) or None,
        kiosk_name=row["kiosk_name"],
        quotes=read_quotes(row["context"]),
        recommended_actions=read_actions(row["recommended_actions"]),
        occurrence_count=row["occurrence_count"],
        created_at=row["created_at"],
        last_occurred_at=row["last_occurred_at"],
        assigned_to=row["assigned_to"],
        member_id=row["member_id"],
        member_phone=row["member_phone"],
        member_email=row["member_email"],
        assignee_name=row["assignee_name"],
        resolved_at=row["resolved_at"],
        outcome_code=row["outcome_code"],
        resolution_notes=row["resolution_notes"],
        message_text=row["message_text"],
        message_used_at=row["message_used_at"],
    )
