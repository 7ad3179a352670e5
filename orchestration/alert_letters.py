"""Takes the news of risen alerts to people: one letter a person, outside quiet hours, tried again if put off.

A letter is marked as on its way before the server is asked, and never sent again from there: a run that dies in between
may lose it, and Monday's digest still names the alert. Twice would be a reason to read neither.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from psycopg import Connection

from jarvis.alert_letters import MOST_ATTEMPTS, Risen, letter
from jarvis.alerts import Priority
from jarvis.mail import AddressError, end_of_quiet, message
from jarvis.mail_kinds import MailKind, Subscription, unsubscribe_url
from jarvis.settings import Settings
from warehouse.mailer import MailDelayed, Mailer, MailRefused
from warehouse.stores import alert_letters as store

# Then 10, 20, 40 minutes, …, as reports are.
RETRY_AFTER = timedelta(minutes=5)
# A server that lets so many letters wait is away: the others keep for the next run, and upkeep ends in its time.
MOST_DELAYS = 5


def send_letters(connection: Connection, mailer: Mailer, settings: Settings, *, now: datetime) -> Mapping[str, int]:
    """Every letter that is due has been tried once, or the log says why not: how many came to what."""
    counts: Counter[str] = Counter(letters_sent=0, letters_waiting=0, letters_suppressed=0, letters_failed=0)
    with connection.transaction():
        counts["letters_failed"] += store.give_up_lost(connection, now=now)
    delays = 0
    while delays < MOST_DELAYS:
        with connection.transaction():
            found = store.due(connection, now=now)
            ready = [one for one in found if _may_go(connection, mailer, one, counts, now=now)]
            store.settle(connection, ready, "sending", now=now)
        if not found:
            break
        if ready:
            with connection.transaction():
                delays += _send(connection, mailer, settings, ready, counts, now=now)
    return counts


def _may_go(
    connection: Connection, mailer: Mailer, one: store.DueLetter, counts: Counter[str], *, now: datetime
) -> bool:
    """True where the person is to be told now; else the log says why not, and until when."""
    reason = _reason_to_keep_back(one)
    if reason is not None:
        store.settle(connection, [one], "suppressed", now=now, reason=reason)
        counts["letters_suppressed"] += 1
        return False
    until = end_of_quiet(now, timezone=one.timezone, quiet_from=one.quiet_from, quiet_until=one.quiet_until)
    why = "quiet hours"
    if until is None and not mailer.is_configured:
        until, why = now + timedelta(hours=1), "no mail server is configured"
    if until is None:
        return True
    store.settle(connection, [one], "waiting", now=now, reason=why, due_at=until)
    counts["letters_waiting"] += 1
    return False


def _reason_to_keep_back(one: store.DueLetter) -> str | None:
    if not one.is_waiting:
        return "somebody took the alert, or it ended"
    if not one.is_served:
        return "the gym or its franchise is suspended"
    if not one.is_in_charge:
        return "the recipient answers for this gym no more"
    return "the recipient has unsubscribed" if one.is_unsubscribed else None


def _send(
    connection: Connection,
    mailer: Mailer,
    settings: Settings,
    letters: list[store.DueLetter],
    counts: Counter[str],
    *,
    now: datetime,
) -> bool:
    """One letter with all of these was tried, and what came of it is kept; True where the server puts it off."""
    (first, *_) = letters
    subscription = Subscription(first.recipient_user_id, MailKind.ALERT_ESCALATION)
    try:
        made = message(
            letter(
                [Risen(one.gym_name, one.title, Priority(one.priority), one.created_at) for one in letters],
                recipient_name=first.full_name,
                now=now,
                alerts_url=settings.dashboards_address,
                unsubscribe_url=unsubscribe_url(
                    settings.dashboards_address, subscription, secret_key=settings.secret_key
                ),
            ),
            sender=settings.mail_from,
            recipients=[first.email],
            sent_at=now,
            key="alert_letters/" + " ".join(sorted(str(one.id) for one in letters)),
        )
        mailer.send(made)
    except MailDelayed as error:
        attempts = max(one.attempt_count for one in letters)
        if attempts + 1 < MOST_ATTEMPTS:
            due_at = now + RETRY_AFTER * 2**attempts
            store.settle(connection, letters, "waiting", now=now, reason=str(error), due_at=due_at, is_try=True)
            counts["letters_waiting"] += 1
        else:
            store.settle(connection, letters, "failed", now=now, reason=str(error), is_try=True)
            counts["letters_failed"] += 1
        return True
    except (MailRefused, AddressError) as error:
        store.settle(connection, letters, "bounced", now=now, reason=str(error), is_try=True)
        counts["letters_failed"] += 1
        return False
    store.settle(connection, letters, "sent", now=now, is_try=True)
    counts["letters_sent"] += 1
    return False
