"""The generated network is repeatable and plausible."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import mean

import pytest

from warehouse.demo.generate import Network, generate
from warehouse.demo.members import Trajectory
from warehouse.demo.network import PARIS
from warehouse.demo.visits import LATEST_BEFORE_CLOSING, attendance_factor

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def network() -> Network:
    """The network that a first start shows."""
    return generate(days=30, members=300, seed=7, now=NOW)


def test_same_seed_gives_the_same_network(network: Network) -> None:
    """Equal arguments give equal records, identifiers included; another seed gives others."""
    assert generate(days=30, members=300, seed=7, now=NOW) == network
    other = generate(days=30, members=300, seed=8, now=NOW)
    assert {visit.id for visit in other.visits}.isdisjoint(visit.id for visit in network.visits)


def test_first_network_is_small(network: Network) -> None:
    """Six gyms of three franchises, one independent, Dax first, and about 150 conversations."""
    gyms = [story.gym for story in network.places.stories]
    assert len(network.places.franchises) == 3
    assert [gym.franchise_id is None for gym in gyms] == [False] * 5 + [True]
    assert gyms[0].slug == "dax-centre"
    assert len(network.members) == 300
    assert 100 <= len(network.conversations) <= 250


def test_visits_fall_into_opening_hours(network: Network) -> None:
    """Nobody is in a closed gym, and nobody comes from the future."""
    stories = {story.gym.id: story for story in network.places.stories}
    for visit in network.visits:
        opens_at, closes_at = stories[visit.gym_id].open_on(visit.visited_at.astimezone(PARIS).date())
        assert opens_at <= visit.visited_at <= closes_at - LATEST_BEFORE_CLOSING
        assert visit.visited_at <= NOW


def test_nobody_comes_without_a_membership(network: Network) -> None:
    """No visit and no conversation before joining or from the day of leaving on."""
    stories = {story.member.id: story for story in network.members}
    assert any(story.left_on for story in network.members)
    moments = [(visit.member_id, visit.visited_at) for visit in network.visits]
    moments += [
        (one.session.member_id, one.session.started_at) for one in network.conversations if one.session.member_id
    ]
    for member_id, moment in moments:
        story = stories[member_id]
        day = moment.astimezone(PARIS).date()
        assert story.joined_on <= day
        assert story.left_on is None or day < story.left_on


def test_memberships_fit_their_members(network: Network) -> None:
    """Who left is inactive with a cancelled or expired contract; everybody else has a running one."""
    today = NOW.astimezone(PARIS).date()
    for story in network.members:
        current = story.memberships[-1]
        if story.left_on is None:
            assert story.member.is_active
            assert current.status in ("active", "frozen")
            assert current.started_on <= today < current.expires_on
        else:
            assert not story.member.is_active
            assert (current.cancelled_on or current.expires_on) == story.left_on


def test_decline_shows_in_visits() -> None:
    """Members who are lost come less in the second half than in the first; steady ones do not."""
    days = 90
    network = generate(days=days, members=600, seed=3, now=datetime(2026, 6, 20, 12, tzinfo=UTC))
    middle = datetime(2026, 6, 20, 12, tzinfo=UTC) - timedelta(days=days / 2)
    trajectories = {story.member.id: story.trajectory for story in network.members}

    def late_share(trajectory: Trajectory) -> float:
        return mean(
            visit.visited_at > middle for visit in network.visits if trajectories[visit.member_id] is trajectory
        )

    assert late_share(Trajectory.LOST) < 0.25
    assert late_share(Trajectory.DECLINING) < 0.4
    assert 0.45 < late_share(Trajectory.STEADY) < 0.55
    assert late_share(Trajectory.GROWING) > 0.52


def test_every_gym_hears_complaints(network: Network) -> None:
    """Each gym has conversations that an analysis should find negative, and others."""
    moods = network.moods_by_gym()
    assert len(moods) == 6
    assert all(counts["negative"] >= 2 and counts["neutral"] + counts["positive"] >= 2 for counts in moods.values())


def test_a_kiosk_holds_one_conversation_at_a_time(network: Network) -> None:
    """Sessions of one kiosk never overlap, lie inside the past, and their turns inside them."""
    last_end: dict[object, datetime] = {}
    for spoken in sorted(network.conversations, key=lambda one: one.session.started_at):
        session = spoken.session
        assert session.started_at > last_end.get(session.kiosk_id, session.started_at - timedelta(days=1))
        assert session.started_at < spoken.turns[0].started_at
        assert spoken.turns[-1].ended_at <= session.ended_at <= NOW
        last_end[session.kiosk_id] = session.ended_at


def test_conversations_stay_in_their_gym(network: Network) -> None:
    """Kiosk, member and session are of one gym, so that the composite keys hold."""
    kiosk_gyms = {kiosk.id: kiosk.gym_id for story in network.places.stories for kiosk in story.kiosks}
    member_gyms = {story.member.id: story.member.gym_id for story in network.members}
    for spoken in network.conversations:
        session = spoken.session
        assert kiosk_gyms[session.kiosk_id] == session.gym_id
        assert session.member_id is None or member_gyms[session.member_id] == session.gym_id
    for visit in network.visits:
        assert visit.kiosk_id is None or kiosk_gyms[visit.kiosk_id] == visit.gym_id


def test_costs_are_plausible(network: Network) -> None:
    """A session costs the sum of its lines, more than nothing, and less than the ten cents we aim at."""
    for spoken in network.conversations:
        assert spoken.session.cost_usd == sum((line.cost_usd for line in spoken.usage), Decimal(0))
        assert 0 < spoken.session.cost_usd < Decimal("0.10")


def test_consent_decides_the_analysis(network: Network) -> None:
    """A session is analysed only where a known member agreed."""
    agreed = {story.member.id: story.agrees_to_analysis for story in network.members}
    assert not all(agreed.values())
    for spoken in network.conversations:
        session = spoken.session
        assert session.has_analysis_consent == (session.member_id is not None and agreed[session.member_id])


def test_holidays_empty_the_gym() -> None:
    """Christmas week is quieter than an ordinary one, a public holiday quieter still."""
    assert (
        attendance_factor(date(2026, 12, 25))
        < attendance_factor(date(2026, 12, 28))
        < attendance_factor(date(2026, 11, 24))
    )


@pytest.mark.parametrize(("days", "members"), [(0, 10), (10, 0)])
def test_nothing_to_simulate_is_refused(days: int, members: int) -> None:
    """No days or no members is a mistake, not an empty network."""
    with pytest.raises(ValueError, match="at least 1"):
        generate(days=days, members=members, seed=1, now=NOW)


def test_a_tiny_network_works() -> None:
    """One member of one day is a network too."""
    assert len(generate(days=1, members=1, seed=1, now=NOW).members) == 1
