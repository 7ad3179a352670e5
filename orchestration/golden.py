"""The golden set as it is today: the conversations that ship, and those whose labels people have looked at.

Puts together what never meets elsewhere: the corrections (`warehouse/stores/golden.py`) and the examples' shape
(`ml/conversations`). Called by the engine's gate and `jarvis golden export`. No Dagster here.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from psycopg import Connection

from jarvis.corrections import LabelField
from ml.conversations.examples import LabelledConversation, labelled_conversation
from ml.conversations.golden import golden_conversations
from ml.conversations.redaction import redact
from warehouse.stores import golden
from warehouse.stores.golden import JudgedSession

# Enough to tell versions apart; the newest, because members' ways of talking move on.
MOST_SESSIONS = 500


def golden_set(connection: Connection) -> Sequence[LabelledConversation]:
    """Every conversation that engines are compared on; the shipped ones first."""
    judged = (_row(one, redacted=False) for one in golden.judged_sessions(connection, limit=MOST_SESSIONS))
    return [*golden_conversations(), *(labelled_conversation(row, "corrected session") for row in judged)]


def export(connection: Connection, out: TextIO, *, gym_slug: str | None = None) -> int:
    """Every conversation with a label that people looked at is on `out`, a JSON line each, redacted; how many.

    The shape is that of `ml/conversations/golden/`, with the labels that were looked at under `judged`. Gyms that
    keep no words are left out: nothing of a conversation could be shown.
    """
    written = 0
    for one in golden.judged_sessions(connection, gym_slug=gym_slug, limit=None):
        out.write(json.dumps(_row(one, redacted=True), ensure_ascii=False) + "\n")
        written += 1
    return written


def _row(session: JudgedSession, *, redacted: bool) -> dict[str, Any]:
    labels = {field: session.labels[field] for field in LabelField}
    return {
        "session_id": session.session_id,
        "language": session.language,
        "turns": list(_turns(session, redacted=redacted)),
        # Nobody was asked which turns they rest on.
        "labels": {**labels, "evidence_turns": [], "issue": None},
        "turn_labels": [{"turn_id": turn.turn_id, **turn.labels} for turn in session.turns if turn.labels is not None],
        "judged": sorted(session.judged),
        "engine_version": session.engine_version,
    }


def _turns(session: JudgedSession, *, redacted: bool) -> Iterator[dict[str, str]]:
    for turn in session.turns:
        text = redact(turn.text, known=session.known_of_member) if redacted else turn.text
        yield {"turn_id": turn.turn_id, "role": str(turn.role), "text": text}
