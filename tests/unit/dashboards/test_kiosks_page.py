"""« Bornes » without a database: how a kiosk is, who needs somebody first, the sentence, and the forms."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, kiosk_desk, kiosk_file, kiosk_setup, kiosk_texts, kiosks
from dashboards.kiosks import KioskState, by_gym, in_order, summary, view
from jarvis.kiosk_config import RULES
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press, words

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)
DAX, PAU, BORNE = UUID(int=1), UUID(int=2), UUID(int=7)


def a_row(**changes: object) -> dict[str, object]:
    """A kiosk that is well, in a gym that never closes."""
    return {
        "id": BORNE, "slug": "entree", "name": "Borne entrée", "location_in_gym": "à l'accueil", "status": "online",
        "status_changed_at": NOW - timedelta(hours=3), "last_heartbeat_at": NOW - timedelta(seconds=40),
        "software_version": "1.4.2", "created_at": NOW - timedelta(days=90), "gym_id": DAX, "gym_name": "Salle de Dax",
        "timezone": "Europe/Paris", "opening_hours": {}, "closures": [], "settings": {}, "talking_since": None,
        "session_count": 4, "cut_count": 0, "reader_ok": True, "microphone_ok": True, "has_alert": False,
        "is_served": True, **changes,
    }  # fmt: skip


def a_view(**changes: object) -> kiosks.KioskView:
    return view(a_row(**changes), now=NOW)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


@pytest.mark.parametrize(
    ("changes", "state", "since"),
    [
        ({}, KioskState.ONLINE, ago(hours=3)),
        ({"last_heartbeat_at": ago(minutes=2.9)}, KioskState.ONLINE, ago(hours=3)),
        ({"last_heartbeat_at": ago(minutes=3)}, KioskState.SILENT, ago(minutes=3)),
        ({"last_heartbeat_at": ago(minutes=10)}, KioskState.OFFLINE, ago(minutes=10)),
        ({"last_heartbeat_at": None, "status": "offline"}, KioskState.OFFLINE, None),
        # Told to speak every four minutes, it may be silent for eight.
        (
            {"last_heartbeat_at": ago(minutes=7), "settings": {"heartbeat_seconds": 240}},
            KioskState.ONLINE, ago(hours=3),
        ),
        (
            {"last_heartbeat_at": ago(minutes=8), "settings": {"heartbeat_seconds": 240}},
            KioskState.SILENT, ago(minutes=8),
        ),
        ({"status": "error"}, KioskState.ERROR, ago(hours=3)),
        # Refused whatever it says; one that is being heard out is still heard.
        ({"is_served": False, "status": "error"}, KioskState.SUSPENDED, None),
        ({"is_served": False, "talking_since": ago(minutes=1)}, KioskState.CONVERSING, ago(minutes=1)),
        ({"status": "error", "last_heartbeat_at": ago(minutes=4)}, KioskState.SILENT, ago(minutes=4)),
        ({"talking_since": ago(minutes=1), "last_heartbeat_at": ago(minutes=4)}, KioskState.CONVERSING, ago(minutes=1)),
        ({"status": "provisioning", "last_heartbeat_at": None}, KioskState.PROVISIONING, ago(hours=3)),
        ({"status": "maintenance", "last_heartbeat_at": ago(days=4)}, KioskState.MAINTENANCE, ago(hours=3)),
    ],
)  # fmt: skip
def test_how_a_kiosk_is_and_since_when(changes: dict[str, object], state: KioskState, since: datetime | None) -> None:
    """Silence before offline, a talk before silence, and what is put away is missed by nobody."""
    one = a_view(**changes)
    assert (one.state, one.since) == (state, since)


def test_who_needs_somebody_comes_first() -> None:
    """Silent in an open gym, faulty, to set up, silent in a closed gym, cut off today, talking, well, put away."""
    closed = {"opening_hours": {"thu": ["06:00", "09:00"]}}
    rows: dict[str, dict[str, object]] = {
        "au repos": {"status": "maintenance"},
        "bien": {},
        "parle": {"talking_since": ago(minutes=1)},
        "coupée": {"cut_count": 2},
        "fermée": {"last_heartbeat_at": ago(days=3), **closed},
        "à poser": {"status": "provisioning"},
        "défaut": {"status": "error"},
        "muette": {"last_heartbeat_at": ago(minutes=5)},
        "partie": {"last_heartbeat_at": ago(days=2)},
    }
    ordered = in_order([a_view(id=uuid4(), name=name, **changes) for name, changes in rows.items()])
    assert [one.name for one in ordered] == [
        "partie", "muette", "défaut", "à poser", "fermée", "coupée", "parle", "bien", "au repos",
    ]  # fmt: skip


def test_a_closed_day_is_a_closed_gym() -> None:
    """Whatever its hours say: the gym declared itself closed."""
    assert a_view().is_gym_open
    hours = {day: ["00:00", "23:59"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    assert a_view(opening_hours=hours).is_gym_open
    assert not a_view(opening_hours=hours, closures=[date(2026, 3, 12)]).is_gym_open


def test_a_franchise_reads_by_gym_the_troubled_one_first() -> None:
    """Pau's silent kiosk puts Pau before Dax."""
    silent = a_view(id=uuid4(), gym_id=PAU, gym_name="Salle de Pau", last_heartbeat_at=ago(minutes=5))
    groups = by_gym([a_view(), silent, a_view(id=uuid4(), gym_id=PAU, gym_name="Salle de Pau")])
    assert [(name, len(group)) for name, group in groups] == [("Salle de Pau", 2), ("Salle de Dax", 1)]


@pytest.mark.parametrize(
    ("lost", "well", "besides", "words"),
    [
        (2, 8, (), "2 bornes sur 10 ne répondent pas."),
        (1, 9, (), "1 borne sur 10 ne répond pas."),
        (0, 10, (), "Les 10 bornes répondent."),
        (0, 1, (), "La borne répond."),
        (1, 0, (), "La borne ne répond pas."),
        (3, 0, (), "Aucune des 3 bornes ne répond."),
        (0, 0, (), "Aucune borne pour l'instant."),
        (0, 0, ("provisioning",), "Aucune borne n'est en service, 1 est à installer."),
        (
            1, 3, ("error", "provisioning", "provisioning", "maintenance"),
            "1 borne sur 5 ne répond pas, 1 signale un défaut, 2 sont à installer, 1 est en maintenance.",
        ),
    ],
)  # fmt: skip
def test_the_wall_in_one_sentence(lost: int, well: int, besides: Sequence[str], words: str) -> None:
    """Counted over the kiosks in service; what is to set up or put away is said beside."""
    views = [a_view(last_heartbeat_at=ago(minutes=5)) for _ in range(lost)] + [a_view() for _ in range(well)]
    views += [a_view(status=status) for status in besides]
    assert summary(views) == words


def test_an_older_version_than_wanted_is_said() -> None:
    """Only where another one is asked for."""
    assert a_view().wanted_version is None
    assert a_view(settings={"software_version": "1.4.2"}).wanted_version is None
    assert a_view(settings={"software_version": "1.5"}).wanted_version == "1.5"


def test_every_setting_and_state_has_its_french() -> None:
    """No key of the configuration is shown as it is stored, and none is left out of the form."""
    assert set(kiosk_texts.SETTINGS) == set(RULES)
    assert set(kiosks.STATES) == set(KioskState)


def test_thirty_days_add_up_by_slots() -> None:
    """A day of twelve hours weighs half of a whole one; the network is the last day's that was measured."""
    day = {
        "availability_rate": 1.0, "heard_slot_count": 288, "due_slot_count": 288, "microphone_fault_count": 1,
        "reader_fault_count": 0, "median_network_ms": 40.0,
    }  # fmt: skip
    half = {**day, "heard_slot_count": 0, "due_slot_count": 144, "median_network_ms": None}
    found = [tile.value for tile in kiosk_file.days_tiles([day, half], a_view())]
    assert found == [pytest.approx(100 * 2 / 3), 2, 0, 40.0]
    assert [tile.value for tile in kiosk_file.days_tiles([], a_view())] == [None, 0, 0, None]


def test_a_proof_was_given_on_the_gyms_day() -> None:
    """Half past midnight in Dax is the day before in UTC."""
    proof = {"kind": "token", "holder": "page", "created_at": datetime(2026, 3, 12, 23, 30, tzinfo=UTC)}
    words = kiosk_setup.access_html(a_view(), None, [proof], address="https://bornes.example.org/kiosk/entree")
    assert "jeton délivré le 13/03/2026 à 0\u00a0h\u00a030" in words


# The page in Streamlit's own harness.


LAYERS = {
    "franchise_id": uuid4(), "of_franchise": {"voice": "marin"}, "of_gym": {}, "of_kiosk": {"idle_seconds": 45},
    "franchise_version": 3, "gym_version": 0, "kiosk_version": 5,
}  # fmt: skip


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import kiosks

    kiosks.page()


@pytest.fixture
def records() -> MemoryRecords:
    return MemoryRecords(
        {
            "kiosks.mark": [{"kiosk_count": 1, "digest": "x"}],
            "kiosks.wall": [a_row(last_heartbeat_at=datetime.now(UTC))],
            "network.kiosk_setting_layers": [LAYERS],
            "network.create_kiosk": [{"answer": BORNE}],
            "network.issue_kiosk_code": [{"answer": True}],
            "network.kiosk_access": [{"kind": "code", "holder": "page", "created_at": NOW, "expires_at": NOW}],
            "network.change_kiosk": [{"answer": True}],
            "network.pause_kiosk": [{"answer": True}],
            "network.revoke_kiosk": [{"answer": 2}],
            "network.change_kiosk_settings": [{"answer": 6}],
        }
    )


def run_as(monkeypatch: pytest.MonkeyPatch, records: MemoryRecords, role: UserRole) -> AppTest:
    """The page for somebody of this role, not run yet."""
    scope = Scope(user_id=uuid4(), role=role, full_name="Camille Durand", gym_id=DAX, gym_name="Salle de Dax")
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    door = SimpleNamespace(records=records, gateway_address="https://bornes.example.org")
    monkeypatch.setattr(access, "door", lambda: door)
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    return AppTest.from_function(script, default_timeout=20)


@pytest.fixture
def page(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for a manager, not run yet."""
    yield run_as(monkeypatch, records, UserRole.GYM_MANAGER)


def open_file(page: AppTest) -> AppTest:
    page.query_params["borne"] = str(BORNE)
    return page.run()


def test_the_wall_shows_the_sentence_and_a_card(page: AppTest, records: MemoryRecords) -> None:
    """Names are never markup; staff and managers read the same."""
    records.answers["kiosks.wall"] = [a_row(name="<b>Entrée</b>", last_heartbeat_at=datetime.now(UTC))]
    page.run()
    assert not page.exception
    assert "La borne répond." in words(page)
    assert "&lt;b&gt;Entrée" in words(page)
    assert "<b>Entrée" not in words(page)


def test_no_kiosk_yet_says_what_to_do(page: AppTest, records: MemoryRecords) -> None:
    """The empty state leads to the form."""
    records.answers["kiosks.wall"] = []
    page.run()
    assert "Ajoutez la première ci-dessous." in words(page)
    assert page.text_input[0].label == "Nom de la borne"


def test_a_great_network_shows_those_that_need_somebody(
    monkeypatch: pytest.MonkeyPatch, records: MemoryRecords
) -> None:
    """Past thirty the well ones are counted and not drawn, and the way to them is said."""
    now = datetime.now(UTC)
    well = [a_row(id=uuid4(), name=f"Bien {number}", last_heartbeat_at=now) for number in range(kiosks.MOST_CARDS)]
    records.answers["kiosks.wall"] = [
        *well,
        a_row(id=uuid4(), name="Muette", last_heartbeat_at=now - timedelta(hours=1)),
    ]
    page = run_as(monkeypatch, records, UserRole.FRANCHISE_OWNER)
    page.run()
    assert not page.exception
    assert words(page).count("<article") == 1
    assert "1 borne sur 31 ne répond pas." in words(page)
    assert any("choisissez une salle" in caption.value for caption in page.caption)


def test_a_wall_too_great_for_its_troubles_says_how_many_more(
    monkeypatch: pytest.MonkeyPatch, records: MemoryRecords
) -> None:
    """Thirty cards; two more that need somebody are not passed over in silence."""
    silent_at = datetime.now(UTC) - timedelta(hours=1)
    records.answers["kiosks.wall"] = [
        a_row(id=uuid4(), name=f"Muette {number}", last_heartbeat_at=silent_at)
        for number in range(kiosks.MOST_CARDS + 2)
    ]
    page = run_as(monkeypatch, records, UserRole.FRANCHISE_OWNER)
    page.run()
    assert not page.exception
    assert words(page).count("<article") == kiosks.MOST_CARDS
    assert any("Autres bornes qui ont besoin de quelqu'un : 2." in caption.value for caption in page.caption)


def test_a_new_kiosk_shows_its_code_once(page: AppTest, records: MemoryRecords) -> None:
    """The name gives the address; the code is on the page, its hash alone goes to the database."""
    page.run()
    page.text_input[0].set_value("  Borne Étage ")
    page.text_input[1].set_value("près des vélos")
    page.button[0].click().run()
    assert not page.exception
    made = records.values_of("network.create_kiosk")[0]
    assert made == {
        "gym_id": DAX, "slug": "borne-etage", "name": "Borne Étage", "location_in_gym": "près des vélos",
    }  # fmt: skip
    issued = page.session_state["kiosk_code"]
    assert issued.code in words(page)
    assert "https://bornes.example.org/kiosk/borne-etage" in words(page)
    assert issued.code not in str(records.asked)
    press(page, "Masquer le code")
    assert issued.code not in words(page)


@pytest.mark.parametrize("name", ["", "  ", "!!!", "北京"])
def test_a_name_that_cannot_be_is_refused(page: AppTest, records: MemoryRecords, name: str) -> None:
    """Nothing is asked of the database, and the reason stands under the form."""
    page.run()
    page.text_input[0].set_value(name)
    page.button[0].click().run()
    assert [error.value for error in page.error] == [kiosk_desk.NAME_MISSING]
    assert records.values_of("network.create_kiosk") == []


def test_a_name_that_is_taken_is_said(page: AppTest, records: MemoryRecords) -> None:
    """The database knows; a person reads a sentence."""
    records.refusals["network.create_kiosk"] = psycopg.errors.UniqueViolation()
    page.run()
    page.text_input[0].set_value("Borne entrée")
    page.button[0].click().run()
    assert [error.value for error in page.error] == [kiosk_desk.NAME_TAKEN]


@pytest.mark.parametrize(
    ("proofs", "verdict"),
    [
        ([{"kind": "token", "holder": "page", "created_at": datetime.max.replace(tzinfo=UTC)}], "est installée"),
        ([], "n'est plus valable"),
    ],
)
def test_a_code_that_was_used_or_lapsed_leaves_the_page(
    page: AppTest, records: MemoryRecords, proofs: list[dict[str, object]], verdict: str
) -> None:
    """The page says which, and the code is gone."""
    page.run()
    page.text_input[0].set_value("Borne étage")
    page.button[0].click().run()
    code = page.session_state["kiosk_code"].code
    records.answers["network.kiosk_access"] = proofs
    page.run()
    assert verdict in "".join(found.value for found in (*page.success, *page.warning))
    assert code not in words(page)


def test_staff_look_and_change_nothing(monkeypatch: pytest.MonkeyPatch, records: MemoryRecords) -> None:
    """The wall and the file are theirs to read; no form, no button that changes anything, no audit trail."""
    page = run_as(monkeypatch, records, UserRole.GYM_STAFF)
    page.run()
    assert not page.exception
    assert [button.label for button in page.button] == []
    open_file(page)
    assert not page.exception
    assert [button.label for button in page.button] == []
    assert records.values_of("kiosks.history") == []


@pytest.mark.parametrize("address", [str(uuid4()), "pas-un-identifiant"])
def test_a_guessed_address_gives_nothing(page: AppTest, records: MemoryRecords, address: str) -> None:
    """A kiosk of another gym and one that never was get the same answer; nonsense gets the wall."""
    records.answers["kiosks.wall"] = []
    page.query_params["borne"] = address
    page.run()
    assert not page.exception
    assert [found.value for found in page.warning] == ([kiosk_desk.KIOSK_GONE] if "-id" not in address else [])


def test_revoking_asks_first(page: AppTest, records: MemoryRecords) -> None:
    """One click asks, the second does it; « Annuler » does nothing."""
    open_file(page)
    page.button(key="revoke").click().run()
    assert records.values_of("network.revoke_kiosk") == []
    page.button(key="revoke-no").click().run()
    assert records.values_of("network.revoke_kiosk") == []
    page.button(key="revoke").click().run()
    page.button(key="revoke-yes").click().run()
    assert records.values_of("network.revoke_kiosk") == [{"id": BORNE}]
    assert [found.value for found in page.success] == [kiosk_desk.REVOKED]


def test_a_setting_is_changed_as_it_was_read(page: AppTest, records: MemoryRecords) -> None:
    """What was typed, the version that was read, and an emptied field is taken away."""
    open_file(page)
    assert "Marin" in words(page).title()
    page.button(key="configure-kiosk").click().run()
    page.selectbox(key=f"voice-kiosk-{BORNE}-5").set_value("cedar")
    page.number_input(key=f"volume-kiosk-{BORNE}-5").set_value(60)
    page.number_input(key=f"idle_seconds-kiosk-{BORNE}-5").set_value(None)
    press(page, "Enregistrer les réglages")
    (asked,) = records.values_of("network.change_kiosk_settings")
    assert asked["settings"].obj == {"voice": "cedar", "volume": 0.6}  # type: ignore[attr-defined]
    assert (asked["removed"], asked["seen_version"], asked["kiosk_id"], asked["gym_id"]) == (
        ["idle_seconds"], 5, BORNE, DAX,
    )  # fmt: skip
    assert [found.value for found in page.success] == [kiosk_desk.CONFIGURED]


def test_a_setting_that_cannot_be_is_explained(page: AppTest, records: MemoryRecords) -> None:
    """Every wrong field with what it may hold; the form stays, and nothing is asked of the database."""
    open_file(page)
    page.button(key="configure-gym").click().run()
    page.number_input(key=f"volume-gym-{BORNE}-0").set_value(140)
    page.number_input(key=f"idle_seconds-gym-{BORNE}-0").set_value(5)
    press(page, "Enregistrer les réglages")
    (error,) = page.error
    assert "Volume (%) : « 140\u00a0% » ne convient pas ; attendu : un nombre de 0 à 100." in error.value
    assert "Fin après un silence de (s) : « 5 »" in error.value
    assert records.values_of("network.change_kiosk_settings") == []


def test_somebody_changed_the_settings_meanwhile(page: AppTest, records: MemoryRecords) -> None:
    """It is said, nothing is overwritten, and the form shows what stands now."""
    open_file(page)
    page.button(key="configure-kiosk").click().run()
    page.selectbox(key=f"voice-kiosk-{BORNE}-5").set_value("cedar")
    records.refusals["network.change_kiosk_settings"] = psycopg.errors.SerializationFailure()
    records.answers["network.kiosk_setting_layers"] = [{**LAYERS, "of_kiosk": {"voice": "sage"}, "kiosk_version": 6}]
    press(page, "Enregistrer les réglages")
    assert [found.value for found in page.warning] == [kiosk_desk.CHANGED_MEANWHILE]
    assert page.selectbox(key=f"voice-kiosk-{BORNE}-6").value == "sage"
