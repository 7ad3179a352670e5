"""What people are told by letter when an alert rises because nobody took it. Pure.

`warehouse/stores/alert_letters.py` keeps who was told, `orchestration/alert_letters.py` sends. Several alerts that
wait at one time are one letter: a list that is ignored gets no shorter by ten of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from jarvis.alerts import Priority
from jarvis.mail import Letter, Section

# A letter that the server puts off is tried so often.
MOST_ATTEMPTS = 6

_PRIORITIES: Mapping[Priority, str] = {
    Priority.LOW: "basse", Priority.MEDIUM: "moyenne", Priority.HIGH: "haute", Priority.URGENT: "urgente",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Risen:
    """An alert that rose, as its letter tells it."""

    gym_name: str
    title: str
    priority: Priority
    """Since it rose."""
    created_at: datetime


def letter(
    risen: Sequence[Risen],
    *,
    recipient_name: str | None,
    now: datetime,
    alerts_url: str,
    unsubscribe_url: str | None = None,
) -> Letter:
    """The alerts by gym, in French, with how long each has waited.

    Args:
        risen: at least one; those of a gym stand together.
    """
    (first, *others) = risen
    subject = (
        f"{len(risen)} alertes attendent depuis trop longtemps"
        if others
        else f"{first.gym_name} : une alerte attend {_since(first, now=now)}"
    )
    return Letter(
        subject=subject,
        opening=(
            f"Bonjour {recipient_name}," if recipient_name else "Bonjour,",
            "Personne ne s'est encore chargé de ces alertes : leur priorité a été relevée."
            if others
            else "Personne ne s'est encore chargé de cette alerte : sa priorité a été relevée.",
        ),
        sections=tuple(
            Section(gym_name, tuple(_line(one, now=now) for one in group))
            for gym_name, group in groupby(risen, key=lambda one: one.gym_name)
        ),
        closing=("Vous recevez ce courriel comme responsable de la salle ou de sa franchise.",),
        link=("Ouvrir les alertes", alerts_url),
        unsubscribe_url=unsubscribe_url,
    )


def _line(one: Risen, *, now: datetime) -> str:
    return f"{one.title} : {_since(one, now=now)}, priorité {_PRIORITIES[one.priority]}"


def _since(one: Risen, *, now: datetime) -> str:
    days = (now - one.created_at).days
    return f"depuis {days} jours" if days > 1 else "depuis un jour"
