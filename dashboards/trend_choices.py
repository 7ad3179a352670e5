"""What « Analyses » looks at: the period, its past, and the trends of the gyms in view, read from the marts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, formats, trend_leavers, trend_talks, trend_visits
from dashboards.language import say
from dashboards.periods import PERIODS, Period, Span, months_back
from dashboards.records import Row
from dashboards.trends import Look, Trend, short_date
from jarvis import small_numbers
from jarvis.tenancy import Scope

# The rows of a block of `marts_trends` for the gyms in view, by the values that it asks for.
Ask = Callable[..., Sequence[Row]]

_NEWCOMERS_MONTHS = 24


def choose() -> Period:
    """The period picked, or named in the address by `periode`; four weeks where none is."""
    if "period-of-trends" not in st.session_state:
        named = st.query_params.get("periode", "")
        st.session_state["period-of-trends"] = named if named in PERIODS else "4s"
    chosen = st.segmented_control(
        say("Période"), list(PERIODS), format_func=lambda key: say(PERIODS[key].label), required=True,
        key="period-of-trends",
    )  # fmt: skip
    return PERIODS[chosen or "4s"]


def look(scope: Scope, period: Period, *, gym_id: UUID | None, now: datetime) -> Look:
    """The period up to yesterday and what it can be compared with; its days and their age stand under the choice.

    Raises:
        warehouse.stores.marts.NotBuiltYet: when a mart is missing.
    """
    record = access.door().records.row(scope, "marts_trends.record", gym_id=gym_id)
    # The marts count each gym's own days; in France's zone, yesterday is over everywhere.
    found = Look(period=period, span=period.span(today=formats.network_day(now)), record=record)
    words = [say("Du {first} au {last}").format(**_days(found.span))]
    if found.has_before:
        words.append(say("comparé à la période du {first} au {last}").format(**_days(found.span.before)))
    if found.has_year_before:
        words.append(say("et à celle du {first} au {last}").format(**_days(found.span.year_before)))
    if record is not None and record["built_at"] is not None:
        words.append(f"{say('Chiffres calculés').lower()} {formats.age(record['built_at'], now=now)}")
    st.html(f'<p class="j-note">{escape(", ".join(words))}</p>')
    return found


def visits(look: Look, ask: Ask) -> Iterator[Trend]:
    """Do members come, and when."""
    yield trend_visits.visits(look, ask("days", **_compared_days(look)))
    yield trend_visits.hours(look, ask("hours", first=look.span.first, last=look.span.last))


def talks(look: Look, ask: Ask) -> Iterator[Trend]:
    """What members talk about, how it ends, whether they are content, and what it costs."""
    compared = {"first": look.span.first, "before": look.span.before.first, "last": look.span.last}
    yield trend_talks.topics(look, ask("topics", **compared))
    endings = ask("endings", part_days=trend_talks.part_days(look), **compared)
    yield trend_talks.endings(look, endings)
    yield trend_talks.satisfaction(look, endings)
    costs = ask("costs", first=look.span.before.first, last=look.span.last)
    yield trend_talks.costs(look, costs, ask("days", **_compared_days(look)))


def loyalty(look: Look, ask: Ask) -> Iterator[Trend]:
    """Who leaves, and how long newcomers stay."""
    months = months_back(look.span.last, 2 * look.period.months + trend_leavers.MONTHS_SHOWN)
    yield trend_leavers.leavers(look, ask("leavers", first=months))
    yield trend_leavers.stays(ask("stays", first=months_back(look.span.last, _NEWCOMERS_MONTHS)))


# What the page is divided into: a part is read and drawn when somebody opens it.
PARTS: Mapping[str, Callable[[Look, Ask], Iterator[Trend]]] = {
    "Visites": visits, "Conversations": talks, "Fidélité": loyalty,
}  # fmt: skip


def answers(scope: Scope, look: Look, part: str, *, gym_id: UUID | None) -> Iterator[Trend]:
    """Every trend of a part, in its order, each asked when the one before it stands: a browser draws meanwhile.

    Args:
        part: of `PARTS`.

    Raises:
        warehouse.stores.marts.NotBuiltYet: when a mart is missing.
    """
    least = small_numbers.LEAST if small_numbers.compares(scope) else 0

    def ask(block: str, **values: object) -> Sequence[Row]:
        return access.door().records.rows(scope, f"marts_trends.{block}", gym_id=gym_id, least=least, **values)

    return PARTS[part](look, ask)


def _compared_days(look: Look) -> Mapping[str, date]:
    span = look.span
    return {
        "first": span.before.first, "last": span.last,
        "year_first": span.year_before.first, "year_last": span.year_before.last,
    }  # fmt: skip


def _days(span: Span) -> dict[str, str]:
    return {"first": short_date(span.first), "last": short_date(span.last)}
