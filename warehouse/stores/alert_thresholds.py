"""Sets from when on a gym, or the gyms of a franchise, are told of silent kiosks, visits and missing check-ins.

For operators; a manager sets their gym's on « Réglages ». SQL is in `queries/alert_thresholds.sql`, what the numbers
mean in `jarvis/alert_thresholds.py`.
"""

from collections.abc import Sequence

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_thresholds import Thresholds, held
from jarvis.alerts import AlertType
from warehouse.sql import queries
from warehouse.stores import gyms


class FranchiseNotFound(LookupError):
    """No franchise has this name."""


def set_of_gym(connection: Connection, gym_slug: str, kind: AlertType, steps: Sequence[int] | None) -> Thresholds:
    """The gym's own number, or with None its franchise's again; what holds now.

    Raises:
        GymNotFound: when no gym has the slug.
    """
    gyms.gym_id_of(connection, gym_slug)
    found = _set(connection, "set_of_gym", kind, steps, gym_slug=gym_slug)
    assert found is not None, "the gym was there a moment ago"
    return found


def set_of_franchise(connection: Connection, name: str, kind: AlertType, steps: Sequence[int] | None) -> Thresholds:
    """The number of the franchise's gyms without their own, or with None the rules' again; what holds now.

    Raises:
        FranchiseNotFound: when none has the name.
    """
    found = _set(connection, "set_of_franchise", kind, steps, franchise=name)
    if found is None:
        raise FranchiseNotFound(f"found no franchise '{name}', expected the name of one")
    return found


def _set(
    connection: Connection, block: str, kind: AlertType, steps: Sequence[int] | None, **whose: str
) -> Thresholds | None:
    values = {"kind": kind, "steps": None if steps is None else list(steps), **whose}
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(queries("alert_thresholds")[block], values).fetchone()
    return None if row is None else held(row)
