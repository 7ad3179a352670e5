"""Personal data out of a text, before it is sent to a hosted model or shown.

`find` says what is personal and where, `redact` puts a neutral word in brackets in its place: the
member's own known data (always found), e-mail addresses and phone numbers also when dictated, IBAN,
French social-security numbers, postal addresses, other people's names, health details. Not here:
numbers and e-mail addresses as they are spoken (`spoken`), postal addresses (`postal`), birth dates,
cards and badges (`identifiers`). Called by
`openai` (before sending), `summary`, `jarvis redact`; measured by `bench.redaction`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from ml.conversations.cues import plain
from ml.conversations.identifiers import badge_ids, birth_dates, card_numbers
from ml.conversations.postal import postal_addresses
from ml.conversations.spoken import email_addresses, numbers


class PersonalData(StrEnum):
    """Kinds of personal data, most specific first: where two overlap, the earlier kind names the span.

    The values are the contract of `jarvis redact`.
    """

    EMAIL = "email"
    IBAN = "iban"
    NIR = "nir"
    CARD = "card_number"
    BIRTH_DATE = "birth_date"
    PHONE = "phone"
    BADGE = "badge_id"
    ADDRESS = "address"
    NAME = "person_name"
    HEALTH = "health"


MARKERS = {
    PersonalData.EMAIL: "[e-mail]",
    PersonalData.IBAN: "[IBAN]",
    PersonalData.NIR: "[numéro de sécurité sociale]",
    PersonalData.CARD: "[numéro de carte]",
    PersonalData.BADGE: "[badge]",
    PersonalData.BIRTH_DATE: "[date de naissance]",
    PersonalData.PHONE: "[téléphone]",
    PersonalData.ADDRESS: "[adresse]",
    PersonalData.NAME: "[nom]",
    PersonalData.HEALTH: "[santé]",
}
NAME = MARKERS[PersonalData.NAME]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One piece of personal data: half-open character positions and its kind."""

    start: int
    end: int
    kind: PersonalData


_CORPUS = Path(__file__).parent / "corpus"

_EMAIL = re.compile(r"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)+", re.I)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[\s-]?[A-Z0-9]{4}){3,7}(?:[\s-]?[A-Z0-9]{1,3})?\b", re.I)
_NIR = re.compile(
    r"(?<!\d)[12][\s.-]?\d{2}[\s.-]?(?:0[1-9]|1[0-2]|[2-9]\d)[\s.-]?(?:\d{2}|2[AB])[\s.-]?\d{3}[\s.-]?\d{3}"
    r"(?:[\s.-]?\d{2})?(?!\d)",
    re.I,
)
_PHONE = re.compile(r"(?<![\w.])(?:\+\s?\d{1,3}[\s.-]?|00\d{2}[\s.-]?|0)(?:\(0\)\s?)?\d(?:[\s./-]?\d){7,11}(?!\w)")
_DIGITS = re.compile(r"(?<!\w)\d(?:[\s.-]?\d){8,}(?!\w)")
_ABOUT_PHONE = re.compile(
    r"num[eé]ro|t[eé]l|portable|appel|rappel|joindre|joignable|sms|texto|whatsapp|phone|call", re.I
)
_ABOUT_IBAN = re.compile(r"\biban|\brib\b|compte bancaire", re.I)
_ABOUT_NIR = re.compile(r"s[eé]cu|carte vitale|\bnir\b", re.I)

# A word after one of these is a person's name; after an announcement whatever its case.
_TITLE = re.compile(
    r"\b(?:monsieur|madame|mademoiselle|mme|mlle|m\.|mr|mrs|ms|miss|señor|señora|don|doña|docteur|dr|"
    r"coach|prof|entrenador|monitora?)\s+",
    re.I,
)
_ANNOUNCED = re.compile(
    r"\b(?:je m['’]appelle|m['’]appelle|s['’]appelle|"
    r"(?:mon|le|son|votre|notre) (?:pr[eé])?nom(?: de famille| de jeune fille)?(?: c['’]est| est|,| :)|"
    r"au nom d(?:e\s|['’])|my name is|me llamo|mi nombre es|nomm[eé]e?|pr[eé]nomm[eé]e?|un certain|une certaine|"
    r"ici c['’]est)\s*",
    re.I,
)
# A greeting or thanks, then a word with a capital that is none of our own.
_ADDRESSED = re.compile(r"\b(?:bonjour|bonsoir|salut|coucou|merci|bravo)\s+(?=(?-i:[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]))", re.I)
_SPELT = re.compile(r"(?<!\w)(?:[A-Za-z](?:\s?[-.,]\s?|\s)){3,}[A-Za-z](?!\w)")
_GAP_IN_A_NAME = re.compile(r"[\s-]+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

_HEALTH_PHRASES = re.compile(
    "|".join(
        rf"\b(?:{phrase})"
        for phrase in (
            r"(?:op[eé]r[eé]e?s?|opération) (?:de la |de l['’]|du |des |de |d['’]|à la |au )[\w'’-]+",
            r"enlev[eé] (?:la |le |un |une |l['’])[\w'’-]+",
            r"rupture (?:du|des|de la) [\w'’-]+",
            r"maladie (?:de )?[\w'’-]+",
            r"traitement (?:pour|contre|hormonal)(?: (?:la|le|les|mon|ma|mes))?(?: [\w'’-]+)?",
            r"probl[eè]mes? (?:cardiaques?|de c(?:oe|œ)ur|de thyro[iï]de|psy\w*)",
            r"crises? (?:d['’]angoisse|de panique|cardiaque|d['’][eé]pilepsie|d['’]asthme)",
            r"malaises? (?:cardiaques?|vagaux|vagal)",
            r"accident vasculaire(?: c[eé]r[eé]bral)?",
            r"ma tension|tension art[eé]rielle|tension (?:est |trop |un peu )*(?:haute|basse|[eé]lev[eé]e)",
            r"fausses?[ -]couches?|arr[eê]t (?:maladie|cardiaque)|souffle au c(?:oe|œ)ur",
            r"fauteuil roulant|anneau gastrique|canal carpien",
        )
    ),
    re.I,
)


def find(text: str, *, known: Sequence[str] = ()) -> list[Span]:
    """What is personal in the text, in order, without overlaps.

    Args:
        known: what is known of the member: names are found word by word whatever their case and accents,
            numbers however they are written or dictated, e-mail and postal addresses as they stand.
    """
    found = [
        *_of(PersonalData.EMAIL, _matches(_EMAIL, text)),
        *_of(PersonalData.EMAIL, email_addresses(text, names=_first_names()[0])),
        *_of(PersonalData.IBAN, _matches(_IBAN, text)),
        *_of(PersonalData.NIR, _matches(_NIR, text)),
        *_of(PersonalData.CARD, card_numbers(text)),
        *_of(PersonalData.BADGE, badge_ids(text)),
        *_of(PersonalData.BIRTH_DATE, birth_dates(text)),
        *_numbers(text),
        *_of(PersonalData.ADDRESS, postal_addresses(text)),
        *_of(PersonalData.NAME, _names(text, [value for value in known if _is_name(value)])),
        *_written(text, [value for value in known if not _is_name(value)]),
        *_of(PersonalData.HEALTH, _health(text)),
    ]
    return _apart(found, text)


def health_details(text: str) -> list[Span]:
    """What tells of somebody's health, alone, in order and apart."""
    return _apart(_of(PersonalData.HEALTH, _health(text)), text)


def redact(text: str, *, known: Sequence[str] = ()) -> str:
    """The text with a neutral word in brackets for everything personal."""
    return without(text, find(text, known=known))


def without(text: str, spans: Sequence[Span]) -> str:
    """The text with a neutral word in brackets for each of its spans, which are in order and apart."""
    parts, place = [], 0
    for span in spans:
        parts += [text[place : span.start], MARKERS[span.kind]]
        place = span.end
    return _collapsed("".join([*parts, text[place:]]))


def _of(kind: PersonalData, places: Iterable[tuple[int, int]]) -> Iterator[Span]:
    return (Span(start, end, kind) for start, end in places)


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _is_name(value: str) -> bool:
    return "@" not in value and not any(character.isdigit() for character in value)


def _is_badge(value: str) -> bool:
    """Letters and digits in one word, as badges have them; no phone, no address."""
    return bool(re.fullmatch(r"(?=.*\d)(?=.*[A-Za-z])[\w:.-]+", value))


def _written(text: str, known: Sequence[str]) -> Iterator[Span]:
    """Known numbers and addresses of the member's own."""
    for value in known:
        digits = re.sub(r"\D", "", value)
        if _is_badge(value):
            yield from _of(PersonalData.BADGE, _matches(re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", re.I), text))
            continue
        if "@" in value or len(digits) < 6 or len(digits) < len(re.sub(r"\W", "", value)) // 2:
            kind = PersonalData.EMAIL if "@" in value else PersonalData.ADDRESS
            words = r"[\s,]+".join(map(re.escape, re.split(r"[\s,]+", value.strip())))
            yield from _of(kind, _matches(re.compile(words, re.I), text))
            continue
        # A French number is the same with 0 and with +33.
        core = digits.removeprefix("0033").removeprefix("33").removeprefix("0")
        yield from (
            Span(number.start, number.end, PersonalData.PHONE) for number in numbers(text) if core in number.digits
        )


def _numbers(text: str) -> Iterator[Span]:
    """Phones and other long numbers, written or spoken."""
    yield from _of(PersonalData.PHONE, _matches(_PHONE, text))
    # A number that long says who somebody is, whatever it is the number of.
    yield from _of(PersonalData.BADGE, _matches(_DIGITS, text))
    for number in numbers(text):
        digits, before = number.digits, text[max(0, number.start - 60) : number.start]
        length = len(digits)
        # Of two names before it, the nearer one is its own.
        nir_at = max((match.end() for match in _ABOUT_NIR.finditer(before)), default=-1)
        iban_at = max((match.end() for match in _ABOUT_IBAN.finditer(before)), default=-1)
        if length >= 14 and iban_at > nir_at:
            yield Span(number.start, number.end, PersonalData.IBAN)
        elif 13 <= length <= 15 and (digits[0] in "12" or nir_at >= 0):
            yield Span(number.start, number.end, PersonalData.NIR)
        elif digits.startswith(("33", "0033")) and 11 <= length <= 13:
            start = number.start - len("plus ") if before.lower().endswith("plus ") else number.start
            yield Span(start, number.end, PersonalData.PHONE)
        elif (digits[0] == "0" and 9 <= length <= 11) or (8 <= length <= 12 and _ABOUT_PHONE.search(before)):
            yield Span(number.start, number.end, PersonalData.PHONE)
        elif length >= 12:
            yield Span(number.start, number.end, PersonalData.BADGE)


# « À Noël » is a day; « merci à Noël » is somebody.
_FEAST = re.compile(
    r"(?<!merci )(?<!dites )(?<!dire )(?<!parler )(?<!demander )(?<!\w)"
    r"(?:a|pour|avant|apres|depuis|pere|joyeux|(?:vacances|fetes|jour|veille|cadeaux?|periode) de)$"
)
_FEAST_CHARACTERS = 20


def _names(text: str, own_names: Sequence[str]) -> Iterator[tuple[int, int]]:
    own = frozenset(part for name in own_names for part in re.split(r"[\s._-]+", plain(name)) if len(part) > 1)
    certain, ambiguous = _first_names()
    words = list(_WORD.finditer(text))
    after_first_name = -1
    for place, match in enumerate(words):
        start = match.start() + _elision(match[0])
        name = text[start : match.end()]
        parts = [plain(name), *plain(name).split("-")]
        if any(part in own for part in parts):
            yield start, match.end()
            continue
        before = text[: match.start()].rstrip()
        if plain(name) == "noel" and _FEAST.search(plain(before[-_FEAST_CHARACTERS:])):
            continue
        is_written_as_name = name[:1].isupper() and bool(before) and before[-1] not in '.!?…:«"'
        is_first = any(part in certain for part in parts) or (
            is_written_as_name and any(part in ambiguous for part in parts)
        )
        follows = (
            after_first_name == place - 1 and text[words[place - 1].end() : match.start()].isspace() if place else False
        )
        if is_first or (follows and name[:1].isupper() and plain(name) not in _ordinary_words()):
            yield start, match.end()
            after_first_name = place
    for pattern, needs_capital in ((_TITLE, True), (_ADDRESSED, True), (_ANNOUNCED, False)):
        for match in pattern.finditer(text):
            yield from _announced(text, match.end(), needs_capital=needs_capital)
    for match in _SPELT.finditer(text):
        yield match.span()


def _elision(word: str) -> int:
    """How many characters of the word are an elided one before it: 2 in "d'Amina"."""
    match = re.match(r"(?:[dljnstmc]|qu)['’]", word, re.I)
    return match.end() if match else 0


def _announced(text: str, start: int, *, needs_capital: bool) -> Iterator[tuple[int, int]]:
    """Up to three words after a title or "je m'appelle" that are no ordinary words."""
    place = start
    for _ in range(3):
        match = re.compile(r"\s*([^\W\d_]+(?:['’-][^\W\d_]+)*)").match(text, place)
        if match is None:
            return
        word = match[1]
        # An elided word of any kind ("m'avait") is no name, nor is a single letter.
        is_ordinary = len(word) == 1 or plain(word) in _ordinary_words() or (_elision(word) > 0 and word[0].islower())
        particle = plain(word) in ("de", "du", "le", "la", "van", "von", "el", "ben", "da") and place > start
        if is_ordinary and not particle and not (word[0].isupper() and place == start and not needs_capital):
            return
        if needs_capital and not word[0].isupper() and (is_ordinary or plain(word) in ("du", "de", "des")):
            return
        if not particle:
            yield match.span(1)
        place = match.end()


def _health(text: str) -> Iterator[tuple[int, int]]:
    exact, stems = _health_terms()
    for match in _WORD.finditer(text):
        elided = _elision(match[0])
        word = plain(match[0][elided:])
        if word in exact or stems.match(word):
            yield match.start() + elided, match.end()
    yield from _matches(_HEALTH_PHRASES, text)


def _apart(found: Iterable[Span], text: str) -> list[Span]:
    """Overlapping spans made one; it bears the most specific kind."""
    rank = {kind: place for place, kind in enumerate(PersonalData)}
    merged: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            kind = min(last.kind, span.kind, key=rank.__getitem__)
            merged[-1] = Span(last.start, max(last.end, span.end), kind)
        elif (
            merged
            and span.kind is merged[-1].kind is PersonalData.NAME
            and _GAP_IN_A_NAME.fullmatch(text, merged[-1].end, span.start)
        ):
            # Two neighbouring names are one person.
            merged[-1] = Span(merged[-1].start, span.end, PersonalData.NAME)
        else:
            merged.append(span)
    return merged


def _collapsed(text: str) -> str:
    """Two neighbouring names are one person."""
    return re.sub(r"\[nom\](?:[\s-]+\[nom\])+", NAME, text)


@cache
def _first_names() -> tuple[frozenset[str], frozenset[str]]:
    """Names that are nothing else, and names that are also words (marked `?`: a name only with a capital)."""
    lines = (_CORPUS / "first_names.txt").read_text(encoding="utf-8").split()
    certain = frozenset(plain(name) for name in lines if not name.endswith("?"))
    return certain, frozenset(plain(name[:-1]) for name in lines if name.endswith("?"))


@cache
def _ordinary_words() -> frozenset[str]:
    """Words that members say in lower case in our own corpus: no surname among them."""
    words: set[str] = set()
    for path in sorted(_CORPUS.glob("*.jsonl")):
        words.update(re.findall(r"(?<![^\W\d_])[a-zà-öø-ÿœ]{2,}", path.read_text(encoding="utf-8")))
    certain, _ = _first_names()
    return frozenset(plain(word) for word in words) - certain


@cache
def _health_terms() -> tuple[frozenset[str], re.Pattern[str]]:
    """Whole words, and stems as one pattern."""
    lines = (_CORPUS / "health_terms.txt").read_text(encoding="utf-8").splitlines()
    terms = [term for line in lines if not line.startswith("#") for term in line.split()]
    stems = "|".join(re.escape(term[:-1]) for term in terms if term.endswith("*"))
    return frozenset(term for term in terms if not term.endswith("*")), re.compile(rf"(?:{stems})")


Redactor = Callable[[str, Sequence[str]], str]
"""A hook of this shape, (text, the member's own names) -> text, may take this module's place."""


def full_depth(text: str, names: Sequence[str]) -> str:
    """`redact` in the shape of a hook."""
    return redact(text, known=names)
