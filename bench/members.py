"""Seconds of a night's recount of every member, against a bare scan of the same visits in the same run.

Prints one JSON line. 10,000 members of 100 gyms with two years of visits and half a dozen conversations
each, some of them away. The floor reads the visits the rules look at, grouped by member, and does nothing
with them: what this machine's Postgres takes to bring them up. Starts a database of its own.
"""

import argparse
import json
import time
from collections.abc import Callable

import psycopg

from bench.support.database import scratch_database
from orchestration.batches import refresh_members

GYMS, MEMBERS_EACH, DAYS = 100, 100, 730

# Every member on their own rhythm of one to four visits a week; every twentieth stopped two months ago.
NETWORK = """
insert into gyms (slug, name, school_zone)
select 'gym-' || number, 'Gym ' || number, (array['A', 'B', 'C', null])[1 + number %% 4]
from generate_series(1, %(gyms)s) as numbers (number);

insert into kiosks (gym_id, slug, name) select id, 'accueil', 'Accueil' from gyms;

insert into gym_members_v2 (gym_id, badge_id, member_since)
select gyms.id, 'B-' || number, current_date - 800 from gyms, generate_series(1, %(members)s) as numbers (number);

insert into member_visits (gym_id, member_id, visited_at)
select members.gym_id, members.id, now() - make_interval(days => day, mins => (random() * 600)::integer)
from (select *, row_number() over (order by id) as place from gym_members_v2) as members
cross join generate_series(0, %(days)s) as days (day)
-- The day takes part, or one throw would decide a member's two years.
where random() + day * 0.0 < (1 + members.place %% 4) / 7.0 and (members.place %% 20 <> 0 or day > 60)
on conflict do nothing;

insert into openai_realtime_sessions (
    gym_id, kiosk_id, member_id, badge_outcome, started_at, ended_at, state, close_reason, has_analysis_consent
)
select members.gym_id, kiosks.id, members.id, 'known', started.at, started.at + interval '2 minutes', 'closed',
    'member_left', false
from gym_members_v2 as members
inner join kiosks on members.gym_id = kiosks.gym_id
cross join generate_series(1, 6) as talks (talk)
cross join lateral (select now() - make_interval(days => talk * 40) as at) as started;

insert into member_absences (gym_id, member_id, starts_on, ends_on, reason, source)
select gym_id, id, current_date - 5, current_date + 10, 'holiday', 'simulator'
from (select *, row_number() over (order by id) as place from gym_members_v2) as members where place %% 10 = 5;

analyze
"""

FLOOR = """
select member_id, array_agg(visited_at) from member_visits
where visited_at > now() - interval '421 days' group by member_id
"""


def main() -> None:
    """One JSON line: rows, seconds of the recount and of the floor, and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.members", description=__doc__)
    parser.add_argument("--gyms", type=int, default=GYMS)
    parser.add_argument("--members", type=int, default=MEMBERS_EACH, help="of each gym")
    asked = parser.parse_args()
    with scratch_database() as settings:
        with psycopg.connect(settings.administration_url, autocommit=True) as admin:
            values = {"gyms": asked.gyms, "members": asked.members, "days": DAYS}
            for statement in NETWORK.split(";"):
                admin.execute(statement.encode(), values)
            visits = admin.execute("select count(*) from member_visits").fetchone()
        with psycopg.connect(settings.database_url_for("pipeline")) as pipeline:
            floors, nights = [], []
            for _ in range(3):
                floors.append(_seconds(lambda: pipeline.execute(FLOOR).fetchall()))
                pipeline.commit()
                nights.append(_seconds(lambda: refresh_members(pipeline)))
            counted = pipeline.execute("select count(*) from member_analytics").fetchone()
            trends = pipeline.execute(
                "select visit_trend, count(*) from member_analytics group by visit_trend order by visit_trend"
            ).fetchall()
    print(
        json.dumps(
            {
                "bench": "members",
                "members": counted[0] if counted else 0,
                "visits": visits[0] if visits else 0,
                "visit_trends": {str(trend): count for trend, count in trends},
                "night_seconds": round(min(nights), 2),
                "nights_seconds": [round(one, 2) for one in nights],
                "floor_seconds": round(min(floors), 2),
                "night_over_floor": round(min(nights) / min(floors), 1),
            }
        )
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
