"""« Équipe » run by Streamlit's own test harness, with rows in memory and a team that notes what it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, navigation, people, people_file, people_list
from dashboards.invitations import Sent
from jarvis.tenancy import Permission, Scope, UserRole, roles_given_by
from tests.support.app_pages import MemoryRecords, words
from warehouse.stores.account_links import Invited
from warehouse.stores.team import Refusal, TeamRefused

NOE, DAX = UUID(int=3), UUID(int=4)
AT = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)


def a_person(**changes: object) -> dict[str, object]:
    return {
        "id": NOE, "email": "noe@salle.test", "full_name": "Noé <b>Labat</b>", "role": "gym_staff", "gym_id": DAX,
        "gym_name": "Salle de Dax", "franchise_id": None, "franchise_name": None, "has_second_factor": False,
        "created_at": AT, "invited_until": None, "locked_until": None, "last_signed_in_at": AT, "may_change": True,
        "state": "active", **changes,
    }  # fmt: skip


@dataclass
class MemoryTeam:
    """Notes each change, or refuses it."""

    is_proven_now: bool = True
    refuses: Refusal | None = None
    done: list[tuple[str, object]] = field(default_factory=list)

    def is_proven(self, token: str) -> bool:
        return self.is_proven_now

    def __getattr__(self, name: str) -> object:
        def noted(scope: Scope, token: str, user_id: UUID, **values: object) -> None:
            if self.refuses is not None:
                raise TeamRefused(self.refuses)
            self.done.append((name, values or user_id))

        return noted

    def invite_by_letter(self, scope: Scope, token: str, invited: Invited) -> Sent:
        if self.refuses is not None:
            raise TeamRefused(self.refuses)
        self.done.append(("invite", invited))
        return Sent(uuid4(), invited.email, None if invited.email.startswith("poste") else "http://salle.test/lien")


def script() -> None:
    """What Streamlit runs; imports inside, as the harness runs its text alone."""
    from dashboards.app_pages.manager import team

    team.page()


@pytest.fixture
def records() -> MemoryRecords:
    places: Sequence[Mapping[str, object]] = [{"id": DAX, "name": "Salle de Dax", "kind": "gym"}]
    return MemoryRecords({"team.people": [a_person()], "team.places": places})


@pytest.fixture
def team() -> MemoryTeam:
    return MemoryTeam()


@pytest.fixture
def page(records: MemoryRecords, team: MemoryTeam, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The page for a manager, not run yet."""
    scope = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="Camille Durand", gym_name="Salle de Dax")
    invitations = SimpleNamespace(invite=team.invite_by_letter)
    monkeypatch.setattr(access, "require", lambda *_, **__: scope)
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records, team=team, invitations=invitations))
    # A link needs a running app's menu; the browser tests follow it.
    monkeypatch.setattr("dashboards.navigation.link", lambda *_: None)
    yield AppTest.from_function(script, default_timeout=20)


@pytest.fixture
def file(page: AppTest) -> AppTest:
    """One person's file, run once."""
    page.query_params["personne"] = str(NOE)
    page.run()
    assert not page.exception
    return page


def test_the_list_says_who_needs_a_look(page: AppTest, records: MemoryRecords) -> None:
    """State in words with a sign, the second factor in a word, and a manager is not told their own gym."""
    records.answers["team.people"] = [a_person(), a_person(id=uuid4(), state="locked", last_signed_in_at=None)]
    page.run()
    assert not page.exception
    assert list(page.dataframe[0].value.loc[1, ["state", "role", "factor"]]) == ["▲ Bloqué", "Équipe de salle", "Non"]
    assert page.caption[0].value.startswith("2 personnes, dont 1 bloquée")


def test_filters_become_the_question(page: AppTest, records: MemoryRecords) -> None:
    """What is picked is what is asked."""
    page.run()
    page.text_input[0].set_value(" noé ")
    page.multiselect[0].set_value(["gym_staff"])
    page.multiselect[1].set_value(["invited", "locked"])
    page.run()
    question, values = records.asked[-1]
    assert question == "team.people"
    assert (values["words"], values["roles"], values["states"]) == ("noé", ["gym_staff"], ["invited", "locked"])
    assert (values["id"], values["most"]) == (None, people_list.MOST_SHOWN + 1)


def test_nobody_found_says_so(page: AppTest, records: MemoryRecords) -> None:
    """An empty list is an answer."""
    records.answers["team.people"] = []
    page.run()
    assert [found.value for found in page.info] == ["Personne ne correspond à ces filtres."]


@pytest.mark.parametrize("address", [str(uuid4()), "pas-un-identifiant"])
def test_a_guessed_address_gives_nothing(page: AppTest, records: MemoryRecords, address: str) -> None:
    """Somebody of another gym and somebody who never was get the same answer; nonsense gets the list."""
    records.answers["team.people"] = []
    page.query_params["personne"] = address
    page.run()
    assert not page.exception
    assert [found.value for found in page.warning] == ([people.NO_SUCH_PERSON] if "-id" not in address else [])


def test_a_name_is_never_markup(file: AppTest) -> None:
    """In the head and in the question before a suspension."""
    file.button(key="person-suspend").click().run()
    assert "&lt;b&gt;Labat" in words(file)
    assert "<b>Labat" not in words(file)


def test_a_suspension_is_confirmed_first(file: AppTest, team: MemoryTeam) -> None:
    """The first click asks, the second one acts, and the page says what it did."""
    file.button(key="person-suspend").click().run()
    assert team.done == []
    file.button(key="person-confirm").click().run()
    assert team.done == [("suspend", NOE)]
    assert "est suspendu : ses sessions sont fermées" in file.success[0].value


def test_nothing_happens_after_a_cancel(file: AppTest, team: MemoryTeam) -> None:
    """The form is gone, and so is what it would have done."""
    file.button(key="person-suspend").click().run()
    file.button(key="person-confirm-cancel").click().run()
    assert "person-confirm" not in [button.key for button in file.button]
    assert team.done == []


@pytest.mark.parametrize("reason", list(Refusal))
def test_a_refusal_is_a_sentence(file: AppTest, team: MemoryTeam, reason: Refusal) -> None:
    """Whatever the database refuses is said, and nothing is claimed as done."""
    file.button(key="person-suspend").click().run()
    team.refuses = reason
    file.button(key="person-confirm").click().run()
    assert [found.value for found in file.warning] == [people.REFUSALS[reason]]
    assert not file.success


def test_a_change_asks_who_you_are_first(file: AppTest, team: MemoryTeam) -> None:
    """Ten minutes after the last proof the form gives way to the link to prove it."""
    team.is_proven_now = False
    file.button(key="person-suspend").click().run()
    assert "confirmez d'abord votre identité" in file.info[0].value
    assert "person-confirm" not in [button.key for button in file.button]


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, {"change", "suspend"}),
        ({"state": "suspended"}, {"change", "reinstate"}),
        ({"state": "locked", "locked_until": AT}, {"change", "suspend", "unlock"}),
        ({"state": "invited", "invited_until": AT}, {"change", "suspend", "again"}),
        ({"has_second_factor": True}, {"change", "suspend", "factor"}),
        ({"may_change": False}, set()),
    ],
)
def test_each_state_has_its_own_steps(
    page: AppTest, records: MemoryRecords, changes: dict[str, object], offered: set[str]
) -> None:
    """Nobody is offered what would change nothing, or fail."""
    records.answers["team.people"] = [a_person(**changes)]
    page.query_params["personne"] = str(NOE)
    page.run()
    assert not page.exception
    assert {str(button.key).removeprefix("person-") for button in page.button} == offered


def test_name_role_and_place_are_changed_together(file: AppTest, team: MemoryTeam) -> None:
    """With the place the person has, where another one is not picked."""
    file.button(key="person-change").click().run()
    file.text_input(key="change-name").set_value("Noé L.")
    file.button(key="change-save").click().run()
    wanted = {"full_name": "Noé L.", "role": UserRole.GYM_STAFF, "franchise_id": None, "gym_id": DAX}
    assert team.done == [("change", wanted)]


@pytest.mark.parametrize(
    ("email", "words"),
    [("noe", "n'est pas complet"), ("noe@salle", "n'est pas complet"), ("a b@salle.test", "n'est pas complet")],
)
def test_an_email_is_looked_at_before_it_is_sent(page: AppTest, team: MemoryTeam, email: str, words: str) -> None:
    """A clear sentence, and nobody invited."""
    page.run()
    page.button(key="invite").click().run()
    page.text_input(key="invite-email").set_value(email)
    page.button(key="invite-send").click().run()
    assert words in page.error[0].value
    assert team.done == []


@pytest.mark.parametrize("email", ["poste@salle.test", "sans-courrier@salle.test"])
def test_an_invitation_goes_or_gives_its_link(page: AppTest, team: MemoryTeam, email: str) -> None:
    """The link is shown only where no letter could carry it."""
    page.run()
    page.button(key="invite").click().run()
    page.text_input(key="invite-email").set_value(email)
    page.text_input(key="invite-name").set_value("Inès")
    page.button(key="invite-send").click().run()
    assert team.done == [("invite", Invited(email=email, role=UserRole.GYM_STAFF, full_name="Inès", gym_id=DAX))]
    assert [found.value for found in page.code] == ([] if email.startswith("poste") else ["http://salle.test/lien"])


def test_an_expired_invitation_says_so(page: AppTest, records: MemoryRecords) -> None:
    """A link of yesterday opens nothing."""
    over = datetime.now(UTC) - timedelta(days=1)
    records.answers["team.people"] = [a_person(state="invited", invited_until=over)]
    page.query_params["personne"] = str(NOE)
    page.run()
    assert "Lien expiré" in words(page)


def test_an_invitation_ends_on_the_day_of_who_reads_it() -> None:
    """Half past midnight in France is the day before in UTC."""
    until = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    head = people_file.head_html(a_person(state="invited", invited_until=until), now=until - timedelta(days=1))
    assert "13/03/2026" in head


def test_the_menu_gives_one_of_the_two_pages() -> None:
    """Whoever runs the network has everybody's page; a manager has theirs; staff have none."""
    pages = {
        role: {entry.url_path for entry in navigation.offered(Scope(user_id=uuid4(), role=role, full_name="X"))}
        & {"equipe", "utilisateurs"}
        for role in UserRole
    }
    assert pages == {
        UserRole.SUPER_ADMIN: {"utilisateurs"}, UserRole.FRANCHISE_OWNER: {"equipe"},
        UserRole.GYM_MANAGER: {"equipe"}, UserRole.GYM_STAFF: set(), UserRole.ANALYST: set(),
    }  # fmt: skip


def test_only_who_manages_gyms_gives_roles() -> None:
    """The roles on offer follow the permission that opens the page."""
    for role in UserRole:
        may = Scope(user_id=uuid4(), role=role, full_name="X").may(Permission.MANAGE_GYMS)
        assert bool(roles_given_by(role)) is may


@pytest.mark.parametrize("role", list(UserRole))
def test_a_place_fits_its_role(role: UserRole) -> None:
    """A franchise for an owner, a gym for who works there, either for an analyst, none for the network."""
    rows = [{"id": uuid4(), "name": "Salle", "kind": "gym"}, {"id": uuid4(), "name": "Franchise", "kind": "franchise"}]
    found = {place.name for place in people.places_for(role, rows)}
    assert found == {
        UserRole.SUPER_ADMIN: set(), UserRole.FRANCHISE_OWNER: {"Franchise"}, UserRole.ANALYST: {"Salle", "Franchise"},
    }.get(role, {"Salle"})  # fmt: skip
