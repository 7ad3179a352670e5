"""The week's alerts of a gym for its manager: what was left over, what waits, what was done. Pure.

`warehouse/stores/alert_digests.py` gathers and keeps it, `orchestration/assets/alert_digests.py` sends the letter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from jarvis import formats_fr
from jarvis.mail import Letter, Section

# A person's longest list in an e-mail; the page shows all.
MOST_LISTED = 20
# A digest that the server puts off is tried so often.
MOST_ATTEMPTS = 6

# As in the middle of a sentence; the labels of the pages stand alone.
_TYPES: Mapping[str, tuple[str, str]] = {
    "churn_risk": ("risque de départ", "risques de départ"),
    "negative_feedback": ("avis négatif", "avis négatifs"),
    "equipment_issue": ("panne ou défaut", "pannes ou défauts"),
    "milestone": ("étape franchie", "étapes franchies"),
    "kiosk_offline": ("borne hors ligne", "bornes hors ligne"),
    "data_quality": ("problème de données", "problèmes de données"),
    "voice_budget": ("alerte de budget vocal", "alertes de budget vocal"),
}


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A member at risk whom the week's budget left out."""

    name: str
    expected_value_eur: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One gym's week, as one person may see it."""

    gym_name: str
    week_starts_on: date
    left_over: tuple[LeftOver, ...]
    escalated: tuple[str, ...]
    """Titles of the open alerts that rose in the week because nobody took them."""
    drafts: tuple[str, ...] = ()
    """Titles of the reports that wait to be read and published, the oldest first."""
    waiting: Mapping[str, int]
    """Open alerts by type, at the end of the week."""
    raised_count: int
    closed_count: int

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to tell."""
        told = self.left_over, self.escalated, self.drafts, self.waiting, self.raised_count, self.closed_count
        return not any(told)


def letter(
    digest: Digest, *, recipient_name: str | None, alerts_url: str, unsubscribe_url: str | None = None
) -> Letter:
    """The digest as a letter, in French."""
    first, last = digest.week_starts_on, digest.week_starts_on + timedelta(days=6)
    sections = []
    if digest.left_over:
        listed = digest.left_over[:MOST_LISTED]
        lines = [_member(one) for one in listed]
        if more := len(digest.left_over) - len(listed):
            lines.append(f"et {more} {'autre' if more == 1 else 'autres'}")
        sections.append(Section("À appeler si vous avez le temps", tuple(lines)))
    if digest.escalated:
        sections.append(Section("En attente depuis trop longtemps", digest.escalated[:MOST_LISTED]))
    if digest.drafts:
        # Daily ones may have piled up: the newest are those one still wants to send.
        sections.append(Section("Rapports à relire et à publier", digest.drafts[-MOST_LISTED:]))
    if digest.waiting:
        sections.append(Section("Alertes ouvertes", tuple(_counted(*item) for item in sorted(digest.waiting.items()))))
    return Letter(
        subject=f"{digest.gym_name} : vos alertes de la semaine du {formats_fr.full_date(first)}",
        opening=(
            f"Bonjour {recipient_name}," if recipient_name else "Bonjour,",
            f"Du {formats_fr.full_date(first)} au {formats_fr.full_date(last)} : "
            f"{_plural(digest.raised_count, 'nouvelle alerte', 'nouvelles alertes')}, "
            f"{_plural(digest.closed_count, 'alerte close', 'alertes closes')}.",
        ),
        sections=tuple(sections),
        closing=("Vous recevez ce récapitulatif chaque lundi comme responsable de la salle.",),
        link=("Ouvrir les alertes", alerts_url),
        unsubscribe_url=unsubscribe_url,
    )


def _member(one: LeftOver) -> str:
    reasons = " ; ".join(reason.strip().rstrip(".") for reason in one.reasons)
    value = f"{formats_fr.number(one.expected_value_eur)} € par an en jeu"
    return f"{one.name} : {reasons} ({value})" if reasons else f"{one.name} ({value})"


def _counted(alert_type: str, count: int) -> str:
    return _plural(count, *_TYPES.get(alert_type, (alert_type, alert_type)))


def _plural(count: int, one: str, many: str) -> str:
    return f"{formats_fr.number(count)} {one if abs(count) < 2 else many}"
