"""`python -m orchestration.dbt_seeds`: writes the seeds of dbt anew from the modules that know.

Holidays are those of `jarvis/calendars.py`, prices those of `jarvis/prices.py`; a seed is their copy in
a form that SQL can join, and `tests/contracts/test_dbt_seeds.py` fails where the two differ.
"""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal

from jarvis import calendars, prices
from orchestration.dbt import PROJECT

SEEDS = PROJECT / "seeds"


def french_holidays() -> str:
    """A CSV of spans of days: kind, area, first_date, last_date, name_fr.

    Kinds: `known` (one row: the days the calendar speaks of), `public` (area: mainland, or the region
    with days beyond the mainland's) and `school` (area: the zone).
    """
    first, last = calendars.SCHOOL_FIRST_DAY, calendars.SCHOOL_LAST_DAY
    mainland = calendars.public_holidays(first, last)
    rows = [("known", "all", first, last, "calendrier")]
    rows += [("public", "mainland", day, day, name) for day, name in mainland.items()]
    for region in calendars.HolidayRegion:
        own = calendars.public_holidays(first, last, region)
        rows += [("public", region.value, day, day, name) for day, name in own.items() if day not in mainland]
    for zone in calendars.SchoolZone:
        for begin, end, name in _spans(calendars.school_holidays(first, last, zone)):
            rows.append(("school", zone.value, begin, end, name))
    return _csv(("kind", "area", "first_date", "last_date", "name_fr"), rows)


def model_prices() -> str:
    """A CSV of one row per price version and model: USD per million tokens, or per minute; the dearest is marked."""
    names = [field.name for field in fields(prices.Price) if field.type in (Decimal, "Decimal")]
    rows = [
        (version, model, model == prices.DEAREST, *(getattr(price, name) for name in names))
        for version, table in prices.price_tables().items()
        for model, price in table.items()
    ]
    return _csv(("price_version", "model", "is_dearest", *(f"{name}_usd" for name in names)), rows)


def seeds() -> dict[str, str]:
    """What each seed file must hold, by its name."""
    return {"french_holidays.csv": french_holidays(), "model_prices.csv": model_prices()}


def _spans(days: dict[date, str]) -> Iterable[tuple[date, date, str]]:
    """Days of one name that follow each other, as first day, last day and name."""
    spans: list[tuple[date, date, str]] = []
    for day, name in sorted(days.items()):
        if spans and spans[-1][1] + timedelta(days=1) == day and spans[-1][2] == name:
            spans[-1] = (spans[-1][0], day, name)
        else:
            spans.append((day, day, name))
    return spans


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def main() -> int:
    """Every seed is written."""
    for name, content in seeds().items():
        (SEEDS / name).write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
