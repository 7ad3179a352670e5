"""Brings sessions to their gym's storage level: redacted, or without a word, once their analysis has had its effects.

What people write about an alert (a note at its end, a message to the member) follows, once they are done with it.

Called by the stages in the transaction of those effects (`batches`, `enrichment`), and by a sweep for whatever no
stage will touch again. What is personal says `ml/conversations/redaction.py`; where words rest,
`warehouse/stores/words.py`. No Dagster here.
"""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from psycopg import Connection

from jarvis.storage import StorageLevel
from warehouse.stores import words

# Stands where there were words and none are kept.
NO_WORDS = "—"

# Redacting takes milliseconds a turn; a batch holds its locks for seconds.
SWEEP_BATCH = 50


def settle(connection: Connection, session_ids: Sequence[UUID]) -> int:
    """These sessions' words are at their level, in the caller's transaction; how many of them had one.

    Can be repeated: what is redacted stays as it is, what is gone stays gone.
    """
    sessions = words.to_settle(connection, session_ids) if session_ids else []
    for session in sessions:
        _redact(connection, session)
    dropped = [one for one in sessions if one.storage_level is StorageLevel.METADATA_ONLY]
    if dropped:
        words.forget(connection, dropped)
    words.mark_redacted(connection, [one.session_id for one in sessions])
    return len(sessions)


def settle_left_behind(connection: Connection) -> int:
    """Every session that no stage will settle any more is at its level; how many there were.

    Batches commit one by one: a run that is killed goes on where it stopped.
    """
    total = 0
    while True:
        with connection.transaction():
            claimed = words.claim_left_behind(connection, batch_size=SWEEP_BATCH)
            total += settle(connection, claimed)
        if len(claimed) < SWEEP_BATCH:
            return total


def settle_people_s_words(connection: Connection) -> int:
    """Notes and messages of alerts that are over are at their conversation's level; of how many alerts."""
    # Reads the corpus at its first call: not where the code location is loaded.
    from ml.conversations.redaction import redact

    total = 0
    while True:
        with connection.transaction():
            written = words.claim_people_s_words(connection, batch_size=SWEEP_BATCH)
            for one in written:
                kept = _nothing if one.storage_level is StorageLevel.METADATA_ONLY else redact
                words.save_people_s_words(
                    connection,
                    one,
                    notes=one.notes and kept(one.notes, known=one.known_of_member),
                    message=one.message and kept(one.message, known=one.known_of_member),
                )
        total += len(written)
        if len(written) < SWEEP_BATCH:
            return total


def _nothing(text: str, *, known: Sequence[str] = ()) -> str:
    """What stands for a text of which nothing is kept, in the shape of `redact`."""
    return NO_WORDS


def _redact(connection: Connection, session: words.UnsettledSession) -> None:
    """Texts without personal data, and a vector that was made of them."""
    # Reads the corpus at its first call: not where the code location is loaded.
    from ml.conversations.redaction import redact
    from ml.conversations.sentences import EMBEDDING_MODEL

    before = words.member_texts(connection, session.session_id)
    words.rewrite(connection, session, partial(redact, known=tuple(session.known_of_member)))
    after = words.member_texts(connection, session.session_id)
    if after != before and session.storage_level is not StorageLevel.METADATA_ONLY:
        words.save_vector(connection, session.session_id, _vector(after), model=EMBEDDING_MODEL)


def _vector(texts: Sequence[str]) -> Sequence[float]:
    """The conversation's vector, as the local engine makes it."""
    from ml.conversations.sentences import clean_text, embed, mean_vector

    spoken = [text for one in texts if (text := clean_text(one))]
    return [float(value) for value in mean_vector(embed(spoken))] if spoken else []
