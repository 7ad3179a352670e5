"""Reports on real marts: their figures, their readers, their pages, and the mail that takes them there."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pypdfium2
import pytest
from dagster import ExecuteInProcessResult
from psycopg.rows import dict_row

from jarvis.evidence import is_said
from jarvis.mail_kinds import MailKind, Subscription, opened
from jarvis.reports import ReportKind
from jarvis.small_numbers import LEAST
from ml.conversations.redaction import redact
from orchestration import reports
from tests.conftest import Database
from tests.support.built_marts import NOW
from tests.support.mail_sink import MailSink, running_sink
from warehouse.connection import as_user
from warehouse.mailer import Mailer, NoMailer, SmtpMailer
from warehouse.stores import mail_preferences, report_reading

# The Tuesday after the simulated network's last day, at a time when nobody sleeps.
READ_AT = NOW + timedelta(days=2, hours=-6)
A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def written(simulated: Database, built: ExecuteInProcessResult) -> Iterator[Database]:
    """The network with its weekly reports published."""
    assert built.success
    with simulated.connect("pipeline") as pipeline:
        reports.write_reports(pipeline, ReportKind.WEEKLY, now=READ_AT)
    yield simulated
    with simulated.admin() as admin:
        admin.execute("delete from insights_reports")
        admin.execute("delete from mail_preferences")


@pytest.fixture
def undelivered(written: Database) -> Iterator[Database]:
    """Every delivery waits, as it did after the writing."""
    with written.admin() as admin:
        admin.execute(
            "update report_deliveries set status = 'waiting', attempts = 0, reason = null, due_at = %s", [READ_AT]
        )
        admin.execute("delete from mail_preferences")
    yield written


def _rows(database: Database, query: Any, *parameters: object) -> list[dict[str, Any]]:
    with database.admin() as admin, admin.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def _one(database: Database, query: Any) -> tuple[Any, ...]:
    return tuple(_rows(database, query)[0].values())


def _deliver(database: Database, mailer: Mailer, *, now: datetime = READ_AT) -> reports.Delivered:
    with database.connect("pipeline") as pipeline, database.connect("dashboard") as readers:
        return reports.deliver_reports(pipeline, readers, mailer, database.settings, now=now)


def _mailer(sink: MailSink) -> SmtpMailer:
    return SmtpMailer(host="127.0.0.1", port=sink.port, is_encrypted=False)


def _pages(message: EmailMessage) -> list[str]:
    attachment = next(message.iter_attachments())
    document = pypdfium2.PdfDocument(attachment.get_payload(decode=True))
    assert [round(side) for side in document[0].get_size()] == list(A4_POINTS)
    return [page.get_textpage().get_text_range() for page in document]


def test_every_gym_and_franchise_has_one_report_whose_figures_are_the_marts(written: Database) -> None:
    """Sums of days, counts of sessions and the mean over sessions, read from the marts' rows beside it."""
    kept = _rows(written, "select * from insights_reports where report_type = 'weekly'")
    subjects = _rows(written, "select (select count(*) from gyms) + (select count(*) from franchises) as count")
    assert len(kept) == subjects[0]["count"]
    for report in kept:
        days = report["metrics"]["period"]
        gyms = "select gym_id from marts.dim_gyms where gym_id = %(gym)s or franchise_id = %(franchise)s"
        parameters = {"gym": report["gym_id"], "franchise": report["franchise_id"], **days}
        with written.admin() as admin, admin.cursor(row_factory=dict_row) as cursor:
            direct = cursor.execute(
                "select "  # noqa: S608
                f"(select sum(visit_count) from marts.fct_gym_daily where gym_id in ({gyms}) "
                "and local_date between %(first)s and %(last)s) as visit_count, "
                "count(*) as session_count, count(sentiment_score) as analysed_session_count, "
                "avg(sentiment_score)::float8 as mean_sentiment_score, "
                "count(*) filter (where sentiment_label = 'negative') as negative_session_count, "
                "sum(cost_usd)::float8 as cost_usd "
                f"from marts.fct_sessions where gym_id in ({gyms}) and local_date between %(first)s and %(last)s",
                parameters,
            ).fetchone()
        assert direct is not None
        shown = {name: report["metrics"]["figures"][name]["now"] for name in direct}
        assert shown == pytest.approx(direct), report["title"]


def test_the_weeks_and_every_insight_s_evidence_are_the_marts(written: Database) -> None:
    """Each bar is the sum of its seven days, with the same weeks a year before; each insight counts something."""
    for report in _rows(written, "select gym_id, insights, metrics from insights_reports where gym_id is not null"):
        assert all(one["evidence_count"] > 0 for one in report["insights"]), report["insights"]
        weeks = report["metrics"]["weeks"]
        assert len(weeks) == 12 and weeks[-1]["last"] == report["metrics"]["period"]["last"]
        assert weeks[-1]["visit_count"] == report["metrics"]["figures"]["visit_count"]["now"]
        for week in weeks:
            for shown, back in ((week["visit_count"], 0), (week["year_before"], 364)):
                direct = _rows(
                    written,
                    "select sum(visit_count) as visits from marts.fct_gym_daily "
                    "where gym_id = %s and local_date between %s::date - 6 - %s and %s::date - %s",
                    report["gym_id"], week["last"], back, week["last"], back,
                )[0]["visits"]  # fmt: skip
                assert (shown or 0) == (direct or 0), week


def test_writing_again_leaves_what_people_have_read(written: Database) -> None:
    """A second run of the job publishes nothing and queues nobody twice."""
    before = _rows(written, "select id, generated_at, metrics from insights_reports order by id")
    queued = _rows(written, "select count(*) from report_deliveries")
    with written.connect("pipeline") as pipeline:
        again = reports.write_reports(pipeline, ReportKind.WEEKLY, now=READ_AT)
    assert (again.published, again.unchanged) == (0, len(before))
    assert _rows(written, "select id, generated_at, metrics from insights_reports order by id") == before
    assert _rows(written, "select count(*) from report_deliveries") == queued


def test_each_reader_gets_their_own_report_and_nobody_else_s(undelivered: Database) -> None:
    """A manager's letter is of their gym, an owner's of their franchise, with the PDF on A4; they know all names."""
    with running_sink() as sink:
        done = _deliver(undelivered, _mailer(sink))
        letters = {str(one["To"]): one for one in sink.messages}
    users = _rows(
        undelivered,
        "select users.id, users.email, users.role, coalesce(gyms.name, franchises.name) as subject from users "
        "left join gyms on gyms.id = users.gym_id left join franchises on franchises.id = users.franchise_id "
        "and users.role = 'franchise_owner' where users.is_active and role in ('gym_manager', 'franchise_owner')",
    )
    assert done.sent == len(letters) == len(users) > 2
    members = _rows(undelivered, "select first_name || ' ' || last_name as name, gyms.name as gym from gym_members_v2 "
                    "join gyms on gyms.id = gym_id")  # fmt: skip
    for user in users:
        letter = letters[user["email"]]
        assert f"– {user['subject']}," in str(letter["Subject"])
        url = str(letter["List-Unsubscribe"]).strip("<>")
        stops = opened(url.partition("?jeton=")[2], secret_key=undelivered.settings.secret_key)
        assert stops == Subscription(user["id"], MailKind.WEEKLY_REPORT)
        body = letter.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert "Trois actions" in text and "Qui appeler" in text
        if user["role"] == "gym_manager":
            called = {
                line.split(" (")[0].removeprefix("- ") for line in text.splitlines() if f"({user['subject']})" in line
            }
            own = {one["name"] for one in members if one["gym"] == user["subject"]}
            assert called and called <= own
            pages = "\n".join(_pages(letter))
            assert all(name.split()[0] in pages for name in called)
            assert "Les chiffres" in pages and "Passages" in pages


def test_a_gym_without_a_manager_is_told_to_the_owner_once(undelivered: Database) -> None:
    """The owner gets that gym's letter; a manager appointed later gets the next one, and nobody this one twice."""
    gym_id, name, franchise_id = _one(
        undelivered,
        "select gyms.id, gyms.name, gyms.franchise_id from gyms inner join users on gyms.id = users.gym_id "
        "where users.role = 'gym_manager' and users.is_active order by gyms.id limit 1",
    )
    with undelivered.admin() as admin:
        admin.execute("update report_deliveries set status = 'sent'")
        admin.execute("delete from insights_reports where gym_id = %s", [gym_id])
        admin.execute("update users set is_active = false where gym_id = %s and role = 'gym_manager'", [gym_id])
    try:
        with undelivered.connect("pipeline") as pipeline:
            assert reports.write_reports(pipeline, ReportKind.WEEKLY, now=READ_AT).published == 1
    finally:
        with undelivered.admin() as admin:
            admin.execute("update users set is_active = true where gym_id = %s and role = 'gym_manager'", [gym_id])
    with undelivered.connect("pipeline") as pipeline:
        assert reports.write_reports(pipeline, ReportKind.WEEKLY, now=READ_AT).published == 0
    with running_sink() as sink:
        assert _deliver(undelivered, _mailer(sink), now=READ_AT.replace(hour=22, minute=30)).sent == 0, "quiet hours"
        with undelivered.admin() as admin:
            admin.execute("update report_deliveries set due_at = %s where status = 'waiting'", [READ_AT])
        _deliver(undelivered, _mailer(sink))
        _deliver(undelivered, _mailer(sink))
        letters = sink.messages
    owners = _rows(
        undelivered,
        "select email from users where role = 'franchise_owner' and is_active and franchise_id = %s",
        franchise_id,
    )
    assert sorted(str(one["To"]) for one in letters) == sorted(one["email"] for one in owners)
    assert all(f"– {name}," in str(one["Subject"]) for one in letters)


def test_somebody_who_lost_the_right_gets_nothing(undelivered: Database) -> None:
    """A manager moved to another gym after the report was queued is not sent it; the log says why."""
    with undelivered.admin() as admin:
        user = admin.execute("select id, gym_id from users where role = 'gym_manager' limit 1").fetchone()
        assert user is not None
        admin.execute(
            "update users set gym_id = (select id from gyms where id <> %s limit 1) where id = %s", [user[1], user[0]]
        )
    try:
        with running_sink() as sink:
            _deliver(undelivered, _mailer(sink))
            sent_to = {str(one["To"]) for one in sink.messages}
    finally:
        with undelivered.admin() as admin:
            admin.execute("update users set gym_id = %s where id = %s", [user[1], user[0]])
    row = _rows(undelivered, "select status, reason from report_deliveries where recipient_user_id = %s", user[0])[0]
    assert row == {"status": "suppressed", "reason": "the recipient may not see this report"}
    email = _rows(undelivered, "select email from users where id = %s", user[0])[0]["email"]
    assert email not in sent_to


def test_quiet_hours_and_unsubscribing_are_kept(undelivered: Database) -> None:
    """At night a letter waits for the recipient's own morning; who has unsubscribed gets none, on record."""
    deliveries = _rows(undelivered, "select recipient_user_id as id from report_deliveries order by id")
    loud, quiet = deliveries[0]["id"], deliveries[1]["id"]
    with undelivered.connect("pipeline") as pipeline:
        mail_preferences.set_quiet_hours(pipeline, loud, quiet_from=time(0), quiet_until=time(0))
        mail_preferences.change_kinds(pipeline, quiet, [MailKind.WEEKLY_REPORT], is_wanted=False)
        # Another kind stops no weekly report.
        mail_preferences.change_kinds(pipeline, loud, [MailKind.DAILY_REPORT], is_wanted=False)
        pipeline.commit()
    night = READ_AT.replace(hour=22, minute=30)
    with running_sink() as sink:
        done = _deliver(undelivered, _mailer(sink), now=night)
        assert len(sink.messages) == done.sent == 1
    assert (done.suppressed, done.waiting) == (1, len(deliveries) - 2)
    waiting = _rows(undelivered, "select distinct due_at, reason from report_deliveries where status = 'waiting'")
    # 07:00 in Paris in winter.
    assert waiting == [{"due_at": datetime(2026, 11, 25, 6, 0, tzinfo=UTC), "reason": "quiet hours"}]


def test_a_failing_server_is_tried_again_and_given_up(undelivered: Database) -> None:
    """Put off with growing patience and the same Message-ID; after six tries it has failed; a refusal is final."""
    user = _rows(undelivered, "select recipient_user_id as id from report_deliveries order by id limit 1")[0]["id"]
    with undelivered.admin() as admin:
        admin.execute("update report_deliveries set status = 'sent' where recipient_user_id <> %s", [user])
    query = "select status, attempts, due_at, message_id from report_deliveries where recipient_user_id = %s"
    with running_sink() as sink:
        now, ids = READ_AT, set()
        for attempt in range(1, reports.MAX_ATTEMPTS + 1):
            sink.answers = ["451 later"]
            _deliver(undelivered, _mailer(sink), now=now)
            row = _rows(undelivered, query, user)[0]
            ids.add(row["message_id"])
            assert row["attempts"] == attempt
            if attempt < reports.MAX_ATTEMPTS:
                assert row["status"] == "waiting"
                assert row["due_at"] - now == reports.RETRY_AFTER * 2 ** (attempt - 1)
                now = row["due_at"]
        assert (row["status"], len(ids)) == ("failed", 1)
        with undelivered.admin() as admin:
            admin.execute(
                "update report_deliveries set status = 'waiting', attempts = 0, due_at = %s "
                "where recipient_user_id = %s",
                [READ_AT, user],
            )
        sink.answers = ["550 no such person"]
        _deliver(undelivered, _mailer(sink))
    assert _rows(undelivered, query, user)[0]["status"] == "bounced"


def test_an_address_that_is_none_fails_alone(undelivered: Database) -> None:
    """The first delivery's address is malformed: it has failed with its reason, and everybody behind it is served."""
    first = _rows(undelivered, "select recipient_user_id as id from report_deliveries order by due_at, id limit 1")[0]
    with undelivered.admin() as admin:
        before = admin.execute("select email from users where id = %s", [first["id"]]).fetchone()
        assert before is not None
        admin.execute("update users set email = 'nobody at all' where id = %s", [first["id"]])
    try:
        with running_sink() as sink:
            done = _deliver(undelivered, _mailer(sink))
    finally:
        with undelivered.admin() as admin:
            admin.execute("update users set email = %s where id = %s", [before[0], first["id"]])
    assert (done.failed, done.waiting) == (1, 0)
    assert done.sent == len(sink.messages) > 1
    kept = _rows(undelivered, "select status, attempts, reason from report_deliveries where status <> 'sent'")
    reason = "found no e-mail address, expected name@host or Name <name@host>"
    assert kept == [{"status": "failed", "attempts": 0, "reason": reason}]


def test_without_a_server_letters_wait(undelivered: Database) -> None:
    """Nothing is lost: they go once there is one."""
    done = _deliver(undelivered, NoMailer())
    assert (done.sent, done.failed) == (0, 0)
    with running_sink() as sink:
        assert _deliver(undelivered, _mailer(sink), now=READ_AT + timedelta(hours=2)).sent == done.waiting


def test_an_insight_quotes_what_was_said_to_whoever_may_read_it(written: Database) -> None:
    """Word for word but for what is personal, with day and kiosk; to whoever sees no conversation there is no quote."""
    [row] = _rows(
        written,
        "select reports.id, users.id as reader from insights_reports as reports "
        "inner join users on reports.gym_id = users.gym_id and users.role = 'gym_manager' and users.is_active "
        "where reports.report_type = 'weekly' and jsonb_path_exists(reports.insights, '$[*].session_ids[0]') limit 1",
    )
    with written.connect("dashboard") as readers:
        with as_user(readers, row["reader"]):
            found = report_reading.read(readers, row["id"], masked=redact, shows_drafts=True)
        with as_user(readers, UUID(int=7)):
            assert report_reading.read(readers, row["id"], masked=redact, shows_drafts=True) is None
    assert found is not None and found.said
    turns = _rows(written, "select session_id, text from session_turns where role = 'member'")
    for one in found.said:
        own = [turn["text"] for turn in turns if turn["session_id"] == one.session_id]
        assert any(is_said(one.text, text) for text in own), "marks stand for what is personal"
        cited = [insight for insight in found.report.insights or () if found.quote_of(insight) == one]
        assert cited, "an insight leads to its words"


def test_a_report_of_another_gym_cannot_be_read(written: Database) -> None:
    """Its id alone opens nothing."""
    rows = _rows(
        written,
        "select users.id as user_id, "
        "(select id from insights_reports where gym_id <> users.gym_id limit 1) as foreign_id "
        "from users where role = 'gym_manager'",
    )
    with written.connect("dashboard") as readers:
        for row in rows:
            with as_user(readers, row["user_id"]):
                assert report_reading.read(readers, row["foreign_id"], masked=redact) is None


def test_a_franchise_s_figures_are_the_sum_of_its_gyms(written: Database) -> None:
    """The table of gyms adds up to the figures above it where nothing is withheld, and else gives no few away."""
    tried = 0
    for report in _rows(written, "select metrics from insights_reports where franchise_id is not null"):
        for name in ("visit_count", "session_count", "negative_session_count"):
            parts = [gym["figures"][name] for gym in report["metrics"]["gyms"]]
            told = [part for part in parts if part is not None]
            withheld = sum(name in gym["withheld"] for gym in report["metrics"]["gyms"])
            few = parts.count(None) - withheld
            assert not {1, 2, 3, 4} & set(told)
            if (total := report["metrics"]["figures"][name]["now"]) is None:
                continue
            hidden = total - sum(told)
            # Each of the few may be more than one, whatever the others are.
            assert hidden - LEAST * withheld > few if few else hidden == 0
            tried += bool(few)
    assert tried
