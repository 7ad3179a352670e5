"""The seam between the pipeline and whoever analyses: one Protocol, one factory.

Light on purpose (the live code location imports it): scikit-learn, the sentence vectors and the
hosted client are imported by the engine that needs them, when it is made. Called by the
conversations asset, by `jarvis analyse` and by the benchmarks.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from jarvis.conversations import Analysis, AnalysisFailure, Conversation
from jarvis.settings import Settings
from ml.conversations.paid_replies import PaidReplies


class EngineError(RuntimeError):
    """An engine cannot be made or cannot go on with any conversation; one that fails alone is an AnalysisFailure."""

    def __init__(self, message: str, *, done: Sequence[Analysis | AnalysisFailure] = ()) -> None:
        super().__init__(message)
        self.done = tuple(done)
        """What was finished before, and perhaps paid: to be kept."""


class AnalysisEngine(Protocol):
    """Says what conversations express; batches first, because vectors and hosted calls are cheaper together."""

    @property
    def name(self) -> str:
        """local or openai."""

    @property
    def version(self) -> str:
        """Changes whenever the same conversation could be analysed differently."""

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        """One result per conversation, in order; a failure never takes its neighbours with it.

        Raises:
            EngineError: when no conversation could go on; those it does not name as done were not at fault.
        """


def engine_for(
    settings: Settings, *, name: str | None = None, paid_replies: PaidReplies | None = None, has_vectors: bool = True
) -> AnalysisEngine:
    """The engine the settings choose, ready to analyse.

    Args:
        settings: where the choice, the key and the models are read.
        name: local or openai, over the settings' own choice; after an @ the weights file of the one, or its folder,
            or the prompt file of the other: `local@build/heads.skops`, `openai@draft.md`.
        paid_replies: where a hosted model's replies outlive a run that dies; by default nowhere.
        has_vectors: False where a hosted engine's vectors would be paid for and not kept.

    Raises:
        EngineError: when the name is unknown, a file cannot be read, or openai is asked for without a key.
    """
    chosen, has_source, source = (name or settings.analysis_engine).partition("@")
    if chosen == "local":
        from ml.conversations.heads import WEIGHTS
        from ml.conversations.local import LocalEngine

        weights = Path(source) if has_source else WEIGHTS
        return LocalEngine.load(weights / WEIGHTS.name if weights.is_dir() else weights)
    if chosen == "openai":
        if settings.openai_api_key is None:
            raise EngineError("engine 'openai': found no OPENAI_API_KEY; set it, or choose the engine 'local'")
        from ml.conversations.openai import PROMPT, OpenAIEngine

        return OpenAIEngine.connect(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.analysis_model,
            embedding_model=settings.embedding_model if has_vectors else "",
            paid_replies=paid_replies,
            prompt=Path(source) if has_source else PROMPT,
        )
    raise EngineError(f"engine: found {chosen!r}, expected 'local' or 'openai', with @FILE for another version of it")


def artifact_of(engine: AnalysisEngine) -> Path | None:
    """The file that makes the engine another version when it changes: weights or prompt; None where it has none."""
    found = getattr(engine, "weights", None) or getattr(engine, "prompt", None)
    return found if isinstance(found, Path) else None


def analyse_each(engine: AnalysisEngine, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
    """One result per conversation, in order; one that breaks the engine fails alone.

    Where a member has not agreed to it, the engine hears nothing of their health and the result says nothing of it.

    Raises:
        EngineError: when the engine cannot go on; with what was done before, of the whole sequence.
    """
    silent = frozenset(one.session_id for one in conversations if not one.keeps_health)
    if not silent:
        return _each(engine, conversations)
    from ml.conversations import health

    def told(outcomes: Sequence[Analysis | AnalysisFailure]) -> list[Analysis | AnalysisFailure]:
        return [health.told(one) if isinstance(one, Analysis) and one.session_id in silent else one for one in outcomes]

    try:
        return told(_each(engine, [health.heard(one) for one in conversations]))
    except EngineError as error:
        raise EngineError(str(error), done=told(error.done)) from error


def _each(engine: AnalysisEngine, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
    """The same for conversations that may be heard as they stand."""
    if not conversations:
        return []
    try:
        return engine.analyse(conversations)
    except EngineError:
        raise
    except Exception as error:
        # Not its text: an engine's own error may repeat the member's words.
        if len(conversations) == 1:
            reason = f"engine {engine.name} broke on this conversation: {type(error).__name__}"
            return [AnalysisFailure(conversations[0].session_id, reason)]
    half = len(conversations) // 2
    first = _each(engine, conversations[:half])
    try:
        return first + _each(engine, conversations[half:])
    except EngineError as error:
        raise EngineError(str(error), done=[*first, *error.done]) from error
