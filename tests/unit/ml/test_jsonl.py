"""`jarvis analyse`: a line in, a line out, and a bad line stops nothing."""

import io
import json
from collections.abc import Sequence

import pytest

from jarvis.conversations import (
    Analysis,
    AnalysisFailure,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Sentiment,
    Topic,
)
from ml.conversations.engine import EngineError
from ml.conversations.jsonl import analyse_lines

FIELDS = {
    "session_id", "summary", "key_topics", "sentiment_score", "sentiment_label", "satisfaction", "emotion", "intents",
    "outcome", "action_items", "evidence", "turns", "issue", "engine", "engine_version", "tokens", "cost_usd",
}  # fmt: skip


class Echo:
    """An engine that says the same of every conversation and refuses those without turns."""

    name = "echo"
    version = "1"

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        return [self._one(conversation) for conversation in conversations]

    def _one(self, conversation: Conversation) -> Analysis | AnalysisFailure:
        if not conversation.turns:
            return AnalysisFailure(conversation.session_id, "found no words", True)
        return Analysis(
            session_id=conversation.session_id,
            summary="Résumé.",
            key_topics=(Topic.EQUIPMENT,),
            sentiment_score=-0.5,
            sentiment_label=Sentiment.NEGATIVE,
            emotion=Emotion.ANGER,
            intents=(Intent.COMPLAIN,),
            outcome=Outcome.UNSOLVED,
            action_items=(),
            evidence={"sentiment": ("t1",)},
            turns=(),
            embedding=[1.0],
            embedding_model="none",
            engine=self.name,
            engine_version=self.version,
            issues=(Issue(Topic.EQUIPMENT, "tapis 4", None, ("t1",)),),
        )


class Breaking(Echo):
    """An engine that a conversation called `poison` breaks, and that `down` stops."""

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        done: list[Analysis | AnalysisFailure] = []
        for conversation in conversations:
            if conversation.session_id == "poison":
                raise RuntimeError(conversation.turns[0].text)
            if conversation.session_id == "down":
                raise EngineError("engine 'openai': the provider could not be reached", done=done)
            done.append(self._one(conversation))
        return done


def run(*lines: str) -> tuple[int, list[dict[str, object]], list[dict[str, object]]]:
    out, err = io.StringIO(), io.StringIO()
    code = analyse_lines(lines, Echo(), out, err)
    return (
        code,
        [json.loads(row) for row in out.getvalue().splitlines()],
        [json.loads(row) for row in err.getvalue().splitlines()],
    )


def line(session_id: str, *turns: dict[str, object]) -> str:
    return json.dumps({"session_id": session_id, "language": "fr", "turns": list(turns)})


HELLO: dict[str, object] = {"role": "member", "text": "bonjour"}


def test_each_good_line_gets_exactly_the_contracts_fields() -> None:
    """The fields of the command line's contract, the issue and how content the member left, nothing more."""
    code, rows, errors = run(line("s1", HELLO))
    assert code == 0
    assert set(rows[0]) == FIELDS
    assert rows[0]["issue"] == {"machine": "tapis 4", "zone": None}
    assert errors == []


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "JSON"),
        ("3", "expected an object"),
        (json.dumps({"language": "fr", "turns": []}), "session_id"),
        (json.dumps({"session_id": "x", "turns": []}), "language"),
        (json.dumps({"session_id": "x", "language": "fr", "turns": "bonjour"}), "turns"),
        (line("x", {"role": "member"}), "turn 1"),
        (line("x", {"role": "robot", "text": "secret"}), "role must be"),
        (line("x", {**HELLO, "turn_id": "a"}, {**HELLO, "turn_id": "a"}), "twice"),
        (line("x"), "no words"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(bad: str, hint: str) -> None:
    """Its number and what is wrong on stderr, without the words that were said; its neighbours are analysed."""
    code, rows, errors = run(line("s1", HELLO), bad, "", line("s4", HELLO))
    assert code == 1
    assert [row["session_id"] for row in rows] == ["s1", "s4"]
    assert errors[0]["line"] == 2
    assert hint in str(errors[0]["error"])
    assert "secret" not in str(errors[0])


def test_more_lines_than_a_batch_keep_their_order() -> None:
    """Batches do not show."""
    _, rows, _ = run(*(line(f"s{place}", HELLO) for place in range(100)))
    assert [row["session_id"] for row in rows] == [f"s{place}" for place in range(100)]


def test_a_conversation_that_breaks_the_engine_fails_alone() -> None:
    """Its line is named without its words, and its neighbours of the same batch are analysed."""
    out, err = io.StringIO(), io.StringIO()
    lines = [line("s1", HELLO), line("poison", {"role": "member", "text": "secret"}), line("s3", HELLO)]
    assert analyse_lines(lines, Breaking(), out, err) == 1
    assert [json.loads(row)["session_id"] for row in out.getvalue().splitlines()] == ["s1", "s3"]
    (error,) = (json.loads(row) for row in err.getvalue().splitlines())
    assert (error["line"], error["session_id"]) == (2, "poison")
    assert "secret" not in err.getvalue()


def test_an_engine_that_cannot_go_on_ends_the_command_and_keeps_what_is_done() -> None:
    """What was analysed, and perhaps paid, is written; one error says where it stopped."""
    out, err = io.StringIO(), io.StringIO()
    lines = [line("s1", HELLO), line("down", HELLO), line("s3", HELLO)]
    with pytest.raises(EngineError, match=r"could not be reached; .* from line 1 on"):
        analyse_lines(lines, Breaking(), out, err)
    assert [json.loads(row)["session_id"] for row in out.getvalue().splitlines()] == ["s1"]
    assert err.getvalue() == ""
