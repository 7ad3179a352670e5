"""What a kiosk's settings are called in French, how a change of them is told, and why a value cannot be set."""

from collections.abc import Mapping
from typing import Any

from dashboards import formats
from dashboards.language import say
from dashboards.records import Row
from jarvis.kiosk_config import KioskConfigError, checked

# Each key of `jarvis/kiosk_config.py`: its name, and what it may hold.
SETTINGS: Mapping[str, tuple[str, str]] = {
    "voice": ("Voix", "une des voix proposées"),
    "language": ("Langue d'accueil", "français, anglais ou espagnol"),
    "volume": ("Volume (%)", "un nombre de 0 à 100"),
    "has_captions": ("Sous-titres", "oui ou non"),
    "theme": ("Couleurs de l'écran", "sombre ou contrasté"),
    "idle_seconds": ("Fin après un silence de (s)", "un nombre entier de 10 à 300"),
    "vad_threshold": ("Seuil d'écoute (%)", "un nombre de 0 à 100"),
    "noise_reduction": ("Réduction du bruit", "de loin, de près ou aucune"),
    "heartbeat_seconds": ("Signe de vie toutes les (s)", "un nombre entier de 15 à 300"),
    "rotate_token_days": ("Renouvellement du jeton (jours)", "un nombre entier de 1 à 90"),
    "software_version": ("Version attendue", "une version comme 1.4.2"),
}
# As a person looks for them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Voix et écran": ("voice", "language", "volume", "has_captions", "theme"),
    "Écoute": ("vad_threshold", "noise_reduction", "idle_seconds"),
    "Technique": ("heartbeat_seconds", "rotate_token_days", "software_version"),
}
# Shown as hundredths, kept as shares from 0 to 1.
SHARES = ("volume", "vad_threshold")
CHOICES: Mapping[str, Mapping[Any, str]] = {
    "language": {"fr": "Français", "en": "Anglais", "es": "Espagnol"},
    "has_captions": {True: "Oui", False: "Non"},
    "theme": {"dark": "Sombre", "contrast": "Contrasté"},
    "noise_reduction": {"far_field": "De loin", "near_field": "De près", "off": "Aucune"},
}
# What null stands for, where no level says anything.
_UNSET = {
    "voice": "celle de JARVIS", "language": "celle de la borne", "idle_seconds": "la durée de JARVIS",
    "software_version": "celle qu'elle a",
}  # fmt: skip
LEVELS: Mapping[str, str] = {
    "kiosk": "cette borne", "gym": "la salle", "franchise": "la franchise", "default": "JARVIS",
}  # fmt: skip


def value(key: str, found: Any) -> str:
    """A setting's value as a person reads it."""
    if found is None:
        return say(_UNSET.get(key, "–"))
    if key in CHOICES:
        return say(CHOICES[key].get(found, str(found)))
    if key in SHARES and isinstance(found, int | float):
        return f"{formats.number(100 * found)}\u00a0%"
    return formats.number(found) if isinstance(found, int) and not isinstance(found, bool) else str(found)


def refusal(key: str, wanted: Any) -> str | None:
    """Why a setting cannot hold a value, and what it may; None where it can."""
    if wanted is None:
        return None
    try:
        checked(key, wanted)
    except KioskConfigError:
        name, expected = SETTINGS[key]
        return f"{say(name)} : « {value(key, wanted)} » {say('ne convient pas ; attendu :')} {say(expected)}."
    return None


def change_words(details: Row) -> str:
    """What a change of settings changed: « Voix : marin → cedar »."""
    changed: Mapping[str, Mapping[str, Any]] = details.get("changed") or {}
    return ", ".join(
        f"{say(SETTINGS[key][0]) if key in SETTINGS else key} : {_side(key, both.get('from'))} → "
        f"{_side(key, both.get('to'))}"
        for key, both in changed.items()
    )


def _side(key: str, found: Any) -> str:
    return say("hérité") if found is None else value(key, found)
