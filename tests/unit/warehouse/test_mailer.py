"""Sending: what is taken, put off or refused, and no secret in any of it."""

import logging
import ssl
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from jarvis.mail import Letter, message
from jarvis.settings import SettingsError, load_settings
from tests.conftest import free_port
from tests.support.mail_sink import running_sink
from warehouse.mailer import MailDelayed, MailRefused, NoMailer, SmtpMailer, mailer_for


def a_message(*recipients: str) -> EmailMessage:
    """A message to the recipients, or to one."""
    return message(
        Letter(subject="Étape franchie", opening=("Bonjour",)),
        sender="JARVIS <jarvis@example.org>",
        recipients=recipients or ("manager@example.org",),
        sent_at=datetime(2026, 11, 23, tzinfo=UTC),
        key="test",
    )


def mailer(tmp_path: Path, url: str) -> SmtpMailer:
    """The mailer that the settings make of a URL."""
    made = mailer_for(load_settings({"JARVIS_HOME": str(tmp_path), "JARVIS_SMTP_URL": url}))
    assert isinstance(made, SmtpMailer)
    return made


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for localhost, and a client's that trusts it."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    return server, ssl.create_default_context(cafile=str(cert))


def test_message_arrives_whole(tmp_path: Path) -> None:
    """What the server has is what was made, accents included."""
    with running_sink() as sink:
        assert mailer(tmp_path, sink.url).send(a_message()) is True
    assert sink.subjects == ["Étape franchie"]
    assert sink.messages[0]["To"] == "manager@example.org"


def test_login_is_decoded_and_a_wrong_one_stands(tmp_path: Path) -> None:
    """Signs that a URL escapes reach the server as they are; a refused login quotes nothing of it."""
    with running_sink() as sink:
        url = f"smtp://post%40example.org:s%3Acret@127.0.0.1:{sink.port}"
        mailer(tmp_path, url).send(a_message())
        assert sink.logins[-1] == ("post@example.org", "s:cret")
        sink.password = "another"
        with pytest.raises(MailRefused, match="login refused") as refused:
            mailer(tmp_path, url).send(a_message())
    assert "s:cret" not in f"{refused.value}{refused.value.__cause__}{mailer(tmp_path, url)!r}"


@pytest.mark.parametrize(("answer", "error"), [("451 later", MailDelayed), ("554 no", MailRefused)])
def test_server_says_later_or_never(tmp_path: Path, answer: str, error: type[Exception]) -> None:
    """4xx may pass, 5xx stands."""
    with running_sink() as sink:
        sink.answers = [answer]
        with pytest.raises(error):
            mailer(tmp_path, sink.url).send(a_message())
        assert mailer(tmp_path, sink.url).send(a_message())


def test_what_a_server_does_not_know_stands(tmp_path: Path) -> None:
    """An accented address at a server of ASCII ones: it answers, and no later try will help."""
    with running_sink(is_ascii_only=True) as sink:
        with pytest.raises(MailRefused, match="SMTPUTF8"):
            mailer(tmp_path, sink.url).send(a_message("zoé@example.org"))
        assert mailer(tmp_path, sink.url).send(a_message())


def test_a_farewell_that_fails_takes_nothing_back(tmp_path: Path) -> None:
    """What the server has taken is sent, however the connection ends: told as delayed it would be sent again."""
    with running_sink() as sink:
        sink.farewell = "421 too busy"
        assert mailer(tmp_path, sink.url).send(a_message()) is True
    assert len(sink.messages) == 1


def test_no_server_may_pass(tmp_path: Path) -> None:
    """A refused connection names the place and the setting."""
    with pytest.raises(MailDelayed, match="JARVIS_SMTP_URL"):
        mailer(tmp_path, f"smtp://127.0.0.1:{free_port()}").send(a_message())


def test_tls_is_used_and_checked(tmp_path: Path) -> None:
    """smtps from the first byte, STARTTLS where offered; a certificate nobody vouches for is not taken."""
    server, client = certificate(tmp_path)
    with running_sink(tls=server) as sink:
        assert SmtpMailer(host="localhost", port=sink.port, is_encrypted=True, tls=client).send(a_message())
        with pytest.raises(MailDelayed, match="SSLCertVerificationError"):
            SmtpMailer(host="localhost", port=sink.port, is_encrypted=True).send(a_message())
    with running_sink(starttls=server) as sink:
        assert SmtpMailer(host="127.0.0.1", port=sink.port, is_encrypted=False, tls=client).send(a_message())
        with pytest.raises(MailDelayed, match="SSLCertVerificationError"):
            SmtpMailer(host="127.0.0.1", port=sink.port, is_encrypted=False).send(a_message())
        assert len(sink.messages) == 1


def test_password_is_not_sent_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond this machine, a server without TLS gets no login."""
    monkeypatch.setattr("warehouse.mailer.LOOPBACK", ())
    with running_sink() as sink:
        open_wire = SmtpMailer(host="127.0.0.1", port=sink.port, is_encrypted=False, user="u", password="p")
        with pytest.raises(MailRefused, match="STARTTLS"):
            open_wire.send(a_message())
        assert sink.logins == []


def test_without_a_server_it_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is sent, nothing fails, and the log says so a single time."""
    none = mailer_for(load_settings({"JARVIS_HOME": str(tmp_path)}))
    assert isinstance(none, NoMailer) and not none.is_configured
    with caplog.at_level(logging.WARNING):
        assert [none.send(a_message()), none.send(a_message())] == [False, False]
    assert [record.message for record in caplog.records].count(caplog.records[0].message) == 1
    assert "JARVIS_SMTP_URL" in caplog.text


def test_settings_refuse_what_is_no_address(tmp_path: Path) -> None:
    """Both wrong settings are told, neither value repeated."""
    wrong = {"JARVIS_SMTP_URL": "http://host", "JARVIS_OPERATORS_MAIL": "a@example.org, bob"}
    with pytest.raises(SettingsError) as refused:
        load_settings({"JARVIS_HOME": str(tmp_path), **wrong})
    assert "JARVIS_SMTP_URL" in str(refused.value) and "JARVIS_OPERATORS_MAIL" in str(refused.value)
    assert "bob" not in str(refused.value)
