"""The churn stage in one step: histories out of the warehouse, scores into it.

Between `warehouse.stores.churn`, which knows no model, and `ml.churn`, which knows no database. Called by
the assets and by the command line.
"""

from datetime import UTC, date, datetime

from psycopg import Connection

from jarvis.churn import ChurnThresholds
from warehouse.stores import churn
from warehouse.stores.churn import ScoredDay


def score_day(connection: Connection, *, thresholds: ChurnThresholds, as_of: date | None = None) -> ScoredDay:
    """The day's scores are in the database; running it again replaces them. Today (UTC) where no day is given."""
    from ml.churn.scoring import score_members

    day = as_of or datetime.now(UTC).date()
    with connection.transaction():
        histories = churn.load_histories(connection, until=day)
        scores = score_members(histories, as_of=day, thresholds=thresholds)
        return churn.save_scores(connection, scores, as_of=day)
