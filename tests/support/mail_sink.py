"""A mail server on the loopback that keeps what it is sent, for tests of whoever writes to people."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from warehouse.embedded import free_port

# A busy machine needs longer than the controller's own five seconds; a calm one waits no longer than it must.
_START_SECONDS = 60.0


@dataclass
class MailSink:
    """What arrived, and what the next commands are answered."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Replies to the next messages, the first one first; 250 when there is none."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    password: str | None = None
    """What a login must give; anything when None."""
    farewell: str | None = None
    """The answer to the next QUITs; 221 when None."""

    @property
    def url(self) -> str:
        """For JARVIS_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def subjects(self) -> list[str]:
        """Of each message, in order of arrival."""
        return [str(one["Subject"]) for one in self.messages]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """One message is kept, or answered as asked."""
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        return "250 taken"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The client goes, or is answered as asked."""
        return self.farewell or "221 Bye"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: object
    ) -> AuthResult:
        """A login is noted and, where a password is set, compared."""
        assert isinstance(login, LoginPassword)
        self.logins.append((login.login.decode(), login.password.decode()))
        # Not handled: the server answers the login itself.
        return AuthResult(success=self.password is None or login.password.decode() == self.password, handled=False)


@contextmanager
def running_sink(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, is_ascii_only: bool = False
) -> Iterator[MailSink]:
    """A sink that listens on a free port of 127.0.0.1; without SMTPUTF8 where it is for ASCII addresses only."""
    sink = MailSink(port=free_port())
    controller = Controller(
        sink,
        hostname="127.0.0.1",
        port=sink.port,
        ssl_context=tls,
        tls_context=starttls,
        authenticator=sink.authenticate,
        auth_require_tls=False,
        enable_SMTPUTF8=not is_ascii_only,
        ready_timeout=_START_SECONDS,
    )
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
