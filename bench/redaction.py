"""Recall and precision of redaction over planted personal data.

    python -m bench.redaction [--cases FILE]

reads lines in which personal data stands as `{kind:words}` (`tests/golden/redaction_fr.txt` by
default), hides the marks from the recognisers, and prints one JSON line. A planted piece is recalled
when every letter and digit of it is found, whatever the kind found; a found piece is precise when it
overlaps a planted one. `--errors` prints what was missed and what was wrong.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.conversations.redaction import PersonalData, Span, find

CASES = Path(__file__).parent.parent / "tests" / "golden" / "redaction_fr.txt"

_PLANTED = re.compile(r"\{(\w+):([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Case:
    """One line without its marks, and where its personal data stands."""

    text: str
    planted: tuple[Span, ...]


def cases_of(lines: Iterable[str]) -> list[Case]:
    """The cases of a marked file; lines that begin with # are remarks."""
    cases = []
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        text, planted, place = "", [], 0
        for match in _PLANTED.finditer(line.rstrip("\n")):
            text += line[place : match.start()]
            planted.append(Span(len(text), len(text) + len(match[2]), PersonalData(match[1])))
            text += match[2]
            place = match.end()
        cases.append(Case(text + line[place:].rstrip("\n"), tuple(planted)))
    return cases


def figures(cases: Sequence[Case], *, errors: list[str] | None = None) -> dict[str, float]:
    """Recall and precision over all cases, and recall a kind."""
    planted: Counter[str] = Counter()
    recalled: Counter[str] = Counter()
    found_count = right_count = 0
    for case in cases:
        found = find(case.text)
        covered = {place for span in found for place in range(span.start, span.end)}
        for span in case.planted:
            planted[span.kind] += 1
            letters = [place for place in range(span.start, span.end) if case.text[place].isalnum()]
            if all(place in covered for place in letters):
                recalled[span.kind] += 1
            elif errors is not None:
                errors.append(f"missed {span.kind}: {case.text[span.start : span.end]!r} in {case.text!r}")
        for span in found:
            found_count += 1
            if any(span.start < other.end and other.start < span.end for other in case.planted):
                right_count += 1
            elif errors is not None:
                errors.append(f"wrong {span.kind}: {case.text[span.start : span.end]!r} in {case.text!r}")
    return {
        "cases": len(cases),
        "planted": sum(planted.values()),
        "recall": sum(recalled.values()) / max(1, sum(planted.values())),
        "precision": right_count / max(1, found_count),
        **{f"recall_{kind}": recalled[kind] / count for kind, count in sorted(planted.items())},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """One line of figures is printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.redaction", description=main.__doc__)
    parser.add_argument("--cases", type=Path, default=CASES, help="marked lines")
    parser.add_argument("--errors", action="store_true", help="also print, on stderr, what was missed or wrong")
    options = parser.parse_args(arguments)
    errors: list[str] = []
    line = figures(cases_of(options.cases.read_text(encoding="utf-8").splitlines()), errors=errors)
    if options.errors:
        sys.stderr.write("".join(f"{error}\n" for error in errors))
    print(json.dumps({"bench": "redaction"} | {name: round(value, 3) for name, value in line.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
