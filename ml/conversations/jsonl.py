"""The contracts of `jarvis analyse` (transcripts in, analyses out) and `jarvis redact`, a JSON object a line.

A bad line becomes an error object on the error stream, with its line number, and the rest goes on;
so does a conversation that breaks the engine. An engine that cannot go on with any ends the command:
what it had done is written first. Lines are analysed in batches, and written in the order they were read.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from jarvis.conversations import Analysis, AnalysisFailure, Conversation
from ml.conversations.engine import AnalysisEngine, EngineError, analyse_each
from ml.conversations.examples import ExampleError, read_conversation
from ml.conversations.redaction import find, without

BATCH_LINES = 32

# Fields of a member that say nothing of who it is: a plan or a language is a word that everybody uses.
_NOT_PERSONAL = frozenset(
    {"language", "communication_style", "membership_type", "plan", "status", "gender", "gym", "gym_id", "gym_slug"}
)


def analyse_lines(lines: Iterable[str], engine: AnalysisEngine, out: TextIO, err: TextIO) -> int:
    """Every good line is analysed on `out`, every bad one named on `err`; 0 when none was bad, else 1.

    Raises:
        EngineError: when the engine cannot go on; what was done before is on `out`, and the message names the line.
    """
    bad = 0
    for batch in _batches(lines):
        conversations: list[tuple[int, Conversation]] = []
        for number, line in batch:
            try:
                conversations.append((number, _conversation(line)))
            except ExampleError as error:
                bad += 1
                _write(err, {"line": number, "error": str(error)})
        stopped: EngineError | None = None
        try:
            results = analyse_each(engine, [conversation for _, conversation in conversations])
        except EngineError as error:
            stopped, results = error, list(error.done)
        waiting = iter(conversations)
        for result in results:
            # In order; an engine that stopped may have left some out.
            number = next(number for number, conversation in waiting if conversation.session_id == result.session_id)
            if isinstance(result, AnalysisFailure):
                bad += 1
                _write(err, {"line": number, "session_id": result.session_id, "error": result.reason})
            else:
                _write(out, analysis_row(result))
        out.flush()
        if stopped is not None:
            raise EngineError(
                f"{stopped}; what is not on the output from line {conversations[0][0]} on was not analysed"
            )
    return 1 if bad else 0


def analysis_row(analysis: Analysis) -> dict[str, Any]:
    """The analysis as the contract's fields; `issue` is the first machine or place something is wrong with, or null."""
    issue = analysis.issues[0] if analysis.issues else None
    return {
        "session_id": analysis.session_id,
        "summary": analysis.summary,
        "key_topics": list(analysis.key_topics),
        "sentiment_score": analysis.sentiment_score,
        "sentiment_label": analysis.sentiment_label,
        "satisfaction": analysis.satisfaction,
        "emotion": analysis.emotion,
        "intents": list(analysis.intents),
        "outcome": analysis.outcome,
        "action_items": [
            {"text": item.text, "owner": item.owner, "source_turn_ids": list(item.source_turn_ids)}
            for item in analysis.action_items
        ],
        "evidence": {name: list(ids) for name, ids in analysis.evidence.items()},
        "turns": [
            {
                "turn_id": turn.turn_id,
                "sentiment_score": turn.sentiment_score,
                "sentiment_label": turn.sentiment_label,
                "emotion": turn.emotion,
                "intents": list(turn.intents),
            }
            for turn in analysis.turns
        ],
        "issue": {"machine": issue.machine, "zone": issue.zone} if issue else None,
        "engine": analysis.engine,
        "engine_version": analysis.engine_version,
        "tokens": analysis.tokens,
        "cost_usd": analysis.cost_usd,
    }


def _conversation(line: str) -> Conversation:
    return read_conversation(_json(line, "session_id, language and turns"))


def _json(line: str, expected: str) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        # The decoder's own message names a place, never the text.
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise ExampleError(f"not JSON: {what}; expected an object with {expected}") from None


def _batches(lines: Iterable[str]) -> Iterator[list[tuple[int, str]]]:
    batch: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        batch.append((number, line))
        if len(batch) == BATCH_LINES:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(stream: TextIO, row: dict[str, Any]) -> None:
    # Lone surrogates in an id would break the stream's encoding: escapes carry anything.
    text = json.dumps(row, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(row)
    stream.write(text + "\n")


def redact_lines(lines: Iterable[str], out: TextIO, err: TextIO) -> int:
    """Every good line is on `out` without personal data, every bad one named on `err`; 0 when none was bad, else 1.

    In: `{"id", "text", "language"?, "member"?}`, where the member is what is known of the speaker: an object or a list
    whose texts are all taken, whatever they are called. Out: `{"id", "text", "spans": [{"start", "end", "kind"}]}`, the
    spans being half-open character positions in the text that came in.
    """
    bad = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = _text_row(line)
        except ExampleError as error:
            bad += 1
            _write(err, {"line": number, "error": str(error)})
            continue
        found = find(row["text"], known=_known(row.get("member")))
        spans = [{"start": span.start, "end": span.end, "kind": span.kind.value} for span in found]
        _write(out, {"id": row["id"], "text": without(row["text"], found), "spans": spans})
    return 1 if bad else 0


def _text_row(line: str) -> dict[str, Any]:
    row: Any = _json(line, "id, text and perhaps language and member")
    if not isinstance(row, dict):
        raise ExampleError(f"found {type(row).__name__}, expected an object with id and text")
    if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool):
        raise ExampleError("found no id, expected a text or a number")
    if not isinstance(row.get("text"), str):
        raise ExampleError("found no text, expected one")
    if not isinstance(row.get("member"), dict | list | str | None):
        raise ExampleError("found a member that is neither an object nor a list, expected what is known of the speaker")
    return row


def _known(member: object) -> list[str]:
    """Every text in what is known of somebody; a language or a gender in it would be no harm but no help."""
    if isinstance(member, str):
        return [member] if len(member.strip()) > 1 else []
    if isinstance(member, dict):
        parts = [value for name, value in member.items() if name not in _NOT_PERSONAL]
        return [text for part in parts for text in _known(part)]
    if isinstance(member, list):
        return [text for part in member for text in _known(part)]
    return []
