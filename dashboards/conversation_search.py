"""Conversations by words and by meaning, in the rights of whoever searches: the same search as `jarvis ask`."""

from uuid import UUID

from jarvis.search import Filters
from jarvis.tenancy import Scope
from warehouse.people import Database
from warehouse.stores import search

# What is further down is no answer any more.
MOST_FOUND = 50


class ConversationSearch:
    """Finds conversations of one gym; the question's vector is made without a transaction open."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, scope: Scope, gym_id: UUID, words: str) -> list[UUID]:
        """The conversations nearest to the words, best first; none of a gym the person does not see."""
        # The model loads with the first search: nobody else waits for it.
        from ml.conversations.questions import read_question
        from ml.conversations.sentences import EMBEDDING_MODEL, embed_question

        vector = search.QuestionVector(embed_question(words).tolist(), EMBEDDING_MODEL)
        with self._database.person(scope) as connection:
            found = search.search(
                connection, gym_id, ideas=read_question(words).ideas, vector=vector, filters=Filters(),
                limit=MOST_FOUND,
            )  # fmt: skip
        return [one.session_id for one in found]
