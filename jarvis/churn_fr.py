"""Reasons of a churn score as a card tells them: without the decimals, which stand where the parts are added up.

Wording only. The member's file keeps the sentences of the score, since its parts make a sum there; a card says
what a manager would say. What has no decimals is told as it stands.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# A score under it is as good as none.
HARDLY_ENGAGED_BELOW = 0.1

_ENGAGEMENT = re.compile(r"Engagement faible : [\d,]+ sur 1")
# With what follows on the days that count; the habit after the semicolon is said in front.
_AWAY = re.compile(r"^(?:Vient moins : a|A)ucune visite depuis (?P<days>[^;.]+)(?: ; d'habitude [^.]+)?\.")
_FEWER = re.compile(
    r"^Vient moins : [\d,]+ visite par semaine ces quatre semaines, [\d,]+ d'habitude(?P<counted>[^.]*)\."
)


def card_reasons(
    factors: Sequence[Mapping[str, Any]], *, usual_visits_per_week: float | None, has_stayed_away: bool
) -> tuple[str, ...]:
    """The sentences of the reasons that have one, the habit told once.

    Args:
        factors: as the score keeps them: text and data.
        usual_visits_per_week: the member's habit; None where nobody knows one.
        has_stayed_away: the member is missed by their own rhythm: « Venait », else « Vient ».
    """
    told: list[str] = []
    verb, is_habit_told = "Venait" if has_stayed_away else "Vient", False
    for one in factors:
        if not (text := str(one.get("text") or "")):
            continue
        data = one.get("data") or {}
        score = data.get("engagement_score")
        if isinstance(score, int | float):
            text = _ENGAGEMENT.sub(_engagement(score), text)
        rate = data.get("habit_per_week", usual_visits_per_week)
        if rate and (found := _AWAY.match(text) or _FEWER.match(text)):
            text = _came(found, data) + text[found.end() :]
            text = f"{text[0].upper()}{text[1:]}" if is_habit_told else f"{verb} {habit(rate)}, {text}"
            is_habit_told = True
        told.append(text)
    return tuple(told)


def habit(visits_per_week: float) -> str:
    """How often somebody comes: « 2 fois par semaine », « 1 à 2 fois par semaine », « tous les 10 jours »."""
    below = int(visits_per_week)
    if visits_per_week >= 0.85:
        if visits_per_week - below <= 0.25 and below:
            return f"{below} fois par semaine"
        if below + 1 - visits_per_week <= 0.25:
            return f"{below + 1} fois par semaine"
        return f"{below} à {below + 1} fois par semaine"
    days = round(7 / visits_per_week)
    if days < 25:
        return f"tous les {days} jours"
    return "environ une fois par mois" if days <= 40 else "moins d'une fois par mois"


def _came(found: re.Match[str], data: Mapping[str, Any]) -> str:
    """How often they came of late, to go on a sentence."""
    if days := found.groupdict().get("days"):
        return f"aucune visite depuis {days}."
    count = int(data["visits_28"])
    visits = "une seule visite" if count == 1 else f"{count} visites"
    return f"{visits} en quatre semaines{found['counted']}."


def _engagement(score: float) -> str:
    if score < HARDLY_ENGAGED_BELOW:
        return "Engagement très faible : presque ni visites ni conversations ces dernières semaines"
    return "Engagement faible : peu de visites et de conversations ces dernières semaines"
