"""The gate between a microphone and the upstream: closed until the notice is answered. Pure.

A kiosk shows the notice and brings the answer; until then nothing of the person in front of it goes
upstream. A client that cannot show a notice is let through and is not analysed: `docs/adr/0008-notice-before-sound.md`.
"""

from uuid import uuid5

from jarvis.consents import ANALYSIS_PURPOSE, notice_version
from jarvis.kiosks import Member
from jarvis.storage import StorageLevel
from voice_gateway.effects import Event, Moment
from voice_gateway.protocol import kiosk as kiosk_protocol
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Record, Scope

# Dropped without a word: a microphone sends fifty frames a second, and none of them is kept for later.
_SOUND = frozenset({kiosk_protocol.APPEND, kiosk_protocol.CLEAR})
_SPEECH = _SOUND | {kiosk_protocol.COMMIT, kiosk_protocol.ITEM_CREATE, kiosk_protocol.RESPONSE_CREATE}


CONSENT_TOOL = "set_analysis_consent"
"""The tool that takes an answer by voice, and puts it on record itself."""


class ConsentGate:
    """Who was asked, what they answered, and whether anything may pass."""

    def __init__(self, scope: Scope, *, shows_notice: bool, storage_level: StorageLevel = StorageLevel.ALL) -> None:
        self._scope = scope
        self._level = storage_level
        self._shows_notice = shows_notice
        self._member: Member | None = None
        self._answers: list[bool] = []
        self._answer_count = 0
        self._is_kept = False

    @property
    def is_open(self) -> bool:
        """True once an answer is on record, given now or before; always for clients without notice."""
        return not self._shows_notice or self._is_kept

    @property
    def has_consent(self) -> bool:
        """True while this session may be analysed: one no counts for all of it, before and after."""
        return bool(self._answers) and all(self._answers)

    @property
    def notice_version(self) -> str | None:
        """The version that was answered; None while there is no answer."""
        return notice_version(self._level) if self._answers else None

    def meet(self, member: Member | None) -> None:
        """The stored choice of this member counts as the answer, where it is one to the current notice."""
        self._member = member
        choice = member.choice if member is not None else None
        if self._shows_notice and choice is not None and choice.answers(self._level):
            self._answers.append(choice.is_granted)
            self._is_kept = True

    def lets_pass(self, event: Event) -> bool:
        """False for whatever the person says while the notice is open."""
        return self.is_open or event["type"] not in _SPEECH

    def answered(self, event: Event, now: Moment) -> list[Record]:
        """The records of an answer, for this session and for the member's next ones; `kept` opens the gate after them.

        Raises:
            FrameError: when it is neither yes nor no, or comes from a client that was shown no notice.
        """
        is_granted = kiosk_protocol.consent_of(event)
        self._answers.append(is_granted)
        self._answer_count += 1
        records: list[Record] = [
            store.save_session_consent(
                self._scope, has_analysis_consent=self.has_consent, notice_version=notice_version(self._level)
            )
        ]
        if self._member is not None:
            records.append(
                store.save_consent(
                    self._scope,
                    # The same answer written twice is one row.
                    consent_id=uuid5(self._scope.session_id, f"consent {self._answer_count}"),
                    member_id=self._member.member_id,
                    purpose=ANALYSIS_PURPOSE,
                    is_granted=is_granted,
                    notice_version=notice_version(self._level),
                    recorded_at=now.at,
                )
            )
        return records

    def heard(self, *, is_granted: bool) -> None:
        """An answer by voice, which is on record already, counts like one from the screen."""
        self._answers.append(is_granted)

    def kept(self) -> bool:
        """The answer is on record, and the gate open; True when it was closed until now."""
        was_open, self._is_kept = self._is_kept, True
        return not was_open


def stopped(event: Event) -> Event | None:
    """What the kiosk is told of an event that the gate held back; None for sound, which is dropped silently."""
    if event["type"] in _SOUND:
        return None
    return kiosk_protocol.error_event(
        "consent_pending",
        "found words before the notice was answered, expected kiosk.consent first: show the notice's text and ask",
        event_id=event["event_id"] if isinstance(event.get("event_id"), str) else None,
    )
