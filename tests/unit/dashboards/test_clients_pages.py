"""« Clients », « Franchises » and « Salles » run by Streamlit's own test harness, with rows in memory."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, choices, clients, clients_list, clients_places, people
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords, press, run_page
from warehouse.stores.account_links import NewLink
from warehouse.stores.clients import NewClient, OpenedClient
from warehouse.stores.marts import NotBuiltYet
from warehouse.stores.team import Refusal, TeamRefused

DAX, LANDES = UUID(int=4), UUID(int=8)
A_GYM = {
    "id": DAX, "slug": "dax", "name": "Salle de Dax", "city": "Dax", "address": None, "status": "active",
    "timezone": "Europe/Paris", "created_at": datetime(2026, 1, 2, tzinfo=UTC), "franchise_id": LANDES,
    "franchise_name": "Landes Fitness", "is_franchise_suspended": False, "member_count": 120, "kiosk_count": 3,
    "online_count": 2, "last_activity_at": datetime(2026, 3, 12, tzinfo=UTC),
}  # fmt: skip
A_FRANCHISE = {
    "id": LANDES, "name": "Landes Fitness", "city": None, "status": "trial", "subscription_plan": "pro",
    "created_at": datetime(2026, 1, 2, tzinfo=UTC), "gym_count": 1, "member_count": 120,
}  # fmt: skip


class MemoryClients:
    """Notes what is opened, or refuses it."""

    def __init__(self) -> None:
        self.opened: list[NewClient] = []
        self.refuses: Refusal | None = None
        self.is_proven_now = True

    def is_proven(self, token: str) -> bool:
        return self.is_proven_now

    def open_client(self, scope: Scope, token: str, client: NewClient) -> OpenedClient:
        if self.refuses is not None:
            raise TeamRefused(self.refuses)
        self.opened.append(client)
        return OpenedClient(LANDES, DAX, uuid4(), "AC3DFG", [NewLink(email, None, "t") for email, _ in client.people])

    def send(self, link: NewLink) -> str | None:
        return None if link.email.startswith("poste") else "http://salle.test/lien"


def clients_script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.admin import clients

    clients.page()


def franchises_script() -> None:
    """As above."""
    from dashboards.app_pages.admin import franchises

    franchises.page()


def gyms_script() -> None:
    """As above."""
    from dashboards.app_pages.admin import gyms

    gyms.page()


@pytest.fixture
def records() -> MemoryRecords:
    answer: Sequence[Any] = [{"answer": True}]
    return MemoryRecords({
        "clients.gyms": [A_GYM], "clients.franchises": [A_FRANCHISE], "network.create_franchise": answer,
        "network.change_franchise": answer, "network.create_gym": answer, "network.change_gym": answer,
        "marts_clients.costs": [{"gym_id": DAX, "cost_usd": 12.5, "built_at": datetime(2026, 3, 12, tzinfo=UTC)}],
    })  # fmt: skip


@pytest.fixture
def opening(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryClients]:
    """What opens clients, with the door it stands behind."""
    made = MemoryClients()
    scope = Scope(user_id=uuid4(), role=UserRole.SUPER_ADMIN, full_name="Alix")
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(
        access, "door", lambda: SimpleNamespace(records=records, clients=made, team=made, invitations=made)
    )
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield made


@pytest.mark.usefixtures("opening")
def test_the_network_stands_in_one_line() -> None:
    """Franchises, gyms, members, kiosks online and the month's cost; the same in the list."""
    page = run_page(clients_script)
    assert (
        page.caption[0].value
        == "Franchises : 1 · Salles : 1 · Adhérents : 120 · Bornes en ligne : 2 sur 3 · Coût du mois : 12,50 $"
    )
    assert list(page.dataframe[0].value.loc[0, ["gym", "state", "kiosks", "cost"]]) == [
        "Salle de Dax", "● Active", "2/3", 12.5,
    ]  # fmt: skip


@pytest.mark.usefixtures("opening")
def test_costs_wait_for_their_mart(records: MemoryRecords, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first build the page stands without them, and says so."""
    rows = records.rows

    def without_marts(scope: Scope, question: str, **values: object) -> Any:
        if question.startswith("marts_"):
            raise NotBuiltYet
        return rows(scope, question, **values)

    monkeypatch.setattr(records, "rows", without_marts)
    page = run_page(clients_script)
    assert any("après le prochain calcul" in found.value for found in page.caption)


@pytest.mark.usefixtures("opening")
def test_no_client_yet_says_so(records: MemoryRecords) -> None:
    """An empty network leads to its first client."""
    records.answers["clients.gyms"] = []
    assert "Aucun client encore" in run_page(clients_script).info[0].value


def fill(page: AppTest, **typed: str) -> None:
    for name, value in typed.items():
        page.text_input(key=f"client-{name}").set_value(value)


def test_a_client_is_opened_and_its_code_shown(opening: MemoryClients) -> None:
    """The code and the links that no letter carried stay until they are noted."""
    page = run_page(clients_script)
    press(page, "Ouvrir un client")
    fill(page, gym="Biarritz Plage", owner="poste@sud.test", manager="sans@sud.test")
    page.text_input(key="client-franchise-name").set_value("Sud Forme")
    press(page, "Ouvrir le client")
    (made,) = opening.opened
    assert (made.franchise_name, made.gym_name, made.kiosk_name) == ("Sud Forme", "Biarritz Plage", "Borne entrée")
    assert made.people == [("poste@sud.test", UserRole.FRANCHISE_OWNER), ("sans@sud.test", UserRole.GYM_MANAGER)]
    assert [found.value for found in page.code] == ["AC3DFG", "http://salle.test/lien"]
    press(page, "C'est noté")
    assert not page.code


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"gym": "Plage"}, "Donnez un nom à la franchise"),
        ({"franchise-name": "Sud"}, "Donnez à la salle un nom"),
        ({"franchise-name": "Sud", "gym": "北京"}, "Donnez à la salle un nom"),
        ({"franchise-name": "Sud", "gym": "Plage", "kiosk": " "}, "Donnez à la borne un nom"),
        ({"franchise-name": "Sud", "gym": "Plage", "kiosk": "北京"}, "Donnez à la borne un nom"),
        ({"franchise-name": "Sud", "gym": "Plage", "owner": "pas un e-mail"}, "n'est pas complet"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(
    opening: MemoryClients, typed: dict[str, str], words: str
) -> None:
    """One sentence, and nothing opened."""
    page = run_page(clients_script)
    press(page, "Ouvrir un client")
    fill(page, **typed)
    press(page, "Ouvrir le client")
    assert words in page.error[0].value
    assert opening.opened == []


@pytest.mark.parametrize("reason", [Refusal.NAME_TAKEN, Refusal.EMAIL_TAKEN, Refusal.NOT_PROVEN])
def test_a_refusal_keeps_the_form(opening: MemoryClients, reason: Refusal) -> None:
    """What was typed is still there to be corrected."""
    opening.refuses = reason
    page = run_page(clients_script)
    press(page, "Ouvrir un client")
    fill(page, gym="Plage")
    page.text_input(key="client-franchise-name").set_value("Sud")
    press(page, "Ouvrir le client")
    assert page.warning[0].value == people.REFUSALS[reason]
    assert page.text_input(key="client-gym").value == "Plage"


@pytest.mark.usefixtures("opening")
def test_a_franchise_is_changed_and_suspended(records: MemoryRecords) -> None:
    """Its name, plan and state go to the function together."""
    page = run_page(franchises_script, franchise=str(LANDES))
    page.selectbox[1].set_value("suspended")
    press(page, "Enregistrer")
    values = records.last("network.change_franchise")
    assert (values["id"], values["name"], values["status"]) == (LANDES, "Landes Fitness", "suspended")
    assert page.success[0].value == "La franchise est enregistrée."


@pytest.mark.usefixtures("opening")
def test_a_gym_is_created_with_usual_hours(records: MemoryRecords) -> None:
    """Its address on the web comes from its name; without a name that gives one, nothing is asked."""
    page = run_page(gyms_script)
    press(page, "Créer")
    assert page.warning[0].value == clients_places.NO_ADDRESS
    page.text_input[0].set_value("北京")
    press(page, "Créer")
    assert page.warning[0].value == clients_places.NO_ADDRESS
    page.text_input[0].set_value("Biarritz Plage")
    press(page, "Créer")
    values = records.last("network.create_gym")
    assert (values["slug"], values["franchise_id"], values["timezone"]) == ("biarritz-plage", None, "Europe/Paris")
    assert values["opening_hours"].obj["sat"] == ["08:00", "20:00"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("opening")
def test_time_zones_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """They lie in hundreds of files, and a form runs at every click."""
    walks: list[set[str]] = []
    monkeypatch.setattr(choices, "available_timezones", lambda: walks.append({"Europe/Paris"}) or walks[-1])
    choices._timezones.cache_clear()
    page = run_page(gyms_script)
    page.run()
    choices._timezones.cache_clear()
    assert (len(walks), page.selectbox[1].value) == (1, "Europe/Paris")


@pytest.mark.usefixtures("opening")
def test_a_gym_s_state_is_changed(records: MemoryRecords) -> None:
    """Suspended, with the rest as it was."""
    page = run_page(gyms_script, salle=str(DAX))
    page.selectbox[0].set_value("suspended")
    press(page, "Enregistrer")
    values = records.last("network.change_gym")
    assert (values["id"], values["status"], values["opening_hours"]) == (DAX, "suspended", None)


@pytest.mark.parametrize(
    ("status", "is_franchise_suspended", "shown"),
    [
        ("active", False, "● Active"),
        ("suspended", False, "■ Suspendue"),
        ("active", True, "■ Franchise suspendue"),
        ("suspended", True, "■ Suspendue"),
    ],
)  # fmt: skip
def test_a_gym_that_is_not_served_is_shown_as_such(status: str, is_franchise_suspended: bool, shown: str) -> None:
    """Its own suspension first; its franchise's where that alone keeps its kiosks away."""
    assert clients.gym_state({**A_GYM, "status": status, "is_franchise_suspended": is_franchise_suspended}) == shown


@pytest.mark.usefixtures("opening")
@pytest.mark.parametrize(("script", "name"), [(franchises_script, "franchise"), (gyms_script, "salle")])
def test_a_guessed_address_gives_nothing(records: MemoryRecords, script: Any, name: str) -> None:
    """One that is not there and one of somebody else get the same answer."""
    records.answers["clients.gyms"] = records.answers["clients.franchises"] = []
    page = run_page(script, **{name: str(uuid4())})
    assert [found.value for found in page.warning] == [clients_places.NO_SUCH_PLACE]


def test_every_state_has_a_sign() -> None:
    """No meaning rests on a colour, or on a code as it is stored."""
    assert set(clients.STATE_SIGNS) == set(clients.GYM_STATES) | set(clients.FRANCHISE_STATES)


def test_a_month_s_cost_begins_with_the_network_s_month() -> None:
    """Half past midnight on the first of November in France is October in UTC."""
    records = MemoryRecords({})
    scope = Scope(user_id=uuid4(), role=UserRole.SUPER_ADMIN, full_name="Alix")
    clients_list.month_costs(scope, records, now=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))  # type: ignore[arg-type]
    assert records.last("marts_clients.costs")["since"] == date(2026, 11, 1)
