"""The churn stage in whole steps: score a day, train a candidate, let it decide or take it back.

Between `warehouse.stores`, which knows no model, and `ml.churn`, which knows no database. Called by the
assets and by the command line, so that a job and a hand do the same.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection

from jarvis.churn import ChurnThresholds
from warehouse.stores import churn, churn_models
from warehouse.stores.churn import ScoredDay

if TYPE_CHECKING:
    from ml.churn.model import ChurnModel
    from ml.churn.scoring import Champion


log = logging.getLogger(__name__)


class FutureDay(ValueError):
    """The day to score has not begun anywhere."""


@dataclass(frozen=True, slots=True)
class Training:
    """What one training gave."""

    candidate_id: UUID | None
    """None where there is too little history, or a model of this day decides already."""
    version: str
    told: str
    """What became of it, in one sentence."""
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The newest candidate and whether it may decide."""

    id: UUID
    version: str
    may_be_promoted: bool
    reasons: tuple[str, ...]


def score_day(connection: Connection, *, thresholds: ChurnThresholds, as_of: date | None = None) -> ScoredDay:
    """The day's scores are in the database; running it again replaces them. Today (UTC) where no day is given.

    A past day is scored with the members, contracts, absences and closures that were known as it began, by the model
    and the thresholds of today, which its rows name.

    Raises:
        FutureDay: when it is after today (UTC): it would hide every day until then.
    """
    from ml.churn.scoring import score_members

    today = datetime.now(UTC).date()
    day = as_of or today
    if day > today:
        raise FutureDay(f"found {day} as the day to score, expected no day after today, {today} (UTC)")
    with connection.transaction():
        histories = churn.load_histories(connection, until=day)
        scores = score_members(histories, as_of=day, thresholds=thresholds, champion=champion(connection))
        return churn.save_scores(connection, scores, as_of=day)


def champion(connection: Connection) -> "Champion | None":
    """The promoted model, loaded; None while the rules decide.

    They do where the model learned other features than today's, or another meaning of them, and the log says so: until
    the next training scores are the rules', and never those of a model that is asked what it was not taught.

    Raises:
        RegistryError: when its file is not one of ours.
    """
    from ml.churn.scoring import Champion

    kept = churn_models.champion_file(connection)
    if kept is None:
        return None
    model = _comparable(kept)
    if model is None:
        log.warning(
            "found the churn model %s of other features than today's, expected today's: the rules decide until "
            "'jarvis churn train' has taught a new one",
            kept.version,
        )
        return None
    return Champion(kept.id, model)


def train_candidate(connection: Connection, *, thresholds: ChurnThresholds, today: date | None = None) -> Training:
    """A model fitted on all settled months waits as a candidate; too little history is told and harms nothing."""
    from ml.churn import registry
    from ml.churn.train import TooLittleHistory, train

    day = today or datetime.now(UTC).date()
    with connection.transaction():
        kept = churn_models.champion_file(connection)
        comparable = None if kept is None else _comparable(kept)
        # A champion that can score nobody bars no training, be it of this day.
        version = churn_models.version_of_day(connection, day, again=kept is not None and comparable is None)
        if version is None:
            return Training(None, f"churn-{day.isoformat()}", "a model of this day decides already: nothing to do", {})
        histories = churn.load_histories(connection, until=day, since=date.min)
        try:
            trained = train(
                histories,
                today=day,
                thresholds=thresholds,
                champion=comparable,
                taken_back=_all_comparable(churn_models.taken_back_files(connection)),
            )
        except TooLittleHistory as too_little:
            return Training(None, version, f"no candidate: {too_little}", {})
        content = registry.dump(trained.model)
        # As the database will give them back: plain numbers, no NaN.
        metrics = json.loads(json.dumps(dict(trained.metrics), allow_nan=False))
        candidate_id = churn_models.keep_candidate(
            connection,
            churn_models.Candidate(
                version=version,
                content=content,
                sha256=registry.sha256(content),
                metrics=metrics,
                columns=trained.model.columns,
                window_starts_on=trained.window_starts_on,
                window_ends_on=trained.window_ends_on,
                training_rows=trained.training_rows,
            ),
        )
    return Training(candidate_id, version, "a candidate waits", metrics)


def waiting_candidate(connection: Connection) -> Waiting | None:
    """The newest model, where nobody has promoted it yet, with the verdict on it."""
    from ml.churn.train import verdict

    kept = churn_models.models(connection)
    newest = kept[0] if kept else None
    if newest is None or newest.status != "candidate" or newest.artifact_sha256 is None:
        return None
    # Who was barred when it was judged may not be any more.
    lifted = {one.version for one in kept if one.taken_back_at is None}
    over = newest.metrics.get("gain_over_taken_back", {})
    judged = verdict({**newest.metrics, "gain_over_taken_back": {one: over[one] for one in over if one not in lifted}})
    since = next((one for one in kept if one.taken_back_at and one.taken_back_at > newest.created_at), None)
    if since is not None:
        told = f"judged before {since.version} was taken back: train again"
        return Waiting(newest.id, newest.version, may_be_promoted=False, reasons=(*judged.reasons, told))
    return Waiting(newest.id, newest.version, judged.may_be_promoted, judged.reasons)


def promote_waiting(connection: Connection, *, by: str) -> str | None:
    """The newest candidate decides from now on where it may; its version, None where there is none that may."""
    with connection.transaction():
        waiting = waiting_candidate(connection)
        if waiting is None or not waiting.may_be_promoted:
            return None
        churn_models.promote(connection, waiting.id, by=by, reason="; ".join(waiting.reasons))
        return waiting.version


def model_card(connection: Connection) -> str:
    """The card of the champion, or of the newest model while the rules decide, as Markdown.

    Raises:
        NoChampion: when no model was ever trained.
    """
    from ml.churn.card import card

    kept = churn_models.models(connection)
    chosen = next((one for one in kept if one.status == "champion"), kept[0] if kept else None)
    if chosen is None:
        raise churn_models.NoChampion("found no churn model, expected a trained one: run 'jarvis churn train'")
    return card(
        version=chosen.version,
        status=chosen.status,
        window=(str(chosen.window_starts_on), str(chosen.window_ends_on)),
        training_rows=chosen.training_rows or 0,
        columns=chosen.feature_columns,
        sha256=chosen.artifact_sha256,
        metrics=chosen.metrics,
        gyms=churn_models.gym_slugs(connection),
    )


def roll_back(connection: Connection, *, by: str, reason: str) -> str | None:
    """The model before the champion decides again; its version, None where the rules do.

    Raises:
        NoChampion: when the rules decide already.
    """
    with connection.transaction():
        return churn_models.roll_back(connection, by=by, reason=reason)


def lift_bar(connection: Connection, version: str, *, by: str, reason: str) -> None:
    """The model that was taken back bars no candidate any more, those that wait already neither.

    Raises:
        NotBarred: when nobody took it back.
    """
    with connection.transaction():
        churn_models.lift_bar(connection, version, by=by, reason=reason)


def _comparable(kept: churn_models.ModelFile) -> "ChurnModel | None":
    """The model, or None where it learned other features than today's, or other meanings, and can score nobody."""
    from ml.churn import registry

    model = registry.load(kept.content)
    return model if registry.knows_todays_features(model) else None


def _all_comparable(kept: Sequence[churn_models.ModelFile]) -> "dict[str, ChurnModel]":
    found = {one.version: _comparable(one) for one in kept}
    return {version: model for version, model in found.items() if model is not None}
