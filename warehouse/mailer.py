"""The one place that talks to a mail server: `Mailer.send` over `JARVIS_SMTP_URL`.

Says whether a failure may pass or stands, and leaves the retries to its callers, who keep what is due.
Without a server nothing is sent, and that is said once a process. No address, subject or password in
a message or a log line. Beside Postgres because the pipeline and the managers' door both write to people, and
doors never import one another.
"""

import logging
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

from jarvis.settings import Settings

# For the connection and for each answer.
TIMEOUT_SECONDS = 15.0

PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("127.0.0.1", "::1", "localhost")

log = logging.getLogger(__name__)


class MailError(RuntimeError):
    """A message was not taken; the text is what was found, what was expected and what to do."""


class MailDelayed(MailError):
    """The server cannot now: the same message later may go."""


class MailRefused(MailError):
    """The server will not: the same message later will fail again."""


class Mailer(Protocol):
    """Sends messages, or says that none can be sent."""

    @property
    def is_configured(self) -> bool:
        """False where no server is given."""
        ...

    def send(self, message: EmailMessage) -> bool:
        """True: a server has taken the message for every recipient. False: there is no server.

        Raises:
            MailDelayed: the same message may go later.
            MailRefused: it will not.
        """
        ...


@dataclass(slots=True)
class NoMailer:
    """Stands where no server is given."""

    has_said_so: bool = False
    is_configured: bool = field(default=False, init=False)

    def send(self, message: EmailMessage) -> bool:
        """Nothing is sent; the log says so once."""
        if not self.has_said_so:
            log.warning("e-mails are not sent: JARVIS_SMTP_URL is empty; give it smtp(s)://user:password@host:port")
            self.has_said_so = True
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """One server."""

    host: str
    port: int
    is_encrypted: bool
    """TLS from the first byte (smtps); else STARTTLS wherever the server offers it."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    """Which certificates to trust; the system's when None."""
    timeout_seconds: float = TIMEOUT_SECONDS
    is_configured: bool = field(default=True, init=False)

    def send(self, message: EmailMessage) -> bool:
        """The server has taken the message for every recipient: True.

        Raises:
            MailDelayed: no connection, a time-out, or the server says later.
            MailRefused: the server says no or lacks what the message needs, or a password would go in clear.
        """
        try:
            server = self._connected()
            try:
                refused = server.send_message(message)
            finally:
                _part_from(server)
        except smtplib.SMTPAuthenticationError as error:
            raise MailRefused(
                f"{self._place}: found the login refused ({error.smtp_code}), "
                "expected it to be taken: correct user and password in JARVIS_SMTP_URL"
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise self._failure(max(code for code, _ in error.recipients.values()), "every recipient") from None
        except smtplib.SMTPSenderRefused as error:
            raise self._failure(error.smtp_code, "the sender, JARVIS_MAIL_FROM") from None
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(
                f"{self._place}: found no such service ({error}), expected STARTTLS, a login or accented addresses "
                "(SMTPUTF8) as asked: correct the address or JARVIS_SMTP_URL"
            ) from None
        except smtplib.SMTPResponseException as error:
            raise self._failure(error.smtp_code, "the message") from None
        except (smtplib.SMTPException, OSError) as error:
            # Its text may quote the server's banner, never our login.
            raise MailDelayed(
                f"{self._place}: found no answer ({type(error).__name__}), expected a mail server: "
                "check JARVIS_SMTP_URL and that the server runs"
            ) from error
        if refused:
            # Some have it; sending it to all again would give it to them twice.
            raise MailRefused(f"{self._place}: refused {len(refused)} of the recipients: send to each by itself")
        return True

    @property
    def _place(self) -> str:
        return f"mail server {self.host}:{self.port}"

    def _connected(self) -> smtplib.SMTP:
        tls = self.tls or ssl.create_default_context()
        if self.is_encrypted:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=tls)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        try:
            server.ehlo()
            if not self.is_encrypted and server.has_extn("starttls"):
                server.starttls(context=tls)
                server.ehlo()
            elif not self.is_encrypted and self.user is not None and self.host not in LOOPBACK:
                raise MailRefused(
                    f"{self._place}: found no STARTTLS, expected it before a password is sent: use smtps://"
                )
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _failure(self, code: int, what: str) -> MailError:
        if 400 <= code < 500:
            return MailDelayed(f"{self._place}: put off {what} ({code}): it may be taken later")
        return MailRefused(f"{self._place}: refused {what} ({code}): correct it, a second try will not help")


def _part_from(server: smtplib.SMTP) -> None:
    """The connection is over; a farewell that fails takes no message back, told as a failure it would be sent twice."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def mailer_for(settings: Settings) -> Mailer:
    """The server the settings name, or the one that says that there is none."""
    if settings.smtp_url is None:
        return NoMailer()
    parts = urlsplit(settings.smtp_url)
    return SmtpMailer(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        is_encrypted=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
