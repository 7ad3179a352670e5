"""The live code location with the cue-word engine, served to the real Dagster processes of a test."""

from orchestration.live import build_defs
from orchestration.resources import Analyst
from tests.support.pipeline_world import CueWordEngine


class CueWordAnalyst(Analyst):
    """An analyst whose engine needs no model."""

    def engine(self) -> CueWordEngine:  # type: ignore[override]
        return CueWordEngine()


defs = build_defs(resource_overrides={"analyst": CueWordAnalyst()})
