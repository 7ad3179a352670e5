"""What « Analyses » looks at: the period, its past, and every trend of the gyms in view, read from the marts."""

from collections.abc import Iterator, Sequence
from datetime import datetime
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


def answers(scope: Scope, look: Look, *, gym_id: UUID | None) -> Iterator[Trend]:
    """Every trend of the page, in its order, each asked when the one before it stands: a browser draws meanwhile.

    Raises:
        warehouse.stores.marts.NotBuiltYet: when a mart is missing.
    """
    span = look.span
    least = small_numbers.LEAST if small_numbers.compares(scope) else 0
    talk = {"first": span.first, "before": span.before.first, "last": span.last, "least": least}

    def ask(block: str, **values: object) -> Sequence[Row]:
        return access.door().records.rows(scope, f"marts_trends.{block}", gym_id=gym_id, **values)

    days = ask(
        "days", first=span.before.first, last=span.last,
        year_first=span.year_before.first, year_last=span.year_before.last,
    )  # fmt: skip
    yield trend_visits.visits(look, days)
    yield trend_talks.topics(look, ask("topics", **talk))
    yield trend_visits.hours(look, ask("hours", first=span.first, last=span.last, least=least))
    endings = ask("endings", part_days=trend_talks.part_days(look), **talk)
    yield trend_talks.endings(look, endings)
    months = months_back(span.last, 2 * look.period.months + trend_leavers.MONTHS_SHOWN)
    yield trend_leavers.leavers(look, ask("leavers", first=months, least=least))
    newcomers = months_back(span.last, _NEWCOMERS_MONTHS)
    yield trend_leavers.stays(ask("stays", first=newcomers, least=least))
    yield trend_talks.satisfaction(look, endings)
    yield trend_talks.costs(look, ask("costs", first=span.before.first, last=span.last), days)


def _days(span: Span) -> dict[str, str]:
    return {"first": short_date(span.first), "last": short_date(span.last)}
