"""The API for people: who gets in, and that the same address answers each with their own rows and no others."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from jarvis.settings import Settings
from tests.support.api_server import PASSWORD, Api, running_api
from tests.tenants import GYMS, PERSON, made_id

LISTS = ("members", "sessions", "alerts")
READERS = ("root", "owner_atlantique", "manager_dax", "manager_pau")


@pytest.fixture(scope="module")
def api(server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One gateway for the module; what a test changes, it names."""
    with running_api(server_settings, template_database, tmp_path_factory.mktemp("api")) as running:
        yield running


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal in the one shape; nothing else is in it."""
    content = answer.json()
    assert set(content) == {"error"} and set(content["error"]) == {"type", "code", "message"}, content
    return str(content["error"]["code"])


def gyms_of(items: list[dict[str, Any]]) -> set[str]:
    """Names of the gyms whose rows these are."""
    names = {str(made_id("gym", gym)): gym for gym in GYMS}
    return {names[item["gym_id"]] for item in items}


@pytest.mark.parametrize("listing", LISTS)
def test_one_address_four_people_four_answers(api: Api, listing: str) -> None:
    """Each reads exactly the gyms they see, whichever gym they ask for."""
    for name in READERS:
        person = PERSON[name]
        with api.signed_in(person) as client:
            everything = client.get(f"/api/dashboard/{listing}").json()["items"]
            assert gyms_of(everything) == person.sees
            for gym in GYMS:
                asked = client.get(f"/api/dashboard/{listing}", params={"gym_id": str(made_id("gym", gym))}).json()
                assert gyms_of(asked["items"]) == person.sees & {gym}


@pytest.mark.parametrize("kind", ["member", "session", "alert"])
def test_an_id_of_another_gym_is_answered_as_one_that_does_not_exist(api: Api, kind: str) -> None:
    """Word for word, so that guessing ids tells nothing; the own one is answered."""
    with api.signed_in(PERSON["manager_dax"]) as client:
        own, foreign, nobodys = (
            client.get(f"/api/dashboard/{kind}s/{identity}")
            for identity in (made_id(kind, "dax"), made_id(kind, "pau"), uuid4())
        )
        if kind == "session":
            turns = [
                client.get(f"/api/dashboard/sessions/{identity}/turns")
                for identity in (made_id(kind, "dax"), made_id(kind, "pau"), uuid4())
            ]
            assert [turn["text"] for turn in turns[0].json()["items"]] == ["La douche est froide."]
            assert (turns[1].status_code, turns[1].text) == (404, turns[2].text)
    assert own.status_code == 200 and own.json()["id"] == str(made_id(kind, "dax"))
    assert (foreign.status_code, foreign.text) == (404, nobodys.text)


def test_a_transcript_is_masked_until_its_words_are_asked_for_and_that_is_on_record(api: Api) -> None:
    """Names, numbers and addresses go, the speaker's own for certain; a neighbour's asking leaves no trace."""
    session_id = made_id("session", "dax")
    said = "Ici Zéphyrine, rappelez-moi au 06 12 34 56 78 ou zephyrine@exemple.fr."
    turns = f"/api/dashboard/sessions/{session_id}/turns"

    def read(client: httpx.Client, **asked: str) -> list[str]:
        return [turn["text"] for turn in client.get(turns, params=asked).json()["items"]]

    with api.database.admin() as admin:
        admin.execute(
            "update public.gym_members_v2 set first_name = 'Zéphyrine' where id = %s", [made_id("member", "dax")]
        )
        admin.execute("update public.session_turns set text = %s where session_id = %s", [said, session_id])

        def noted() -> list[Any]:
            return admin.execute(
                "select actor_user_id, gym_id from public.audit_log "
                "where action = 'conversation.unmasked' and subject_id = %s",
                [str(session_id)],
            ).fetchall()

        try:
            with api.signed_in(PERSON["manager_dax"]) as manager, api.signed_in(PERSON["manager_pau"]) as neighbour:
                masked = "Ici [nom], rappelez-moi au [téléphone] ou [e-mail]."
                assert (read(manager), read(manager, unmasked="false"), noted()) == ([masked], [masked], [])
                refused = neighbour.get(turns, params={"unmasked": "true"})
                assert (refused.status_code, code_of(refused), noted()) == (404, "session_not_found", [])
                assert read(manager, unmasked="true") == [said]
                assert noted() == [(PERSON["manager_dax"].id, made_id("gym", "dax"))]
        finally:
            admin.execute(
                "update public.session_turns set text = 'La douche est froide.' where session_id = %s", [session_id]
            )


def test_an_alert_is_masked_until_its_words_are_asked_for_and_that_is_on_record(api: Api) -> None:
    """In the list, by itself and after a step; a neighbour's asking leaves no trace, and our own sentences stay."""
    alert_id = made_id("alert", "lyon")
    said = "Transmis par la borne à la demande d'un adhérent : Zéphyrine, au 06 12 34 56 78."
    masked = "Transmis par la borne à la demande d'un adhérent : [nom], au [téléphone]."
    address = f"/api/dashboard/alerts/{alert_id}"

    def listed(client: httpx.Client) -> str:
        found = client.get("/api/dashboard/alerts").json()["items"]
        return str(next(one["description"] for one in found if one["id"] == str(alert_id)))

    with api.database.admin() as admin:
        admin.execute(
            "update public.gym_members_v2 set first_name = 'Zéphyrine' where id = %s", [made_id("member", "lyon")]
        )
        admin.execute("update public.manager_alerts set description = %s where id = %s", [said, alert_id])

        def noted() -> list[Any]:
            return admin.execute(
                "select actor_user_id, gym_id from public.audit_log "
                "where action = 'alert_unmasked' and subject_table = 'manager_alerts' and subject_id = %s",
                [str(alert_id)],
            ).fetchall()

        with api.signed_in(PERSON["owner_rhone"]) as manager, api.signed_in(PERSON["manager_pau"]) as neighbour:
            moved = manager.patch(address, json={"seen_status": "pending", "status": "in_progress"}).json()
            assert [listed(manager), manager.get(address).json()["description"], moved["description"]] == [masked] * 3
            refused = neighbour.get(address, params={"unmasked": "true"})
            assert (refused.status_code, code_of(refused), noted()) == (404, "alert_not_found", [])
            assert manager.get(address, params={"unmasked": "true"}).json()["description"] == said
            assert noted() == [(PERSON["owner_rhone"].id, made_id("gym", "lyon"))]
            admin.execute("update public.manager_alerts set alert_type = 'churn_risk' where id = %s", [alert_id])
            assert listed(manager) == said


@pytest.mark.parametrize("listing", LISTS)
def test_pages_hold_every_row_once(api: Api, listing: str) -> None:
    """Page by page of one item gives what one page of all gives, in the same order."""
    with api.signed_in(PERSON["root"]) as client:
        whole = client.get(f"/api/dashboard/{listing}").json()
        assert whole["next_cursor"] is None and len(whole["items"]) == len(GYMS)
        paged: list[str] = []
        parameters: dict[str, Any] = {"limit": 1}
        while True:
            page = client.get(f"/api/dashboard/{listing}", params=parameters).json()
            paged += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            parameters["cursor"] = page["next_cursor"]
    assert paged == [item["id"] for item in whole["items"]]


def test_newcomers_and_the_missed_can_be_listed_apart(api: Api) -> None:
    """A new member is shown as new and without a score; whoever is away past their habit is found by that."""
    changes = (
        ("update public.member_analytics set is_new = true, engagement_score = null where gym_id = %s", "dax"),
        (
            "update public.member_analytics set visit_trend = 'absent', usual_visits_per_week = 4, "
            "expected_gap_days = 7.0, days_since_last_visit = 12, counted_days_since_last_visit = 8, "
            "observed_on = '2026-06-15' where gym_id = %s",
            "pau",
        ),
        (
            "update public.member_analytics set mute_reason = 'absence', muted_until = '2026-07-03' where gym_id = %s",
            "lyon",
        ),
    )
    with api.database.admin() as admin:
        for statement, gym in changes:
            admin.execute(statement, [made_id("gym", gym)])  # type: ignore[call-overload]
    with api.signed_in(PERSON["root"]) as client:

        def listed(**filters: str) -> set[str]:
            return gyms_of(client.get("/api/dashboard/members", params=filters).json()["items"])

        assert (listed(is_new="true"), listed(is_new="false")) == ({"dax"}, {"pau", "lyon"})
        assert (listed(visit_trend="absent"), listed(visit_trend="rising")) == ({"pau"}, set())
        new = client.get(f"/api/dashboard/members/{made_id('member', 'dax')}").json()
        assert (new["is_new"], new["engagement_score"], new["visit_trend"]) == (True, None, None)
        missed = client.get(f"/api/dashboard/members/{made_id('member', 'pau')}").json()
        assert (missed["usual_visits_per_week"], missed["expected_gap_days"]) == (4.0, 7.0)
        assert (missed["days_since_last_visit"], missed["counted_days_since_last_visit"]) == (12, 8)
        assert (missed["observed_date"], missed["mute_reason"]) == ("2026-06-15", None)
        away = client.get(f"/api/dashboard/members/{made_id('member', 'lyon')}").json()
        assert (away["mute_reason"], away["muted_until_date"]) == ("absence", "2026-07-03")


def test_a_level_is_of_scores_that_may_be_acted_on(api: Api) -> None:
    """As on the members' page: critical but held back is nobody's to call, and says why."""
    levels = (("dax", "critical", None), ("pau", "critical", "checkins_silent"), ("lyon", "low", None))
    with api.database.admin() as admin:
        for gym, level, held in levels:
            admin.execute(
                "update public.member_analytics set churn_risk_score = 0.9, churn_risk_level = %s, "
                "churn_held_back_reason = %s where gym_id = %s",
                [level, held, made_id("gym", gym)],
            )
    with api.signed_in(PERSON["root"]) as client:

        def listed(**filters: str) -> set[str]:
            return gyms_of(client.get("/api/dashboard/members", params=filters).json()["items"])

        assert (listed(churn_risk_level="critical"), listed(churn_risk_level="low")) == ({"dax"}, {"lyon"})
        assert (listed(is_at_risk="true"), listed(is_at_risk="false")) == ({"dax"}, {"pau", "lyon"})
        held_back = client.get(f"/api/dashboard/members/{made_id('member', 'pau')}").json()
        assert (held_back["is_at_risk"], held_back["churn_held_back_reason"]) == (False, "checkins_silent")


def test_a_cursor_is_of_one_person_one_list_and_its_filters(api: Api) -> None:
    """Anywhere else it is refused; so is one that somebody made up."""
    with api.signed_in(PERSON["root"]) as root, api.signed_in(PERSON["owner_atlantique"]) as owner:
        cursor = root.get("/api/dashboard/sessions", params={"limit": 1}).json()["next_cursor"]
        assert root.get("/api/dashboard/sessions", params={"cursor": cursor}).status_code == 200
        elsewhere = [
            owner.get("/api/dashboard/sessions", params={"cursor": cursor}),
            root.get("/api/dashboard/alerts", params={"cursor": cursor}),
            root.get("/api/dashboard/sessions", params={"cursor": cursor, "state": "closed"}),
            root.get("/api/dashboard/sessions", params={"cursor": "A" * 60}),
        ]
    assert {(answer.status_code, code_of(answer)) for answer in elsewhere} == {(400, "invalid_cursor")}


def test_nobody_is_told_which_e_mails_there_are(api: Api) -> None:
    """An unknown e-mail, a wrong password and a suspended person are refused word for word alike."""
    with api.client() as client:
        refused = [
            client.post("/api/auth/sign-in", json={"email": email, "password": password})
            for email, password in (
                ("nobody@example.org", PASSWORD),
                ("staff_dax@example.org", "not the password"),
                ("suspended_manager@example.org", PASSWORD),
            )
        ]
    assert {(answer.status_code, answer.text) for answer in refused} == {(401, refused[0].text)}
    assert code_of(refused[0]) == "sign_in_refused"


def test_a_token_is_kept_as_its_hash_and_ends_at_sign_out(api: Api) -> None:
    """The database holds nothing that opens a door; after the sign-out nor does the token."""
    token = api.token_of(PERSON["manager_pau"])
    with api.database.admin() as admin:
        assert token not in str(admin.execute("select * from public.dashboard_sessions").fetchall())
    with api.client(token) as client:
        me = client.get("/api/auth/me").json()
        assert (me["role"], me["gym_name"]) == ("gym_manager", "Pau")
        assert client.post("/api/auth/sign-out").status_code == 204
        assert code_of(client.get("/api/auth/me")) == "invalid_session"


def test_a_suspended_person_is_out_at_the_next_request(api: Api) -> None:
    """401 from the moment the row says so, without waiting for the token's end."""
    with api.signed_in(PERSON["owner_rhone"]) as client, api.database.admin() as admin:
        assert client.get("/api/dashboard/members").status_code == 200
        admin.execute("update public.users set is_active = false where id = %s", [PERSON["owner_rhone"].id])
        try:
            answer = client.get("/api/dashboard/members")
        finally:
            admin.execute("update public.users set is_active = true where id = %s", [PERSON["owner_rhone"].id])
    assert (answer.status_code, code_of(answer)) == (401, "invalid_session")


@pytest.mark.parametrize("token", [None, "nobody's", "é", "a b"])
def test_without_a_session_nothing_is_answered(api: Api, token: str | None) -> None:
    """Also with a kiosk's token: each door knows its own kind of credential only."""
    for credential in (token, api.device_tokens["dax"]):
        headers = {} if credential is None else {"Authorization": f"Bearer {credential}".encode()}
        answer = httpx.get(f"{api.url}/api/dashboard/members", headers=headers, trust_env=False)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_session")


def test_an_analyst_reads_figures_and_nobody_s_words(api: Api) -> None:
    """What members said, and who they are, stays with their gym, although row security would show it."""
    with api.signed_in(PERSON["analyst_atlantique"]) as client:
        assert {client.get(f"/api/dashboard/{listing}").status_code for listing in LISTS} == {403}
        assert code_of(client.get("/api/dashboard/alerts")) == "not_allowed"
        assert client.get("/api/dashboard/gyms").status_code == 200


def test_figures_that_are_not_built_yet_are_said_to_be(api: Api) -> None:
    """No invented zeros before dbt has built its marts."""
    with api.signed_in(PERSON["manager_dax"]) as client:
        for path in ("kpis", "kpis/daily"):
            answer = client.get(f"/api/dashboard/{path}")
            assert (answer.status_code, code_of(answer)) == (503, "not_built_yet")


def test_an_alert_moves_from_where_it_was_seen(api: Api) -> None:
    """Who is second is told, a step that is none is refused, and staff and strangers move nothing."""
    address = f"/api/dashboard/alerts/{made_id('alert', 'pau')}"
    take = {"seen_status": "pending", "status": "in_progress"}
    with api.signed_in(PERSON["manager_pau"]) as manager, api.signed_in(PERSON["manager_dax"]) as stranger:
        assert (stranger.patch(address, json=take).status_code, code_of(stranger.patch(address, json=take))) == (
            404,
            "alert_not_found",
        )
        taken = manager.patch(address, json=take)
        assert (taken.json()["status"], taken.json()["assigned_to"]) == ("in_progress", str(PERSON["manager_pau"].id))
        assert code_of(manager.patch(address, json=take)) == "alert_moved"
        resolution = {"seen_status": "in_progress", "status": "resolved", "notes": "Vu."}
        refused = manager.patch(address, json=resolution)
        assert (code_of(refused), "outcome_code" in refused.json()["error"]["message"]) == ("illegal_step", True)
        unsaid = manager.patch(address, json={**resolution, "outcome_code": "cause_ended"})
        assert (unsaid.status_code, code_of(unsaid)) == (422, "invalid_body")
        dismissal = {"seen_status": "in_progress", "status": "dismissed"}
        assert code_of(manager.patch(address, json=dismissal)) == "illegal_step"
        assert manager.patch(address, json={**dismissal, "notes": "Doublon."}).json()["status"] == "dismissed"
    with api.signed_in(PERSON["staff_dax"]) as staff:
        answer = staff.patch(f"/api/dashboard/alerts/{made_id('alert', 'dax')}", json=take)
        assert (answer.status_code, code_of(answer)) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ('{"email": "%s", "password": "x"}' % ("y" * 70_000), 413, "body_too_large"),
        ('{"email": "a\\u0000", "password": "x"}', 400, "invalid_character"),
        ('{"email": "a"}', 422, "invalid_body"),
        ('{"email": "a", "password": "x", "role": "super_admin"}', 422, "invalid_body"),
        (b"\xff\xfe", 400, "invalid_json"),
        ('{"email": "\\ud800", "password": "x"}', 400, "invalid_json"),
        ("", 400, "invalid_json"),
    ],
    ids=["large", "nul", "missing", "unknown", "not_utf8", "surrogate", "empty"],
)
def test_a_bad_body_gets_one_clear_sentence(api: Api, content: str | bytes, status: int, code: str) -> None:
    """Never a fault, never a quote."""
    answer = httpx.post(f"{api.url}/api/auth/sign-in", content=content, trust_env=False)
    assert (answer.status_code, code_of(answer)) == (status, code)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=%00",
        "cursor=" + "A" * 600,
        "gym_id=1",
        "state=%FF",
        "since=yesterday",
    ],
)
def test_a_bad_parameter_is_named(api: Api, query: str) -> None:
    """422 with the parameter's name, whatever was in it."""
    with api.signed_in(PERSON["manager_dax"]) as client:
        answer = client.get(f"/api/dashboard/sessions?{query}")
    assert (answer.status_code, code_of(answer)) == (422, "invalid_parameter")
    assert query.split("=")[0] in answer.json()["error"]["message"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://["])
def test_a_page_of_another_site_is_refused(api: Api, origin: str) -> None:
    """Before anything is read; a page of our own and a program without a page are served."""
    with api.signed_in(PERSON["manager_dax"]) as client:
        answer = client.get("/api/dashboard/gyms", headers={"Origin": origin})
        assert (answer.status_code, code_of(answer)) == (403, "foreign_origin")
        assert "access-control-allow-origin" not in answer.headers
        assert client.get("/api/dashboard/gyms", headers={"Origin": api.url}).status_code == 200


def test_wrong_addresses_and_methods_have_the_same_shape(api: Api) -> None:
    """404 and 405, with the methods that the address takes."""
    assert code_of(httpx.get(f"{api.url}/api/dashboard/nothing", trust_env=False)) == "not_found"
    answer = httpx.delete(f"{api.url}/api/dashboard/alerts", trust_env=False)
    assert (answer.status_code, code_of(answer), answer.headers["allow"]) == (405, "method_not_allowed", "GET")


def test_labels_are_corrected_over_the_api(api: Api) -> None:
    """The labels given are shown, the history tells who said so; what fits no vocabulary is refused whole."""
    session_id = made_id("session", "dax")
    address = f"/api/dashboard/sessions/{session_id}"
    given = {"labels": [{"field": "outcome", "value": ["unsolved"]}, {"field": "emotion", "value": ["joy"]}]}
    with api.signed_in(PERSON["manager_dax"]) as manager, api.database.admin() as admin:
        before = manager.get(f"{address}/corrections").json()["items"]
        assert code_of(manager.post(f"{address}/corrections", json=given)) == "not_analysed"
        admin.execute(
            "update conversation_summaries set sentiment_label = 'negative', sentiment_score = -0.5, "
            "outcome = 'solved', "
            "emotion_detected = 'joy', key_topics = '{other}', intents_detected = '{other}', engine = 'local', "
            "engine_version = '1+abc' where session_id = %s",
            [session_id],
        )
        for label in (
            {"field": "outcome", "value": ["angry"]},
            {"field": "outcome", "value": []},
            {"field": "topics", "value": ["billing"], "turn_id": str(uuid4())},
        ):
            refused = manager.post(f"{address}/corrections", json={"labels": [*given["labels"], label]})
            assert (refused.status_code, code_of(refused)) == (422, "invalid_body")
        stranger = {"labels": [*given["labels"], {"field": "emotion", "value": ["joy"], "turn_id": str(uuid4())}]}
        assert code_of(manager.post(f"{address}/corrections", json=stranger)) == "turn_not_found"
        assert manager.get(f"{address}/corrections").json()["items"] == before
        made = manager.post(f"{address}/corrections", json=given)
        assert made.status_code == 201
        assert [(one["field"], one["is_agreed"]) for one in made.json()["items"]] == [
            ("emotion", True),
            ("outcome", False),
        ]
        assert manager.get(address).json()["outcome"] == "unsolved"
        history = manager.get(f"{address}/corrections", params={"limit": 2}).json()["items"]
        assert [(one["field"], one["corrected_by"]) for one in history] == [
            (field, str(PERSON["manager_dax"].id)) for field in ("emotion", "outcome")
        ]
    with api.signed_in(PERSON["manager_pau"]) as stranger_here, api.signed_in(PERSON["staff_dax"]) as staff:
        assert code_of(stranger_here.post(f"{address}/corrections", json=given)) == "session_not_found"
        assert code_of(stranger_here.get(f"{address}/corrections")) == "session_not_found"
        assert code_of(staff.post(f"{address}/corrections", json=given)) == "not_allowed"


def test_a_session_says_which_tier_gave_its_labels_and_what_its_gym_keeps(api: Api) -> None:
    """The hosted engine's state with its reason, the consent, and the storage level stand beside the labels."""
    session_id = made_id("session", "dax")
    with api.signed_in(PERSON["manager_dax"]) as manager, api.database.admin() as admin:
        admin.execute(
            "update conversation_summaries set enrichment_state = 'ruled_out', enrichment_reason = 'its gym keeps no "
            "words', engine = 'local', satisfaction = 0.4, unfounded_claims = "
            '\'{"no_turn": ["emotion", "key_topics.other"], "turn_not_found": ["emotion"]}\' where session_id = %s',
            [session_id],
        )
        admin.execute("update openai_realtime_sessions set storage_level = 'metadata_only' where id = %s", [session_id])
        told = manager.get(f"/api/dashboard/sessions/{session_id}").json()
    assert (told["satisfaction"], told["unfounded_claims"]) == (0.4, ["emotion", "key_topics.other"])
    assert (told["analysis_tier"], told["analysis_engine"], told["has_analysis_consent"]) == ("local", "local", True)
    assert (told["enrichment_state"], told["enrichment_reason"]) == ("ruled_out", "its gym keeps no words")
    assert (told["enriched_at"], told["storage_level"]) == (None, "metadata_only")
