"""Sessions an hour from close to alert through Dagster's own sensor and runs, against one session a run.

`python -m bench.pipeline_throughput` prints one JSON line. A backlog of closed sessions is worked off by the
pipeline's real processes; then sessions close one after the other, each when the one before is done, so that
every run has one; and the same stages are called bare in this process, with nothing of Dagster. All three in
one run: a busy machine slows them alike, so their ratios last. The engine is the local one, the database one
of the benchmark's own. Sessions are the conversations of our own corpus; each turn ends in a number of its
own, because no vector should be had for nothing. Bounded: what is not done in `--seconds` is not waited for.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import psycopg

from bench.pipeline_latency import print_logs
from bench.support.database import scratch_database
from bench.support.processes import running_pipeline
from bench.support.world import Gym, close_session, make_gym
from jarvis.conversations import Turn
from jarvis.settings import Settings
from ml.conversations.engine import engine_for
from ml.conversations.examples import corpus_conversations
from orchestration import batches

GYMS = 4
MEMBERS_A_GYM = 250
VISITS_A_MEMBER = 40
# The engine and the connections are warm by then.
WARM_UP_SESSIONS = 3
POLL_SECONDS = 0.02
COLD_START_SECONDS = 120.0


class NothingDone(RuntimeError):
    """Not one session went through the flow in time."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast sessions went through the flow."""

    sessions: int
    seconds: float
    processor_seconds: float = 0.0
    """Of this process; 0 where others did the work."""

    @property
    def an_hour(self) -> float:
        """Sessions in an hour at this pace."""
        return self.sessions / self.seconds * 3600


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.pipeline_throughput", description=__doc__)
    options.add_argument("--sessions", type=int, default=800, help="closed sessions of the backlog")
    options.add_argument("--alone", type=int, default=40, help="sessions that close one after the other")
    options.add_argument("--bare", type=int, default=200, help="sessions of the stages without Dagster")
    options.add_argument("--seconds", type=float, default=150.0, help="the longest each of the three may take")
    arguments = options.parse_args()
    # What the processes read; a key in the shell would have them ask a provider.
    os.environ["JARVIS_ANALYSIS_ENGINE"] = "local"
    with scratch_database() as settings, psycopg.connect(settings.administration_url, autocommit=True) as admin:
        gyms = [make_gym_with_members(admin, f"gym-{number}") for number in range(GYMS)]
        talks = numbered_talks()

        def opened(sessions: int) -> list[UUID]:
            return [open_talk(admin, gyms[number % GYMS], number // GYMS, next(talks)) for number in range(sessions)]

        bare = bare_rate(settings, admin, opened(arguments.bare), seconds=arguments.seconds)
        with (
            running_pipeline(settings, settings.home),
            psycopg.connect(settings.dagster_database_url(), autocommit=True) as dagster,
        ):
            try:
                for session_id in opened(WARM_UP_SESSIONS):
                    close_session(admin, session_id)
                    drain(admin, [session_id], seconds=COLD_START_SECONDS)
                runs_before = run_count(dagster)
                backlog = opened(arguments.sessions)
                close_all(admin, backlog)
                together = drain(admin, backlog, seconds=arguments.seconds)
                drain(admin, backlog, seconds=COLD_START_SECONDS)
                runs_together = run_count(dagster) - runs_before
                alone = one_by_one(admin, opened(arguments.alone), seconds=arguments.seconds)
                runs_alone = run_count(dagster) - runs_before - runs_together
            except NothingDone:
                print_logs(settings.home)
                raise
        turns, characters = talk_size(admin)
    print(
        json.dumps(
            {
                "bench": "pipeline_throughput",
                "engine": settings.analysis_engine,
                "sessions": together.sessions,
                "seconds": round(together.seconds, 1),
                "runs": runs_together,
                "sessions_per_hour": round(together.an_hour),
                "one_per_run_sessions": alone.sessions,
                "one_per_run_runs": runs_alone,
                "one_per_run_sessions_per_hour": round(alone.an_hour),
                "ratio_to_one_per_run": round(together.an_hour / alone.an_hour, 1),
                "bare_sessions_per_hour": round(bare.an_hour),
                "ratio_to_bare": round(together.an_hour / bare.an_hour, 2),
                "bare_processor_ms_a_session": round(bare.processor_seconds / bare.sessions * 1000, 1),
                "turns_a_session": turns,
                "characters_a_turn": characters,
            }
        )
    )


def make_gym_with_members(admin: psycopg.Connection, slug: str) -> Gym:
    """A gym whose members have come for weeks is in the database."""
    gym = make_gym(admin, slug)
    admin.execute(
        "insert into gym_members_v2 (gym_id, badge_id, first_name, last_name, member_since) "
        "select %s, 'badge-' || number, 'Ada', 'Nom' || number, current_date - 365 "
        "from generate_series(1, %s) as number",
        [gym.gym_id, MEMBERS_A_GYM - 1],
    )
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at) "
        "select members.gym_id, members.id, now() - make_interval(days => 2 * visit, mins => 1) "
        "from gym_members_v2 as members cross join generate_series(1, %s) as visit where members.gym_id = %s",
        [VISITS_A_MEMBER, gym.gym_id],
    )
    return gym


def numbered_talks() -> Iterator[list[Turn]]:
    """The corpus' conversations over and over, no turn twice the same."""
    numbers = count(1)
    while True:
        for one in corpus_conversations():
            yield [replace(turn, text=f"{turn.text} {next(numbers)}") for turn in one.conversation.turns]


def open_talk(admin: psycopg.Connection, gym: Gym, number: int, turns: Sequence[Turn]) -> UUID:
    """A session of one of the gym's members in which this was said and that is still open."""
    session_id = uuid4()
    started = datetime.now(UTC) - timedelta(minutes=2)
    with admin.transaction(), admin.cursor() as cursor:
        cursor.execute(
            "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, started_at) "
            "select %s, %s, %s, id, 'known', %s from gym_members_v2 where gym_id = %s order by badge_id "
            "offset %s limit 1",
            [session_id, gym.gym_id, gym.kiosk_id, started, gym.gym_id, number % MEMBERS_A_GYM],
        )
        cursor.executemany(
            "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
            "values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    session_id,
                    gym.gym_id,
                    f"item_{place}",
                    place,
                    turn.role,
                    turn.text,
                    started + timedelta(seconds=place),
                )
                for place, turn in enumerate(turns)
            ],
        )
    return session_id


def close_all(admin: psycopg.Connection, session_ids: Sequence[UUID]) -> None:
    """All have hung up in the same moment."""
    admin.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_goodbye', ended_at = now() "
        "where id = any (%s)",
        [list(session_ids)],
    )


def drain(admin: psycopg.Connection, session_ids: Sequence[UUID], *, seconds: float) -> Rate:
    """How many of these sessions had their alerts weighed by when; returns when all had, or time is up."""
    return counted(lambda: finished(admin, session_ids), most=len(session_ids), seconds=seconds)


def one_by_one(admin: psycopg.Connection, session_ids: Sequence[UUID], *, seconds: float) -> Rate:
    """The pace at which sessions go through that close one after the other."""
    started = time.monotonic()
    done = 0
    for session_id in session_ids:
        left = seconds - (time.monotonic() - started)
        if left <= 0:
            break
        close_session(admin, session_id)
        done += drain(admin, [session_id], seconds=left).sessions
    return Rate(done, time.monotonic() - started)


def bare_rate(settings: Settings, admin: psycopg.Connection, session_ids: Sequence[UUID], *, seconds: float) -> Rate:
    """The pace of the three stages called here, one after the other, over a backlog."""
    engine = engine_for(settings)
    with psycopg.connect(settings.database_url_for("pipeline")) as connection:

        def stages(drain_seconds: float) -> None:
            batches.analyse_due(connection, engine, drain_seconds=drain_seconds)
            batches.count_members(connection)
            batches.raise_alerts(connection, negative_feedback_below=settings.negative_feedback_below)

        close_session(admin, session_ids[0])
        stages(0)
        close_all(admin, session_ids[1:])
        started, spent = time.monotonic(), time.process_time()
        while finished(admin, session_ids) < len(session_ids) and time.monotonic() - started < seconds:
            stages(batches.DRAIN_SECONDS)
        done = finished(admin, session_ids) - 1
        return Rate(done, time.monotonic() - started, time.process_time() - spent)


def counted(done: Callable[[], int], *, most: int, seconds: float) -> Rate:
    """How many were done at the last look, and when it was."""
    started = time.monotonic()
    while (found := done()) < most and time.monotonic() - started < seconds:
        time.sleep(POLL_SECONDS if most == 1 else 10 * POLL_SECONDS)
    if not found:
        raise NothingDone(f"found none of {most} sessions done after {seconds:.0f} s, expected some")
    return Rate(found, time.monotonic() - started)


def finished(admin: psycopg.Connection, session_ids: Sequence[UUID]) -> int:
    """How many of these sessions are through, the given-up ones not counted."""
    row = admin.execute(
        "select count(*) from conversation_summaries where session_id = any (%s) and alerted_at is not null",
        [list(session_ids)],
    ).fetchone()
    return 0 if row is None else int(row[0])


def run_count(dagster: psycopg.Connection) -> int:
    """How many runs Dagster has had."""
    row = dagster.execute("select count(*) from runs").fetchone()
    return 0 if row is None else int(row[0])


def talk_size(admin: psycopg.Connection) -> tuple[float, float]:
    """Turns a session, and characters a turn."""
    row = admin.execute(
        "select count(*)::float / count(distinct session_id), avg(length(text))::float from session_turns"
    ).fetchone()
    return (0.0, 0.0) if row is None else (round(row[0], 1), round(row[1], 1))


if __name__ == "__main__":
    main()
