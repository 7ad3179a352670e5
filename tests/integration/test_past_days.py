"""A past day scored again: the same members, the same scores, whatever happened or was written down since."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from bench.support.world import Gym, make_gym
from jarvis.churn import ChurnThresholds
from orchestration.churn import FutureDay, score_day
from tests.conftest import Database

DAY = date(2026, 3, 2)
LONG_AGO = datetime(2025, 1, 6, 9, tzinfo=UTC)
SEED = ChurnThresholds()


def day(offset: int) -> date:
    """So many days after DAY; negative before it."""
    return DAY + timedelta(days=offset)


def moment(offset: int) -> datetime:
    """Noon of that day."""
    return datetime.combine(day(offset), datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)


def founded_long_ago(admin: psycopg.Connection) -> Gym:
    """A gym without members that has long been here."""
    gym = make_gym(admin)
    admin.execute("delete from gym_members_v2")
    admin.execute("update gyms set created_at = %s", [LONG_AGO])
    # These days are in the past of any clock: their absences are not over their term here.
    admin.execute("update app.retention_rules set keep_days = 3650 where name = 'absences'")
    return gym


def add_member(
    admin: psycopg.Connection, gym: Gym, *, seen: tuple[int, ...] = (), joined: int = -400, expires: int = 200
) -> UUID:
    """A member with one contract, known since they joined, who came on these days."""
    member_id = uuid4()
    admin.execute(
        "insert into gym_members_v2 (id, gym_id, badge_id, member_since, created_at) values (%s, %s, %s, %s, %s)",
        [member_id, gym.gym_id, str(member_id), day(joined), moment(joined)],
    )
    admin.execute(
        "insert into memberships (gym_id, member_id, plan, started_on, expires_on, created_at) "
        "values (%s, %s, 'premium', %s, %s, %s)",
        [gym.gym_id, member_id, day(joined), day(expires), moment(joined)],
    )
    for offset in seen:
        admin.execute(
            "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, %s)",
            [gym.gym_id, member_id, moment(offset)],
        )
    return member_id


def add_absence(
    admin: psycopg.Connection, gym: Gym, member_id: UUID, first: int, last: int | None, *, declared: int
) -> None:
    """An absence, written down on that day."""
    admin.execute(
        "insert into member_absences (gym_id, member_id, starts_on, ends_on, source, created_at) "
        "values (%s, %s, %s, %s, 'staff', %s)",
        [gym.gym_id, member_id, day(first), None if last is None else day(last), moment(declared)],
    )


def scored(admin: psycopg.Connection) -> list[tuple[Any, ...]]:
    """What the database keeps of DAY."""
    return admin.execute(
        "select member_id, score, level, factors, rules_score, counterfactual, held_back_reason "
        "from churn_scores where as_of_date = %s order by member_id",
        [DAY],
    ).fetchall()


def leaves(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """No member any more, as the import says."""
    admin.execute("update gym_members_v2 set is_active = false where id = %s", [member_id])


def freezes(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """What runs of their contracts is frozen, without a day."""
    admin.execute("update memberships set status = 'frozen' where member_id = %s and status = 'active'", [member_id])


def cancels_backdated(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """Cancelled as of a week before DAY, written down since."""
    admin.execute(
        "update memberships set status = 'cancelled', cancelled_on = greatest(started_on, %s) where member_id = %s",
        [day(-7), member_id],
    )


def renews_in_place(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """The same contract runs a year longer and costs more."""
    admin.execute(
        "update memberships set expires_on = expires_on + 365, monthly_price_eur = 49 where member_id = %s", [member_id]
    )


def renews_late(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """A contract from before DAY that was written down since."""
    admin.execute(
        "insert into memberships (gym_id, member_id, plan, started_on, expires_on) values (%s, %s, 'premium', %s, %s)",
        [gym.gym_id, member_id, day(-3), day(362)],
    )


def was_away(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """An absence over DAY that was declared since."""
    add_absence(admin, gym, member_id, -20, 5, declared=3)


def comes_back(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """Every absence of theirs is said to have ended before DAY."""
    admin.execute(
        "update member_absences set ends_on = greatest(starts_on, %s) where member_id = %s", [day(-10), member_id]
    )


def withdraws(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """Every absence of theirs never was."""
    admin.execute("delete from member_absences where member_id = %s", [member_id])


def joins(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """Somebody else joins after DAY."""
    add_member(admin, gym, joined=1)


def was_shut(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """A closure over DAY that was written down since."""
    admin.execute(
        "insert into gym_closures (gym_id, starts_on, ends_on, reason) values (%s, %s, %s, 'Travaux')",
        [gym.gym_id, day(-6), day(1)],
    )


def was_open(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """The closures never were."""
    admin.execute("delete from gym_closures")


def comes(admin: psycopg.Connection, gym: Gym, member_id: UUID) -> None:
    """A visit on DAY itself, which ends an absence without an end."""
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at) values (%s, %s, %s) on conflict do nothing",
        [gym.gym_id, member_id, moment(0)],
    )


Change = Callable[[psycopg.Connection, Gym, UUID], None]
CHANGES: tuple[Change, ...] = (
    leaves, freezes, cancels_backdated, renews_in_place, renews_late, was_away, comes_back, withdraws, joins, was_shut,
    was_open, comes,
)  # fmt: skip


def with_lives(admin: psycopg.Connection, gym: Gym) -> list[UUID]:
    """Members who are regular, gone quiet, away, frozen and about to run out, and a gym that was shut for two days."""
    regular = tuple(range(-60, 0, 3))
    found = [
        add_member(admin, gym, seen=regular),
        add_member(admin, gym, seen=(-60, -50, -40, -30)),
        add_member(admin, gym, seen=(-44, -41, -38, -35), expires=12),
        add_member(admin, gym, seen=regular[:-8], expires=-4),
        add_member(admin, gym, seen=()),
    ]
    add_absence(admin, gym, found[1], -25, 20, declared=-26)
    add_absence(admin, gym, found[2], -30, None, declared=-28)
    add_absence(admin, gym, found[4], -90, -40, declared=-20)
    frozen = add_member(admin, gym, seen=regular[:-4])
    admin.execute(
        "update memberships set status = 'frozen', frozen_from = %s, created_at = %s where member_id = %s",
        [day(-12), moment(-400), frozen],
    )
    admin.execute(
        "insert into gym_closures (gym_id, starts_on, ends_on, reason, created_at) values (%s, %s, %s, 'Fête', %s)",
        [gym.gym_id, day(-9), day(-8), moment(-40)],
    )
    # All of that was so from the first day on.
    admin.execute("delete from superseded_records")
    return [*found, frozen]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_one_thing_that_happened_since_changes_nothing(database: Database, change: Change) -> None:
    """Everybody leaves, freezes, renews…: DAY scored again has the same rows."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        members = with_lives(admin, gym)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        before = scored(admin)
        for member_id in members:
            change(admin, gym, member_id)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        after = scored(admin)
    assert len(before) == len(members)
    assert after == before


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happened_since_changes_nothing(database: Database, seed: int) -> None:
    """Any of these changes, several to a member, in any order."""
    chance = Random(seed)
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        members = with_lives(admin, gym)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        before = scored(admin)
        for _ in range(15):
            chance.choice(CHANGES)(admin, gym, chance.choice(members))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        after = scored(admin)
    assert after == before


def test_the_same_things_known_by_then_do_change_it(database: Database) -> None:
    """The tests above can fail: said in time, an absence holds a score back, and whoever has left has none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        away, left, stays = (add_member(admin, gym, seen=(-30, -20)) for _ in range(3))
        add_absence(admin, gym, away, -5, 5, declared=-1)
        leaves(admin, gym, left)
        admin.execute("update superseded_records set known_until = %s", [moment(-1)])
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        found = {row[0]: row[-1] for row in scored(admin)}
    assert found == {away: "declared_absence", stays: None}


def test_who_left_and_came_back_is_no_member_in_between(database: Database) -> None:
    """Gone 40 days before DAY and back 10 after it: no row of DAY; a row of the days around."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        member_id = add_member(admin, gym, seen=(-60, -50))
        for is_active, offset in ((False, -40), (True, 10)):
            admin.execute("update gym_members_v2 set is_active = %s where id = %s", [is_active, member_id])
            admin.execute(
                "update superseded_records set known_until = %s where record = jsonb_build_object('is_active', %s)",
                [moment(offset), not is_active],
            )
        for offset in (-41, -40, -39, 0, 10, 11):
            score_day(pipeline, thresholds=SEED, as_of=day(offset))
        days = [(row[0] - DAY).days for row in admin.execute("select as_of_date from churn_scores order by as_of_date")]
    assert days == [-41, -40, 11]


def test_who_came_in_as_gone_was_a_member_until_the_last_trace(database: Database) -> None:
    """Nobody saw them leave: they count as a member until their contract was over."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        member_id = add_member(admin, gym, seen=(-30,), expires=-20)
        leaves(admin, gym, member_id)
        admin.execute("delete from superseded_records")
        for offset in (-25, -20, -19, 0):
            score_day(pipeline, thresholds=SEED, as_of=day(offset))
        days = [(row[0] - DAY).days for row in admin.execute("select as_of_date from churn_scores order by as_of_date")]
    assert days == [-25, -20]


def test_a_refusal_is_for_every_day_and_an_agreement_for_later_ones(database: Database) -> None:
    """Who refuses since loses the row of DAY; who refused then and agrees now gets none."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        refuses, agrees, stays = (add_member(admin, gym, seen=(-3,)) for _ in range(3))
        answers = ((refuses, True, -90), (agrees, False, -90), (refuses, False, 5), (agrees, True, 5))
        for place, (member_id, is_granted, offset) in enumerate(answers):
            if place == 2:
                score_day(pipeline, thresholds=SEED, as_of=DAY)
                first = {row[0] for row in scored(admin)}
            admin.execute(
                "insert into consents (gym_id, member_id, purpose, is_granted, notice_version, recorded_at) "
                "values (%s, %s, 'churn_profiling', %s, '2026-01', %s)",
                [gym.gym_id, member_id, is_granted, moment(offset)],
            )
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        second = {row[0] for row in scored(admin)}
    assert first == {refuses, stays}
    assert second == {stays}


def test_a_past_score_of_who_has_none_today_is_not_shown_as_todays(database: Database) -> None:
    """A backfill writes history: a member who has left since shows no risk."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        member_id, stays = add_member(admin, gym, seen=(-30,)), add_member(admin, gym, seen=(-30,))
        leaves(admin, gym, member_id)
        admin.execute("update superseded_records set known_until = %s", [moment(0)])
        score_day(pipeline, thresholds=SEED, as_of=day(2))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        rows = {row[0] for row in scored(admin)}
        shown = admin.execute("select member_id from member_analytics where churn_risk_score is not null").fetchall()
    assert rows == {member_id, stays}
    assert shown == [(stays,)]


def test_a_member_who_left_today_is_not_shown_by_a_second_run(database: Database) -> None:
    """The day began with them a member: they keep its row, and the pages show no risk of somebody who is gone."""
    with database.admin() as admin, database.connect("pipeline") as pipeline:
        gym = founded_long_ago(admin)
        member_id = add_member(admin, gym, seen=(-30,))
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        leaves(admin, gym, member_id)
        score_day(pipeline, thresholds=SEED, as_of=DAY)
        shown = admin.execute("select churn_risk_score, churn_risk_level from member_analytics").fetchall()
        assert len(scored(admin)) == 1
    assert shown == [(None, None)]


def test_a_day_that_has_not_begun_is_refused(database: Database) -> None:
    """A mistyped year would stand as the newest day for ever."""
    with database.connect("pipeline") as pipeline, pytest.raises(FutureDay, match="2126-03-02"):
        score_day(pipeline, thresholds=SEED, as_of=date(2126, 3, 2))


def test_erasing_a_member_leaves_no_version(database: Database) -> None:
    """What went with the member is gone, their earlier versions too; what ended long ago leaves none when it goes."""
    with database.admin() as admin:
        gym = founded_long_ago(admin)
        member_id, other = add_member(admin, gym), add_member(admin, gym)
        add_absence(admin, gym, member_id, -20, 5, declared=-21)
        leaves(admin, gym, member_id)
        freezes(admin, gym, member_id)
        admin.execute("update app.retention_rules set keep_days = 365 where name = 'absences'")
        admin.execute(
            "insert into member_absences (gym_id, member_id, starts_on, ends_on, reason, source) "
            "values (%s, %s, current_date - 4000, current_date - 366, 'injury', 'staff'), "
            "(%s, %s, current_date - 20, current_date - 2, 'injury', 'staff')",
            [gym.gym_id, other, gym.gym_id, other],
        )
        before = admin.execute("select count(*) from superseded_records").fetchone()
        admin.execute("delete from member_absences where member_id = %s", [other])
        admin.execute("delete from gym_members_v2 where id = %s", [member_id])
        left = admin.execute("select member_id, record ? 'reason' from superseded_records").fetchall()
    assert before == (2,)
    assert left == [(other, False)]


def test_a_pause_has_its_days(database: Database) -> None:
    """Frozen without a day it begins today, running again it was over yesterday; given days stay as given."""
    with database.admin() as admin:
        gym = founded_long_ago(admin)
        ids = [add_member(admin, gym) for _ in range(3)]
        today = admin.execute("select (now() at time zone timezone)::date from gyms").fetchone()
        assert today is not None
        freezes(admin, gym, ids[0])
        admin.execute(
            "update memberships set status = 'frozen', frozen_from = %s, frozen_until = %s where member_id = %s",
            [day(-5), day(5), ids[1]],
        )
        admin.execute(
            "update memberships set status = 'frozen', frozen_from = %s where member_id = %s", [day(-5), ids[2]]
        )
        admin.execute("update memberships set status = 'active' where member_id <> %s", [ids[0]])
        found = {
            row[0]: row[1:] for row in admin.execute("select member_id, frozen_from, frozen_until from memberships")
        }
    assert found == {
        ids[0]: (today[0], None),
        ids[1]: (day(-5), day(5)),
        ids[2]: (day(-5), today[0] - timedelta(days=1)),
    }
