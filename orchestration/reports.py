"""Makes reports from the marts and takes them to people: each is rendered with its reader's own rights.

A report is written once per subject and period; run again it replaces a draft and leaves what is
published. Who reads reports before they are sent finds a draft, which waits as long as it takes: what went out
by itself after all would be what nobody had read. A delivery is claimed, sent and settled in one transaction of its
own: a run that dies in between leaves it waiting, and the Message-ID lets a mail program show a second copy once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg import Connection

from jarvis.mail import AddressError, Attachment, Letter, Section, end_of_quiet, message
from jarvis.mail_kinds import MailKind, Subscription, unsubscribe_url
from jarvis.report_pdf import filename_of, render_pdf
from jarvis.report_writing import write_report
from jarvis.reports import Findings, Period, ReadReport, ReportKind, latest_period
from jarvis.reports_fr import insight_line
from jarvis.settings import Settings
from warehouse.connection import as_user
from warehouse.mailer import MailDelayed, Mailer, MailRefused
from warehouse.stores import report_reading
from warehouse.stores import reports as store
from warehouse.stores.first_reports import first_reports

MAX_ATTEMPTS = 6
# Then 10, 20, 40 minutes, …: a mail server that is down for an evening is tried until the night.
RETRY_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Written:
    """What one run wrote."""

    published: int
    drafts: int
    """Subjects whose report waits for somebody to read and publish it."""
    unchanged: int
    """Subjects whose report of this period is published already."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the deliveries that were due."""

    sent: int = 0
    waiting: int = 0
    suppressed: int = 0
    failed: int = 0


def write_reports(connection: Connection, kind: ReportKind, *, now: datetime, only_first: bool = False) -> Written:
    """Each gym and each franchise has its report of the last whole period: published, or a draft where they read first.

    Args:
        connection: the pipeline's; a subject a transaction.
        now: decides which period was the last, in each subject's own time zone.
        only_first: leave out who has had a report of this kind, and who has nothing to read yet.

    Raises:
        warehouse.stores.marts.NotBuiltYet: dbt has not built the marts.
    """
    published = drafts = unchanged = 0
    subjects = first_reports(connection, kind, now=now).ready if only_first else store.subjects(connection)
    for subject in subjects:
        with connection.transaction():
            period = latest_period(kind, today=now.astimezone(ZoneInfo(subject.timezone)).date())
            report_id = store.save_draft(
                connection, subject, write_report(findings_of(connection, subject, period, now=now))
            )
            if report_id is not None and subject.reads_reports_first:
                drafts += 1
            elif report_id is not None and store.publish(connection, report_id, now=now):
                published += 1
            else:
                unchanged += 1
    connection.commit()
    return Written(published, drafts, unchanged)


def findings_of(connection: Connection, subject: store.Subject, period: Period, *, now: datetime) -> Findings:
    """All the report on this subject is written from, read from the marts."""
    gym_ids = subject.gym_ids
    return Findings(
        subject=subject.name,
        period=period,
        now=store.figures(connection, gym_ids, period),
        before=store.figures(connection, gym_ids, period.before),
        year_before=store.figures(connection, gym_ids, period.year_before),
        topics=store.topics(connection, gym_ids, period),
        topics_before=store.topics(connection, gym_ids, period.before),
        standing=store.standing(connection, gym_ids, now=now),
        gyms=store.gym_lines(connection, gym_ids, period) if subject.franchise_id else (),
        weeks=store.weeks(connection, gym_ids, period),
        negative_session_ids=store.negative_sessions(connection, gym_ids, period),
    )


def deliver_reports(
    connection: Connection, readers: Connection, mailer: Mailer, settings: Settings, *, now: datetime
) -> Delivered:
    """Every delivery that is due has been tried once, and the log says what became of it.

    Args:
        connection: the pipeline's.
        readers: the dashboards' login: what a letter holds is read as its recipient.
        settings: say who sends, where reports are read in full and what seals a recipient's way out.
    """
    counts = {"sent": 0, "waiting": 0, "suppressed": 0, "failed": 0}
    tried: set[UUID] = set()
    while True:
        with connection.transaction():
            claimed = store.claim_due(connection, now=now)
            if not claimed or claimed[0].id in tried:
                break
            due = claimed[0]
            tried.add(due.id)
            counts[_deliver(connection, readers, mailer, due, settings, now=now)] += 1
    connection.commit()
    return Delivered(**counts)


def letter_of(read: ReadReport, *, link: str, stop: str | None = None) -> Letter:
    """The e-mail: summary, actions, whom to call, and the pages as a PDF.

    Args:
        link: where reports are read in full.
        stop: where the recipient ends such letters.
    """
    report = read.report
    sections = []
    if report.recommendations:
        sections.append(Section("Trois actions", tuple(report.recommendations)))
    if read.whom_to_call:
        lines = tuple(
            f"{one.name} ({one.gym_name}) : {one.reason or 'risque élevé de départ'}" for one in read.whom_to_call
        )
        sections.append(Section("Qui appeler, et pourquoi", lines))
    elif read.why_nobody:
        sections.append(Section("Qui appeler, et pourquoi", (read.why_nobody,)))
    if report.insights:
        sections.append(Section("Ce qui a changé", tuple(insight_line(one) for one in report.insights)))
    return Letter(
        subject=report.title,
        opening=(report.summary or "",),
        sections=tuple(sections),
        closing=("Vous recevez ce rapport parce que vous dirigez cette salle ou cette franchise.",),
        unsubscribe_url=stop,
        link=("Ouvrir JARVIS", link),
        attachments=(Attachment(filename_of(read.report), render_pdf(read, link=link), "application/pdf"),),
    )


def _reason_to_keep_back(due: store.DueDelivery) -> str | None:
    if not due.is_served:
        return "the gym or its franchise is suspended"
    if not due.is_active:
        return "the account is suspended"
    return "the recipient has unsubscribed" if due.is_unsubscribed else None


def _deliver(
    connection: Connection,
    readers: Connection,
    mailer: Mailer,
    due: store.DueDelivery,
    settings: Settings,
    *,
    now: datetime,
) -> str:
    reason = _reason_to_keep_back(due)
    if reason is not None:
        store.settle(connection, due, "suppressed", now=now, reason=reason, is_try=False)
        return "suppressed"
    until = end_of_quiet(now, timezone=due.timezone, quiet_from=due.quiet_from, quiet_until=due.quiet_until)
    if until is not None:
        store.settle(connection, due, "waiting", now=now, reason="quiet hours", due_at=until, is_try=False)
        return "waiting"
    if not mailer.is_configured:
        # It stays waiting: whoever configures a server tomorrow gets what was meant for today.
        store.settle(
            connection, due, "waiting", now=now, reason="no mail server is configured",
            due_at=now + timedelta(hours=1), is_try=False,
        )  # fmt: skip
        return "waiting"
    # Reads its lists at its first call.
    from ml.conversations.redaction import redact

    with as_user(readers, due.recipient_user_id):
        read = report_reading.read(readers, due.report_id, masked=redact)
    if read is None:
        store.settle(
            connection, due, "suppressed", now=now, reason="the recipient may not see this report", is_try=False
        )
        return "suppressed"
    try:
        subscription = Subscription(due.recipient_user_id, MailKind(f"{due.report_type}_report"))
        made = message(
            letter_of(
                read,
                link=settings.dashboards_address,
                stop=unsubscribe_url(settings.dashboards_address, subscription, secret_key=settings.secret_key),
            ),
            sender=settings.mail_from,
            recipients=[due.email],
            sent_at=now,
            key=f"report:{due.report_id}",
        )
    except AddressError as error:
        # One address that is none must not keep the reports of everybody behind it.
        store.settle(connection, due, "failed", now=now, reason=str(error), is_try=False)
        return "failed"
    try:
        mailer.send(made)
    except MailRefused as error:
        store.settle(connection, due, "bounced", now=now, reason=str(error), message_id=made["Message-ID"])
        return "failed"
    except MailDelayed as error:
        if due.attempts + 1 >= MAX_ATTEMPTS:
            store.settle(connection, due, "failed", now=now, reason=str(error), message_id=made["Message-ID"])
            return "failed"
        store.settle(
            connection, due, "waiting", now=now, reason=str(error), due_at=now + RETRY_AFTER * 2**due.attempts,
            message_id=made["Message-ID"],
        )  # fmt: skip
        return "waiting"
    store.settle(connection, due, "sent", now=now, message_id=made["Message-ID"])
    return "sent"
