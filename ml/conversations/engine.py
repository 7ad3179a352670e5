"""The seam between the pipeline and whoever analyses: one Protocol, one factory.

Light on purpose (the live code location imports it): scikit-learn, the sentence vectors and the
hosted client are imported by the engine that needs them, when it is made. Called by the
conversations asset, by `jarvis analyse` and by the benchmarks.
"""

from collections.abc import Sequence
from typing import Protocol

from jarvis.conversations import Analysis, AnalysisFailure, Conversation
from jarvis.settings import Settings


class EngineError(RuntimeError):
    """An engine cannot be made or cannot go on with any conversation; one that fails alone is an AnalysisFailure."""


class AnalysisEngine(Protocol):
    """Says what conversations express; batches first, because vectors and hosted calls are cheaper together."""

    @property
    def name(self) -> str:
        """local or openai."""

    @property
    def version(self) -> str:
        """Changes whenever the same conversation could be analysed differently."""

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        """One result per conversation, in order; a failure never takes its neighbours with it."""


def engine_for(settings: Settings, *, name: str | None = None) -> AnalysisEngine:
    """The engine the settings choose, ready to analyse.

    Args:
        settings: where the choice, the key and the models are read.
        name: local or openai, over the settings' own choice.

    Raises:
        EngineError: when the name is unknown, or openai is asked for without a key.
    """
    chosen = name or settings.analysis_engine
    if chosen == "local":
        from ml.conversations.local import LocalEngine

        return LocalEngine.load()
    if chosen == "openai":
        if settings.openai_api_key is None:
            raise EngineError("engine 'openai': found no OPENAI_API_KEY; set it, or choose the engine 'local'")
        from ml.conversations.openai import OpenAIEngine

        return OpenAIEngine.connect(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.analysis_model,
            embedding_model=settings.embedding_model,
        )
    raise EngineError(f"engine: found {chosen!r}, expected 'local' or 'openai'")
