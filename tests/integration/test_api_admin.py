"""Running the network over the API: who may, what is kept of it, and that the database says so by itself."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from jarvis.settings import Settings
from tests.support.api_server import PASSWORD, Api, running_api
from tests.tenants import PERSON, made_id
from warehouse.connection import as_user

ADDRESS = "/api/admin"


@pytest.fixture(scope="module")
def api(server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One gateway for the module."""
    with running_api(server_settings, template_database, tmp_path_factory.mktemp("admin")) as running:
        yield running


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def audited(api: Api, action: str, subject_id: str) -> list[dict[str, Any]]:
    """What the trail holds of one thing, as who runs the network reads it over the API."""
    with api.signed_in(PERSON["root"]) as root:
        entries = root.get(f"{ADDRESS}/audit", params={"action": action, "limit": 200}).json()["items"]
    return [entry for entry in entries if entry["subject_id"] == subject_id]


def test_a_network_is_made_from_nothing_to_a_talking_kiosk(api: Api) -> None:
    """Franchise, gym, manager, kiosk, code, token, heartbeat: each write is in the trail with who did it."""
    with api.signed_in(PERSON["root"]) as root:
        franchise = root.post(f"{ADDRESS}/franchises", json={"name": "Garonne Club"}).json()
        gym = root.post(
            f"{ADDRESS}/gyms",
            json={
                "slug": "agen",
                "name": "Agen",
                "franchise_id": franchise["id"],
                "opening_hours": {"mon": ["06:00", "22:00"]},
            },
        ).json()
        manager = root.post(
            f"{ADDRESS}/users",
            json={"email": "Agen@Example.org", "password": PASSWORD, "role": "gym_manager", "gym_id": gym["id"]},
        ).json()
    assert (manager["email"], gym["opening_hours"]) == ("agen@example.org", {"mon": ["06:00", "22:00"]})
    with api.client() as nobody:
        session = nobody.post("/api/auth/sign-in", json={"email": "agen@example.org", "password": PASSWORD}).json()
    with api.client(session["token"]) as client:
        kiosk = client.post(f"{ADDRESS}/kiosks", json={"gym_id": gym["id"], "name": "Borne Entrée"}).json()
        assert (kiosk["slug"], kiosk["status"]) == ("borne-entree", "provisioning")
        code = client.post(f"{ADDRESS}/kiosks/{kiosk['id']}/code")
        assert code.headers["cache-control"] == "no-store"
        spent = client.post("/api/kiosk/provision", json={"code": code.json()["code"], "device_id": "d-1"})
        token = spent.json()["token"]
        with api.client(token) as device:
            assert device.post("/api/kiosk/heartbeat", json={}).status_code == 200
            assert client.post(f"{ADDRESS}/kiosks/{kiosk['id']}/revoke").json()["revoked_count"] == 1
            assert device.post("/api/kiosk/heartbeat", json={}).status_code == 401
    for action, subject, actor in (
        ("franchise_created", franchise["id"], str(PERSON["root"].id)),
        ("gym_created", gym["id"], str(PERSON["root"].id)),
        ("user_created", manager["id"], str(PERSON["root"].id)),
        ("kiosk_created", kiosk["id"], manager["id"]),
        ("kiosk_code_issued", kiosk["id"], manager["id"]),
        ("kiosk_revoked", kiosk["id"], manager["id"]),
    ):
        assert [entry["actor_user_id"] for entry in audited(api, action, subject)] == [actor], action


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("root", {"dax", "pau", "lyon"}),
        ("owner_atlantique", {"dax", "pau"}),
        ("owner_rhone", {"lyon"}),
        ("manager_dax", {"dax"}),
    ],
)
def test_everybody_lists_their_own_part(api: Api, name: str, seen: set[str]) -> None:
    """Gyms, kiosks, users and the trail, at one address for all."""
    known = {str(made_id("gym", gym)): gym for gym in ("dax", "pau", "lyon")}
    with api.signed_in(PERSON[name]) as client:
        for listing, field in (("gyms", "id"), ("kiosks", "gym_id"), ("users", "gym_id"), ("audit", "gym_id")):
            items = client.get(f"{ADDRESS}/{listing}", params={"limit": 200}).json()["items"]
            assert {known[item[field]] for item in items if item[field] in known} <= seen
            if listing in ("gyms", "kiosks"):
                assert {known[item[field]] for item in items if item[field] in known} == seen


WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "franchise": ("POST", "franchises", {"name": "Neuve"}),
    "franchise change": ("PATCH", f"franchises/{made_id('franchise', 'atlantique')}", {"status": "suspended"}),
    "gym": ("POST", "gyms", {"slug": "neuve", "name": "Neuve"}),
    "gym state": ("PATCH", f"gyms/{made_id('gym', 'dax')}", {"status": "suspended"}),
    "gym hours": ("PATCH", f"gyms/{made_id('gym', 'dax')}", {"opening_hours": {"tue": ["07:00", "21:00"]}}),
    "gym budget": ("PATCH", f"gyms/{made_id('gym', 'dax')}", {"voice_budget_usd": 50}),
    "manager": (
        "POST",
        "users",
        {"email": "m@example.org", "password": PASSWORD, "role": "gym_manager", "gym_id": str(made_id("gym", "dax"))},
    ),
    "staff": (
        "POST",
        "users",
        {"email": "s@example.org", "password": PASSWORD, "role": "gym_staff", "gym_id": str(made_id("gym", "dax"))},
    ),
    "admin": ("POST", "users", {"email": "a@example.org", "password": PASSWORD, "role": "super_admin"}),
    "staff change": ("PATCH", f"users/{PERSON['staff_dax'].id}", {"full_name": "Noé"}),
    "owner change": ("PATCH", f"users/{PERSON['owner_atlantique'].id}", {"full_name": "Fanny"}),
    "kiosk": ("POST", "kiosks", {"gym_id": str(made_id("gym", "dax")), "name": "Borne"}),
    "code": ("POST", f"kiosks/{made_id('kiosk', 'dax')}/code", {}),
    "revoke": ("POST", f"kiosks/{made_id('kiosk', 'dax')}/revoke", {}),
}

MAY: dict[str, set[str]] = {
    "owner_atlantique": {"gym hours", "gym budget", "manager", "staff", "staff change", "kiosk", "code", "revoke"},
    "manager_dax": {"gym hours", "gym budget", "staff", "staff change", "kiosk", "code", "revoke"},
    "manager_pau": set(),
    "owner_rhone": set(),
    "staff_dax": set(),
    "analyst_atlantique": set(),
}


@pytest.mark.parametrize("name", MAY)
def test_a_role_changes_what_it_may_and_no_more(api: Api, name: str) -> None:
    """Each write by each role: done, or refused as forbidden or unknown, and then nothing has changed."""
    with api.signed_in(PERSON[name]) as client:
        for what, (method, path, body) in WRITES.items():
            if what in ("manager", "staff"):
                body = {**body, "email": f"{uuid4().hex}@example.org"}
            if what == "kiosk":
                body = {**body, "name": f"Borne {uuid4().hex}"}
            before = state_of(api)
            answer = client.request(method, f"{ADDRESS}/{path}", json=body)
            if what in MAY[name]:
                assert answer.status_code in (200, 201), (what, answer.text)
            else:
                assert answer.status_code in (403, 404), (what, answer.text)
                assert state_of(api) == before, what


def state_of(api: Api) -> list[Any]:
    """Everything an administrator could change, and the trail."""
    with api.database.admin() as admin:
        return [
            admin.execute(statement).fetchall()
            for statement in (
                "select * from public.franchises order by id",
                "select * from public.gyms order by id",
                "select * from public.users order by id",
                "select id, name from public.kiosks order by id",
                "select id, revoked_at from public.kiosk_credentials order by id",
                "select count(*) from public.audit_log",
            )
        ]


def test_a_gyms_budget_is_set_and_taken_away(api: Api) -> None:
    """Null is no budget, a field left out stays, and the trail has each change with its author."""
    path = f"{ADDRESS}/gyms/{made_id('gym', 'pau')}"
    with api.signed_in(PERSON["manager_pau"]) as manager:
        answers = [
            manager.patch(path, json=body).json()
            for body in (
                {"voice_budget_usd": 49.9, "voice_budget_cheaper_share": 0.5},
                {"city": "Pau"},
                {"voice_budget_usd": None},
            )
        ]
        assert code_of(manager.patch(path, json={"voice_budget_usd": -1})) == "invalid_body"
    assert [(one["voice_budget_usd"], one["voice_budget_cheaper_share"]) for one in answers] == [
        (49.9, 0.5), (49.9, 0.5), (None, 0.5),
    ]  # fmt: skip
    trail = audited(api, "voice_budget_changed", str(made_id("gym", "pau")))
    assert len(trail) == 2
    assert {row["actor_user_id"] for row in trail} == {str(PERSON["manager_pau"].id)}


def test_a_suspended_user_is_out_and_back(api: Api) -> None:
    """Every session of theirs ends with the suspension; a new password ends them too."""
    person = PERSON["analyst_dax"]
    with api.signed_in(PERSON["root"]) as root, api.signed_in(person) as client:
        assert client.get("/api/auth/me").status_code == 200
        assert root.patch(f"{ADDRESS}/users/{person.id}", json={"is_active": False}).json()["is_active"] is False
        assert client.get("/api/auth/me").status_code == 401
        assert root.patch(f"{ADDRESS}/users/{person.id}", json={"is_active": True}).json()["is_active"] is True
        # The session of before stays closed.
        assert client.get("/api/auth/me").status_code == 401
        again = api.signed_in(person)
        root.patch(f"{ADDRESS}/users/{person.id}", json={"password": PASSWORD + "!"})
        assert again.get("/api/auth/me").status_code == 401
        assert code_of(root.patch(f"{ADDRESS}/users/{PERSON['root'].id}", json={"is_active": False})) == "own_account"
    assert len(audited(api, "user_suspended", str(person.id))) == 1
    assert len(audited(api, "user_reinstated", str(person.id))) == 1


def test_a_super_admin_needs_a_code_over_the_api_too(api: Api) -> None:
    """Without a second factor there is no session at all; with one, no code and a wrong code open nothing."""
    root = PERSON["root"]
    password_only = {"email": f"{root.name}@example.org", "password": PASSWORD}
    with api.client() as client:
        with api.database.admin() as admin:
            admin.execute("delete from public.second_factors where user_id = %s", [root.id])
        answers = [client.post("/api/auth/sign-in", json=password_only)]
        right = api.credentials_of(root)
        answers += [
            client.post("/api/auth/sign-in", json=body)
            for body in (password_only, {**password_only, "code": "000000"}, right, right)
        ]
    assert [answer.status_code for answer in answers] == [403, 401, 401, 200, 401]
    assert [code_of(answers[place]) for place in (0, 1, 2, 4)] == [
        "second_factor_missing", "code_required", "code_refused", "code_refused"
    ]  # fmt: skip
    with api.database.admin() as admin:
        waiting = admin.execute(
            "select count(*) from dashboard_sessions where user_id = %s and stage <> 'open' and revoked_at is null",
            [root.id],
        ).fetchone()
    assert waiting == (0,)


FOREIGN = {"gym_id": str(made_id("gym", "dax")), "franchise_id": str(made_id("franchise", "rhone"))}


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("gyms", {"slug": "dax", "name": "Dax"}, "already_taken"),
        ("gyms", {"slug": "x", "name": "X", "franchise_id": str(uuid4())}, "unknown_place"),
        ("gyms", {"slug": "x", "name": "X", "timezone": "Mars/Olympus"}, "invalid_timezone"),
        ("gyms", {"slug": "Not A Slug", "name": "X"}, "invalid_body"),
        ("gyms", {"slug": "x", "name": "X", "opening_hours": {"mon": ["6h", "22h"]}}, "invalid_body"),
        ("users", {"email": "root@example.org", "password": PASSWORD, "role": "super_admin"}, "already_taken"),
        ("users", {"email": "o@example.org", "password": PASSWORD, "role": "franchise_owner"}, "rule_broken"),
        ("users", {"email": "o@example.org", "password": "short", "role": "super_admin"}, "invalid_body"),
        *(
            ("users", {"email": "o@example.org", "password": PASSWORD, "role": role, **FOREIGN}, "foreign_franchise")
            for role in ("gym_manager", "gym_staff", "analyst")
        ),
        ("kiosks", {"gym_id": str(uuid4()), "name": "Borne"}, "gym_not_found"),
    ],
)
def test_what_cannot_be_is_refused_by_name(api: Api, path: str, body: dict[str, Any], code: str) -> None:
    """With a code to act on, and nothing is half made."""
    before = state_of(api)
    with api.signed_in(PERSON["root"]) as root:
        assert code_of(root.post(f"{ADDRESS}/{path}", json=body)) == code
    assert state_of(api)[:5] == before[:5]


def test_who_signed_in_hours_ago_lets_nobody_in(api: Api) -> None:
    """As in the pages: a token that somebody found makes no account and changes no password, not even its own."""
    before = state_of(api)
    new = {"email": "intruder@example.org", "password": PASSWORD, "role": "super_admin"}
    with api.signed_in(PERSON["root"]) as root:
        with api.database.admin() as admin:
            admin.execute("update dashboard_sessions set proven_at = now() - interval '11 minutes'")
        assert root.get(f"{ADDRESS}/users").status_code == 200
        assert code_of(root.post(f"{ADDRESS}/users", json=new)) == "not_proven"
        for name in ("root", "manager_dax"):
            answer = root.patch(f"{ADDRESS}/users/{PERSON[name].id}", json={"password": PASSWORD + "!"})
            assert (answer.status_code, code_of(answer)) == (403, "not_proven")
        assert root.get("/api/auth/me").status_code == 200
    assert state_of(api)[:5] == before[:5]


def test_only_a_missing_proof_is_said_to_be_one(api: Api) -> None:
    """What another rule of the database refuses has nothing to do with the sign-in: proving it again would not help."""
    other_rule = (
        "create function refuse_by_hand() returns trigger language plpgsql as "
        "$$ begin raise exception 'found another rule'; end $$; "
        "create trigger by_hand before insert on users for each row execute function refuse_by_hand()"
    )
    new = {"email": "refused@example.org", "password": PASSWORD, "role": "super_admin"}
    with api.signed_in(PERSON["root"]) as root, api.database.admin() as admin:
        admin.execute(other_rule)
        try:
            answer = root.post(f"{ADDRESS}/users", json=new)
        finally:
            admin.execute("drop trigger by_hand on users; drop function refuse_by_hand()")
    assert (answer.status_code, code_of(answer)) == (500, "fault")


def grown_old(api: Api, token: str) -> None:
    """The session's proof is of eleven minutes ago."""
    with api.database.admin() as admin:
        admin.execute(
            "update dashboard_sessions set proven_at = now() - interval '11 minutes' where token_hash = sha256(%s)",
            [token.encode()],
        )


@pytest.mark.parametrize("name", ["root", "owner_atlantique", "manager_dax"])
def test_people_change_only_after_a_fresh_proof(api: Api, name: str) -> None:
    """An old proof changes nobody; a new one does, under a new token, and the one before is worth nothing."""
    person, staff = PERSON[name], PERSON["staff_dax"].id
    body = {
        "email": f"new-{name}@example.org".replace("_", "-"), "password": PASSWORD, "role": "gym_staff",
        "gym_id": str(made_id("gym", "dax")),
    }  # fmt: skip
    token = api.token_of(person)
    grown_old(api, token)
    with api.client(token) as client:
        before = state_of(api)
        refused = [client.post(f"{ADDRESS}/users", json=body)] + [
            client.patch(f"{ADDRESS}/users/{staff}", json=change)
            for change in ({"full_name": "Noé"}, {"is_active": False}, {"password": PASSWORD})
        ]
        assert [(answer.status_code, code_of(answer)) for answer in refused] == [(403, "not_proven")] * 4
        assert state_of(api) == before
        # What is no change of people's access needs no second proof.
        assert client.get(f"{ADDRESS}/users").status_code == 200
        wrong = client.post("/api/auth/confirm", json={"password": "une-autre-phrase"})
        assert (wrong.status_code, code_of(wrong)) == (401, "proof_refused")
        proof = {key: value for key, value in api.credentials_of(person).items() if key != "email"}
        confirmed = client.post("/api/auth/confirm", json=proof)
        assert (confirmed.status_code, confirmed.headers["cache-control"]) == (200, "no-store")
        assert client.get("/api/auth/me").status_code == 401
    with api.client(confirmed.json()["token"]) as client:
        assert client.post(f"{ADDRESS}/users", json=body).status_code == 201
        assert client.patch(f"{ADDRESS}/users/{staff}", json={"full_name": "Noé"}).status_code == 200


def test_a_code_is_part_of_the_proof_where_one_is_due(api: Api) -> None:
    """A super_admin's password alone proves nothing, and costs the session nothing."""
    token = api.token_of(PERSON["root"])
    grown_old(api, token)
    with api.client(token) as client:
        for proof in ({"password": PASSWORD}, {"password": PASSWORD, "code": "000000"}):
            assert code_of(client.post("/api/auth/confirm", json=proof)) == "proof_refused"
        assert client.get("/api/auth/me").status_code == 200


def test_a_gym_that_changes_hands_takes_its_people_along(api: Api) -> None:
    """Who names both is never left in the franchise of before."""
    dax, rhone = made_id("gym", "dax"), made_id("franchise", "rhone")
    with api.database.admin() as admin, admin.transaction(force_rollback=True):
        (who,) = (
            admin.execute(
                "insert into users (email, role, franchise_id, gym_id) select 'both@example.org', 'gym_manager', "
                "gyms.franchise_id, gyms.id from gyms where id = %s returning id",
                [dax],
            ).fetchone()
            or ()
        )
        admin.execute("update gyms set franchise_id = %s where id = %s", [rhone, dax])
        row = admin.execute("select franchise_id, gym_id from users where id = %s", [who]).fetchone()
    assert row == (rhone, dax)


@pytest.mark.parametrize(
    "call",
    [
        "select app.create_franchise('X', null, 'pro')",
        "select app.create_gym(null, 'x', 'X', null, null, 'Europe/Paris', '{}')",
        "select app.create_user('x@example.org', null, 'super_admin', null, null, 'hash')",
        "select app.change_user(gen_random_uuid(), null, null, 'hash')",
        "select app.audit(null, 'forged', 'users', 'x', '{}')",
        "insert into public.audit_log (actor_role, action, subject_table, subject_id) values ('x', 'x', 'x', 'x')",
        "update public.users set role = 'super_admin'",
        "update public.audit_log set action = 'nothing'",
        "delete from public.audit_log",
    ],
)
def test_the_database_refuses_without_any_route(api: Api, call: str) -> None:
    """A manager with the dashboard's own login in hand, and no route of ours between, gets no further."""
    with (
        api.database.connect("dashboard") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        as_user(connection, PERSON["manager_dax"].id),
    ):
        connection.execute(call)  # type: ignore[call-overload]


def test_one_request_too_many_is_refused_for_its_caller_alone(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every class has its own count, and each answer says where the caller stands."""
    home = tmp_path_factory.mktemp("limits")
    with running_api(server_settings, template_database, home, requests_per_minute=3) as api:
        with api.signed_in(PERSON["root"]) as root:
            answers = [root.get(f"{ADDRESS}/gyms") for _ in range(4)]
            others = root.get("/api/dashboard/gyms")
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert code_of(answers[3]) == "rate_limited" and int(answers[3].headers["retry-after"]) >= 1
        assert others.status_code == 200
        with api.signed_in(PERSON["manager_dax"]) as manager:
            assert manager.get(f"{ADDRESS}/gyms").status_code == 200
