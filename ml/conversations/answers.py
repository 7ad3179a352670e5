"""The local answer to a manager's question: what members said, counted and quoted, or that nothing was found.

Pure. Nothing is written that no member said: each claim counts the conversations that support the answer on one
topic and quotes each of them, without personal data. Not here: the search (`warehouse/stores/search.py`) and the
vectors, which `orchestration/questions.py` brings. A hosted model writes no answer yet.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jarvis.conversations import Sentiment, Topic
from jarvis.search import FoundConversation, FoundTurn
from ml.conversations.questions import Question
from ml.conversations.redaction import redact
from ml.conversations.summary_phrases import TOPICS

DECLINED = "Je n'ai rien trouvé qui permette de répondre."

# Chosen on the questions of tests/golden/questions_fr.jsonl that are not kept back (`bench.search` prints both kinds).
# Support is the share of the question's ideas that the conversation holds …
ENOUGH_SUPPORT = 0.6
# … of which a conversation needs this much of the best one's …
SHARE_OF_BEST = 0.75
# … more where its meaning is nearer than two unrelated sentences are in this model's space …
UNRELATED_SIMILARITY = 0.84
SIMILARITY_WEIGHT = 3.0
# … and less where it is about something else than the topics the question names.
OTHER_TOPIC_PENALTY = 0.3
# … or where the question asks for complaints, or for praise, and the conversation is neither.
NO_STANCE_PENALTY = 0.3

QUOTE_CHARACTERS = 220
QUOTES_IN_TEXT = 3

Similarity = Callable[[Sequence[str]], Sequence[float]]
"""How near each text is to the question, as a cosine."""

_OPPOSITE = {Sentiment.NEGATIVE: Sentiment.POSITIVE, Sentiment.POSITIVE: Sentiment.NEGATIVE}
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Citation:
    """One turn that supports a claim."""

    session_id: UUID
    turn_id: UUID
    said_on: date
    quote: str
    """The member's words, without personal data, cut where they are long."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the conversations on one topic say."""

    topic: Topic
    text: str
    conversation_count: int
    member_count: int
    citations: tuple[Citation, ...]
    """One of each conversation counted, the best support first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; without claims it is a refusal."""

    question: str
    text: str
    claims: tuple[Claim, ...]
    conversation_count: int
    member_count: int
    """Members known by their badge; the others are not told apart."""

    @property
    def is_supported(self) -> bool:
        """False when nothing that was found answers the question."""
        return bool(self.claims)


@dataclass(frozen=True, slots=True)
class _Supporting:
    """One conversation, how much it supports the answer, and its best turn."""

    conversation: FoundConversation
    support: float
    turn: FoundTurn


def answer(question: Question, found: Sequence[FoundConversation], similarity: Similarity) -> Answer:
    """The answer that the conversations support, or `DECLINED`."""
    supporting = _supporting(question, found, similarity)
    groups: dict[Topic, list[_Supporting]] = {}
    wide = Counter(topic for one in supporting for topic in one.conversation.topics)
    for one in supporting:
        # The topic most of them share, one the question names before others.
        topic = max(one.conversation.topics, key=lambda topic: (topic in question.topics, wide[topic], topic.value))
        groups.setdefault(topic, []).append(one)
    claims: list[Claim] = []
    for topic, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0].value)):
        claims.append(_claim(topic, group, first_number=1 + sum(len(claim.citations) for claim in claims)))
    conversations = [one.conversation for one in supporting]
    members = _members(conversations)
    opening = f"{_counted(conversations)} {'permet' if len(supporting) == 1 else 'permettent'} de répondre."
    text = "\n".join([opening, *(claim.text for claim in claims)]) if claims else DECLINED
    return Answer(question.text, text, tuple(claims), len(supporting), members)


def _supporting(question: Question, found: Sequence[FoundConversation], similarity: Similarity) -> list[_Supporting]:
    """The conversations that support an answer, best first; none when even the best says too little of it."""
    unwanted = _OPPOSITE.get(question.stance) if question.stance else None
    near = [
        conversation
        for conversation in found
        if conversation.sentiment is not unwanted
        and conversation.turns
        # The nearest meaning makes up for no more than this.
        and conversation.idea_share + SIMILARITY_WEIGHT * (1 - UNRELATED_SIMILARITY) >= ENOUGH_SUPPORT
    ]
    texts = [turn.text for conversation in near for turn in conversation.turns]
    nearness = dict(zip(texts, similarity(texts), strict=True)) if texts else {}
    weighed = []
    for conversation in near:
        similar = max(nearness[turn.text] for turn in conversation.turns)
        support = conversation.idea_share + SIMILARITY_WEIGHT * (similar - UNRELATED_SIMILARITY)
        if question.topics and question.topics.isdisjoint(conversation.topics):
            support -= OTHER_TOPIC_PENALTY
        if question.stance is not None and conversation.sentiment is not question.stance:
            support -= NO_STANCE_PENALTY
        best_turn = max(conversation.turns, key=lambda turn: turn.idea_share + SIMILARITY_WEIGHT * nearness[turn.text])
        # A conversation that shares no idea with the question has no words to cite for it.
        if conversation.idea_share > 0:
            weighed.append(_Supporting(conversation, support, best_turn))
    weighed.sort(key=lambda one: -one.support)
    least = max(ENOUGH_SUPPORT, SHARE_OF_BEST * weighed[0].support) if weighed else 0.0
    return [one for one in weighed if one.support >= least]


def _claim(topic: Topic, group: Sequence[_Supporting], *, first_number: int) -> Claim:
    """One sentence on one topic, with the number of each citation it quotes."""
    citations = tuple(
        Citation(
            one.conversation.session_id,
            one.turn.turn_id,
            one.conversation.said_on,
            _quote(one.turn.text, one.conversation.known_of_member),
        )
        for one in group
    )
    conversations = [one.conversation for one in group]
    quotes = ", ".join(
        f"« {citation.quote} » ({_day(citation.said_on)}) [{number}]"
        for number, citation in enumerate(citations[:QUOTES_IN_TEXT], start=first_number)
    )
    more = len(citations) - QUOTES_IN_TEXT
    rest = f", et {more} autre{'s' if more > 1 else ''}" if more > 0 else ""
    displeased = sum(conversation.sentiment is Sentiment.NEGATIVE for conversation in conversations)
    tone = f", dont {displeased} {'mécontente' if displeased == 1 else 'mécontentes'}" if displeased else ""
    text = f"Sur {TOPICS['fr'][topic]} ({_counted(conversations)}{tone}) : {quotes}{rest}."
    return Claim(topic, text, len(group), _members(conversations), citations)


def _quote(text: str, known_of_member: Sequence[str]) -> str:
    """The member's words without personal data, cut after a word where they are long."""
    shown = " ".join(redact(text, known=known_of_member).split())
    if len(shown) <= QUOTE_CHARACTERS:
        return shown
    return shown[:QUOTE_CHARACTERS].rsplit(" ", 1)[0] + " …"


def _members(conversations: Sequence[FoundConversation]) -> int:
    return len({conversation.member_id for conversation in conversations} - {None})


def _counted(conversations: Sequence[FoundConversation]) -> str:
    """« 3 conversations, 2 adhérents »; without members where no badge was known."""
    counts = [(len(conversations), "conversation"), (_members(conversations), "adhérent")]
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in counts if count)


def _day(day: date) -> str:
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS[day.month - 1]} {day.year}"
