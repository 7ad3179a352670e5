"""Two engine versions over the same past conversations: what would change in labels, alerts and cost.

Puts together what never meets elsewhere: past conversations (`warehouse/stores/comparison.py`), the engines and the
rules of alerts (`jarvis/flips.py`). Reads the database and writes no result to it. A hosted version that analysed a
conversation before is not asked again: its stored answer stands. Called by `jarvis analyse --compare`. No Dagster here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from jarvis.conversations import Analysis
from jarvis.corrections import LabelField
from jarvis.flips import AlertFlip, LabelFlip, alert_flips, label_flips
from ml.conversations.engine import AnalysisEngine, analyse_each
from warehouse.stores.comparison import PastConversation

# Sessions named a field in the text; the JSON names all.
NAMED = 5


@dataclass(frozen=True, slots=True)
class Bill:
    """What one version's answers cost."""

    version: str
    answered: int
    stored: int
    """Answers that were in the database and were not asked for again."""
    tokens: int
    cost_usd: float
    """Of all its answers, the stored ones included: what analysing these conversations costs with it."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two versions."""

    first: Bill
    second: Bill
    sessions: int
    """Conversations that both could analyse; only these are compared."""
    unanswered: int
    labels: tuple[LabelFlip, ...]
    alerts: tuple[AlertFlip, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a version would cost on conversations that it has no stored answer for."""

    version: str
    to_ask: int
    tokens: int
    cost_usd: float


def is_stored(engine: AnalysisEngine, past: PastConversation) -> bool:
    """True where a hosted version's own answer is in the database."""
    stored = past.stored
    return engine.name != "local" and (stored.engine, stored.engine_version) == (engine.name, engine.version)


def estimate(engine: AnalysisEngine, past: Sequence[PastConversation]) -> Estimate:
    """What would be paid now; nothing for the local engine. Replies kept from the last days make it less."""
    asked = [one.conversation for one in past if not is_stored(engine, one)]
    version = f"{engine.name} {engine.version}"
    expected = getattr(engine, "expected", None)
    if expected is None:
        return Estimate(version, len(asked), 0, 0.0)
    spent = expected(asked)
    return Estimate(version, len(asked), spent.tokens, float(spent.usd))


def compare(
    first: AnalysisEngine,
    second: AnalysisEngine,
    past: Sequence[PastConversation],
    *,
    negative_feedback_below: float,
) -> Comparison:
    """Both versions' answers side by side; hosted versions are asked, and paid, for what is not stored.

    Raises:
        EngineError: when an engine cannot go on.
    """
    answers = [_answers(engine, past) for engine in (first, second)]
    both = [one for one in past if all(one.conversation.session_id in found for found, _ in answers)]
    labels: list[LabelFlip] = []
    alerts: list[AlertFlip] = []
    for one in both:
        before, after = (found[one.conversation.session_id] for found, _ in answers)
        labels += label_flips(before, after)
        alerts += alert_flips(
            one.finding, one.conversation, before, after, negative_feedback_below=negative_feedback_below
        )
    return Comparison(answers[0][1], answers[1][1], len(both), len(past) - len(both), tuple(labels), tuple(alerts))


def as_json(found: Comparison) -> dict[str, Any]:
    """Every flip with its session and the turns it rests on."""
    return {
        "first": _bill(found.first),
        "second": _bill(found.second),
        "cost_difference_usd": round(found.second.cost_usd - found.first.cost_usd, 6),
        "sessions": found.sessions,
        "unanswered": found.unanswered,
        "conversation_labels": {field: _field(flips) for field, flips in _by_field(found.labels, of_turns=False)},
        "turn_labels": {field: _field(flips) for field, flips in _by_field(found.labels, of_turns=True)},
        "alerts": [
            {
                "session_id": one.session_id,
                "alert_type": one.alert_type,
                "kind": one.kind,
                "first": one.first,
                "second": one.second,
            }
            for one in found.alerts
        ],
    }


def write_text(found: Comparison, out: TextIO) -> None:
    """The same for people to read, a few sessions a field."""
    for name, bill in (("A", found.first), ("B", found.second)):
        out.write(
            f"{name} {bill.version}: {bill.answered} analyses ({bill.stored} stored), {bill.tokens} tokens, "
            f"{bill.cost_usd:.6f} USD\n"
        )
    out.write(f"cost, B - A: {found.second.cost_usd - found.first.cost_usd:+.6f} USD\n")
    out.write(f"{found.sessions} sessions compared, {found.unanswered} that one of them could not analyse\n")
    for title, of_turns in (("conversation", False), ("turn", True)):
        for field, flips in _by_field(found.labels, of_turns=of_turns):
            out.write(f"\n{title} {field}: {len(flips)} flips\n")
            for change, count in _matrix(flips).most_common():
                out.write(f"    {count:5d}  {change}\n")
            for flip in flips[:NAMED]:
                cited = ", ".join(flip.second_evidence or flip.first_evidence) or "no turn cited"
                out.write(f"    session {flip.session_id}: {_change(flip)} ({cited})\n")
    kinds = Counter((one.kind, str(one.alert_type)) for one in found.alerts)
    out.write(f"\nalerts: {len(found.alerts)} flips\n")
    for (kind, alert_type), count in sorted(kinds.items()):
        out.write(f"    {count:5d}  {alert_type} {kind}\n")
    for alert in found.alerts[:NAMED]:
        out.write(f"    session {alert.session_id}: {alert.alert_type} {alert.first or '-'} -> {alert.second or '-'}\n")


def _answers(engine: AnalysisEngine, past: Sequence[PastConversation]) -> tuple[dict[str, Analysis], Bill]:
    stored = {one.stored.session_id: one.stored for one in past if is_stored(engine, one)}
    asked = [one.conversation for one in past if one.conversation.session_id not in stored]
    results = [one for one in analyse_each(engine, asked) if isinstance(one, Analysis)]
    found = stored | {one.session_id: one for one in results}
    return found, Bill(
        version=f"{engine.name} {engine.version}",
        answered=len(found),
        stored=len(stored),
        tokens=sum(one.tokens for one in found.values()),
        cost_usd=sum(one.cost_usd for one in found.values()),
    )


def _by_field(flips: Sequence[LabelFlip], *, of_turns: bool) -> Iterator[tuple[LabelField, list[LabelFlip]]]:
    found: dict[LabelField, list[LabelFlip]] = defaultdict(list)
    for flip in flips:
        if (flip.turn_id is not None) is of_turns:
            found[flip.field].append(flip)
    return ((field, found[field]) for field in LabelField if field in found)


def _matrix(flips: Sequence[LabelFlip]) -> Counter[str]:
    """How often each change happens; of several values, each that came or went by itself."""
    counts: Counter[str] = Counter()
    for flip in flips:
        if flip.field in (LabelField.TOPICS, LabelField.INTENTS):
            counts.update(f"- {value}" for value in flip.first if value not in flip.second)
            counts.update(f"+ {value}" for value in flip.second if value not in flip.first)
        else:
            counts[_change(flip)] += 1
    return counts


def _change(flip: LabelFlip) -> str:
    return f"{'+'.join(flip.first) or '-'} -> {'+'.join(flip.second) or '-'}"


def _field(flips: Sequence[LabelFlip]) -> dict[str, Any]:
    return {
        "flips": len(flips),
        "matrix": dict(_matrix(flips).most_common()),
        "sessions": [
            {
                "session_id": flip.session_id,
                "turn_id": flip.turn_id,
                "first": list(flip.first),
                "second": list(flip.second),
                "first_evidence": list(flip.first_evidence),
                "second_evidence": list(flip.second_evidence),
            }
            for flip in flips
        ],
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "version": bill.version,
        "answered": bill.answered,
        "stored": bill.stored,
        "tokens": bill.tokens,
        "cost_usd": round(bill.cost_usd, 6),
    }
