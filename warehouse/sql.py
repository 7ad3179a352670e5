"""Named SQL blocks, read from files beside their stage.

A file holds blocks that open with a line `-- name --`, then one sentence of comment, then one
statement with `%(named)s` parameters. `tests/contracts/test_queries.py` plans every block.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import LiteralString, cast

QUERIES = Path(__file__).parent / "queries"

_BLOCK_HEADER = re.compile(r"^-- (?P<name>[a-z][a-z0-9_]*) --$", re.MULTILINE)


class QueryFileError(ValueError):
    """A query file does not read as named blocks."""


@cache
def queries(stage: str) -> Mapping[str, LiteralString]:
    """The blocks of one stage by name.

    Raises:
        QueryFileError: when the file is missing or a name stands twice.
    """
    return read_blocks(QUERIES / f"{stage}.sql")


@cache
def read_blocks(path: Path) -> Mapping[str, LiteralString]:
    """The blocks of one file by name, in file order.

    Raises:
        QueryFileError: when the file is missing or a name stands twice.
    """
    if not path.is_file():
        raise QueryFileError(f"found no query file {path}, expected one per stage")
    pieces = _BLOCK_HEADER.split(path.read_text(encoding="utf-8"))
    blocks: dict[str, LiteralString] = {}
    for name, body in zip(pieces[1::2], pieces[2::2], strict=True):
        if name in blocks:
            raise QueryFileError(f"{path.name}: found block {name} twice, expected each name once")
        # Our own files, not input: as literal as if they stood in the code.
        blocks[name] = cast(LiteralString, body.strip())
    return blocks
