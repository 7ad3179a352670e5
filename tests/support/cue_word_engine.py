"""An engine that reads cue words: what the pipeline does with an analysis can be tested without a model."""

from collections.abc import Sequence

from jarvis.conversations import (
    ActionItem,
    Analysis,
    AnalysisFailure,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Topic,
    TurnAnalysis,
    sentiment_label,
)
from jarvis.evidence import CLAIMED_FIELDS, claim_of


class CueWordEngine:
    """Reads a complaint, thanks, or nothing; `poisoned` breaks it, `refused` is a failure it reports."""

    name = "local"
    version = "cue-words-1"

    def __init__(self) -> None:
        self.seen: list[str] = []

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        self.seen += [one.session_id for one in conversations]
        return [self._one(one) for one in conversations]

    def _one(self, conversation: Conversation) -> Analysis | AnalysisFailure:
        said = " ".join(turn.text for turn in conversation.member_turns)
        if "poisoned" in said:
            raise RuntimeError(said)
        if "refused" in said:
            return AnalysisFailure(conversation.session_id, "found a refusal, expected an analysis")
        is_complaint, is_thanks = "cassé" in said, "Merci" in said
        score = -0.8 if is_complaint else 0.7 if is_thanks else 0.0
        ids = tuple(turn.turn_id for turn in conversation.member_turns)
        intents = (Intent.REPORT_ISSUE, Intent.COMPLAIN) if is_complaint else (Intent.PRAISE,)
        emotion = Emotion.ANGER if is_complaint else Emotion.JOY
        return Analysis(
            session_id=conversation.session_id,
            summary="Le tapis 4 est cassé." if is_complaint else "Le membre remercie l'équipe.",
            key_topics=(Topic.EQUIPMENT,),
            sentiment_score=score,
            sentiment_label=sentiment_label(score),
            emotion=emotion,
            intents=intents,
            outcome=Outcome.UNSOLVED if is_complaint else Outcome.SOLVED,
            action_items=(ActionItem("Réparer le tapis 4.", "staff", ids[:1]),) if is_complaint else (),
            evidence=dict.fromkeys(
                [
                    *CLAIMED_FIELDS,
                    claim_of("key_topics", Topic.EQUIPMENT),
                    *(claim_of("intents", intent) for intent in intents),
                ],
                ids,
            ),
            turns=tuple(TurnAnalysis(turn_id, score, sentiment_label(score), emotion, intents) for turn_id in ids),
            embedding=[0.6, 0.8],
            embedding_model="cue-words",
            engine=self.name,
            engine_version=self.version,
            issues=(Issue(Topic.EQUIPMENT, "Tapis 4", None, ids[:1]),) if is_complaint else (),
        )
