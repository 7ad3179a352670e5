"""The golden set: what is in it, how a conversation is scored, and when a version counts as worse."""

from collections.abc import Sequence
from dataclasses import replace

from jarvis.conversations import Analysis, AnalysisFailure, Conversation, Outcome, Sentiment, Topic
from jarvis.corrections import LabelField
from ml.conversations.examples import corpus_conversations, corpus_turns
from ml.conversations.golden import WHOLE, compare, golden_conversations, item_id, means_of, scores_of
from tests.support.cue_word_engine import CueWordEngine

GOLDEN = golden_conversations()


class Oracle:
    """Says what the labels say, but the opposite sentiment of the first conversations."""

    name = "local"
    version = "oracle"

    def __init__(self, wrong: int = 0, refused: int = 0) -> None:
        self.wrong, self.refused = wrong, refused
        self.truth = {example.conversation.session_id: example for example in GOLDEN}

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        return [self._one(place, one) for place, one in enumerate(conversations)]

    def _one(self, place: int, conversation: Conversation) -> Analysis | AnalysisFailure:
        if place < self.refused:
            return AnalysisFailure(conversation.session_id, "refused")
        truth = self.truth[conversation.session_id]
        (said,) = CueWordEngine().analyse([conversation])
        assert isinstance(said, Analysis)
        is_wrong = place < self.wrong
        flipped = Sentiment.NEGATIVE if truth.sentiment is not Sentiment.NEGATIVE else Sentiment.POSITIVE
        return replace(
            said,
            sentiment_label=flipped if is_wrong else truth.sentiment,
            emotion=truth.emotion,
            key_topics=tuple(truth.topics),
            intents=tuple(truth.intents),
            outcome=truth.outcome,
            evidence={"sentiment": truth.evidence_turn_ids},
        )


def test_no_training_reads_the_golden_set() -> None:
    """None of its sentences of a member stands in the corpus, and its conversations are not the corpus's."""
    learnt = {turn.text for one in corpus_conversations() for turn in one.conversation.member_turns}
    learnt |= {turn.text for turn in corpus_turns()}
    kept_back = {turn.text for one in GOLDEN for turn in one.conversation.member_turns if len(turn.text) > 25}
    assert len(GOLDEN) >= 60
    assert kept_back.isdisjoint(learnt)


def test_every_item_is_another_one() -> None:
    """Words and labels make the item: a relabelled conversation is not compared with itself before."""
    first = GOLDEN[0]
    assert len({item_id(example) for example in GOLDEN}) == len(GOLDEN)
    assert item_id(replace(first, outcome=Outcome.ABANDONED)) != item_id(first)
    assert item_id(replace(first, judged=frozenset({LabelField.OUTCOME}))) != item_id(first)


def test_who_says_what_the_labels_say_scores_one() -> None:
    """Field by field and as a whole; a conversation that cannot be analysed scores nothing."""
    scores, said = scores_of(Oracle(), GOLDEN)
    assert set(means_of(scores).values()) == {1.0}
    assert len(said) == len(GOLDEN)
    refused, _ = scores_of(Oracle(refused=len(GOLDEN)), GOLDEN)
    assert set(means_of(refused).values()) == {0.0}


def test_only_what_a_person_looked_at_is_scored() -> None:
    """A conversation of which only the topics were judged says nothing of sentiment; one of two topics found is 2/3."""
    judged = replace(
        GOLDEN[0],
        topics=frozenset({Topic.EQUIPMENT, Topic.SAFETY}),
        judged=frozenset({LabelField.TOPICS}),
        evidence_turn_ids=(),
    )
    (item,) = scores_of(CueWordEngine(), [judged])[0].values()
    assert set(item) == {"topics", WHOLE}
    assert round(item[WHOLE], 3) == 0.667


def test_a_version_that_is_worse_on_six_of_sixty_is_worse() -> None:
    """Pairs are sharp: six flips in one field show, none or one is chance."""
    best = scores_of(Oracle(), GOLDEN)[0]
    six = compare(champion=best, candidate=scores_of(Oracle(wrong=6), GOLDEN)[0])
    assert six.worse_fields == (WHOLE, "sentiment_label")
    assert not six.is_accepted
    assert compare(champion=best, candidate=scores_of(Oracle(wrong=1), GOLDEN)[0]).is_accepted


def test_an_equal_and_a_better_version_pass() -> None:
    """Nothing is worse."""
    worse, best = scores_of(Oracle(wrong=6), GOLDEN)[0], scores_of(Oracle(), GOLDEN)[0]
    assert compare(champion=best, candidate=best).is_accepted
    better = compare(champion=worse, candidate=best)
    assert better.is_accepted
    assert better.differences[0].low > 0


def test_too_few_shared_conversations_are_no_comparison() -> None:
    """Another golden set leaves nothing to compare on, and that is no pass."""
    best = scores_of(Oracle(), GOLDEN)[0]
    verdict = compare(champion=best, candidate=dict(list(best.items())[:29]))
    assert not verdict.is_comparable and not verdict.is_accepted
    assert verdict.item_count == 29
