"""The second factor: one-time codes of an application, and recovery codes for the day it is lost. Pure.

The database keeps the secrets encrypted and the recovery codes as keyed hashes; both keys derive from
JARVIS_SECRET_KEY, so a copy of the database alone makes no code. `warehouse/stores/accounts.py` keeps them.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

from jarvis.settings import Settings

# RFC 6238's own: the applications know no other.
STEP_SECONDS = 30

# A telephone's clock may be a step off either way.
STEPS_OFF = 1

RECOVERY_CODES = 10
ISSUER = "JARVIS"


class UnreadableSecret(RuntimeError):
    """A kept secret was sealed with another key."""


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """What seals secrets and hashes recovery codes."""

    key: bytes = field(repr=False)
    """32 bytes of this installation's own, as `Settings.key_for` derives them."""

    def seal(self, secret: str) -> bytes:
        """The secret, encrypted and authenticated."""
        from cryptography.fernet import Fernet

        return Fernet(self._part(b"seal")).encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """The secret that was sealed.

        Raises:
            UnreadableSecret: when another key sealed it.
        """
        from cryptography.fernet import Fernet, InvalidToken

        try:
            return Fernet(self._part(b"seal")).decrypt(sealed).decode()
        except InvalidToken as error:
            raise UnreadableSecret(
                "found a second factor sealed with another key, expected JARVIS_SECRET_KEY to be the one it was set up "
                "under: give that one back, or reset the person's second factor"
            ) from error

    def recovery_hash(self, code: str) -> bytes:
        """What is kept of a recovery code, however its letters were typed."""
        letters = re.sub(r"[^A-Z2-7]", "", code.upper())
        return hmac.new(self._part(b"recovery"), letters.encode(), hashlib.sha256).digest()

    def _part(self, purpose: bytes) -> bytes:
        return base64.urlsafe_b64encode(hmac.new(self.key, purpose, hashlib.sha256).digest())


def keys_of(settings: Settings) -> SecretKeys:
    """The keys of this installation."""
    return SecretKeys(settings.key_for("second factors"))


def new_secret() -> str:
    """A secret of 160 random bits, in the base32 that applications read."""
    import pyotp

    return pyotp.random_base32()


def enrolment_uri(secret: str, *, email: str) -> str:
    """The `otpauth://` address that an application reads from a picture."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture_of(uri: str) -> str:
    """The address as a QR code: an SVG image in a `data:` address, dark on light in both themes."""
    import segno

    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000000", light="#ffffff")


def code_at(secret: str, *, moment: float) -> str:
    """The six digits of this moment.

    Args:
        moment: seconds since the epoch.
    """
    import pyotp

    return pyotp.TOTP(secret).generate_otp(int(moment) // STEP_SECONDS)


def accepted_step(secret: str, typed: str, *, moment: float, last_step: int) -> int | None:
    """The step whose code was typed; None for a wrong code, and for one of a step that is spent.

    Args:
        moment: seconds since the epoch.
        last_step: the last one taken; a code is good once.
    """
    import pyotp

    digits = re.sub(r"\s", "", typed)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    made = pyotp.TOTP(secret)
    now = int(moment) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
        # Every step is compared: how long it takes says nothing of which one fits.
        if hmac.compare_digest(made.generate_otp(step), digits) and step > last_step:
            found = step
    return found


def new_recovery_codes() -> tuple[str, ...]:
    """Ten codes of 80 random bits, in four groups of four letters."""
    return tuple(_grouped(base64.b32encode(secrets.token_bytes(10)).decode()) for _ in range(RECOVERY_CODES))


def is_recovery_code(typed: str) -> bool:
    """True for what has a recovery code's form."""
    return re.fullmatch(r"[A-Z2-7]{16}", re.sub(r"[\s\-]", "", typed.upper())) is not None


def _grouped(letters: str) -> str:
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
