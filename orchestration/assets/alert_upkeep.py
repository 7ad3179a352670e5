"""Alert upkeep as an asset: alerts end with their cause, rise when nobody takes them, and members at risk get theirs.

Plain functions, one transaction each; the asset only calls them in order: ends first, so that a member
who came back is not chosen again in the same run, and letters last.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset
from psycopg import Connection

from jarvis.alert_choices import choose
from jarvis.alert_messages import draft
from jarvis.alert_upkeep import data_faults, ending, escalated, milestones
from jarvis.alerts_fr import DATA_IS_BACK
from orchestration.alert_letters import send_letters
from orchestration.previews import held
from orchestration.resources import Warehouse, process_settings
from warehouse.mailer import mailer_for
from warehouse.stores import alert_choices, alert_letters, alert_messages, alerts
from warehouse.stores import alert_upkeep as store


@asset(
    name="alert_choices",
    group_name="alerts",
    kinds={"postgres", "python"},
    deps=[AssetKey("churn_scores"), AssetKey("manager_alerts")],
)
def weekly_choices(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """Members at risk within the gym's weekly budget have an alert, ended causes none; old ones rose, people know."""
    now = datetime.now(UTC)
    settings = process_settings()
    with warehouse.connect() as connection:
        report = {
            **keep_up(connection, now=now),
            **choose_members(connection, now=now),
            "drafts": draft_messages(connection),
            # Last: no alert waits for a mail server.
            **send_letters(connection, mailer_for(settings), settings, now=now),
        }
        told = held(connection, "alert_choices")
    return MaterializeResult(metadata={**report, **told})


def keep_up(connection: Connection, *, now: datetime) -> Mapping[str, int]:
    """Ended causes are resolved, untaken alerts have risen, milestones and faults of the data have their alerts."""
    counts: Counter[str] = Counter(ended=0, escalated=0, milestones=0, data_faults=0)
    with connection.transaction():
        for one in store.open_alerts(connection, now=now):
            end, priority = ending(one, now=now), escalated(one, now=now)
            if end is not None:
                counts["ended"] += alerts.end_alert(
                    connection,
                    gym_id=one.gym_id,
                    dedup_key=one.dedup_key,
                    note=end.note,
                    outcome_code=end.outcome_code,
                )
            elif priority is not None and store.escalate(connection, one, priority=priority, now=now):
                counts["escalated"] += 1
                alert_letters.queue(connection, alert_id=one.alert_id, now=now)
    with connection.transaction():
        told = store.told_milestones(connection)
        for arrival in store.arrivals(connection, now=now):
            for alert in milestones(arrival, today=now.date()):
                if (alert.gym_id, alert.dedup_key) not in told:
                    counts["milestones"] += alerts.raise_alert(connection, alert)
    with connection.transaction():
        standing = store.open_data_causes(connection)
        for gym in store.gym_data(connection, now=now):
            faults = data_faults(gym, now=now)
            for key, fault in faults.items():
                if (gym.gym_id, key) not in standing:
                    counts["data_faults"] += alerts.raise_alert(connection, fault)
            for _, key in sorted(cause for cause in standing if cause[0] == gym.gym_id and cause[1] not in faults):
                counts["ended"] += alerts.end_alert(connection, gym_id=gym.gym_id, dedup_key=key, note=DATA_IS_BACK)
    return counts


def choose_members(connection: Connection, *, now: datetime) -> Mapping[str, int]:
    """Each gym's members at risk have this week's choice: an alert, the digest, or the control group."""
    counts: Counter[str] = Counter(alert=0, digest=0, control=0)
    with connection.transaction():
        alert_choices.hold(connection)
        budgets = alert_choices.budgets(connection, now=now)
        found = sorted(alert_choices.candidates(connection, now=now), key=lambda one: one.gym_id)
        for gym_id, group in groupby(found, key=lambda one: one.gym_id):
            budget, spent = budgets[gym_id]
            choices = choose(group, budget=budget, spent=spent, now=now)
            for choice in choices:
                if choice.alert is not None:
                    alerts.raise_alert(connection, choice.alert)
            alert_choices.keep(connection, choices, now=now)
            counts.update(str(choice.decision) for choice in choices)
    return counts


def draft_messages(connection: Connection) -> int:
    """Open alerts about a member have a draft of what could be written to them: how many are new."""
    with connection.transaction():
        drafts = [(gym_id, alert_id, draft(one)) for gym_id, alert_id, one in alert_messages.undrafted(connection)]
        return sum(
            alert_messages.keep(connection, gym_id=gym_id, alert_id=alert_id, language=language, text=text)
            for gym_id, alert_id, (language, text) in drafts
        )
