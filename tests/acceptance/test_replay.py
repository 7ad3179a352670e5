"""Real support conversations, replayed through the gateway, each end fully analysed."""

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import System, wait_for

DIALOGUES = 20


def test_twenty_real_dialogues_get_every_field(
    system: System, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One session per dialogue, its lines in the tables in order, then summary, labels and embedding."""
    file = data_dir / "dialogues_fr_customer_chat_wmt22" / "dialogues.jsonl"
    with file.open(encoding="utf-8") as lines:
        dialogues = [json.loads(next(lines)) for _ in range(DIALOGUES)]
    gym = system.rows("select slug from gyms order by slug limit 1")[0]["slug"]
    token = system.new_kiosk(gym, "Borne relecture")
    printed = system.jarvis("kiosk", "replay", str(file), "--token", token, "--limit", str(DIALOGUES), timeout=600)
    held = [json.loads(line) for line in printed.splitlines()]
    assert [line["dialogue_id"] for line in held] == [dialogue["dialogue_id"] for dialogue in dialogues]

    for dialogue, line in zip(dialogues, held, strict=True):
        stored = system.rows(
            "select role, text from session_turns where session_id = %(id)s order by position", id=line["session_id"]
        )
        expected = [
            ("member" if turn["role"] in ("customer", "member") else "assistant", text.strip())
            for turn in dialogue["turns"]
            if (text := turn.get("text") or turn.get("text_fr") or turn.get("text_en") or "").strip()
        ]
        assert [(turn["role"], turn["text"].strip()) for turn in stored] == expected, dialogue["dialogue_id"]

    ids = [line["session_id"] for line in held]
    wait_for(
        lambda: (
            not system.rows(
                "select from conversation_summaries where session_id = any(%(ids)s::uuid[]) and status = 'pending'",
                ids=ids,
            )
        ),
        seconds=180,
        what="the analysis of the dialogues",
    )
    summaries = system.rows(
        """
        select summaries.*, vector_norm(summaries.embedding) as embedding_norm
        from conversation_summaries as summaries
        where summaries.session_id = any(%(ids)s::uuid[])
        """,
        ids=ids,
    )
    assert len(summaries) == DIALOGUES
    for summary in summaries:
        assert summary["status"] == "completed", summary["last_error"]
        for field in (
            "summary_text", "sentiment_score", "sentiment_label", "emotion_detected", "key_topics",
            "intents_detected", "outcome", "evidence", "embedding_model", "engine_version",
        ):  # fmt: skip
            assert summary[field] is not None, field
        assert summary["embedding_norm"] == pytest.approx(1.0, abs=1e-3)

    with capsys.disabled():
        print(f"\n{'dialogue':<10} {'label':<9} {'score':>6}  {'emotion':<14} {'outcome':<12} {'topics':<28} intents")
        by_id = {str(summary["session_id"]): summary for summary in summaries}
        for number, line in enumerate(held, start=1):
            row = by_id[line["session_id"]]
            print(
                f"{number:<10} {row['sentiment_label']:<9} {row['sentiment_score']:>6}  {row['emotion_detected']:<14} "
                f"{row['outcome']:<12} {', '.join(row['key_topics']):<28} {', '.join(row['intents_detected'])}"
            )
