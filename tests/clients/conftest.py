"""The matrix of the client lane: every test adds its row, and the run ends with the table."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class MatrixRow:
    """One client's exchange, as the table tells it."""

    client: str
    version: str
    said: str
    tool: str
    sound: str
    usage: str


_MATRIX: pytest.StashKey[list[MatrixRow]] = pytest.StashKey()


@pytest.fixture
def matrix(request: pytest.FixtureRequest) -> list[MatrixRow]:
    """The rows of this run so far."""
    return request.config.stash.setdefault(_MATRIX, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, in the shape the documentation keeps it."""
    rows = config.stash.get(_MATRIX, [])
    if not rows:
        return
    terminalreporter.write_line("| client | version | said and heard | tool | sound | usage |")
    terminalreporter.write_line("|---|---|---|---|---|---|")
    for row in rows:
        cells = (row.client, row.version, row.said, row.tool, row.sound, row.usage)
        terminalreporter.write_line(f"| {' | '.join(cells)} |")
