"""The churn stage as assets: every member's risk of the day, and the model that tells it."""

from datetime import date

from dagster import AssetExecutionContext, AssetKey, Config, MaterializeResult, asset

from orchestration.assets.raw import raw_key
from orchestration.churn import promote_waiting, score_day, train_candidate
from orchestration.previews import held
from orchestration.resources import Warehouse, process_settings


class ScoringDay(Config):
    """Which day to score."""

    as_of: str | None = None
    """YYYY-MM-DD; today (UTC) when left out. A past day is scored with what was known as it began."""


@asset(
    group_name="churn",
    kinds={"postgres", "python"},
    deps=[
        AssetKey("conversation_summaries"),
        AssetKey("member_analytics"),
        raw_key("gym_members_v2"),
        raw_key("member_visits"),
        raw_key("memberships"),
        raw_key("consents"),
    ],
)
def churn_scores(context: AssetExecutionContext, config: ScoringDay, warehouse: Warehouse) -> MaterializeResult[None]:
    """One row per member and day: the risk from 0 to 1, its level, and at most three reasons.

    Members of less than 21 days have none; a row with a `held_back_reason` must raise no alert.
    """
    day = date.fromisoformat(config.as_of) if config.as_of else None
    with warehouse.connect() as connection:
        scored = score_day(connection, thresholds=process_settings().churn, as_of=day)
        told = held(connection, "churn_scores")
    return MaterializeResult(
        metadata={
            "as_of": scored.as_of.isoformat(),
            "members": scored.scored,
            "held_back": scored.held_back,
            "by_level": {str(level): count for level, count in scored.by_level.items()},
            **told,
        }
    )


@asset(
    group_name="churn",
    kinds={"postgres", "scikitlearn"},
    deps=[AssetKey("conversation_summaries"), raw_key("member_visits"), raw_key("memberships")],
)
def churn_model(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """The newest candidate: fitted on settled months, judged on later ones, kept with its window and figures."""
    with warehouse.connect() as connection:
        training = train_candidate(connection, thresholds=process_settings().churn)
        told = held(connection, "churn_model")
    figures = {name: training.metrics[name] for name in ("model", "rules", "champion") if name in training.metrics}
    return MaterializeResult(metadata={"version": training.version, "told": training.told, "figures": figures, **told})


@asset(group_name="churn", kinds={"postgres"}, deps=[churn_model])
def churn_champion(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """The model that decides; a candidate becomes it only past the check that blocks the way here."""
    with warehouse.connect() as connection:
        promoted = promote_waiting(connection, by="pipeline")
        told = held(connection, "churn_model")
    return MaterializeResult(metadata={"promoted": promoted or "nothing", **told})
