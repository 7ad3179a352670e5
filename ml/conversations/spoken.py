"""Numbers and e-mail addresses as they are dictated to a microphone, found in a text.

Lives here: number words of French, English and Spanish read as digits, and addresses said with
"arobase" and "point". Not here: what is personal about them (`redaction`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ml.conversations.cues import plain

_UNITS = dict(
    pair.split("=")
    for pair in str.split(
        "zero=0 un=1 une=1 deux=2 trois=3 quatre=4 cinq=5 six=6 sept=7 huit=8 neuf=9 dix=10 onze=11 douze=12 treize=13 "
        "quatorze=14 quinze=15 seize=16 vingt=20 vingts=20 trente=30 quarante=40 cinquante=50 soixante=60 septante=70 "
        "huitante=80 nonante=90 cent=100 cents=100 one=1 two=2 three=3 four=4 five=5 seven=7 eight=8 nine=9 oh=0 "
        "cero=0 uno=1 dos=2 tres=3 cuatro=4 cinco=5 seis=6 siete=7 ocho=8 nueve=9"
    )
)

# Words that a dictated number may hold between its digits.
_BETWEEN = frozenset({"et", "euh", "heu", "alors", "puis", "plus", "ensuite", "apres", "virgule", "tiret", "espace"})
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
# What may stand between two tokens of one number: never the end of a sentence.
_GAP = re.compile(r"[\s,\-‑–./…'()+]*\Z")

_AT = r"(?:arobase|arrobas?e?|arroba|a ?commercial|at)"
_DOT = r"(?:point|punto|dot)"
_JOINT = frozenset({"point", "punto", "dot", "tiret", "underscore", "guion", "dash", "bas", "du"})
_DICTATED_AT = re.compile(rf"(?<!\w)(?:{_AT}|chez(?=\s*(?:gmail|hotmail|outlook|yahoo|wanadoo|icloud)))(?!\w)", re.I)
_PROVIDER = re.compile(
    r"\s*(?:gmail|hotmail|outlook|yahoo|orange|wanadoo|free|sfr|laposte|la poste|icloud)(?!\w)", re.I
)
_DOMAIN = re.compile(
    r"\s*(?:en |chez |c'est )?[\w-]+(?:\s[\w-]+){0,2}?"
    rf"(?:\s?(?:\.|{_DOT})\s?[\w-]+)*?\s?(?:\.|(?<!\w){_DOT})\s?"
    r"(?:(?:[a-z]\s){1,2}[a-z]\b|[a-z]{2,5}\b(?:\s(?:point|dot)\s[a-z]{2,3}\b)?)",
    re.I,
)
_ENDING = re.compile(r"(?<!\w)(?:com|fr|net|org|es|uk|eu|be|io|co)\Z", re.I)
# Words before a dictated address that are not part of it.
_BEFORE_ADDRESS = frozenset(
    str.split(
        "c'est cest est mail email e-mail mel adresse mon ma mes votre notre l d a à au sur par le la les un une de du "
        "des ecrivez ecrire envoyez envoyer envoie envoyez-moi joindre joignez et ou donc alors voila notez note noter "
        "moi je suis my is address to me at write send it's its mi correo es direccion escriba sera c etait pour ici "
        "tout en toujours plutot bien vous tu il elle oui non avec dessus contact contacter repondez pas que euh bah"
    )
)


@dataclass(frozen=True, slots=True)
class Dictated:
    """A run of spoken or written digits."""

    start: int
    end: int
    digits: str


def numbers(text: str) -> Iterator[Dictated]:
    """Every run of numbers that a text writes or spells out, as one string of digits each."""
    run: list[tuple[re.Match[str], str]] = []
    last = 0
    for match in _TOKEN.finditer(text):
        word = match[0] if match[0].isdigit() else plain(match[0])
        value = word if word.isdigit() else _UNITS.get(word, "" if word in _BETWEEN and run else None)
        if run and not _GAP.match(text[last : match.start()]):
            yield from _dictated(run)
            run = []
            value = value or None
        if value is None:
            yield from _dictated(run)
            run = []
        else:
            run.append((match, value))
        last = match.end()
    yield from _dictated(run)


def _dictated(run: Sequence[tuple[re.Match[str], str]]) -> Iterator[Dictated]:
    heard = list(run)
    while heard and not heard[-1][1]:
        heard.pop()  # "… et" at the end belongs to what follows.
    if heard:
        yield Dictated(heard[0][0].start(), heard[-1][0].end(), _digits([value for _, value in heard if value]))


def _digits(values: Sequence[str]) -> str:
    """ "soixante" "douze" is 72, "quatre" "vingt" "dix" "sept" is 97, "zéro" "six" is 06."""
    out: list[str] = []
    place = 0
    while place < len(values):
        value, following = values[place], values[place + 1] if place + 1 < len(values) else ""
        if value == "100" or (following == "100" and value in tuple("23456789")):
            # "cent douze" is 112, "deux cent" 200.
            hundreds, place = (1, place + 1) if value == "100" else (int(value), place + 2)
            tail, used = _below_hundred(values, place)
            out.append(str(100 * hundreds + tail))
        elif value == "0" or len(value) > 2:
            out.append(value)
            used = 1
        else:
            number, used = _below_hundred(values, place)
            # "06" written with digits keeps its zero.
            out.append(value if used == 1 else str(number))
        place += used
    return "".join(out)


def _below_hundred(values: Sequence[str], place: int) -> tuple[int, int]:
    """The number below 100 that stands here, and how many words it took; 0 words where none stands."""
    value, following = (*values[place : place + 2], "", "")[:2]
    if value == "4" and following == "20":
        tail, used = _below_twenty(values, place + 2)
        return 80 + tail, 2 + used
    if value == "60":
        tail, used = _below_twenty(values, place + 1)
        return 60 + tail, 1 + used
    if value in ("20", "30", "40", "50", "70", "80", "90") and following in tuple("123456789"):
        return int(value) + int(following), 2
    if value == "10" and following in ("7", "8", "9"):
        return 10 + int(following), 2
    return (int(value), 1) if value and value != "0" and len(value) <= 2 else (0, 0)


def _below_twenty(values: Sequence[str], place: int) -> tuple[int, int]:
    """What follows "soixante" or "quatre-vingt": its value, and how many words it took."""
    value = values[place] if place < len(values) else ""
    if value == "10" and place + 1 < len(values) and values[place + 1] in ("7", "8", "9"):
        return 10 + int(values[place + 1]), 2
    if value in {str(number) for number in range(1, 17)}:
        return int(value), 1
    return 0, 0


def email_addresses(text: str, *, names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where a dictated e-mail address starts and ends; `names` are folded first names that may open one."""
    for at in _DICTATED_AT.finditer(text):
        domain = _DOMAIN.match(text, at.end()) or _PROVIDER.match(text, at.end())
        before = list(re.finditer(r"[\w'’-]+", text[: at.start()]))
        # "at" is a word of English: an address only where a known ending follows.
        is_word = at[0].lower() == "at" and domain is not None and not _ENDING.search(text[: domain.end()])
        if domain is None or is_word or not before:
            continue
        start = _address_start(before, names)
        if start is not None:
            yield start, domain.end()


def _address_start(before: Sequence[re.Match[str]], names: frozenset[str]) -> int | None:
    place = len(before) - 1
    if plain(before[place][0]) in _BEFORE_ADDRESS:
        return None
    while place > 0:
        word = plain(before[place - 1][0])
        if word in _JOINT and place >= 2:
            place -= 2 if word not in ("bas", "du") else 1
        elif word in _UNITS or word.isdigit() or word in names or _is_spelt(word, before[place][0]):
            place -= 1
        else:
            break
    # "tiret du bas" and its like may have left us on a joint.
    while place < len(before) - 1 and plain(before[place][0]) in _JOINT | _BEFORE_ADDRESS:
        place += 1
    return before[place].start()


def _is_spelt(letter: str, following: str) -> bool:
    """True for "e" before "l" in "e l o d i e"; "a" and "y" are also words."""
    return len(letter) == 1 and letter.isalnum() and letter not in ("a", "y") and len(following) <= 2
