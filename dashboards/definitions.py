"""What a figure means, in the words of the metric or of the mart it comes from: the descriptions of dbt's own YAML.

One definition for the page, the analysts' docs and SQL. Its French stands beside it there, as `description_fr`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from dashboards.language import is_english

MARTS = Path(__file__).parent.parent / "dbt_project" / "models" / "marts"

# Stands for the model where the definition is a metric's.
METRIC = "metric"

_DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
_DOC_CALL = re.compile(r"{{\s*doc\(['\"](\w+)['\"]\)\s*}}")


class NoDefinition(LookupError):
    """A page shows a figure that no mart describes."""


def definition(model: str, column: str) -> str:
    """The description of a mart's column; of a metric where the model is `METRIC`.

    Raises:
        NoDefinition: when the mart, the column or the metric is not described.
    """
    return _found(model, column).english


def meaning(model: str, column: str) -> str:
    """The same in the language of this run.

    Raises:
        NoDefinition: also where French is missing.
    """
    words = _found(model, column)
    if is_english():
        return words.english
    if not words.french:
        raise NoDefinition(
            f"found no description_fr of {model}.{column}, expected one under config, meta in {MARTS}: a page shows it"
        )
    return words.french


@dataclass(frozen=True, slots=True)
class _Words:
    english: str
    french: str


def _found(model: str, column: str) -> _Words:
    try:
        return _definitions()[model, column]
    except KeyError:
        raise NoDefinition(
            f"found no description of {model}.{column}, expected one in {MARTS}: describe the column there"
        ) from None


@cache
def _definitions() -> Mapping[tuple[str, str], _Words]:
    # Docs blocks of the whole project: a mart may quote one of the staging's.
    blocks = {
        name: " ".join(text.split())
        for path in MARTS.parent.rglob("*.md")
        for name, text in _DOC_BLOCK.findall(path.read_text(encoding="utf-8"))
    }
    found: dict[tuple[str, str], _Words] = {}
    for path in MARTS.rglob("*.yml"):
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for metric in written.get("metrics", ()):
            found[METRIC, metric["name"]] = _Words(metric["description"], _french(metric))
        for model in written.get("models", ()):
            for column in model.get("columns", ()):
                words = _DOC_CALL.sub(lambda call: blocks[call[1]], column.get("description", ""))
                if words.strip():
                    found[model["name"], column["name"]] = _Words(" ".join(words.split()), _french(column))
    return found


def _french(described: Mapping[str, Any]) -> str:
    words: str = described.get("config", {}).get("meta", {}).get("description_fr", "")
    return words
