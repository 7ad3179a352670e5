"""Which engine version may analyse: one that scores no lower on the golden set than the version in service.

Every version is scored once and remembered in `model_versions`. A version passes when, conversation by conversation,
neither its whole score nor any single field is below the champion's beyond chance (`ml/conversations/golden.py` says
how), and takes the champion's place. One that does not is refused: the champion goes on where its weights or prompt are
still kept on this machine, else sessions wait, until somebody accepts it with a reason (`jarvis engine accept`).

A hosted engine is not asked sixty questions unbidden: its first version passes unscored, a later one waits for
`jarvis engine score`. Called by the assets of `orchestration`, the worker's start and the command line; no Dagster.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from jarvis.settings import Settings
from ml.conversations.engine import AnalysisEngine, EngineError, artifact_of, engine_for
from orchestration.golden import golden_set
from warehouse.stores import engine_versions
from warehouse.stores.engine_versions import EngineVersion

if TYPE_CHECKING:
    from ml.conversations.golden import Scores, Verdict

# Engines whose golden set costs money.
PAID = ("openai",)

# Sessions are looked at again after this while no engine may analyse them.
WAIT = timedelta(minutes=5)

# How the reason begins with which sessions wait; they are due again when a version is accepted.
WAITING = "no engine version may analyse:"


# Engines from the shelf by their file: a worker loads each once.
_TAKEN: dict[str, AnalysisEngine] = {}


class EngineRefused(RuntimeError):
    """No engine version may analyse; the message says which was refused, why, and which command decides."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who analyses, and why."""

    engine: AnalysisEngine | None
    """None where nobody may."""
    configured: str
    """The version that the settings choose."""
    is_admitted: bool
    """True when it is the configured version itself that analyses."""
    reason: str
    """One sentence; empty when it is in service and nothing is to be said."""
    metrics: Mapping[str, Any] = field(default_factory=dict)
    """Of the configured version."""

    @property
    def analyst(self) -> AnalysisEngine:
        """The engine that analyses.

        Raises:
            EngineRefused: when none may.
        """
        if self.engine is None:
            raise EngineRefused(f"{WAITING} {self.reason}")
        return self.engine


@dataclass(frozen=True, slots=True)
class Shelf:
    """Copies of the weights and prompts of versions that came into service, so that one can go on after a deploy."""

    settings: Settings

    def keep(self, engine: AnalysisEngine) -> None:
        """The version's file is copied, where it has one and it is not there yet."""
        artifact = artifact_of(engine)
        if artifact is None:
            return
        target = self._folder(version_of(engine)) / artifact.name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            # Renamed into place: a copy cut short by a crash is never taken for the file.
            partial = target.with_name(f"{target.name}.part")
            shutil.copyfile(artifact, partial)
            partial.replace(target)

    def take(self, version: str, *, engine: str) -> AnalysisEngine | None:
        """The version as it was, ready to analyse; None where it was not kept or code has changed since."""
        folder = self._folder(version)
        files = sorted(path for path in folder.iterdir() if path.suffix != ".part") if folder.is_dir() else []
        if not files:
            return None
        spec = f"{engine}@{files[0]}"
        try:
            kept = _TAKEN[spec] if spec in _TAKEN else _TAKEN.setdefault(spec, engine_for(self.settings, name=spec))
        except EngineError:
            return None
        return kept if version_of(kept) == version else None

    def _folder(self, version: str) -> Path:
        name = "".join(letter if letter.isalnum() or letter in "+-." else "_" for letter in version)
        return self.settings.home / "engines" / name


def version_of(engine: AnalysisEngine) -> str:
    """The version's name on record: the engine's and its own, such as `local 1+ab12`."""
    return f"{engine.name} {engine.version}"


def admit(connection: Connection, engine: AnalysisEngine, *, shelf: Shelf) -> Admission:
    """Who analyses where the settings choose this engine; a version that nobody has seen is scored first.

    One query once the version is in service. Opens transactions of its own.
    """
    version = version_of(engine)
    known = engine_versions.find(connection, version)
    if known is None:
        known = judge(connection, engine, shelf=shelf, may_pay=False)
    if known is not None and known.is_in_service:
        return Admission(engine, version, True, "", known.metrics)
    metrics = {} if known is None else known.metrics
    champion = engine_versions.champion_of(connection, engine.name)
    kept = None if champion is None else shelf.take(champion.version, engine=engine.name)
    reason = _refusal(version, metrics, champion)
    if kept is not None and champion is not None:
        return Admission(kept, version, False, f"{reason}; {champion.version} goes on meanwhile", metrics)
    return Admission(None, version, False, reason, metrics)


def judge(
    connection: Connection,
    engine: AnalysisEngine,
    *,
    shelf: Shelf,
    may_pay: bool,
    examples: Callable[[Connection], Sequence[Any]] | None = None,
) -> EngineVersion | None:
    """The version is scored, compared with the champion and put on record; in service when it passed.

    Args:
        may_pay: whether a hosted engine may be asked; without, its first version passes unscored and a later one is
            left as it is.
        examples: the golden set, by default the whole of it.

    Returns:
        The version as it is on record now; None when it was left as it is.
    """
    from ml.conversations.golden import compare, means_of, scores_of

    version = version_of(engine)
    with connection.transaction():
        engine_versions.hold_alone(connection)
        known = engine_versions.find(connection, version)
        champion = engine_versions.champion_of(connection, engine.name)
        if known is not None and (known.is_in_service or "means" in known.metrics) and not may_pay:
            return known
        if engine.name in PAID and not may_pay:
            if champion is not None:
                return known
            engine_versions.record(connection, version, {"engine": engine.name})
        else:
            golden = (examples or golden_set)(connection)
            scores, said = scores_of(engine, golden)
            metrics: dict[str, Any] = {
                "engine": engine.name,
                "means": {name: round(value, 4) for name, value in means_of(scores).items()},
                "item_count": len(scores),
                "tokens": sum(one.tokens for one in said),
                "cost_usd": round(sum(one.cost_usd for one in said), 6),
                "scores": scores,
            }
            verdict = None
            if champion is not None and champion.version != version:
                verdict = compare(champion=_champion_scores(champion, golden, shelf), candidate=scores)
                metrics["verdict"] = _told(verdict, champion)
            engine_versions.record(connection, version, metrics)
            if verdict is not None and not verdict.is_accepted:
                return engine_versions.find(connection, version)
        why = "the first of its engine" if champion is None else "scores no lower on the golden set"
        engine_versions.put_in_service(connection, version, engine=engine.name, reason=why)
        shelf.keep(engine)
        return engine_versions.find(connection, version)


def accept(connection: Connection, version: str, *, reason: str) -> EngineVersion:
    """The version is in service over its scores, on the record with its reason; waiting sessions are due again.

    Raises:
        EngineRefused: when no such version was seen, or no reason is given.
    """
    if not reason.strip():
        raise EngineRefused("found no reason, expected one sentence with --reason: it is kept in the audit trail")
    with connection.transaction():
        engine_versions.hold_alone(connection)
        known = engine_versions.find(connection, version)
        if known is None:
            raise EngineRefused(f"version {version!r}: found none of this name, expected one of `jarvis engine list`")
        champion = engine_versions.champion_of(connection, known.engine)
        engine_versions.put_in_service(connection, version, engine=known.engine, reason=reason.strip())
        engine_versions.audit_acceptance(
            connection,
            version,
            {
                "reason": reason.strip(),
                "champion_before": None if champion is None else champion.version,
                "verdict": known.metrics.get("verdict"),
            },
        )
        engine_versions.resume_waiting(connection, reason_prefix=WAITING)
        accepted = engine_versions.find(connection, version)
    assert accepted is not None
    return accepted


def hold_sessions(connection: Connection, admission: Admission) -> int:
    """Due sessions wait with the reason and lose no try; how many."""
    return engine_versions.put_off_due(connection, reason=f"{WAITING} {admission.reason}", retry_after=WAIT)


def hold_enrichments(connection: Connection, admission: Admission) -> int:
    """Conversations that are due for the hosted engine keep their local analysis and wait with the reason; how many."""
    return engine_versions.put_off_enrichments(connection, reason=f"{WAITING} {admission.reason}", retry_after=WAIT)


def _champion_scores(champion: EngineVersion, golden: Sequence[Any], shelf: Shelf) -> "Scores":
    """On today's golden set where the champion is still at hand and costs nothing, else as it was scored."""
    from ml.conversations.golden import item_id, scores_of

    remembered: Scores = champion.metrics.get("scores", {})
    if champion.engine in PAID or {item_id(example) for example in golden} <= remembered.keys():
        return remembered
    kept = shelf.take(champion.version, engine=champion.engine)
    return remembered if kept is None else scores_of(kept, golden)[0]


def _told(verdict: "Verdict", champion: EngineVersion) -> dict[str, Any]:
    return {
        "champion": champion.version,
        "item_count": verdict.item_count,
        "is_accepted": verdict.is_accepted,
        "worse_fields": list(verdict.worse_fields),
        "differences": {
            one.field: {
                "champion": round(one.champion, 4),
                "candidate": round(one.candidate, 4),
                "low": round(one.low, 4),
                "high": round(one.high, 4),
                "items": one.item_count,
            }
            for one in verdict.differences
        },
    }


def _refusal(version: str, metrics: Mapping[str, Any], champion: EngineVersion | None) -> str:
    verdict = metrics.get("verdict")
    accept_it = f"jarvis engine accept '{version}' --reason …"
    if champion is None:
        return f"{version} is not in service; {accept_it}"
    if verdict is None:
        if "means" in metrics:
            return f"{version} was in service before {champion.version}; to go back: {accept_it}"
        return f"{version} has no scores beside {champion.version}; jarvis engine score --engine {champion.engine}"
    if not verdict["differences"]:
        return (
            f"{version} and {champion.version} share {verdict['item_count']} scored conversations, too few to compare; "
            f"{accept_it}"
        )
    worse = ", ".join(
        f"{name} {verdict['differences'][name]['candidate']:.3f} after {verdict['differences'][name]['champion']:.3f}"
        for name in verdict["worse_fields"]
    )
    return f"{version} scores below {champion.version} on the golden set ({worse}); {accept_it}"
