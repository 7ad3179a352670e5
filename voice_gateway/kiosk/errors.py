"""What can go wrong at a kiosk; the message is the whole story for the person in front of it."""


class KioskError(RuntimeError):
    """The kiosk could not do what it was asked to; the message says what was found and what to do."""
