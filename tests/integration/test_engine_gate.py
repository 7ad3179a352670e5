"""An engine version that scores lower is refused, the champion goes on where it is kept, and an override is audited."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, Definitions
from psycopg import Connection

from bench.support.world import closed_session, make_gym
from jarvis.cli import main
from jarvis.conversations import Analysis, AnalysisFailure, Conversation, Outcome
from ml.conversations.golden import golden_conversations
from ml.conversations.heads import WEIGHTS, Head, load, save
from ml.conversations.local import LocalEngine
from orchestration import engine_gate
from orchestration.assets.engines import CHECK
from orchestration.engine_gate import EngineRefused, Shelf
from orchestration.live import LIVE_JOB, build_defs
from orchestration.resources import Analyst
from tests.conftest import Database, default_settings
from tests.support.cue_word_engine import CueWordEngine
from tests.support.live_in_process import WarehouseAt, run
from warehouse.stores import engine_versions

PROOFS = {example.conversation.session_id: example.outcome for example in golden_conversations()}


@dataclass
class Rated:
    """The cue-word engine that knows the outcome of so many golden conversations, and counts how often it was asked."""

    knows: int
    version: str
    name: str = "local"
    asked: list[int] = field(default_factory=list)

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        self.asked.append(len(conversations))
        known = set(list(PROOFS)[: self.knows])
        return [
            replace(
                said,
                outcome=PROOFS[one.session_id] if one.session_id in known else Outcome.ABANDONED,
                engine_version=self.version,
            )
            if isinstance(said, Analysis)
            else said
            for one, said in zip(conversations, CueWordEngine().analyse(conversations), strict=True)
        ]


class OnShelf(Shelf):
    """A shelf on which one engine stands, without a file."""

    def __init__(self, kept: Any = None) -> None:
        object.__setattr__(self, "settings", default_settings())
        object.__setattr__(self, "_kept", kept)

    def keep(self, engine: Any) -> None:
        pass

    def take(self, version: str, *, engine: str) -> Any:
        kept = self._kept  # type: ignore[attr-defined]
        return kept if kept is not None and engine_gate.version_of(kept) == version else None


@pytest.fixture
def pipeline(database: Database) -> Iterator[Connection]:
    """The pipeline's connection, as the worker has it."""
    with database.connect("pipeline") as connection:
        connection.autocommit = True
        yield connection


def test_a_better_version_takes_the_champion_s_place(pipeline: Connection) -> None:
    """The first one has nobody to be compared with; each is scored once however often it comes."""
    first, better = Rated(30, "1"), Rated(60, "2")
    for engine in (first, better, better):
        assert engine_gate.admit(pipeline, engine, shelf=OnShelf()).engine is engine  # type: ignore[arg-type]
    assert {one.version: one.status for one in engine_versions.every(pipeline)} == {
        "local 1": "retired", "local 2": "champion",
    }  # fmt: skip
    assert better.asked == [60]


def test_a_worse_version_is_refused_and_the_champion_goes_on(pipeline: Connection) -> None:
    """Where the champion is kept it analyses; where it is not nobody does; an equal version passes."""
    champion, worse, equal = Rated(60, "1"), Rated(40, "2"), Rated(60, "3")
    engine_gate.admit(pipeline, champion, shelf=OnShelf())  # type: ignore[arg-type]
    refused = engine_gate.admit(pipeline, worse, shelf=OnShelf(champion))  # type: ignore[arg-type]
    assert (refused.engine, refused.is_admitted) == (champion, False)
    nobody = engine_gate.admit(pipeline, worse, shelf=OnShelf())  # type: ignore[arg-type]
    with pytest.raises(EngineRefused, match=r"local 2 scores below local 1 .*outcome 0\.6\d\d after 1\.000.*accept"):
        _ = nobody.analyst
    assert worse.asked == [60]
    assert engine_gate.admit(pipeline, equal, shelf=OnShelf()).engine is equal  # type: ignore[arg-type]


def test_an_override_needs_a_reason_and_is_on_the_record(database: Database, pipeline: Connection) -> None:
    """Accepted, the version analyses, and what waited is due at once."""
    with database.admin() as admin:
        closed_session(admin, make_gym(admin))
        engine_gate.admit(pipeline, Rated(60, "1"), shelf=OnShelf())  # type: ignore[arg-type]
        worse = Rated(40, "2")
        refused = engine_gate.admit(pipeline, worse, shelf=OnShelf())  # type: ignore[arg-type]
        assert engine_gate.hold_sessions(pipeline, refused) == 1
        with pytest.raises(EngineRefused, match="expected one sentence"):
            engine_gate.accept(pipeline, "local 2", reason=" ")
        with pytest.raises(EngineRefused, match="engine list"):
            engine_gate.accept(pipeline, "local 9", reason="Sûr.")
        engine_gate.accept(pipeline, "local 2", reason="Mieux sur les plaintes polies.")
        assert engine_gate.admit(pipeline, worse, shelf=OnShelf()).engine is worse  # type: ignore[arg-type]
        trail = admin.execute(
            "select actor_role, subject_id, details ->> 'reason', details ->> 'champion_before' from audit_log "
            "where action = 'engine_accepted'"
        ).fetchall()
        assert trail == [("jarvis_pipeline", "local 2", "Mieux sur les plaintes polies.", "local 1")]
        waits = admin.execute("select retry_at, last_error from conversation_summaries").fetchone()
        assert waits == (None, None)


def test_the_list_says_how_often_people_agree(
    database: Database, pipeline: Connection, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest word on a label counts once; a version whose labels nobody looked at says so."""
    for number in ("1", "2"):
        engine_gate.admit(pipeline, Rated(60, number), shelf=OnShelf())  # type: ignore[arg-type]
    with database.admin() as admin:
        session_id = closed_session(admin, make_gym(admin))
        for field, value in (("outcome", "solved"), ("outcome", "unsolved"), ("emotion", "joy"), ("emotion", "anger")):
            admin.execute(
                "insert into label_corrections (gym_id, session_id, field, engine, engine_version, engine_value, "
                "corrected_value) select gym_id, id, %s, 'local', '2', %s, %s from openai_realtime_sessions "
                "where id = %s",
                [field, ["unsolved" if field == "outcome" else "joy"], [value], session_id],
            )
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: database.settings)
    assert main(["engine", "list"]) == 0
    told = {one["version"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert (told["local 2"]["agreement"], told["local 2"]["judged_labels"]) == (0.5, 2)
    assert (told["local 1"]["agreement"], told["local 1"]["judged_labels"]) == (None, 0)


def test_a_hosted_version_is_not_scored_unbidden(pipeline: Connection) -> None:
    """The first passes, the next waits for the command that may pay."""
    first, next_one = Rated(60, "1", "openai"), Rated(60, "2", "openai")
    assert engine_gate.admit(pipeline, first, shelf=OnShelf()).engine is first  # type: ignore[arg-type]
    waits = engine_gate.admit(pipeline, next_one, shelf=OnShelf())  # type: ignore[arg-type]
    assert waits.engine is None and "jarvis engine score --engine openai" in waits.reason
    assert (first.asked, next_one.asked) == ([], [])


def test_the_blocking_check_keeps_the_run_from_the_sessions(database: Database, pipeline: Connection) -> None:
    """The run fails at the check, no session is touched, and the row says which command decides."""

    class RefusedAnalyst(Analyst):
        def engine(self) -> Any:
            return Rated(10, "2")

        def negative_feedback_below(self) -> float:
            return -0.5

        def shelf(self) -> Shelf:
            return OnShelf()

    engine_gate.admit(pipeline, Rated(60, "1"), shelf=OnShelf())  # type: ignore[arg-type]
    definitions: Definitions = build_defs(
        resource_overrides={
            "warehouse": WarehouseAt(address=database.url_for("pipeline")),
            "analyst": RefusedAnalyst(),
        }
    )
    with database.admin() as admin, DagsterInstance.ephemeral() as instance:
        closed_session(admin, make_gym(admin))
        result = run(definitions, LIVE_JOB, instance, raise_on_error=False)
        assert not result.success
        (evaluation,) = result.get_asset_check_evaluations()
        assert (evaluation.check_name, evaluation.passed, evaluation.blocking) == (CHECK, False, True)
        row = admin.execute(
            "select status, attempts, last_error like '%jarvis engine accept%', retry_at > now() + interval '4 min' "
            "from conversation_summaries"
        ).fetchone()
        assert row == ("pending", 0, True, True)


def test_planted_worse_weights_are_refused_and_the_kept_ones_go_on(pipeline: Connection, tmp_path: Path) -> None:
    """Real weights: with an outcome head that knows nothing the engine is refused, its copy of before goes on."""
    shelf = Shelf(replace(default_settings(), home=tmp_path))
    shipped = LocalEngine.load()
    # Half of the golden set shows it as well, in half the time.
    half = golden_conversations()[::2] + golden_conversations()[1:6:2]
    known = engine_gate.judge(pipeline, shipped, shelf=shelf, may_pay=False, examples=lambda _: half)
    assert known is not None and known.is_in_service
    heads = load(WEIGHTS)
    outcome = heads.heads["conversation_outcome"]
    silly = Head(outcome.classes, outcome.weights * 0, outcome.offsets[::-1].copy(), outcome.is_exclusive)
    planted = tmp_path / "heads.skops"
    save(replace(heads, heads={**heads.heads, "conversation_outcome": silly}), planted)
    worse = LocalEngine.load(planted)
    engine_gate.judge(pipeline, worse, shelf=shelf, may_pay=False, examples=lambda _: half)
    answer = engine_gate.admit(pipeline, worse, shelf=shelf)
    assert not answer.is_admitted
    assert answer.engine is not None and engine_gate.version_of(answer.engine) == engine_gate.version_of(shipped)
    assert "outcome" in answer.metrics["verdict"]["worse_fields"]
