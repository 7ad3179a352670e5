"""Kiosk health as an asset: who is offline, and the alerts of those silent too long."""

from datetime import UTC, datetime

from dagster import AssetExecutionContext, MaterializeResult, asset
from psycopg import Connection

from jarvis.kiosk_health import Verdict, look
from orchestration.assets.raw import raw_key
from orchestration.previews import held
from orchestration.resources import Warehouse
from warehouse.stores import alerts
from warehouse.stores import kiosk_health as store


@asset(group_name="kiosks", kinds={"postgres", "python"}, deps=[raw_key("kiosks"), raw_key("kiosk_heartbeats")])
def kiosk_health(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """Kiosks silent for 10 minutes are offline; 30 minutes of open hours raise one alert, ended by their return."""
    with warehouse.connect() as connection:
        verdict = watch_kiosks(connection, now=datetime.now(UTC))
        told = held(connection, "kiosk_health")
    return MaterializeResult(
        metadata={
            "went_offline": len(verdict.offline),
            "alerts_raised": len(verdict.raised),
            "alerts_ended": len(verdict.ended),
            "is_network_silent": verdict.watch.is_network_silent,
            **told,
        }
    )


def watch_kiosks(connection: Connection, *, now: datetime) -> Verdict:
    """One look at every kiosk is taken and written down, in one transaction."""
    with connection.transaction():
        before = store.last_look(connection)
        standings = store.kiosks_in_service(connection, now=now)
        verdict = look(standings, store.open_causes(connection), watch=before, now=now)
        store.mark_offline(connection, verdict.offline, now=now)
        for alert in verdict.raised:
            alerts.raise_alert(connection, alert)
        for one in verdict.ended:
            alerts.end_alert(connection, gym_id=one.gym_id, dedup_key=one.dedup_key, note=one.note)
        store.remember_look(connection, verdict.watch)
    return verdict
