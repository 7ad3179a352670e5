"""Who somebody is and what their role may do: the scope every page and query is given.

Pure rules. The database enforces the same limits by row security (`warehouse/migrations`); what
stands here decides which pages and buttons are shown, so that nobody is offered what would fail.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID


class UserRole(StrEnum):
    """The roles a person signs in with; the database checks the same list."""

    SUPER_ADMIN = "super_admin"
    FRANCHISE_OWNER = "franchise_owner"
    GYM_MANAGER = "gym_manager"
    GYM_STAFF = "gym_staff"
    ANALYST = "analyst"


class Permission(StrEnum):
    """One thing a page lets somebody do."""

    SEE_KPIS = "see_kpis"
    SEE_MEMBERS = "see_members"
    SEE_CONVERSATIONS = "see_conversations"
    """Sessions with what was said in them."""
    SEE_ALERTS = "see_alerts"
    ACT_ON_ALERTS = "act_on_alerts"
    SEE_KIOSKS = "see_kiosks"
    """How the kiosks are and how they are set up."""
    CORRECT_LABELS = "correct_labels"
    """What an analysis says of a conversation."""
    RECORD_ABSENCES = "record_absences"
    """Who is away, as they say at the desk."""
    CHOOSE_GYM = "choose_gym"
    """Sees more than one gym, and so picks among them."""
    SEE_COSTS = "see_costs"
    """What the voice and the analysis of several gyms cost, side by side."""
    MANAGE_GYMS = "manage_gyms"
    """A gym's address and hours, its kiosks, and the people who work there."""
    SEE_AUDIT = "see_audit"
    SUPERVISE = "supervise"
    """How the machine itself does: latencies, statements, late figures."""
    MANAGE_NETWORK = "manage_network"
    """Franchises, new gyms, and people of every role."""


_READING = frozenset({
    Permission.SEE_KPIS, Permission.SEE_MEMBERS, Permission.SEE_CONVERSATIONS, Permission.SEE_ALERTS,
    Permission.SEE_KIOSKS,
})  # fmt: skip
_SERVING = _READING | {Permission.RECORD_ABSENCES}
_MANAGING = _SERVING | {
    Permission.ACT_ON_ALERTS, Permission.CORRECT_LABELS, Permission.MANAGE_GYMS, Permission.SEE_AUDIT
}  # fmt: skip

_PERMISSIONS: dict[UserRole, frozenset[Permission]] = {
    UserRole.SUPER_ADMIN: frozenset(Permission),
    UserRole.FRANCHISE_OWNER: _MANAGING | {Permission.CHOOSE_GYM, Permission.SEE_COSTS},
    UserRole.GYM_MANAGER: _MANAGING,
    UserRole.GYM_STAFF: _SERVING,
    # Analysts' door is SQL: what members said stays with their gym.
    UserRole.ANALYST: frozenset({Permission.SEE_KPIS}),
}


_GIVEN: dict[UserRole, tuple[UserRole, ...]] = {
    UserRole.SUPER_ADMIN: tuple(UserRole),
    UserRole.FRANCHISE_OWNER: (UserRole.GYM_MANAGER, UserRole.GYM_STAFF),
    UserRole.GYM_MANAGER: (UserRole.GYM_STAFF,),
}


def roles_given_by(role: UserRole) -> tuple[UserRole, ...]:
    """The roles somebody of this role lets others in with; `app.may_manage_user` checks the same, with the place."""
    return _GIVEN.get(role, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One signed-in person and the part of the network they stand for.

    Hashable, so that it can be an argument of a cached function: one person's rows never answer another.
    """

    user_id: UUID
    role: UserRole
    full_name: str
    """As shown in the page; the e-mail's local part where no name was given."""
    gym_id: UUID | None = None
    gym_name: str | None = None
    """Set for those who stand for one gym."""
    franchise_id: UUID | None = None
    franchise_name: str | None = None
    seen_gym_id: UUID | None = None
    """The gym they look at as its manager does; every transaction of theirs keeps to it."""

    def as_manager_of(self, gym_id: UUID, gym_name: str) -> "Scope":
        """The same person with a manager's rights in one gym, and none elsewhere: narrower, never wider."""
        return replace(
            self, role=UserRole.GYM_MANAGER, gym_id=gym_id, gym_name=gym_name, franchise_id=None, franchise_name=None,
            seen_gym_id=gym_id,
        )  # fmt: skip

    def may(self, permission: Permission) -> bool:
        """True when the role allows it."""
        return permission in _PERMISSIONS[self.role]

    @property
    def place_name(self) -> str | None:
        """The gym or franchise the person stands for; None for the whole network."""
        return self.gym_name or self.franchise_name
