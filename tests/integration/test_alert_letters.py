"""Letters about alerts that rose, on Postgres and over SMTP: whom they reach, when, and that none comes twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import psycopg
import pytest

from orchestration.alert_letters import send_letters
from orchestration.assets.alert_upkeep import keep_up
from tests.conftest import Database
from tests.support.mail_sink import MailSink, running_sink
from tests.tenants import PERSON, made_id, plant
from warehouse.mailer import mailer_for

# A Wednesday, 14:00 in Paris.
NOW = datetime(2031, 11, 19, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Post:
    """A network whose alerts may rise, and the server that takes its letters."""

    database: Database
    admin: psycopg.Connection
    pipeline: psycopg.Connection
    sink: MailSink

    def rise(self, priority: str, *, days: int, at: datetime = NOW) -> int:
        """Every gym's alert was raised so long ago, nobody took it, and upkeep has run."""
        self.admin.execute(
            "update manager_alerts set priority = %s, created_at = %s", [priority, at - timedelta(days=days)]
        )
        return keep_up(self.pipeline, now=at)["escalated"]

    def send(self, at: datetime = NOW) -> dict[str, str]:
        """What each person was sent in this run."""
        before = len(self.sink.messages)
        settings = replace(self.database.settings, smtp_url=self.sink.url)
        send_letters(self.pipeline, mailer_for(settings), settings, now=at)
        return {str(one["To"]).partition("@")[0]: text_of(one) for one in self.sink.messages[before:]}

    def log(self, name: str) -> set[tuple[str, str | None]]:
        """What is on record of one person's letters."""
        return set(
            self.admin.execute(
                "select status, reason from alert_letters where recipient_user_id = %s", [PERSON[name].id]
            ).fetchall()  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class DyingMailer:
    """Hands the message over, and dies before it can say so."""

    sent: list[EmailMessage] = field(default_factory=list)
    is_configured: bool = True

    def send(self, message: EmailMessage) -> bool:
        self.sent.append(message)
        raise KeyboardInterrupt


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@contextmanager
def _opened(database: Database) -> Iterator[Post]:
    with database.admin() as admin, database.connect("pipeline") as pipeline, running_sink() as sink:
        plant(admin)
        admin.execute("delete from alert_letters")
        yield Post(database, admin, pipeline, sink)


@pytest.fixture
def post(database: Database) -> Iterator[Post]:
    with _opened(database) as opened:
        yield opened


def test_a_rise_is_told_once_to_who_answers_for_the_gym(post: Post) -> None:
    """Managers of their own gym, and the owner of the gym that has none; another run of both says nothing more."""
    assert post.rise("medium", days=8) == 3
    sent = post.send()
    assert set(sent) == {"manager_dax", "manager_pau", "owner_rhone"}
    assert "- Douches froides : depuis 8 jours, priorité haute" in sent["manager_dax"]
    assert "Ne plus recevoir ce courriel" in sent["manager_dax"]
    assert keep_up(post.pipeline, now=NOW + HOUR)["escalated"] == 0
    assert post.send(NOW + HOUR) == {}


def test_what_became_urgent_reaches_the_owner_in_one_letter(post: Post) -> None:
    """An owner of two gyms has one letter with both; each manager has their own gym's only."""
    assert post.rise("high", days=4) == 3
    sent = post.send()
    assert set(sent) == {"manager_dax", "manager_pau", "owner_atlantique", "owner_rhone"}
    assert sent["owner_atlantique"].count("depuis 4 jours, priorité urgente") == 2
    assert sent["manager_dax"].count("priorité urgente") == 1


def test_a_letter_waits_for_the_morning_and_for_the_server(post: Post) -> None:
    """Nothing in the evening, tried again after « later », then given up by nobody."""
    evening = NOW + 8 * HOUR
    post.rise("medium", days=8, at=evening)
    assert post.send(evening) == {}
    assert post.log("manager_dax") == {("waiting", "quiet hours")}
    morning = NOW + 18 * HOUR
    post.sink.answers = ["451 later"] * 3
    assert post.send(morning) == {}
    assert {status for status, _ in post.log("manager_dax")} == {"waiting"}
    assert set(post.send(morning + HOUR)) == {"manager_dax", "manager_pau", "owner_rhone"}


def test_who_took_the_alert_or_wants_no_letters_gets_none(post: Post) -> None:
    """Taken before the morning, stopped by its reader, or no manager any more: the log says which."""
    post.rise("medium", days=8)
    post.admin.execute("update manager_alerts set status = 'in_progress' where gym_id = %s", [made_id("gym", "dax")])
    post.admin.execute(
        "insert into mail_preferences (user_id, unsubscribed_kinds) values (%s, array['alert_escalation'])",
        [PERSON["manager_pau"].id],
    )
    post.admin.execute("update users set is_active = false where id = %s", [PERSON["owner_rhone"].id])
    assert post.send() == {}
    assert post.log("manager_dax") == {("suppressed", "somebody took the alert, or it ended")}
    assert post.log("manager_pau") == {("suppressed", "the recipient has unsubscribed")}
    assert post.log("owner_rhone") == {("suppressed", "the recipient answers for this gym no more")}


def test_a_run_that_dies_while_it_sends_sends_none_twice(post: Post) -> None:
    """The first letter went out and nobody could say so: the next runs send the others, and never that one again."""
    post.rise("medium", days=8)
    dying = DyingMailer()
    with pytest.raises(KeyboardInterrupt):
        send_letters(post.pipeline, dying, post.database.settings, now=NOW)
    (lost,) = [str(one["To"]).partition("@")[0] for one in dying.sent]
    assert set(post.send(NOW + HOUR / 4)) == {"manager_dax", "manager_pau", "owner_rhone"} - {lost}
    assert post.send(NOW + 2 * HOUR) == {}
    assert post.log(lost) == {("failed", "the run ended while the letter was on its way: it may have arrived")}


def test_without_a_server_the_letter_waits(post: Post) -> None:
    """Whoever configures one tomorrow gets it."""
    post.rise("medium", days=8)
    settings = post.database.settings
    told = send_letters(post.pipeline, mailer_for(settings), settings, now=NOW)
    assert (told["letters_sent"], told["letters_waiting"]) == (0, 3)
    assert "manager_dax" in post.send(NOW + HOUR)
