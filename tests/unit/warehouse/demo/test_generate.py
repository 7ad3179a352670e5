"""The generated network is repeatable and plausible."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from warehouse.demo.generate import GymPart, blueprint, gym_parts, places_of
from warehouse.demo.network import PARIS, Places
from warehouse.demo.records import Visit
from warehouse.demo.visits import LATEST_BEFORE_CLOSING

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Network:
    """All parts of one small network."""

    places: Places
    parts: tuple[GymPart, ...]

    @property
    def visits(self) -> list[Visit]:
        """Every visit of every gym."""
        return [visit for part in self.parts for visit in part.visits]


def network_of(*, days: int, members: int, seed: int, gyms: int | None = None) -> Network:
    """The network that these arguments give."""
    plan = blueprint(days=days, members=members, seed=seed, gyms=gyms, now=NOW)
    places = places_of(plan)
    return Network(places, tuple(gym_parts(plan, places)))


def comparable(network: Network) -> list[object]:
    """All records of a network; what numpy holds of its lives cannot be compared by ==."""
    return [
        (part.members, part.visits, part.conversations, part.labels, part.bookings, part.goals, part.life)
        for part in network.parts
    ]


@pytest.fixture(scope="module")
def network() -> Network:
    """The network that a first start shows."""
    return network_of(days=30, members=300, seed=7)


def test_same_seed_gives_the_same_network(network: Network) -> None:
    """Equal arguments give equal records, identifiers included; another seed gives others."""
    assert comparable(network_of(days=30, members=300, seed=7)) == comparable(network)
    other = network_of(days=30, members=300, seed=8)
    assert {visit.id for visit in other.visits}.isdisjoint(visit.id for visit in network.visits)


def test_first_network_is_small(network: Network) -> None:
    """Six gyms of three franchises, one independent, Dax first, and about 150 conversations."""
    gyms = [story.gym for story in network.places.stories]
    assert len(network.places.franchises) == 3
    assert [gym.franchise_id is None for gym in gyms] == [False] * 5 + [True]
    assert gyms[0].slug == "dax-centre"
    assert sum(len(part.members) for part in network.parts) == 300
    assert 100 <= sum(len(part.conversations) for part in network.parts) <= 250


def test_as_many_gyms_as_asked_for() -> None:
    """The number of gyms can be given, up to the places we know; each has a name of its own and a member."""
    network = network_of(days=2, members=110, seed=7, gyms=100)
    assert len({part.gym.gym.slug for part in network.parts}) == 100
    assert all(part.members for part in network.parts)
    emails = [user.email for user in network.places.users]
    assert len(set(emails)) == len(emails)


@pytest.mark.parametrize(("gyms", "members"), [(0, 10), (500, 1000), (20, 10)])
def test_impossible_gyms_are_refused(gyms: int, members: int) -> None:
    """No gym, more gyms than places or than members is a mistake."""
    with pytest.raises(ValueError, match="expected"):
        network_of(days=2, members=members, seed=7, gyms=gyms)


def test_visits_fall_into_opening_hours(network: Network) -> None:
    """Nobody is in a closed gym, and nobody comes from the future."""
    for part in network.parts:
        for visit in part.visits:
            day = visit.visited_at.astimezone(PARIS).date()
            opens_at, closes_at = part.gym.open_on(day)
            assert opens_at <= visit.visited_at <= closes_at - LATEST_BEFORE_CLOSING
            assert visit.visited_at <= NOW
            assert not part.life.is_closed(day)


def test_nobody_comes_without_a_membership(network: Network) -> None:
    """No visit and no conversation before joining or from the day of leaving on."""
    stories = {story.member.id: story for part in network.parts for story in part.members}
    assert any(story.left_on for story in stories.values())
    moments = [(visit.member_id, visit.visited_at) for visit in network.visits]
    moments += [
        (one.session.member_id, one.session.started_at)
        for part in network.parts
        for one in part.conversations
        if one.session.member_id
    ]
    for member_id, moment in moments:
        story = stories[member_id]
        day = moment.astimezone(PARIS).date()
        assert story.joined_on <= day
        assert story.left_on is None or day < story.left_on


def test_memberships_fit_their_members() -> None:
    """Who left is inactive with a cancelled or expired contract; everybody else has a running one."""
    today = NOW.astimezone(PARIS).date()
    for part in network_of(days=400, members=120, seed=3).parts:
        for story in part.members:
            *before, current = story.memberships
            ends = [one.expires_on for one in before]
            assert ends == [one.started_on for one in story.memberships[1:]]
            assert {one.status for one in before} <= {"expired"}
            if story.left_on is None:
                assert story.member.is_active
                assert current.status in ("active", "frozen")
                assert current.started_on <= today < current.expires_on
            else:
                assert not story.member.is_active
                assert (current.cancelled_on or current.expires_on) == story.left_on


def test_nothing_is_known_before_its_day() -> None:
    """A network told up to an earlier day holds no trace of what happens later: no leaving, no end, no words."""
    plan = blueprint(days=150, members=40, gyms=1, seed=5, now=NOW)
    (later,) = gym_parts(plan, places_of(plan))
    today = NOW.astimezone(PARIS).date()
    assert any(day is not None and day > today for day in [_left(later, story.row) for story in later.members])
    for story in later.members:
        future = _left(later, story.row)
        if future is not None and future > today:
            assert story.left_on is None
            assert story.member.is_active
            assert all(one.cancelled_on is None for one in story.memberships)
            assert story.memberships[-1].status in ("active", "frozen")


def _left(part: GymPart, row: int) -> object:
    day = int(part.lives.left[row])
    return None if day > 10**5 else part.lives.first_day + timedelta(days=day)


def test_leaving_shows_in_visits_beforehand() -> None:
    """Those about to leave over a quarrel or a lost habit come less than their own habit; those who move do not."""
    fading, moving = [], []
    for part in network_of(days=500, members=900, seed=3, gyms=3).parts:
        for row, reason in enumerate(part.lives.reasons):
            decided = int(part.lives.decided[row])
            if reason is None or not 150 < decided < 480 or part.lives.left[row] - decided > 40:
                continue
            before = part.lives.came[row, decided - 120 : decided - 60].sum() / 60
            last = part.lives.came[row, decided - 21 : decided + 7].sum() / 28
            (moving if reason.value == "moved" else fading).append((before, last))
    assert len(fading) > 60
    assert sum(last for _, last in fading) < 0.7 * sum(before for before, _ in fading)
    assert sum(last for _, last in moving) > 0.6 * sum(before for before, _ in moving)


def test_some_come_back_from_a_long_absence() -> None:
    """Holidays and injuries look like leaving and are not: most who were away come again."""
    away, back = 0, 0
    for part in network_of(days=400, members=300, seed=4, gyms=2).parts:
        for one in part.lives.aways:
            if one.last - one.first >= 13 and one.last < 330 and part.lives.left[one.member] > one.last:
                away += 1
                back += bool(part.lives.came[one.member, one.last + 1 : one.last + 40].any())
    assert away > 50
    assert back / away > 0.75


def test_every_gym_hears_complaints(network: Network) -> None:
    """Each gym has conversations that an analysis should find negative, and others."""
    for part in network.parts:
        moods = part.moods()
        assert moods["negative"] >= 2
        assert moods["neutral"] + moods["positive"] >= 2


def test_a_kiosk_holds_one_conversation_at_a_time(network: Network) -> None:
    """Sessions of one kiosk never overlap, lie inside the past, and their turns inside them."""
    last_end: dict[object, datetime] = {}
    spoken_ones = [spoken for part in network.parts for spoken in part.conversations]
    for spoken in sorted(spoken_ones, key=lambda one: one.session.started_at):
        session = spoken.session
        assert session.started_at > last_end.get(session.kiosk_id, session.started_at - timedelta(days=1))
        assert session.started_at < spoken.turns[0].started_at
        assert spoken.turns[-1].ended_at <= session.ended_at <= NOW
        last_end[session.kiosk_id] = session.ended_at


def test_kiosks_have_run_for_days_and_not_for_years(network: Network) -> None:
    """A machine that is updated is restarted: not all at once, and none the day its gym was founded."""
    running = {
        NOW - kiosk.status_changed_at for story in network.places.stories for kiosk in story.kiosks
        if kiosk.status == "online"
    }  # fmt: skip
    assert len(running) > 1
    assert timedelta(days=2) <= min(running) <= max(running) < timedelta(days=36)


def test_a_silent_kiosk_hears_nothing(network: Network) -> None:
    """No conversation and no badge while a kiosk is out."""
    assert any(part.life.outages for part in network.parts)
    for part in network.parts:
        for outage in part.life.outages:
            moments = [one.session.started_at for one in part.conversations if one.session.kiosk_id == outage.kiosk_id]
            moments += [visit.visited_at for visit in part.visits if visit.kiosk_id == outage.kiosk_id]
            assert not [moment for moment in moments if outage.starts_at <= moment <= outage.ends_at]


def test_conversations_stay_in_their_gym(network: Network) -> None:
    """Kiosk, member and session are of one gym, so that the composite keys hold."""
    for part in network.parts:
        kiosks = {kiosk.id for kiosk in part.gym.kiosks}
        members = {story.member.id for story in part.members}
        for spoken in part.conversations:
            assert spoken.session.gym_id == part.gym.gym.id
            assert spoken.session.kiosk_id in kiosks
            assert spoken.session.member_id is None or spoken.session.member_id in members
        assert {visit.kiosk_id for visit in part.visits} <= {*kiosks, None}


def test_costs_are_plausible(network: Network) -> None:
    """A session costs the sum of its lines, more than nothing, and less than the ten cents we aim at."""
    for part in network.parts:
        for spoken in part.conversations:
            assert spoken.session.cost_usd == sum((line.cost_usd for line in spoken.usage), Decimal(0))
            assert 0 < spoken.session.cost_usd < Decimal("0.10")


def test_consent_decides_the_analysis(network: Network) -> None:
    """A session is analysed only where a known member agreed."""
    agreed = {story.member.id: story.agrees_to_analysis for part in network.parts for story in part.members}
    assert not all(agreed.values())
    for part in network.parts:
        for spoken in part.conversations:
            session = spoken.session
            assert session.has_analysis_consent == (session.member_id is not None and agreed[session.member_id])


def test_only_old_conversations_carry_labels() -> None:
    """What is older than the pending days is labelled by its writer, what is newer waits for an engine."""
    plan = replace(blueprint(days=60, members=80, gyms=1, seed=7, now=NOW), pending_days=10)
    (part,) = gym_parts(plan, places_of(plan))
    labelled = {label.session_id for label in part.labels}
    assert plan.pending_since < NOW - timedelta(days=9)
    assert labelled
    for spoken in part.conversations:
        session = spoken.session
        assert (session.id in labelled) == (session.has_analysis_consent and session.ended_at < plan.pending_since)
    meant = {spoken.session.id: spoken.dialogue.mood.value for spoken in part.conversations}
    right = sum(label.sentiment_label == meant[label.session_id] for label in part.labels)
    assert 0.75 < right / len(part.labels) < 1


@pytest.mark.parametrize(("days", "members"), [(0, 10), (10, 0)])
def test_nothing_to_simulate_is_refused(days: int, members: int) -> None:
    """No days or no members is a mistake, not an empty network."""
    with pytest.raises(ValueError, match="at least 1"):
        network_of(days=days, members=members, seed=1)


def test_a_tiny_network_works() -> None:
    """One member of one day is a network too."""
    assert sum(len(part.members) for part in network_of(days=1, members=1, seed=1).parts) == 1


def test_absences_say_what_was_known() -> None:
    """Some absences are declared, most are not; none before it was said, and an injury has no end while it lasts."""
    today = NOW.astimezone(PARIS).date()
    network = network_of(days=300, members=400, seed=4, gyms=2)
    declared = [one for part in network.parts for story in part.members for one in story.absences]
    lived = sum(len(part.lives.aways) for part in network.parts)
    assert 0.1 < len(declared) / lived < 0.6
    assert all(one.created_at <= NOW for one in declared)
    assert {one.reason for one in declared} == {"holiday", "travel", "injury", "frozen"}
    running = [one for one in declared if one.ends_on is None]
    assert all(one.reason == "injury" for one in running)
    assert not [one for one in declared if one.reason == "injury" and one.ends_on and one.ends_on >= today]


def test_a_paused_contract_has_its_days() -> None:
    """Whoever is frozen today has a contract that says since when and until when; nobody else has."""
    today = NOW.astimezone(PARIS).date()
    stories = [story for part in network_of(days=120, members=1500, seed=6, gyms=4).parts for story in part.members]
    frozen = [story.memberships[-1] for story in stories if story.memberships[-1].status == "frozen"]
    assert frozen
    assert all(one.frozen_from and one.frozen_from <= today <= (one.frozen_until or today) for one in frozen)
    others = [one for story in stories for one in story.memberships if one.status != "frozen"]
    assert not [one for one in others if one.frozen_from or one.frozen_until]


def test_all_complain_of_the_machine_that_is_broken() -> None:
    """Complaints that name a machine mostly name the one that is out of order in that gym on that day."""
    named, right = 0, 0
    for part in network_of(days=700, members=900, seed=9, gyms=3).parts:
        for spoken in part.conversations:
            kind = spoken.dialogue.names_a_machine
            machine = part.life.machine_on(spoken.session.started_at.astimezone(PARIS).date())
            if kind is None or machine is None or spoken.dialogue.mood.value != "negative":
                continue
            named += 1
            words = " ".join(turn.text for turn in spoken.turns)
            right += kind == machine[0] and str(machine[1]) in words
    assert named > 30
    assert right / named > 0.6
