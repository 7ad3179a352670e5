"""The live code location with the cue-word engine, served to the real Dagster processes of a test."""

from functools import cache

from dagster import Definitions, definitions

from orchestration.engine_gate import Shelf
from orchestration.live import build_defs
from orchestration.resources import Analyst
from tests.conftest import default_settings
from tests.support.cue_word_engine import CueWordEngine


class NamedCueWords(CueWordEngine):
    """Under a name of its own: the worker's child, which warms the real engine, puts that one in service as `local`."""

    name = "cue-words"


class CueWordAnalyst(Analyst):
    """An analyst whose engine needs no model."""

    def engine(self) -> CueWordEngine:  # type: ignore[override]
        return NamedCueWords()

    def shelf(self) -> Shelf:
        return Shelf(default_settings())


@cache
def process_defs() -> Definitions:
    return build_defs(resource_overrides={"analyst": CueWordAnalyst()})


@definitions
def defs() -> Definitions:
    return process_defs()
