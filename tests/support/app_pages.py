"""A page of the managers' door in Streamlit's own test harness: rows in memory, what it shows, a button pressed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from jarvis.tenancy import Scope

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


@dataclass
class MemoryRecords:
    """Rows by question, what was asked, and what a question is refused with."""

    answers: dict[str, Sequence[Mapping[str, object]]]
    refusals: dict[str, psycopg.Error] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        self.asked.append((question, values))
        if question in self.refusals:
            raise self.refusals[question]
        return self.answers.get(question, [])

    def row(self, scope: Scope, question: str, **values: object) -> Mapping[str, object] | None:
        found = self.rows(scope, question, **values)
        return found[0] if found else None

    def values_of(self, question: str) -> list[dict[str, object]]:
        """What was given with the question, each time it was asked."""
        return [values for asked, values in self.asked if asked == question]

    def last(self, question: str) -> dict[str, object]:
        """What was given with the question when it was last asked."""
        return self.values_of(question)[-1]


def run_page(script: Callable[[], None], **address: str) -> "AppTest":
    """The page of a script, run once at an address."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_function(script, default_timeout=20)
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def words(page: "AppTest") -> str:
    """All HTML that the page placed."""
    return "".join(element.proto.body for element in page.get("html"))  # type: ignore[union-attr]


def press(page: "AppTest", label: str) -> None:
    """The page after a click, and the run that follows the change."""
    next(found for found in page.button if found.label == label).click().run()
    assert not page.exception
