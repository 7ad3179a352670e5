"""Where somebody lives, found in a text: French streets, residences, postal codes, as written or dictated.

Not here: what is done about it (`redaction`).
"""

import re
from collections.abc import Iterator

_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ])[\w’'-]*"
_NUMBER_WORD = (
    r"(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente|"
    r"quarante|cinquante|soixante|cent)"
)
_HOUSE = rf"(?:\d{{1,4}}|{_NUMBER_WORD}(?:[\s-](?:et[\s-])?{_NUMBER_WORD}){{0,6}})(?:\s?(?:bis|ter|quater|[a-c]))?"
_STREET = (
    r"(?:rue|avenue|av\.|ave|boulevard|bd|blvd|place|all[eé]es?|impasse|chemin|route|quai|square|faubourg|passage|"
    r"lotissement|sentier|esplanade|promenade|mont[eé]e|ruelle|venelle|traverse|hameau|lieu-dit|cit[eé]|cours)"
)
_LINK = (
    r"(?:de la|de l['’]|du|des|de|d['’]|la|le|les|l['’]|et|à|en|aux|sur|saint|sainte|st|ste|général|docteur|maréchal)"
)
_DAY = r"\d{1,2}\s(?:mai|juin|juillet|août|septembre|novembre)"
_NAME = rf"(?:\s+{_LINK}\s*)*\s*[\w’'-]+(?:\s+(?:{_LINK}\s*)*(?:{_CAPITAL}|{_DAY}))*"
_TOWN = rf"(?:[,\s]+(?:à\s+)?\d{{5}}(?:\s+{_CAPITAL})*|,?\s+à\s+{_CAPITAL}(?:\s{_CAPITAL})*)?"
_BUILDING = (
    r"(?:b[aâ]timent|appartement|appt?\.?|r[eé]sidence|lotissement|hameau|lieu-dit)\s+"
    r"(?:(?:du|de la|des|de l['’]|les|le|la)\s*)?"
)
_PLACE = re.compile(
    rf"(?<!\w)(?:{_HOUSE}[\s,]+{_STREET}(?!\w){_NAME}"
    rf"|{_BUILDING}(?:{_CAPITAL}|\d+)(?:\s(?:{_LINK}\s*)?(?:{_CAPITAL}|\d+))*){_TOWN}",
    re.I,
)
_LIVES = re.compile(
    r"(?:habite[sz]?|demeure|vis|loge|domicili[eé]e?|mon adresse(?: c['’]est)?|emm[eé]nag[eé]e?|d[eé]m[eé]nag[eé]e?)"
    r"(?:\s+(?:au|à|dans|maintenant|toujours|c['’]est|la|l['’]|est|désormais))*\s*[:,]?\s+"
    rf"(?P<place>{_STREET}(?!\w){_NAME}{_TOWN})",
    re.I,
)
_POSTCODE = re.compile(rf"(?<!\d)(?:0[1-9]|[1-8]\d|9[0-8])\d{{3}}\s+{_CAPITAL}(?:[\s-]{_CAPITAL})*", re.I)
# "12 cours de yoga" and "2 places pour samedi" are no addresses.
_NO_STREET = re.compile(r"(?:cours|place|passage|route|montée)s?\s+(?:de|du|d['’]|pour|collectif|en|à|au|par)\b", re.I)


def postal_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Where an address starts and ends; several may overlap."""
    for match in _PLACE.finditer(text):
        street = re.search(_STREET, match[0], re.I)
        if street is None or not _NO_STREET.match(match[0][street.start() :]) or _is_named(match[0][street.end() :]):
            yield match.span()
    for match in _LIVES.finditer(text):
        yield match.span("place")
    for match in _POSTCODE.finditer(text):
        yield match.span()


def _is_named(rest: str) -> bool:
    """True for "de la République": a capital in the name, as no class or seat has."""
    return any(word[:1].isupper() for word in rest.split())
