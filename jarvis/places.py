"""Which thing in the gym a name means: « la douche du fond », « Douche 3 » and « les douches » are showers. Pure.

One broken machine has many names, and is one incident: `alerts.py` and `requests.py` put what is understood here
beside each equipment alert, and the database folds an alert into the open one of the same thing (migration 0242).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from jarvis.conversations import Topic

# What a thing is called, on words without accents and plurals, the longest name first; French, English, Spanish.
_KINDS: Mapping[str, str] = {
    "velo elliptique": "vélo elliptique", "elliptique": "vélo elliptique", "cross trainer": "vélo elliptique",
    "eliptica": "vélo elliptique",
    "tapi de course": "tapis", "tapi roulant": "tapis", "tapi de marche": "tapis", "tapi": "tapis",
    "treadmill": "tapis", "cinta de correr": "tapis", "cinta": "tapis",
    "velo": "vélo", "bike": "vélo", "bicicleta": "vélo", "bici": "vélo", "biking": "vélo",
    "machine a ramer": "rameur", "rameur": "rameur", "rower": "rameur", "rowing machine": "rameur", "remo": "rameur",
    "poulie": "poulie", "polea": "poulie",
    "presse a cuisse": "presse", "presse": "presse", "leg press": "presse",
    "leg curl": "leg curl", "leg extension": "leg extension", "smith": "smith machine",
    "cage a squat": "cage à squat", "rack a squat": "cage à squat", "cage": "cage à squat", "rack": "cage à squat",
    "banc": "banc", "sac de frappe": "sac de frappe",
    "barre de traction": "barre de traction", "barre a traction": "barre de traction",
    "machine a traction": "barre de traction",
    "steppeur": "stepper", "stepper": "stepper", "escalier machine": "stepper",
    "ski erg": "skierg", "skierg": "skierg",
    "fontaine": "fontaine", "water fountain": "fontaine", "fuente": "fontaine",
    "machine a cafe": "machine à café", "distributeur": "distributeur", "vending machine": "distributeur",
    "ascenseur": "ascenseur", "tourniquet": "tourniquet", "portique": "tourniquet", "portillon": "tourniquet",
    "borne": "borne", "climatisation": "climatisation", "climatiseur": "climatisation", "clim": "climatisation",
    "chauffage": "chauffage", "radiateur": "chauffage",
    "seche cheveux": "sèche-cheveux", "casier": "casier", "locker": "casier", "taquilla": "casier",
    "enceinte": "enceinte", "sono": "enceinte",
    "douche": "douche", "shower": "douche", "ducha": "douche",
    "toilette": "toilettes", "wc": "toilettes", "bano": "toilettes",
    "sauna": "sauna", "hammam": "hammam", "jacuzzi": "jacuzzi",
}  # fmt: skip
_NAMES = sorted(_KINDS, key=len, reverse=True)
# "vestiaire femmes" and "douches des femmes" are one place.
_SIDES = {
    "femme": "femmes", "fille": "femmes", "dame": "femmes", "women": "femmes", "ladie": "femmes", "mujere": "femmes",
    "homme": "hommes", "mec": "hommes", "garcon": "hommes", "monsieur": "hommes", "messieur": "hommes",
    "men": "hommes", "hombre": "hommes",
}  # fmt: skip
# Where members wash and change: of these rooms only the side tells two things apart.
_WET = frozenset({"douche", "toilettes", "casier", "sèche-cheveux"})
# « plateau cardio » and « zone cardio » are one place.
_AREAS = frozenset({"plateau", "zone", "espace", "coin"})
_NUMBER_WORDS = (
    "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
)  # fmt: skip


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith(("s", "x")) else word


# Read as every other word is: « trois » too has lost its s.
_NUMBERS = {_singular(word): str(place) for place, word in enumerate(_NUMBER_WORDS, start=1)}


@dataclass(frozen=True, slots=True)
class Thing:
    """What a report is about, as far as its names tell."""

    kind: str | None
    """For example « tapis »; None where nothing known is named."""
    number: str | None
    """The one it carries; None where none was said: then any of the kind may be meant."""
    zone: str | None
    """Where it stands, in one spelling; None where that was not said."""
    trade: str
    """Who is called: for cleaning, or for repair. A dirty shower and a cold one are two incidents."""


def thing_of(topic: Topic, machine: str | None, zone: str | None) -> Thing:
    """What a report names; a place such as « les douches » is a thing too."""
    trade = "cleaning" if topic is Topic.CLEANLINESS else "repair"
    words = _plain(machine)
    kind, end = _kind_in(words)
    if kind is None and machine is None:
        words = _plain(zone)
        kind, end = _kind_in(words)
        zone = None if kind is None else words
    number = _number_in(words[end:]) if kind is not None else None
    # A machine's number tells it apart in a whole gym; of showers there is a third one on each side.
    where = None if number is not None and kind not in _WET else _zone(kind, machine, zone)
    return Thing(kind, number, where, trade)


def evidence_of(topic: Topic, machine: str | None, zone: str | None, session_id: object) -> Mapping[str, object]:
    """What an equipment alert keeps of one report: the thing, and the name that it was given; nothing for no name."""
    name = ", ".join(part for part in (machine, zone) if part)
    thing = thing_of(topic, machine, zone)
    if not name or thing.kind is None:
        return {}
    return {"thing": asdict(thing), "mentions": [{"name": name, "topic": topic, "session_id": str(session_id)}]}


def _kind_in(words: str) -> tuple[str | None, int]:
    for name in _NAMES:
        found = re.search(rf"\b{name}\b", words)
        if found:
            return _KINDS[name], found.end()
    return None, 0


def _number_in(rest: str) -> str | None:
    """The number right behind the name: « 4 », « numero 4 », « quatre »; « 3 fois » counts something else."""
    found = re.match(r"\s*(?:numero|number|num|n|le|la)?\s*(\w+)\b(?!\s*(?:foi|jour|semaine|heure|time|day))", rest)
    said = found[1] if found else ""
    return str(int(said)) if said.isdigit() else _NUMBERS.get(said)


def _zone(kind: str | None, machine: str | None, zone: str | None) -> str | None:
    words = _plain(" ".join(part for part in ((machine, zone) if kind in _WET else (zone,)) if part))
    side = next((side for word in words.split() if (side := _SIDES.get(word))), None)
    if kind in _WET:
        return side
    if not words or _kind_in(words)[0] == kind:
        return None
    head, _, name = words.partition(" ")
    return name if name and head in _AREAS else words


def _plain(text: str | None) -> str:
    """Lower case, no accents, no plural s, words apart by one space."""
    folded = unicodedata.normalize("NFKD", (text or "").casefold().replace("œ", "oe"))
    bare = "".join(sign if sign.isalnum() else " " for sign in folded if not unicodedata.combining(sign))
    return " ".join(map(_singular, bare.split()))
