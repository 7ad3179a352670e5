"""The analysis of a simulated past: what the dialogue was written to say, as an engine might have read it.

Pure. Two years of conversations would keep the local engine busy for hours, so that only the newest wait
for it (`simulate.py` says how many days). Older ones carry these labels, under the engine's name
`simulated`, with a summary that says so and no embedding: no search finds them, and nobody can take them
for the work of an engine. They err as an engine does: one label in eight is not what was meant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from jarvis.conversations import Emotion, Intent, Outcome, Sentiment
from warehouse.demo.chance import happens, one_of, weighted
from warehouse.demo.conversations import Spoken
from warehouse.demo.dialogues import Moment

ENGINE = "simulated"
ENGINE_VERSION = "1"

_MISREAD = 0.125
_SCORES = {Sentiment.NEGATIVE: -0.55, Sentiment.NEUTRAL: 0.02, Sentiment.POSITIVE: 0.6}
_EMOTIONS = {
    Sentiment.NEGATIVE: {
        Emotion.FRUSTRATION: 0.45, Emotion.DISAPPOINTMENT: 0.25, Emotion.ANGER: 0.2, Emotion.SADNESS: 0.05,
        Emotion.ANXIETY: 0.05,
    },
    Sentiment.NEUTRAL: {Emotion.NEUTRAL: 0.85, Emotion.CONFUSION: 0.1, Emotion.MOTIVATION: 0.05},
    Sentiment.POSITIVE: {Emotion.JOY: 0.4, Emotion.GRATITUDE: 0.35, Emotion.MOTIVATION: 0.25},
}  # fmt: skip
_MOODS_FR = {Sentiment.NEGATIVE: "mécontent", Sentiment.NEUTRAL: "neutre", Sentiment.POSITIVE: "content"}


@dataclass(frozen=True, slots=True)
class Label:
    """One session's analysis; fields are columns of `conversation_summaries`."""

    session_id: UUID
    analysed_at: datetime
    summary_text: str
    key_topics: list[str]
    sentiment_score: float
    sentiment_label: str
    emotion_detected: str
    intents_detected: list[str]
    outcome: str


def label_of(chance: Random, spoken: Spoken) -> Label:
    """What the analysis of one past conversation says."""
    dialogue = spoken.dialogue
    mood = dialogue.mood
    if happens(chance, _MISREAD):
        mood = Sentiment.NEUTRAL if mood is not Sentiment.NEUTRAL else one_of(chance, list(Sentiment))
    is_angry = Moment.AGAIN in dialogue.moments and mood is Sentiment.NEGATIVE
    emotion = Emotion.ANGER if is_angry and happens(chance, 0.6) else weighted(chance, _EMOTIONS[mood])
    # What an engine overlooks is an intent beside the first.
    intents = [one for place, one in enumerate(dialogue.intents) if place == 0 or not happens(chance, _MISREAD)]
    score = _SCORES[mood] - 0.2 * is_angry + chance.gauss(0, 0.12)
    low, high = {
        Sentiment.NEGATIVE: (-1.0, -0.2), Sentiment.NEUTRAL: (-0.2, 0.2), Sentiment.POSITIVE: (0.2, 1.0),
    }[mood]  # fmt: skip
    return Label(
        session_id=spoken.session.id,
        analysed_at=spoken.session.ended_at + timedelta(seconds=2),
        summary_text=f"Conversation simulée, étiquetée sans moteur : adhérent {_MOODS_FR[mood]}.",
        key_topics=[dialogue.topic.value],
        sentiment_score=round(min(high, max(low, score)), 2),
        sentiment_label=mood.value,
        emotion_detected=emotion.value,
        intents_detected=[one.value for one in intents],
        outcome=_outcome(chance, spoken, mood, intents),
    )


def _outcome(chance: Random, spoken: Spoken, mood: Sentiment, intents: list[Intent]) -> str:
    if spoken.dialogue.is_left:
        return Outcome.ABANDONED.value
    if Intent.REQUEST_HUMAN in intents:
        return Outcome.HANDED_OVER.value
    if mood is Sentiment.NEGATIVE:
        return weighted(chance, {Outcome.UNSOLVED: 0.6, Outcome.HANDED_OVER: 0.3, Outcome.SOLVED: 0.1}).value
    return Outcome.SOLVED.value
