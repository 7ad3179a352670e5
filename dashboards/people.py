"""People who sign in, as the pages « Équipe » and « Utilisateurs » speak of them: states, places and refusals. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from dashboards.records import Row
from jarvis.tenancy import UserRole
from warehouse.stores.team import Refusal

STATES: Mapping[str, str] = {
    "active": "Actif",
    "invited": "Invité",
    "locked": "Bloqué",
    "suspended": "Suspendu",
}
# A shape beside the word and the colour, so that no meaning rests on colour alone.
STATE_SIGNS: Mapping[str, str] = {"active": "●", "invited": "○", "locked": "▲", "suspended": "■"}

REFUSALS: Mapping[Refusal, str] = {
    Refusal.NOT_PROVEN: "Rien n'a changé : confirmez d'abord votre identité.",
    Refusal.NOT_ALLOWED: "Rien n'a changé : ce rôle ou cette salle ne sont pas de votre ressort.",
    Refusal.OWN_ACCOUNT: "Rien n'a changé : personne ne modifie ses propres droits. Demandez à un collègue.",
    Refusal.LAST_ADMINISTRATOR: "Rien n'a changé : c'est la dernière personne à administrer le réseau. "
    "Invitez-en une autre d'abord.",
    Refusal.EMAIL_TAKEN: "Rien n'a changé : quelqu'un a déjà cet e-mail.",
    Refusal.NAME_TAKEN: "Rien n'a changé : une salle porte déjà ce nom.",
    Refusal.WRONG_PLACE: "Rien n'a changé : ce rôle demande une autre salle ou franchise.",
    Refusal.GONE: "Rien n'a changé : cette personne n'est pas (ou plus) dans votre périmètre.",
}
NO_SUCH_PERSON = "Cette personne n'existe pas, ou elle n'est pas dans votre périmètre."


class PlaceKind(StrEnum):
    """What somebody of a role stands for."""

    NETWORK = "network"
    FRANCHISE = "franchise"
    GYM = "gym"


@dataclass(frozen=True, slots=True)
class Place:
    """A gym or a franchise somebody can be given."""

    kind: PlaceKind
    id: UUID
    name: str


def kinds_of(role: UserRole) -> tuple[PlaceKind, ...]:
    """What this role stands for; the table's own check says the same."""
    match role:
        case UserRole.SUPER_ADMIN:
            return (PlaceKind.NETWORK,)
        case UserRole.FRANCHISE_OWNER:
            return (PlaceKind.FRANCHISE,)
        case UserRole.ANALYST:
            return (PlaceKind.FRANCHISE, PlaceKind.GYM)
        case _:
            return (PlaceKind.GYM,)


def places_for(role: UserRole, rows: Sequence[Row]) -> list[Place]:
    """Of the rows of `team.places`, those this role can be given; none for a role of the whole network."""
    kinds = kinds_of(role)
    found = (Place(PlaceKind(row["kind"]), row["id"], row["name"]) for row in rows)
    return [place for place in found if place.kind in kinds]


def ids_of(place: Place | None) -> tuple[UUID | None, UUID | None]:
    """The franchise's and the gym's id, as the stores take them."""
    if place is None:
        return None, None
    return (place.id, None) if place.kind is PlaceKind.FRANCHISE else (None, place.id)


def is_email(text: str) -> bool:
    """True for something with a name, one @ and a domain with a dot; the letter finds out the rest."""
    name, at, domain = text.partition("@")
    return bool(name and at and 3 <= len(text) <= 254) and "@" not in domain and "." in domain.strip(".") and (
        not any(character.isspace() for character in text)
    )  # fmt: skip


def shown_name(row: Row) -> str:
    """The name; the e-mail's first part where none was given."""
    name: str = row["full_name"] or row["email"].partition("@")[0]
    return name
