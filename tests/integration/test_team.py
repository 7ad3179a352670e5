"""Who lets whom in, moves and suspends them: the team's store on a real database, with the sign-in beside it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards.records import Records
from jarvis.tenancy import Scope, UserRole
from tests.support.dashboards_door import PASSWORD
from tests.support.second_factors import plant_second_factor
from tests.support.sign_in_app import HTML, SignInApp, is_in, signed_in, submit
from warehouse.people import Database
from warehouse.stores.account_links import Invited, link_url
from warehouse.stores.team import Refusal, Team, TeamRefused

NEW_PASSWORD = "une-autre-phrase-de-passe"

Acting = Callable[[str], tuple[Scope, str]]

# Asked for nobody in particular.
EVERYBODY: dict[str, object] = {"id": None, "gym_id": None, "words": None, "roles": [], "states": [], "most": 100}


@pytest.fixture
def acting(app: SignInApp, pool: Database) -> Acting:
    """Somebody's scope and session token, freshly proven."""

    def found(name: str) -> tuple[Scope, str]:
        return signed_in(pool, app.admin, app.network.users[name])

    return found


def refusal_of(work: Callable[[], object]) -> Refusal:
    """Why the database made no change."""
    with pytest.raises(TeamRefused) as refused:
        work()
    return refused.value.reason


def emails_seen(pool: Database, scope: Scope) -> set[str]:
    """Whom the list shows, by the e-mail's first part."""
    return {row["email"].partition("@")[0] for row in Records(pool).rows(scope, "team.people", **EVERYBODY)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("admin", {"admin", "franchise", "dax", "dax-adjoint", "equipe-dax", "pau", "lyon", "analyste", "partante"}),
        ("franchise", {"franchise", "dax", "dax-adjoint", "equipe-dax", "pau", "analyste", "partante"}),
        ("dax", {"dax", "dax-adjoint", "equipe-dax", "partante"}),
        ("pau", {"pau"}),
        ("equipe-dax", set()),
        ("analyste", set()),
    ],
)
def test_everybody_sees_the_people_they_manage(
    app: SignInApp, pool: Database, acting: Acting, name: str, expected: set[str]
) -> None:
    """The same query, six people, six answers; staff and analysts manage nobody and see nobody."""
    assert emails_seen(pool, acting(name)[0]) == expected


def test_a_guessed_id_gives_nothing(app: SignInApp, pool: Database, acting: Acting) -> None:
    """Neither a row nor a change: a neighbour's person is nobody."""
    scope, token = acting("pau")
    team, neighbour = Team(pool), app.network.users["equipe-dax"]
    assert Records(pool).rows(scope, "team.people", **{**EVERYBODY, "id": neighbour}) == []
    place = {"full_name": None, "role": UserRole.GYM_STAFF, "franchise_id": None, "gym_id": app.network.pau}
    assert refusal_of(lambda: team.change(scope, token, neighbour, **place)) is Refusal.GONE  # type: ignore[arg-type]
    for work in (team.suspend, team.reset_second_factor, team.unlock, team.invite_again):
        assert refusal_of(lambda work=work: work(scope, token, neighbour)) is Refusal.GONE  # type: ignore[misc]
    assert refusal_of(lambda: team.suspend(scope, token, uuid4())) is Refusal.GONE


def test_a_manager_invites_their_own_staff(app: SignInApp, pool: Database, acting: Acting) -> None:
    """The rights are the database's: not another gym's people, no one above, nobody twice."""
    team, (dax, token) = Team(pool), acting("dax")
    staff = Invited(email="Nouvelle@salle.test", role=UserRole.GYM_STAFF, gym_id=app.network.dax)
    user_id, link = team.invite(dax, token, staff)
    for wrong in (
        replace(staff, gym_id=app.network.pau), replace(staff, role=UserRole.GYM_MANAGER),
        replace(staff, role=UserRole.SUPER_ADMIN, gym_id=None),
    ):  # fmt: skip
        another = replace(wrong, email="autre@salle.test")
        assert refusal_of(lambda another=another: team.invite(dax, token, another)) is Refusal.NOT_ALLOWED  # type: ignore[misc]
    assert refusal_of(lambda: team.invite(dax, token, staff)) is Refusal.EMAIL_TAKEN
    (row,) = Records(pool).rows(dax, "team.people", **{**EVERYBODY, "id": user_id})
    assert row["state"] == "invited"
    client = app.client()
    # Nobody signs in before a password is set, with any.
    assert client.post("/login", data={"email": link.email, "password": PASSWORD}).status_code == 401
    again = team.invite_again(dax, token, user_id)
    assert client.get(link_url("", link.token), headers=HTML).status_code == 410
    assert "Bienvenue" in client.get(link_url("", again), headers=HTML).text
    submit(client, link_url("", again), password=NEW_PASSWORD, again=NEW_PASSWORD)
    answer = client.post("/login", data={"email": link.email, "password": NEW_PASSWORD})
    assert answer.headers["location"] == "/"
    assert refusal_of(lambda: team.invite_again(dax, token, user_id)) is Refusal.GONE
    assert app.actions("dax")[1:] == ["user_invited", "user_invited"]
    app.admin.execute("delete from users where id = %s", [user_id])


def test_a_suspended_person_is_out_at_once(app: SignInApp, pool: Database, acting: Acting) -> None:
    """Their sessions die, their password opens nothing, and the way back is one act."""
    team, (dax, token) = Team(pool), acting("dax")
    client, staff = app.signed_in("equipe-dax"), app.network.users["equipe-dax"]
    assert is_in(client)
    team.suspend(dax, token, staff)
    assert not is_in(client)
    assert app.sign_in(app.client(), "equipe-dax").status_code == 401
    team.reinstate(dax, token, staff)
    assert not is_in(client)
    assert is_in(app.signed_in("equipe-dax"))
    assert app.actions("dax")[1:] == ["user_suspended", "user_reinstated"]


def test_nobody_raises_their_own_role(app: SignInApp, pool: Database, acting: Acting) -> None:
    """Nor anybody above what they may give; nor suspends themselves."""
    team, (dax, token) = Team(pool), acting("dax")

    def give(user: str, role: UserRole, gym_id: UUID | None = app.network.dax) -> Callable[[], None]:
        return lambda: team.change(
            dax, token, app.network.users[user], full_name=None, role=role, franchise_id=None, gym_id=gym_id
        )

    assert refusal_of(give("dax", UserRole.SUPER_ADMIN, None)) is Refusal.OWN_ACCOUNT
    assert refusal_of(give("equipe-dax", UserRole.GYM_MANAGER)) is Refusal.NOT_ALLOWED
    assert refusal_of(give("equipe-dax", UserRole.SUPER_ADMIN, None)) is Refusal.NOT_ALLOWED
    assert refusal_of(give("dax-adjoint", UserRole.GYM_STAFF)) is Refusal.NOT_ALLOWED
    assert refusal_of(lambda: team.suspend(dax, token, app.network.users["dax-adjoint"])) is Refusal.NOT_ALLOWED
    roles = app.admin.execute("select count(*) from users where role = 'super_admin'").fetchone()
    assert roles == (1,)
    admin, admins_token = acting("admin")
    own = app.network.users["admin"]
    assert refusal_of(lambda: team.suspend(admin, admins_token, own)) is Refusal.OWN_ACCOUNT


def test_another_role_or_gym_ends_the_sessions(app: SignInApp, pool: Database, acting: Acting) -> None:
    """An owner moves a manager to another of their gyms, and not to a rival's; what was open is over."""
    team, (owner, token) = Team(pool), acting("franchise")
    client, moved = app.signed_in("partante"), app.network.users["partante"]
    place = {"role": UserRole.GYM_MANAGER, "franchise_id": None}
    assert (
        refusal_of(lambda: team.change(owner, token, moved, full_name=None, gym_id=app.network.lyon, **place))  # type: ignore[arg-type]
        is Refusal.NOT_ALLOWED
    )
    assert is_in(client)
    team.change(owner, token, moved, full_name="Léa Revenue", gym_id=app.network.pau, **place)  # type: ignore[arg-type]
    assert not is_in(client)
    assert emails_seen(pool, acting("pau")[0]) == {"pau", "partante"}
    assert app.actions("franchise")[1:] == ["user_changed"]


def test_a_role_needs_its_own_kind_of_place(app: SignInApp, pool: Database, acting: Acting) -> None:
    """A manager of no gym, and an owner of no franchise, cannot be."""
    team, (admin, token) = Team(pool), acting("admin")
    user = app.network.users["pau"]
    for role in (UserRole.GYM_MANAGER, UserRole.FRANCHISE_OWNER, UserRole.ANALYST):
        wanted = {"full_name": None, "role": role, "franchise_id": None, "gym_id": None}
        assert refusal_of(lambda wanted=wanted: team.change(admin, token, user, **wanted)) is Refusal.WRONG_PLACE  # type: ignore[misc]


def test_the_last_administrator_stays(app: SignInApp, pool: Database, acting: Acting) -> None:
    """Whoever changes it, at the command line too."""
    with pytest.raises(psycopg.errors.RestrictViolation):
        app.admin.execute("update users set is_active = false where role = 'super_admin'")
    with pytest.raises(psycopg.errors.RestrictViolation):
        app.admin.execute(
            "update users set role = 'gym_manager', gym_id = %s where role = 'super_admin'", [app.network.dax]
        )


def test_two_administrators_cannot_suspend_each_other(app: SignInApp, pool: Database, acting: Acting) -> None:
    """At the same moment: one of the two is refused, and somebody still runs the network."""
    second = uuid4()
    app.admin.execute("insert into users (id, email, role) values (%s, 'second@salle.test', 'super_admin')", [second])
    team, (admin, token) = Team(pool), acting("admin")
    app.network.users["second"] = second
    other, others_token = acting("second")
    refused: list[Refusal] = []

    def suspend(scope: Scope, its_token: str, user_id: UUID) -> None:
        try:
            team.suspend(scope, its_token, user_id)
        except TeamRefused as refusal:
            refused.append(refusal.reason)

    threads = [
        threading.Thread(target=suspend, args=(admin, token, second)),
        threading.Thread(target=suspend, args=(other, others_token, admin.user_id)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    active = app.admin.execute("select count(*) from users where role = 'super_admin' and is_active").fetchone()
    assert active == (1,)
    assert len(refused) == 1
    app.admin.execute("update users set is_active = true where role = 'super_admin'")
    app.admin.execute("delete from users where id = %s", [second])
    del app.network.users["second"]


@pytest.mark.parametrize("age", ["11 minutes", "3 hours"])
def test_a_change_asks_who_you_are_again(app: SignInApp, pool: Database, acting: Acting, age: str) -> None:
    """Ten minutes after the last proof nothing changes any more, whatever the session may see."""
    team, (dax, token) = Team(pool), acting("dax")
    staff = app.network.users["equipe-dax"]
    assert team.is_proven(token)
    app.admin.execute("update dashboard_sessions set proven_at = now() - %s::interval", [age])
    assert not team.is_proven(token)
    invited = Invited(email="x@salle.test", role=UserRole.GYM_STAFF, gym_id=app.network.dax)
    for work in (
        lambda: team.suspend(dax, token, staff),
        lambda: team.reset_second_factor(dax, token, staff),
        lambda: team.unlock(dax, token, staff),
        lambda: team.invite(dax, token, invited),
        lambda: team.invite_again(dax, token, staff),
        lambda: team.change(
            dax, token, staff, full_name="X", role=UserRole.GYM_STAFF, franchise_id=None, gym_id=app.network.dax
        ),
    ):
        assert refusal_of(work) is Refusal.NOT_PROVEN
    assert app.actions("dax") == ["signed_in"]


def test_another_session_proves_nothing(app: SignInApp, pool: Database, acting: Acting) -> None:
    """The proof is the acting person's own: neither a colleague's token nor a made-up one."""
    team, (dax, _token) = Team(pool), acting("dax")
    staff, (_pau, paus_token) = app.network.users["equipe-dax"], acting("pau")
    for token in (paus_token, "", "x" * 43):
        assert refusal_of(lambda token=token: team.suspend(dax, token, staff)) is Refusal.NOT_PROVEN  # type: ignore[misc]


def test_a_lost_telephone_is_forgotten_by_whoever_manages(app: SignInApp, pool: Database, acting: Acting) -> None:
    """A franchise owner for a manager; not a neighbour, and nobody for themselves."""
    team, user_id = Team(pool), app.network.users["dax"]
    plant_second_factor(app.admin, app.settings, user_id)
    for name in ("pau", "dax"):
        scope, token = acting(name)
        assert refusal_of(lambda s=scope, t=token: team.reset_second_factor(s, t, user_id)) is Refusal.GONE  # type: ignore[misc]
    owner, token = acting("franchise")
    team.reset_second_factor(owner, token, user_id)
    assert app.sign_in(app.client(), "dax").headers["location"] == "/"


def test_whoever_manages_unlocks(app: SignInApp, pool: Database, acting: Acting) -> None:
    """A colleague closed by wrong passwords is shown as such, and may try again at once."""
    team, (dax, token) = Team(pool), acting("dax")
    staff = app.network.users["equipe-dax"]
    for _ in range(5):
        assert app.sign_in(app.client(), "equipe-dax", "une-phrase-fausse").status_code == 401
    assert app.sign_in(app.client(), "equipe-dax").status_code == 401
    (row,) = Records(pool).rows(dax, "team.people", **{**EVERYBODY, "id": staff})
    assert row["state"] == "locked"
    team.unlock(dax, token, staff)
    assert app.sign_in(app.client(), "equipe-dax").status_code == 303


def test_what_had_no_proof_before_is_closed(pool: Database, app: SignInApp) -> None:
    """The door's login cannot go round the proof by the functions underneath."""
    with pool.nobody() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select app.reset_second_factor(%s)", [app.network.users["dax"]])
