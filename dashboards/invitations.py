"""Letters of invitation from the pages: somebody is let in, and told at once by e-mail.

Sent while the inviting person waits, so that they know whether it went. Whoever holds the link sets the password: it is
shown to them only where no letter could carry it.
"""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from jarvis.account_letters import invitation
from jarvis.mail import message
from jarvis.settings import Settings
from jarvis.tenancy import Scope
from warehouse.mailer import Mailer, MailError
from warehouse.stores.account_links import INVITATION_LASTS, Invited, NewLink, link_url
from warehouse.stores.team import Team

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an invitation."""

    user_id: UUID
    email: str
    link: str | None = field(default=None, repr=False)
    """To be handed over by the person themselves; None where the letter carried it."""


class Invitations:
    """Invites under the rights of the person of the scope."""

    def __init__(self, settings: Settings, team: Team, mailer: Mailer) -> None:
        self._settings = settings
        self._team = team
        self._mailer = mailer

    def invite(self, scope: Scope, token: str, invited: Invited) -> Sent:
        """Somebody new is there, and has the letter or nobody has.

        Raises:
            TeamRefused: nobody was let in.
        """
        user_id, link = self._team.invite(scope, token, invited)
        return Sent(user_id, link.email, self.send(link))

    def again(self, scope: Scope, token: str, *, user_id: UUID, email: str, full_name: str | None) -> Sent:
        """A new letter to somebody who has set no password yet; the link before it is worth nothing.

        Raises:
            TeamRefused: nobody like that waits for one.
        """
        secret = self._team.invite_again(scope, token, user_id)
        return Sent(user_id, email, self.send(NewLink(email, full_name, secret)))

    def send(self, link: NewLink) -> str | None:
        """The letter goes; the link to hand over where it could not, else None."""
        url = link_url(self._settings.dashboards_address, link.token)
        letter = invitation(full_name=link.full_name, url=url, days=INVITATION_LASTS.days)
        made = message(
            letter, sender=self._settings.mail_from, recipients=[link.email], sent_at=datetime.now(UTC),
            # A key of this very link, which does not tell it.
            key=sha256(link.token.encode()).hexdigest(),
        )  # fmt: skip
        try:
            is_sent = self._mailer.send(made)
        except MailError as error:
            log.error("invitation not sent", extra={"error": type(error).__name__})
            is_sent = False
        return None if is_sent else url
