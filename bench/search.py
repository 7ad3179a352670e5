"""How well questions over a gym's conversations are answered, and declined.

    python -m bench.search [--errors]

puts every French conversation of three batches of the corpus into a gym of an empty database, has the local
engine analyse them as it does at night, asks each question of `tests/golden/questions_fr.jsonl` as the gym's
manager, and prints one JSON line. Recall@10: of the conversations that answer a question, how many are among the
first ten found, mean over the questions that have an answer. Citation precision: of all citations given, those in a
conversation that answers the question; a citation under a question without an answer is wrong. Declined: of the
questions that nothing supports, those declined. Answered: of the others, those answered. The `kept_back` figures
are of the questions that were not looked at when the thresholds were chosen.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import psycopg

from bench.support.database import scratch_database
from bench.support.world import Gym, make_gym
from jarvis.search import Filters
from jarvis.settings import Settings
from ml.conversations.examples import CORPUS, load_conversations
from ml.conversations.local import LocalEngine
from ml.conversations.sentences import Vectors
from orchestration.batches import analyse_due
from orchestration.questions import ask
from warehouse.connection import connect

QUESTIONS = Path(__file__).parent.parent / "tests" / "golden" / "questions_fr.jsonl"
BATCHES = ("batch_01", "batch_09", "batch_10")

# Found, and no more: what a manager reads of a list.
DEPTH = 10

_NAMES = UUID("b4d2a8a6-6d0e-4a43-9a57-50b1f1a2c7e3")


@dataclass(frozen=True, slots=True)
class Golden:
    """One question and the conversations of the corpus that answer it; none where nothing does."""

    question: str
    supported_by: frozenset[UUID]
    is_kept_back: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one question."""

    golden: Golden
    found: tuple[UUID, ...]
    cited: tuple[UUID, ...]
    """The conversation of each citation."""
    is_supported: bool


def session_id_of(name: str) -> UUID:
    """The id under which a conversation of the corpus stands in the database."""
    return uuid5(_NAMES, name)


def golden_questions(path: Path = QUESTIONS) -> list[Golden]:
    """Every question of the file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Golden(row["question"], frozenset(map(session_id_of, row["supported_by"])), row["is_kept_back"]) for row in rows
    ]


def fill(connection: psycopg.Connection, gym: Gym, manager_id: UUID) -> int:
    """The conversations are closed sessions of the gym, a day apart, and the gym has a manager; how many they are."""
    connection.execute(
        "insert into users (id, email, role, gym_id) values (%s, %s, 'gym_manager', %s)",
        [manager_id, f"{manager_id}@example.org", gym.gym_id],
    )
    # Some of the questions are about health, which stays out of the analysis of whoever did not agree to it.
    connection.execute(
        "insert into consents (gym_id, member_id, purpose, is_granted, notice_version) "
        "values (%s, %s, 'health', true, '1')",
        [gym.gym_id, gym.member_id],
    )
    examples = [
        example.conversation
        for batch in BATCHES
        for example in load_conversations(CORPUS / f"{batch}.jsonl")
        if example.conversation.language == "fr"
    ]
    for age, conversation in enumerate(examples):
        session_id = session_id_of(conversation.session_id)
        started = datetime.now(UTC) - timedelta(days=age, minutes=5)
        connection.execute(
            "insert into openai_realtime_sessions (id, gym_id, kiosk_id, member_id, badge_outcome, started_at) "
            "values (%s, %s, %s, %s, 'known', %s)",
            [session_id, gym.gym_id, gym.kiosk_id, gym.member_id, started],
        )
        for position, turn in enumerate(conversation.turns):
            connection.execute(
                "insert into session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
                "values (%s, %s, %s, %s, %s, %s, %s)",
                [session_id, gym.gym_id, turn.turn_id, position, turn.role, turn.text, started],
            )
    connection.execute(
        "update openai_realtime_sessions set state = 'closed', close_reason = 'member_left', "
        "ended_at = started_at + interval '1 minute' where gym_id = %s",
        [gym.gym_id],
    )
    return len(examples)


def ask_all(settings: Settings, questions: Sequence[Golden]) -> list[Asked]:
    """Every question, asked as the manager of a gym that holds the conversations."""
    manager_id = uuid4()
    with connect(settings.administration_url, autocommit=True) as admin:
        fill(admin, make_gym(admin), manager_id)
    with connect(settings.database_url_for("pipeline")) as pipeline:
        engine = LocalEngine.load()
        while analyse_due(pipeline, engine).claimed:
            pass
    asked = []
    vectors = Vectors()
    with connect(settings.database_url_for("dashboard")) as connection:
        for golden in questions:
            answer, found = ask(
                connection, manager_id, slug="pau", question=golden.question, filters=Filters(),
                embed_passages=vectors.of,
            )  # fmt: skip
            asked.append(
                Asked(
                    golden,
                    tuple(conversation.session_id for conversation in found[:DEPTH]),
                    tuple(citation.session_id for claim in answer.claims for citation in claim.citations),
                    answer.is_supported,
                )
            )
    return asked


def figures(asked: Sequence[Asked]) -> dict[str, float]:
    """Recall@10, citation precision, and how rightly questions were declined and answered."""
    with_answer = [one for one in asked if one.golden.supported_by]
    without = [one for one in asked if not one.golden.supported_by]
    cited = [(one, session_id) for one in asked for session_id in one.cited]
    right = sum(session_id in one.golden.supported_by for one, session_id in cited)
    recalls = [len(one.golden.supported_by & set(one.found)) / len(one.golden.supported_by) for one in with_answer]
    return {
        "questions": len(asked),
        "recall_at_10": sum(recalls) / max(1, len(recalls)),
        "citations": len(cited),
        "citation_precision": right / max(1, len(cited)),
        "declined": sum(not one.is_supported for one in without) / max(1, len(without)),
        "answered": sum(one.is_supported for one in with_answer) / max(1, len(with_answer)),
    }


def errors(asked: Sequence[Asked], names: Mapping[UUID, str]) -> list[str]:
    """A line for everything that was not found, wrongly cited, wrongly declined or wrongly answered."""
    lines = []
    for one in asked:
        missed = sorted(names[each] for each in one.golden.supported_by - set(one.found))
        wrong = sorted({names[each] for each in one.cited if each not in one.golden.supported_by})
        verdict = (
            "" if one.is_supported == bool(one.golden.supported_by) else "answered" * one.is_supported or "declined"
        )
        if missed or wrong or verdict:
            lines.append(
                f"{one.golden.question} missed {missed} cited wrongly {wrong} {verdict and 'wrongly ' + verdict}"
            )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    parser.add_argument("--errors", action="store_true", help="also print, on stderr, what went wrong")
    options = parser.parse_args(arguments)
    with scratch_database() as settings:
        asked = ask_all(settings, golden_questions())
    if options.errors:
        rows = [json.loads(line) for batch in BATCHES for line in (CORPUS / f"{batch}.jsonl").open(encoding="utf-8")]
        names = {session_id_of(row["session_id"]): row["session_id"] for row in rows}
        sys.stderr.write("".join(f"{line}\n" for line in errors(asked, names)))
    kept_back = figures([one for one in asked if one.golden.is_kept_back])
    line = figures(asked) | {f"kept_back_{name}": value for name, value in kept_back.items()}
    print(json.dumps({"bench": "search"} | {name: round(value, 3) for name, value in line.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
