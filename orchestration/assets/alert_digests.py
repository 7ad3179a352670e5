"""The weekly digest of alerts as an asset: made once a gym and week, sent to who answers for it outside quiet hours."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset
from psycopg import Connection

from jarvis.alert_choices import week_of
from jarvis.alert_digests import letter
from jarvis.mail import AddressError, is_quiet, message
from jarvis.mail_kinds import MailKind, Subscription, unsubscribe_url
from jarvis.settings import Settings
from orchestration.previews import held
from orchestration.resources import Warehouse, process_settings
from warehouse.mailer import MailDelayed, Mailer, MailRefused, mailer_for
from warehouse.stores import alert_digests as store


@asset(group_name="alerts", kinds={"postgres", "python"}, deps=[AssetKey("alert_choices")])
def alert_digests(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """The week that ended, for who answers for each gym: whom the budget left out, what waits, what was done."""
    settings = process_settings()
    with warehouse.connect() as connection:
        report = send_digests(connection, mailer_for(settings), settings, now=datetime.now(UTC))
        told = held(connection, "alert_digests")
    return MaterializeResult(metadata={**report, **told})


def send_digests(connection: Connection, mailer: Mailer, settings: Settings, *, now: datetime) -> Mapping[str, int]:
    """Who answers for a gym has its last week, or the reason why not is kept; a second run sends nothing twice."""
    week = week_of(now.date()) - timedelta(days=7)
    counts: Counter[str] = Counter(sent=0, failed=0, suppressed=0)
    with connection.transaction():
        store.make(connection, week_starts_on=week, now=now)
        deliveries = store.due(connection, week_starts_on=week)
    for delivery in deliveries:
        status, reason = _deliver(delivery, mailer, settings, now=now)
        counts[status] += 1
        # One by one: what the server has taken is remembered before the next one is tried.
        with connection.transaction():
            store.note(connection, delivery, status=status, reason=reason, now=now)
    return counts


def _deliver(delivery: store.Delivery, mailer: Mailer, settings: Settings, *, now: datetime) -> tuple[str, str | None]:
    """What came of one try, and why; never an address."""
    if delivery.digest.is_empty:
        return "suppressed", "nothing to tell"
    if delivery.is_unsubscribed:
        return "suppressed", "the recipient has unsubscribed"
    if is_quiet(now, timezone=delivery.timezone, quiet_from=delivery.quiet_from, quiet_until=delivery.quiet_until):
        return "suppressed", "quiet hours"
    try:
        made = message(
            letter(
                delivery.digest,
                recipient_name=delivery.full_name,
                alerts_url=settings.dashboards_address,
                unsubscribe_url=unsubscribe_url(
                    settings.dashboards_address,
                    Subscription(delivery.user_id, MailKind.ALERT_DIGEST),
                    secret_key=settings.secret_key,
                ),
            ),
            sender=settings.mail_from,
            recipients=[delivery.email],
            sent_at=now,
            key=f"alert_digest/{delivery.digest_id}",
        )
        is_sent = mailer.send(made)
    except MailDelayed as error:
        return "failed", str(error)
    except (MailRefused, AddressError) as error:
        return "bounced", str(error)
    return ("sent", None) if is_sent else ("suppressed", "no mail server")
