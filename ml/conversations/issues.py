"""Which machine and which place a member means, by rules over French, English and Spanish.

Lives here: a closed list of machines and zones and the numbers beside them. Not here: whether the
turn reports an issue at all (the intent heads say that). Called by `local`.
"""

import re
from collections.abc import Sequence

from jarvis.alerts import REPAIRABLE
from jarvis.conversations import Intent, Issue, Topic
from ml.conversations.cues import plain
from ml.conversations.reading import INTENT_FROM, TurnReading

# What is recognised (on text without accents) and what it is called in the issue log.
_MACHINES: tuple[tuple[str, str], ...] = (
    (r"tapis (?:de course|roulant)|tapis(?= (?:numero )?(?:\d|{number}))|tapis(?! de sol)", "tapis"),
    (r"velo elliptique|elliptique", "vélo elliptique"),
    (r"velos?|biking", "vélo"),
    (r"rameurs?", "rameur"),
    (r"poulies?(?: (?:haute|basse))?", "poulie"),
    (r"presse a cuisses?|(?:la|une|cette|votre) presse", "presse à cuisses"),
    (r"leg ?curl", "leg curl"),
    (r"leg ?extension", "leg extension"),
    (r"leg ?press", "leg press"),
    (r"cage a squat|rack(?: a squat)?", "cage à squat"),
    (r"banc(?:s)?(?: (?:incline|plat|de developpe))?", "banc"),
    (r"barre de traction|barre a tractions", "barre de traction"),
    (r"halteres?|alteres?", "haltères"),
    (r"sac de frappe", "sac de frappe"),
    (r"smith machine|smith", "smith machine"),
    (r"stepper|steppeur|escalier machine", "stepper"),
    (r"sky ?erg|ski ?erg", "skierg"),
    (r"fontaine(?: a eau)?", "fontaine à eau"),
    (r"distributeur(?: de boissons)?", "distributeur"),
    (r"machine a cafe", "machine à café"),
    (r"ascenseur", "ascenseur"),
    (r"tourniquet|portique|portillon", "tourniquet"),
    (r"borne", "borne"),
    (r"clim(?:atisation)?|climatiseur", "climatisation"),
    (r"chauffage|radiateur", "chauffage"),
    (r"seche.?cheveux", "sèche-cheveux"),
    (r"casiers?", "casier"),
    (r"enceintes?|sono", "enceinte"),
    (r"treadmill", "treadmill"),
    (r"rower|rowing machine", "rower"),
    (r"(?:exercise |spin )?bike", "bike"),
    (r"lockers?", "locker"),
    (r"water fountain", "water fountain"),
    (r"vending machine", "vending machine"),
    (r"cross.?trainer", "cross trainer"),
    (r"cinta(?: de correr)?", "cinta"),
    (r"bici(?:cleta)?", "bici"),
    (r"remo", "remo"),
    (r"eliptica", "elíptica"),
    (r"polea", "polea"),
    (r"taquillas?", "taquilla"),
    (r"fuente", "fuente"),
    (r"douches?(?= (?:numero )?(?:\d|{number}))", "douche"),
)
_ZONES: tuple[tuple[str, str], ...] = (
    (r"vestiaires? (?:des |pour )?(?:femmes?|filles|dames)", "vestiaire femmes"),
    (r"vestiaires? (?:des |pour )?(?:hommes?|mecs|garcons|messieurs)", "vestiaire hommes"),
    (r"douches? (?:des |cote )?(?:femmes?|filles|dames)", "douches femmes"),
    (r"douches? (?:des |cote )?(?:hommes?|mecs|messieurs)", "douches hommes"),
    (r"vestiaires?", "vestiaire"),
    (r"douches?", "douches"),
    (r"plateau (?:cardio|muscu\w*)", "{0}"),
    (
        r"(?:zone|espace|coin) (?:cardio|muscu\w*|poids libres?|libre|detente|enfants?|cables?|tapis de sol|"
        r"etirements?|fonctionnel\w*)",
        "{0}",
    ),
    (r"salle (?:de )?(?:cours|yoga|pilates|boxe|musculation|biking|rpm|danse)", "{0}"),
    (r"salle (?:numero )?(?:\d|{number})", "{0}"),
    (r"piscine|bassin", "piscine"),
    (r"parking", "parking"),
    (r"hall|entree", "entrée"),
    (r"toilettes?|wc", "toilettes"),
    (r"sauna", "sauna"),
    (r"hammam", "hammam"),
    (r"jacuzzi", "jacuzzi"),
    (r"escaliers?", "escalier"),
    (r"rez.de.chaussee", "rez-de-chaussée"),
    (r"(?:premier|deuxieme|1er|2e) etage|etage", "{0}"),
    (r"terrasse", "terrasse"),
    (r"(?:men|women|ladies)'?s? (?:changing|locker) rooms?", "{0}"),
    (r"changing rooms?|locker rooms?", "changing room"),
    (r"showers?", "showers"),
    (r"car park", "car park"),
    (r"studio(?: (?:\d|one|two|three))?", "{0}"),
    (r"swimming pool|the pool", "pool"),
    (r"vestuarios?(?: de (?:hombres|mujeres))?", "{0}"),
    (r"duchas?(?: de (?:hombres|mujeres))?", "{0}"),
    (r"piscina", "piscina"),
    (r"aparcamiento", "aparcamiento"),
    (r"sala (?:\d|uno|dos|tres)", "{0}"),
    (r"banos?", "baños"),
)
# Compounds first: "quatre" alone would answer for "quatre-vingt-deux".
_NUMBERS = (
    "(?:vingt|trente|quarante|cinquante|soixante|quatre[- ]vingts?)"
    "(?:[- ](?:et[- ])?(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize))?|"
    "un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|one|two|three|four|five|"
    "seven|eight|nine|ten|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez"
)
_FRENCH_UNITS = ("zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_VALUES = {
    **{name: value for value, name in enumerate(_FRENCH_UNITS)},
    "une": 1, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16, "vingt": 20,
    "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "quatrevingt": 80,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
}  # fmt: skip
# What a number beside a name may count instead: times, prices, days of the month.
_COUNTED = (
    r"(?!\s*(?:fois|jours?|semaines?|mois|minutes?|euros?|heures?|times|days|veces|dias|h\b|"
    r"janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre))"
)
_SIGN = r"numero |number |num |n. ?|# ?"
# "tapis 4", "tapis numéro quatre", "treadmill number six", "cinta 3"; never "deux vélos", which counts them,
# nor "vélo trois fois", which counts something else.
_NUMBER_AFTER = re.compile(rf"\s+(?:{_SIGN}|le |du fond )?(\d{{1,3}}|{_NUMBERS})\b{_COUNTED}")
# "mon casier est bloqué, le 71": said behind a comma or a full stop and nothing else with it, or called a number.
_NUMBER_LATER = re.compile(
    rf"[,:;.!?]\s*(?:c'est |il s'agit d[ue] )?(?:"
    rf"(?:le |la )?(?:{_SIGN})(\d{{1,3}}|{_NUMBERS})\b{_COUNTED}|"
    rf"(?:le|la) (\d{{1,3}}|{_NUMBERS})(?=\s*(?:[,:;.!?]|$)))"
)
# A member who is asked which one: « le 12 », « numéro 12 »; a bare number may answer how often or since when.
_NUMBER_ALONE = re.compile(
    rf"(?:(?:oui|euh|alors)[ ,]+)?(?:c'est )?(?:(?:le |la )(?:{_SIGN})?|{_SIGN})(\d{{1,3}}|{_NUMBERS})[ .!]*"
)
# "le tapis 4 et le 12", "tapis 4, tapis 12"; without a word of its own only where several were announced.
_NEXT_NUMBER = re.compile(
    rf"\s*(?:,|et|ainsi que|and|y)\s*(?:aussi )?(?:(?:le |la )(?:{_SIGN})?|{_SIGN})(\d{{1,3}}|{_NUMBERS})\b{_COUNTED}"
)
_NEXT_OF_SEVERAL = re.compile(rf"\s*(?:,|et|and|y)\s*(\d{{1,3}})\b{_COUNTED}")
_SEVERAL = re.compile(r"\b(?:les|des|aux|the|los|las)\s+$")


def machine_in(text: str) -> str | None:
    """The machine a text names, with its number ("tapis 4"), or None."""
    return next(iter(machines_in(text)), None)


def machines_in(text: str) -> tuple[str, ...]:
    """The machines a text names in one breath ("le tapis 4 et le tapis 12"), one that has a number first."""
    words = plain(text)
    named = [
        (match.start(), match.end(), name)
        for pattern, name in _MACHINES
        for match in re.finditer(rf"\b(?:{pattern.replace('{number}', _NUMBERS)})\b", words)
    ]
    found: list[tuple[bool, int, tuple[str, ...]]] = []
    for start, end, name in named:
        numbers = _numbers_of(words, start, end, others=[one for one, _, _ in named if one >= end])
        found.append((not numbers, start, tuple(f"{name} {number}" for number in numbers) or (name,)))
    if not found:
        return ()
    is_vague, at, labels = min(found)
    if is_vague:
        return labels
    # A second machine that follows at once belongs to the same complaint; one named later may be well.
    for _, start, more in sorted((one for one in found if not one[0] and one[1] > at), key=lambda one: one[1]):
        if not re.fullmatch(
            rf"(?:.*?\b(?:\d{{1,3}}|{_NUMBERS}))?\s*(?:,|et|ainsi que|and|y)\s*(?:aussi )?(?:l[ea]s?|the|el)?\s*",
            words[at:start],
        ) or re.search(r"[.!?;]", words[at:start]):
            break
        labels, at = (*labels, *more), start
    return tuple(dict.fromkeys(labels))


def _numbers_of(words: str, start: int, end: int, *, others: Sequence[int]) -> list[str]:
    """The numbers that belong to the name at this place; another machine's name ends its reach."""
    first = _NUMBER_AFTER.match(words, end)
    if first is None:
        # As far as the next name, which has a number of its own.
        later = _NUMBER_LATER.search(words, end, min(others, default=len(words)))
        return [] if later is None else [_number(later[1] or later[2])]
    numbers, at = [_number(first[1])], first.end()
    following = [_NEXT_NUMBER, _NEXT_OF_SEVERAL] if _SEVERAL.search(words, 0, start) else [_NEXT_NUMBER]
    while more := next((match for one in following if (match := one.match(words, at))), None):
        numbers.append(_number(more[1]))
        at = more.end()
    return numbers


def zone_in(text: str) -> str | None:
    """The place a text names, or None."""
    words = plain(text)
    for pattern, name in _ZONES:
        match = re.search(rf"\b(?:{pattern.replace('{number}', _NUMBERS)})\b", words)
        if match:
            return name.replace("{0}", match[0])
    return None


def issues_in(
    turns: tuple[TurnReading, ...], topics: tuple[Topic, ...], intents: tuple[Intent, ...]
) -> tuple[Issue, ...]:
    """What is wrong in the gym, as the member placed it; nothing unless an issue is reported."""
    if Intent.REPORT_ISSUE not in intents:
        return ()
    topic = next((known for known in REPAIRABLE if known in topics), None)
    if topic is None:
        return ()
    # What is said after "merci" or before the issue may name machines that are well.
    telling = [turn for turn in turns if turn.intents[Intent.REPORT_ISSUE] >= INTENT_FROM] or list(turns)
    # A machine stands where its own turn says; without one, the first place named is meant.
    named = [turn for turn in telling if machine_in(turn.text)] or [turn for turn in telling if zone_in(turn.text)]
    if not named:
        return (Issue(topic, None, None, (max(turns, key=lambda turn: turn.intents[Intent.REPORT_ISSUE]).turn_id,)),)
    zone = zone_in(named[0].text)
    answer = _number_answered(turns, named[0])
    return tuple(_issue(topic, machine, zone, named, answer) for machine in machines_in(named[0].text) or (None,))


def _issue(
    topic: Topic, machine: str | None, zone: str | None, named: Sequence[TurnReading], answer: tuple[str, str] | None
) -> Issue:
    """What is wrong with one machine or place, with the turns that say so."""
    sources = [
        turn.turn_id for turn in named if machine in (machines_in(turn.text) or (None,)) and zone_in(turn.text) == zone
    ]
    if machine is not None and answer is not None and not machine[-1].isdigit():
        machine, sources = f"{machine} {answer[0]}", [*sources, answer[1]]
    return Issue(topic, machine, zone, tuple(dict.fromkeys(sources)))


def _number_answered(turns: Sequence[TurnReading], named: TurnReading) -> tuple[str, str] | None:
    """The number that the member's next turn is, and its turn: the answer to « lequel ? »."""
    after = [turn.turn_id for turn in turns].index(named.turn_id) + 1
    if after == len(turns):
        return None
    said = _NUMBER_ALONE.fullmatch(plain(turns[after].text))
    return None if said is None else (_number(said[1]), turns[after].turn_id)


def _number(word: str) -> str:
    if word.isdigit():
        return word
    score = re.sub(r"quatre[- ]vingts?", "quatrevingt", word)
    return str(sum(_VALUES[part] for part in re.split(r"[- ]", score) if part != "et"))
