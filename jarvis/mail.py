"""E-mails as data: one letter, written once, that becomes plain text and HTML. Pure; nothing here sends.

`warehouse/mailer.py` sends what `message` makes. Who calls: whatever writes to a person, today the
digest of alerts, the letters about failures and the supervisor's watch.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape
from zoneinfo import ZoneInfo

# Mail programs know few styles, and those only inline.
_PAGE = "font-family:Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1d1d1f;max-width:640px"
_HEADING = "font-size:17px;margin:24px 0 8px"
_SMALL = "font-size:13px;color:#6e6e73"

STOP = "Ne plus recevoir ce courriel"


class AddressError(ValueError):
    """What should be an e-mail address is none."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its lines; each line is a bullet."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that goes with a letter."""

    filename: str
    content: bytes
    media_type: str
    """For example application/pdf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one person is told; `text` and `html` say the same."""

    subject: str
    opening: tuple[str, ...]
    """Paragraphs before the sections."""
    sections: tuple[Section, ...] = ()
    closing: tuple[str, ...] = ()
    """Paragraphs after them, in small print: why one receives this, where to change it."""
    link: tuple[str, str] | None = None
    """A label and the URL it leads to."""
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)
    language: str = "fr"
    unsubscribe_url: str | None = None
    """Where one click ends such letters (RFC 8058); None where that cannot be asked."""

    @property
    def text(self) -> str:
        """The letter as plain text."""
        parts = [*self.opening]
        parts += ["\n".join([one.heading, *(f"- {line}" for line in one.lines)]) for one in self.sections]
        if self.link is not None:
            parts.append(f"{self.link[0]} : {self.link[1]}")
        if self.unsubscribe_url is not None:
            parts.append(f"{STOP} : {self.unsubscribe_url}")
        if self.closing:
            parts.append("-- \n" + "\n".join(self.closing))
        return "\n\n".join(parts) + "\n"

    @property
    def html(self) -> str:
        """The letter as HTML, every word escaped; it loads nothing from anywhere."""
        parts = [f"<p>{escape(line)}</p>" for line in self.opening]
        for section in self.sections:
            bullets = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
            parts.append(f'<h2 style="{_HEADING}">{escape(section.heading)}</h2><ul>{bullets}</ul>')
        if self.link is not None:
            label, url = map(escape, self.link)
            parts.append(f'<p><a href="{url}">{label}</a></p>')
        parts += [f'<p style="{_SMALL}">{escape(line)}</p>' for line in self.closing]
        if self.unsubscribe_url is not None:
            parts.append(f'<p style="{_SMALL}"><a href="{escape(self.unsubscribe_url)}">{STOP}</a></p>')
        body = "\n".join(parts)
        return (
            f'<!doctype html>\n<html lang="{self.language}"><head><meta charset="utf-8">'
            f"<title>{escape(self.subject)}</title></head>\n"
            f'<body style="{_PAGE}">\n{body}\n</body></html>\n'
        )


def address(text: str) -> Address:
    """An address as headers want it, from « name@host » or « Name <name@host> ».

    Raises:
        AddressError: when it is none.
    """
    name, spec = parseaddr(text)
    local, at, host = spec.rpartition("@")
    if not (local and at and host) or any(sign.isspace() for sign in spec):
        # Not the text itself: it may be a person's.
        raise AddressError("found no e-mail address, expected name@host or Name <name@host>")
    try:
        return Address(display_name=name, username=local, domain=host)
    except ValueError as error:
        raise AddressError("found an e-mail address that headers cannot hold, expected name@host") from error


def message(letter: Letter, *, sender: str, recipients: Sequence[str], sent_at: datetime, key: str) -> EmailMessage:
    """The letter as a message of text and HTML with its attachments, ready for a server.

    Args:
        sender: address of the From header.
        recipients: at least one; they see each other.
        sent_at: the Date header; aware.
        key: says which letter this is; a second try with the same key and recipients has the same Message-ID, so that a
            mail program shows it once.

    Raises:
        AddressError: when an address is none, or there is no recipient.
    """
    if not recipients:
        raise AddressError("found no recipient, expected at least one")
    origin = address(sender)
    made = EmailMessage()
    made["From"] = origin
    made["To"] = tuple(address(one) for one in recipients)
    # A header has one line.
    made["Subject"] = " ".join(letter.subject.split())
    made["Date"] = format_datetime(sent_at)
    token = hashlib.sha256("\n".join([key, *recipients]).encode()).hexdigest()[:32]
    made["Message-ID"] = f"<{token}@{origin.domain}>"
    # Nobody's holiday notice should answer a machine.
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = letter.language
    if letter.unsubscribe_url is not None:
        made["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    for one in letter.attachments:
        kind, _, subtype = one.media_type.partition("/")
        made.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.filename)
    return made


def end_of_quiet(now: datetime, *, timezone: str, quiet_from: time, quiet_until: time) -> datetime | None:
    """When one may write to this person again, in their gym's time and also across midnight; None where one may now.

    Equal hours are no quiet ones.
    """
    local = now.astimezone(ZoneInfo(timezone))
    moment = local.time()
    if quiet_from <= quiet_until:
        is_quiet = quiet_from <= moment < quiet_until
    else:
        is_quiet = moment >= quiet_from or moment < quiet_until
    if not is_quiet:
        return None
    day = local.date() if moment < quiet_until else local.date() + timedelta(days=1)
    return datetime.combine(day, quiet_until, tzinfo=local.tzinfo)


def is_quiet(now: datetime, *, timezone: str, quiet_from: time, quiet_until: time) -> bool:
    """True while the gym's clock says that one does not write to this person."""
    return end_of_quiet(now, timezone=timezone, quiet_from=quiet_from, quiet_until=quiet_until) is not None
