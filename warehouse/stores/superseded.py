"""What records said before they were changed or taken away, and since when each version was known.

SQL is the block `superseded` of `queries/churn.sql`; triggers of the database write the rows. `stores/churn.py` reads
them, so that a past day is scored with what was known then.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from psycopg import Cursor

from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class Version:
    """One record as it was, until it was changed."""

    record: Mapping[str, Any]
    """Its columns as JSON has them."""
    known_from: date
    """The first day that began with it known."""
    known_until: date
    """The last one."""

    def day(self, column: str) -> date | None:
        """A column that holds a day."""
        value = self.record[column]
        return None if value is None else date.fromisoformat(value)


@dataclass(frozen=True, slots=True)
class Versions:
    """Every version that stands no more."""

    by_owner: Mapping[tuple[UUID, UUID | None, str], Sequence[Version]]
    """Gym, member (None for what is the gym's own) and table to versions, the oldest first."""
    changed_on: Mapping[UUID, date]
    """Record to the day of its last change."""

    def of(self, gym_id: UUID, member_id: UUID | None, table_name: str) -> Sequence[Version]:
        """The versions of these records, the oldest first."""
        return self.by_owner.get((gym_id, member_id, table_name), ())

    def known_from(self, record_id: UUID, recorded_on: date | None) -> date:
        """The first day that began with the record known as it stands; `recorded_on` None: it was always known."""
        changed = self.changed_on.get(record_id, recorded_on)
        return date.min if changed is None else changed + timedelta(days=1)


def load(cursor: Cursor[dict[str, Any]], *, gym_id: UUID | None) -> Versions:
    """The versions of one gym's records, of all gyms' where None; those that no day began with are left out."""
    by_owner: dict[tuple[UUID, UUID | None, str], list[Version]] = defaultdict(list)
    changed_on: dict[UUID, date] = {}
    for row in cursor.execute(queries("churn")["superseded"], {"gym_id": gym_id}):
        recorded = changed_on.get(row["record_id"], row["recorded_on"])
        known_from = date.min if recorded is None else recorded + timedelta(days=1)
        changed_on[row["record_id"]] = row["known_until"]
        if known_from <= row["known_until"]:
            version = Version(row["record"], known_from, row["known_until"])
            by_owner[row["gym_id"], row["member_id"], row["table_name"]].append(version)
    return Versions(by_owner, changed_on)
