"""One question over a gym's conversations, asked as one person: read, searched, answered.

Puts together what never meets elsewhere: the search under the person's rights (`warehouse/stores/search.py`),
the vectors and the answer (`ml/conversations`). Called by `jarvis ask` and `bench.search`. No Dagster here.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection

from jarvis.search import Filters, FoundConversation
from jarvis.storage import StorageLevel
from jarvis.tenancy import UserRole
from ml.conversations.answers import Answer, answer
from ml.conversations.questions import read_question
from ml.conversations.sentences import EMBEDDING_MODEL, clean_text, embed, embed_question
from warehouse.connection import as_user
from warehouse.stores import search

if TYPE_CHECKING:
    import numpy

    Embed = Callable[[Sequence[str]], numpy.ndarray[Any, Any]]

# The answer looks so deep into what was found; who reads a list stops at ten.
CONSIDERED = 50

KEEPS_NO_WORDS = (
    "Cette salle ne conserve pas les paroles de ses adhérents : je ne peux ni chercher ni citer ce qui a été dit. "
    "Les sujets et les sentiments restent comptés dans les tableaux de bord."
)

NOBODY_KEEPS_HEALTH = (
    "Aucun adhérent de cette salle n'a accepté que l'on conserve ce qu'il dit de sa santé : je ne peux pas répondre à "
    "une question qui porte sur elle."
)


class QuestionRefused(RuntimeError):
    """This person may not ask this of this gym; the message says what to give instead."""


def ask(
    connection: Connection,
    user_id: UUID,
    *,
    slug: str,
    question: str,
    filters: Filters,
    embed_passages: "Embed" = embed,
) -> tuple[Answer, list[FoundConversation]]:
    """The answer, and what was found for it, best first.

    Args:
        connection: logs in as the dashboards do, so that row security applies.
        embed_passages: one that remembers, where many questions are asked of the same conversations.

    Raises:
        QuestionRefused: when the person sees no such gym, or nothing of what members say.
    """
    asked = read_question(question)
    vector = embed_question(question)
    with as_user(connection, user_id):
        role = search.role_of_asker(connection)
        # Analysts' door is SQL: what members said stays with their gym.
        if role is None or role is UserRole.ANALYST:
            raise QuestionRefused(
                "found an analyst or a suspended person, expected somebody who may read conversations: --as EMAIL"
            )
        gym = search.visible_gym(connection, slug)
        if gym is None:
            raise QuestionRefused(f"found no gym {slug} that this person sees, expected the slug of one: --gym SLUG")
        found = search.search(
            connection,
            gym.gym_id,
            ideas=asked.ideas,
            vector=search.QuestionVector(vector.tolist(), EMBEDDING_MODEL),
            filters=filters,
            limit=CONSIDERED,
        )
        keepers = search.members_keeping_health(connection, gym.gym_id) if asked.is_of_health else set()
    if asked.is_of_health:
        # Nobody's record tells of their health where nobody is known.
        found = [one for one in found if one.member_id is None or one.member_id in keepers]

    def similarity(texts: Sequence[str]) -> list[float]:
        """The vectors are made without a transaction open: it is the slow part."""
        return [float(row @ vector) for row in embed_passages([clean_text(text) for text in texts])]

    said = answer(asked, found, similarity)
    if not said.is_supported and gym.storage_level is StorageLevel.METADATA_ONLY:
        said = replace(said, text=KEEPS_NO_WORDS)
    elif not said.is_supported and asked.is_of_health and not keepers:
        said = replace(said, text=NOBODY_KEEPS_HEALTH)
    return said, found
