"""A page of the managers' door in Streamlit's own test harness: rows in memory, what it shows, a button pressed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jarvis.tenancy import Scope

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest


@dataclass
class MemoryRecords:
    """Rows by question, and what was asked."""

    answers: dict[str, Sequence[Mapping[str, object]]]
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Mapping[str, object]]:
        self.asked.append((question, values))
        return self.answers.get(question, [])

    def row(self, scope: Scope, question: str, **values: object) -> Mapping[str, object] | None:
        found = self.rows(scope, question, **values)
        return found[0] if found else None

    def last(self, question: str) -> dict[str, object]:
        """What was given with the question when it was last asked."""
        return next(values for name, values in reversed(self.asked) if name == question)


def words(page: "AppTest") -> str:
    """All HTML that the page placed."""
    return "".join(element.proto.body for element in page.get("html"))  # type: ignore[union-attr]


def press(page: "AppTest", label: str) -> None:
    """The page after a click, and the run that follows the change."""
    next(found for found in page.button if found.label == label).click().run()
    assert not page.exception
