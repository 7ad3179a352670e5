"""Whether « Vient moins » is true: each such reason beside the member's raw visits, day by day.

    python -m bench.churn_reasons [--members 2400] [--days 730]

simulates a network in a database of its own, trains, scores everybody today, and looks at the visits themselves: on how
many of the days that count did somebody come, of the last 28 such days and of the 84 before their last visit. Prints
one JSON line: members scored, reasons told, those of whoever does not come less (at most three quarters of before), and
those whose figures are others than counted here. Shares nothing with the features but which days are muted.
"""

import argparse
import json
import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from psycopg import Connection

from bench.support.database import scratch_database
from jarvis.churn import MemberHistory
from orchestration.churn import promote_waiting, score_day, train_candidate
from warehouse.connection import connect
from warehouse.demo.simulate import simulate
from warehouse.stores import churn

DAY = timedelta(days=1)
# What two decimals may round away.
ROUNDING = 0.006

_TOLD = """
select scores.member_id, reasons.factor ->> 'text'
from public.churn_scores as scores
cross join jsonb_array_elements(scores.factors) as reasons (factor)
where scores.as_of_date = %s and reasons.factor ->> 'text' like 'Vient moins%%'
"""
_SEEN = """
select visits.member_id, (visits.visited_at at time zone gyms.timezone)::date
from public.member_visits as visits inner join public.gyms on visits.gym_id = gyms.id
union
select sessions.member_id, (sessions.started_at at time zone gyms.timezone)::date
from public.openai_realtime_sessions as sessions inner join public.gyms on sessions.gym_id = gyms.id
where sessions.member_id is not null
"""


def main() -> None:
    """One JSON line."""
    parser = argparse.ArgumentParser(prog="python -m bench.churn_reasons", description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=2400)
    parser.add_argument("--days", type=int, default=730)
    options = parser.parse_args()
    now = datetime.now(UTC)
    with scratch_database() as settings, connect(settings.database_url_for("pipeline")) as connection:
        simulate(connection, days=options.days, members=options.members, seed=7, now=now)
        train_candidate(connection, thresholds=settings.churn)
        promote_waiting(connection, by="bench")
        scored = score_day(connection, thresholds=settings.churn)
        print(json.dumps({"bench": "churn_reasons", "scored": scored.scored} | counted(connection, scored.as_of)))


def counted(connection: Connection, as_of: date) -> dict[str, int]:
    """The reasons told of a day, and how many of them raw visits contradict."""
    seen: dict[UUID, set[date]] = {}
    for member_id, day in connection.execute(_SEEN):
        seen.setdefault(member_id, set()).add(day)
    histories = churn.load_histories(connection, until=as_of, since=date(2000, 1, 1))
    by_id = {one.member_id: one for one in histories}
    told = connection.execute(_TOLD, [as_of]).fetchall()
    verdicts = [judged(text, by_id[member_id], seen.get(member_id, set()), as_of) for member_id, text in told]
    return {
        "reasons": len(told),
        "not_less": sum(not is_less for is_less, _ in verdicts),
        "other_figures": sum(not is_same for _, is_same in verdicts),
    }


def judged(text: str, member: MemberHistory, seen: Collection[date], as_of: date) -> tuple[bool, bool]:
    """Whether the member comes less, and whether the reason's figures are those of the days."""
    muted = set(member.muted_on)
    for one in (*member.away, *member.closed):
        # Declared late: a day is muted for who looks back as for the day itself.
        muted |= {
            day
            for day in one.late_days()
            if one.holds(day) or (one.is_known(as_of) and one.starts_on <= day <= one.ends_on)
        }
    before = {day for day in seen if day < as_of}
    first, last = max(member.joined_on, member.recorded_from or member.joined_on), max(before)
    recent = _days_back(28, as_of, first, muted)
    usual = _days_back(84, last, first, muted)
    now = len(before.intersection(recent)) / max(1.0, len(recent) / 7)
    habit = 7 * max(1, len(before.intersection(usual))) / max(14, len(usual))
    figures = [float(one.replace(",", ".")) for one in re.findall(r"\d+,\d+", text)]
    away = re.search(r"aucune visite depuis (\d+) jour", text)
    if away is not None:
        days = sum(last + number * DAY not in muted for number in range(1, (as_of - last).days + 1))
        return now < habit, now == 0 and int(away[1]) == days and abs(figures[0] - habit) < ROUNDING
    return now <= 0.75 * habit, abs(figures[0] - now) < ROUNDING and abs(figures[1] - habit) < ROUNDING


def _days_back(number: int, end: date, first: date, muted: Collection[date]) -> set[date]:
    """The last so many days up to `end` that count, none before the first."""
    found: set[date] = set()
    while len(found) < number and end >= first:
        if end not in muted:
            found.add(end)
        end -= DAY
    return found


if __name__ == "__main__":
    main()
