"""The kiosk's card reader: which badge was just presented, through PC/SC.

Polls with a context of its own instead of pyscard's monitor thread, which stops for good when
pcscd restarts or the reader is unplugged (pyscard issues 27, 82, 128). pyscard has no Linux wheel,
so it is the extra `kiosk`, imported only when a reader is opened.
"""

import time
from collections.abc import Callable, Iterator
from types import ModuleType

# PC/SC part 3: "Get Data" answers the identifier of a contactless card, then 90 00.
GET_UID = (0xFF, 0xCA, 0x00, 0x00, 0x00)

POLL_MS = 250
RETRY_SECONDS = 0.5


class ReaderUnavailable(RuntimeError):
    """There is no way to read cards on this machine; the message says what to install."""


def _nobody(is_well: bool) -> None:
    """Whether there is a reader concerns nobody."""


def read_badges(*, should_stop: Callable[[], bool], on_state: Callable[[bool], None] = _nobody) -> Iterator[str]:
    """Yields the identifier of each badge when it is presented, in upper-case hexadecimal.

    A badge that stays on the reader counts once. Unplugged readers and a restarted pcscd are waited
    for; nothing is raised for them.

    Args:
        should_stop: asked between two polls, about four times a second.
        on_state: told whether there is a reader, about as often.

    Raises:
        ReaderUnavailable: when pyscard is not installed.
    """
    scard = _scard()
    while not should_stop():
        code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if code != scard.SCARD_S_SUCCESS:
            on_state(False)
            time.sleep(RETRY_SECONDS)  # pcscd is not there yet, or not again.
            continue
        try:
            yield from _badges_of(scard, context, should_stop, on_state)
        finally:
            scard.SCardReleaseContext(context)


def _badges_of(
    scard: ModuleType, context: object, should_stop: Callable[[], bool], on_state: Callable[[bool], None]
) -> Iterator[str]:
    """Yields until the context breaks; the caller makes a new one."""
    states: dict[str, int] = {}
    while not should_stop():
        code, names = scard.SCardListReaders(context, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            states.clear()
            on_state(False)
            time.sleep(RETRY_SECONDS)
            continue
        if code != scard.SCARD_S_SUCCESS:
            return
        on_state(True)
        known = [(name, states.get(name, scard.SCARD_STATE_UNAWARE)) for name in names]
        code, changes = scard.SCardGetStatusChange(context, POLL_MS, known)
        if code == scard.SCARD_E_TIMEOUT:
            continue
        if code != scard.SCARD_S_SUCCESS:
            return
        for name, state, _atr in changes:
            was_present = bool(states.get(name, 0) & scard.SCARD_STATE_PRESENT)
            states[name] = state & ~scard.SCARD_STATE_CHANGED
            if state & scard.SCARD_STATE_PRESENT and not was_present:
                uid = _read_uid(scard, context, name)
                if uid is not None:
                    yield uid


def _read_uid(scard: ModuleType, context: object, reader: str) -> str | None:
    """The identifier of the card on a reader; None when it was taken away too soon or has none."""
    code, card, protocol = scard.SCardConnect(
        context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    )
    if code != scard.SCARD_S_SUCCESS:
        return None
    try:
        code, answer = scard.SCardTransmit(card, protocol, list(GET_UID))
    finally:
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    if code != scard.SCARD_S_SUCCESS or len(answer) <= 2 or answer[-2:] != [0x90, 0x00]:
        return None
    return bytes(answer[:-2]).hex().upper()


def _scard() -> ModuleType:
    try:
        from smartcard import scard
    except ImportError as error:
        raise ReaderUnavailable(
            "found no pyscard, expected it for a card reader: install pcscd, libpcsclite-dev and swig, "
            "then pip install --require-hashes -r requirements.kiosk.lock in our folder"
        ) from error
    module: ModuleType = scard
    return module
