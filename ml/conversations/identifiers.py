"""Birth dates, payment cards and badges in a text, written or dictated, in French, English and Spanish.

A date is somebody's birth where the words before it say so, or where nothing else is that old; a number is a card's by
its check digit or its name, and a badge's by its name. Called by `redaction`, which knows the other kinds.
"""

import re
from collections.abc import Iterator

from ml.conversations.spoken import numbers

_MONTH = (
    r"(?:janvier|f[eé]vrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|d[eé]cembre|"
    r"janv|f[eé]vr|avr|juil|sept|oct|nov|d[eé]c|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|"
    r"enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre)\.?"
)
_WORD_NUMBER = (
    r"(?:premier|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|"
    r"quarante|cinquante|soixante|septante|huitante|octante|nonante|cents?|mille?|z[eé]ro)"
)
# « mille neuf cent quatre-vingt-dix-neuf » is seven words; without an end, a text of numbers would be read at length.
_SPOKEN_NUMBER = rf"{_WORD_NUMBER}(?:[\s-](?:et[\s-])?{_WORD_NUMBER}){{0,7}}"
_DAY = rf"(?:\d{{1,2}}(?:er|st|nd|rd|th)?|{_SPOKEN_NUMBER})"
_YEAR = rf"(?:\d{{4}}|\d{{2}}|{_SPOKEN_NUMBER})"
_DATE = re.compile(
    rf"(?<!\w)(?:\d{{1,2}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?(?:\d{{4}}|\d{{2}})|\d{{4}}-\d{{2}}-\d{{2}}|"
    rf"{_DAY}\s(?:de\s|of\s)?{_MONTH}(?:,?\s(?:de\s|del\s|of\s|en\s)?{_YEAR})?|"
    rf"{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}})(?!\w)",
    re.I,
)
_ABOUT_BIRTH = re.compile(
    r"\bn[eé]e?s?\b|naissance|n[eé]\(e\)|anniversaire|\bborn\b|birth|\bdob\b|nac[ií](?:d[oa]|miento)?\b|cumplea[nñ]os",
    re.I,
)
# How far before a date its reason may stand: « ma date de naissance, alors, c'est le ».
_BEFORE_CHARACTERS = 40
# Nobody's membership, booking or bill is that old; « depuis le » is a membership all the same.
_OLD_YEAR = re.compile(r"(?<!\d)(?:19[2-9]\d|200\d)(?!\d)")
_SINCE = re.compile(r"(?:depuis|since|desde|inscrite?|ouverte?|fond[eé]e?)\s(?:le\s|el\s|du\s)?$", re.I)

_CARD = re.compile(r"(?<![\w])\d(?:[\s.-]?\d){12,18}(?!\w)")
_ABOUT_CARD = re.compile(
    r"carte (?:bancaire|bleue|de cr[eé]dit|de paiement|visa|mastercard)|\bcb\b|\bvisa\b|mastercard|"
    r"(?:credit|debit|bank|payment) card|\bcard (?:number|is)\b|my card|tarjeta|num[eé]ro de (?:ma )?carte",
    re.I,
)
_ABOUT_CARD_CHARACTERS = 60

_BADGE = re.compile(
    r"(?:badge|bracelet|carte (?:d['’]adh[eé]rente?|de membre|d['’]abonn[eé]e?|d['’]acc[eè]s)|"
    r"num[eé]ro (?:d['’]adh[eé]rente?|de membre|d['’]abonn[eé]e?|de client|client)|"
    r"n[°o]\s?(?:d['’]adh[eé]rente?|client)|"
    r"(?:member(?:ship)?|access|customer) (?:card|number|id)|pulsera|tarjeta de socio|n[uú]mero de soci[oa])"
    # Between the name and the number: « c'est le », « n° », « : »; never the end of a sentence.
    r"(?:\s|,|:|=|n[°o]\.?|num[eé]ro|number|c['’]est|est|is|es|le|the|el|qui|porte|mon|il|a)*\s?",
    re.I,
)
# At least three characters of which one is a digit: not « le badge 2 » of a locker nor a word.
_BADGE_ID = re.compile(r"(?=[\w:.-]*\d)[A-Za-z0-9]+(?:[:.-][A-Za-z0-9]+)*(?:\s\d{2,})*(?!\w)")


def birth_dates(text: str) -> Iterator[tuple[int, int]]:
    """Where somebody's date of birth stands, its day, month and year together."""
    for match in _DATE.finditer(text):
        before = text[max(0, match.start() - _BEFORE_CHARACTERS) : match.start()]
        sentence = re.split(r"[.!?;]\s", before)[-1]
        is_old = bool(_OLD_YEAR.search(match[0])) and not _SINCE.search(before)
        if _ABOUT_BIRTH.search(sentence) or is_old:
            yield match.span()


def card_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where a payment card's number stands: its check digit is right, or the words before it name a card."""
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        before = text[max(0, match.start() - _ABOUT_CARD_CHARACTERS) : match.start()]
        if _is_checked(digits) or _ABOUT_CARD.search(before):
            yield match.span()
    for number in numbers(text):
        before = text[max(0, number.start - _ABOUT_CARD_CHARACTERS) : number.start]
        if 13 <= len(number.digits) <= 19 and (_ABOUT_CARD.search(before) or _is_checked(number.digits)):
            yield number.start, number.end


def badge_ids(text: str) -> Iterator[tuple[int, int]]:
    """Where the number of a badge or of a membership stands, after its name."""
    dictated = {number.start: number for number in numbers(text)}
    for named in _BADGE.finditer(text):
        written = _BADGE_ID.match(text, named.end())
        if written is not None and sum(character.isalnum() for character in written[0]) >= 3:
            yield written.span()
        elif named.end() in dictated and len(dictated[named.end()].digits) >= 3:
            yield named.end(), dictated[named.end()].end


def _is_checked(digits: str) -> bool:
    """Luhn's check, and a first digit that cards have."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return digits[0] in "3456" and sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
