"""What each role is offered; the database enforces the same."""

from uuid import uuid4

import pytest

from jarvis.tenancy import Permission, Scope, UserRole

READING = {
    Permission.SEE_KPIS, Permission.SEE_MEMBERS, Permission.SEE_CONVERSATIONS, Permission.SEE_ALERTS,
    Permission.SEE_KIOSKS,
}  # fmt: skip
SERVING = {*READING, Permission.RECORD_ABSENCES}
MANAGING = {
    *SERVING, Permission.ACT_ON_ALERTS, Permission.CORRECT_LABELS, Permission.MANAGE_GYMS, Permission.SEE_AUDIT
}  # fmt: skip


def someone(role: UserRole) -> Scope:
    return Scope(user_id=uuid4(), role=role, full_name="Camille Durand")


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (
            UserRole.SUPER_ADMIN,
            {*MANAGING, Permission.CHOOSE_GYM, Permission.SEE_COSTS, Permission.SUPERVISE, Permission.MANAGE_NETWORK},
        ),
        (UserRole.FRANCHISE_OWNER, {*MANAGING, Permission.CHOOSE_GYM, Permission.SEE_COSTS}),
        (UserRole.GYM_MANAGER, MANAGING),
        (UserRole.GYM_STAFF, SERVING),
        (UserRole.ANALYST, {Permission.SEE_KPIS}),
    ],
)
def test_a_role_is_offered_what_it_may_do(role: UserRole, expected: set[Permission]) -> None:
    """Exactly this, for every role there is."""
    assert {permission for permission in Permission if someone(role).may(permission)} == expected


def test_two_people_are_two_cache_keys() -> None:
    """The scope is a cached function's argument: equal only for the same person in the same role."""
    first = someone(UserRole.GYM_MANAGER)
    assert len({first, someone(UserRole.GYM_MANAGER)}) == 2


def test_the_gym_names_the_place_before_the_franchise() -> None:
    """A manager stands for a gym, an owner for a franchise, an administrator for everything."""
    gym = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="C", gym_name="Dax", franchise_name="Landes")
    owner = Scope(user_id=uuid4(), role=UserRole.FRANCHISE_OWNER, full_name="F", franchise_name="Landes")
    assert [person.place_name for person in (gym, owner, someone(UserRole.SUPER_ADMIN))] == ["Dax", "Landes", None]
