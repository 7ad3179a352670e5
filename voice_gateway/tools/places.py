"""Which machine of a gym a member means: « le tapis numéro quatre » is tapis 4, on the cardio floor. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voice_gateway.tools.spoken_fr import folded
from warehouse.stores.requests import Machine

# Other words for what a gym's list calls by one name.
_OTHER_NAMES = {
    "tapis": ("tapis de course", "tapis roulant", "tapis de marche", "treadmill"),
    "vélo": ("velo de biking", "biking", "velo droit", "bicyclette"),
    "vélo elliptique": ("elliptique", "cross trainer"),
    "rameur": ("machine a ramer", "rower"),
    "presse à cuisses": ("presse", "leg press"),
    "poulie": ("poulie haute", "poulie basse", "poulies"),
    "cage à squat": ("rack a squat", "rack", "cage"),
    "banc": ("banc de musculation", "banc incline", "developpe couche", "banc de developpe couche"),
    "stepper": ("steppeur", "escalier", "stair"),
    "machine à tractions": ("barre de traction", "barre a tractions"),
}
_UNITS = (
    "zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize",
)  # fmt: skip
_VALUES = {
    **{word: value for value, word in enumerate(_UNITS)},
    "une": 1,
    "premier": 1,
    "premiere": 1,
    "deuxieme": 2,
    "second": 2,
    "seconde": 2,
    "troisieme": 3,
    "quatrieme": 4,
    "cinquieme": 5,
    "sixieme": 6,
    "septieme": 7,
    "huitieme": 8,
    "neuvieme": 9,
    "dixieme": 10,
}
_NUMBER = re.compile(rf"\b(?:(\d{{1,3}})(?:e|eme|er|ere)?|({'|'.join(sorted(_VALUES, key=len, reverse=True))}))\b")


@dataclass(frozen=True, slots=True)
class Place:
    """What a report is about, as far as the gym's own list knows it."""

    machine: str | None
    """With its number: "tapis 4"; in the member's own words where the list has none like it."""
    zone: str | None
    is_listed: bool = False
    """True where the machine stands in the gym's list, so that its name says where it is."""
    known_numbers: tuple[int, ...] = ()
    """Numbers of machines of this name, where the one that was said is none of them."""


def resolved(machine: str | None, zone: str | None, machines: Sequence[Machine]) -> Place:
    """The machine by the gym's own name and number, with the zone it stands in."""
    if machine is None:
        return Place(None, zone)
    said = folded(machine)
    name = _name_in(said, sorted({one.name for one in machines}, key=lambda name: -len(name)))
    if name is None:
        return Place(machine, zone)
    number = _number_in(said)
    alike = [one for one in machines if one.name == name]
    meant = [one for one in alike if number is None or one.number == number]
    if not meant:
        known = tuple(sorted(one.number for one in alike if one.number is not None))
        # One without numbers is meant whatever number was heard.
        if known:
            return Place(f"{name} {number}", zone, known_numbers=known)
        return Place(name, alike[0].zone, is_listed=True)
    zones = {one.zone for one in meant}
    label = f"{name} {number}" if number is not None else name
    return Place(label, zones.pop() if len(zones) == 1 else zone, is_listed=len(zones) == 1)


def _name_in(said: str, names: Sequence[str]) -> str | None:
    for name in names:
        spellings = (folded(name), *_OTHER_NAMES.get(name, ()))
        if any(re.search(rf"\b{re.escape(spelling)}s?\b", said) for spelling in spellings):
            return name
    return None


def _number_in(said: str) -> int | None:
    found = _NUMBER.search(re.sub(r"^(?:un|une) ", "", said))
    if found is None:
        return None
    return int(found[1]) if found[1] else _VALUES[found[2]]
