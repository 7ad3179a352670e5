"""The letters that carry a link to set a password: an invitation and a reset. Pure.

The door sends them at once, nobody can stop them, and they name nothing but the person and the link's end.
"""

from jarvis.mail import Letter

_NOT_ME = "Si vous n'attendiez pas ce message, ignorez-le : sans ce lien, rien ne change."


def invitation(*, full_name: str | None, url: str, days: int) -> Letter:
    """Somebody new is asked in."""
    return Letter(
        subject="Votre accès à JARVIS",
        opening=(
            f"Bonjour{_comma(full_name)},",
            "Un accès à l'espace des responsables de salle vous est ouvert. Choisissez votre mot de passe :",
        ),
        link=("Choisir mon mot de passe", url),
        closing=(f"Ce lien sert une fois et vaut {days} jours.", _NOT_ME),
    )


def password_reset(*, full_name: str | None, url: str, minutes: int) -> Letter:
    """Somebody forgot the password, or says so."""
    return Letter(
        subject="Votre mot de passe JARVIS",
        opening=(
            f"Bonjour{_comma(full_name)},",
            "Quelqu'un, sans doute vous, a demandé un nouveau mot de passe pour votre compte :",
        ),
        link=("Choisir un nouveau mot de passe", url),
        closing=(f"Ce lien sert une fois et vaut {minutes} minutes. La double authentification reste due.", _NOT_ME),
    )


def _comma(full_name: str | None) -> str:
    return f" {full_name}" if full_name else ""
