"""What « Analyses » looks at: the period, its past, and every trend of the gyms in view, read from the marts."""

from datetime import datetime
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, formats, trend_leavers, trend_talks, trend_visits
from dashboards.language import say
from dashboards.periods import PERIODS, Period, Span, months_back
from dashboards.trends import Look, Trend, short_date
from jarvis import small_numbers
from jarvis.tenancy import Permission, Scope

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


def answers(scope: Scope, look: Look, *, gym_id: UUID | None) -> list[Trend]:
    """Every trend of the page, in its order.

    Raises:
        warehouse.stores.marts.NotBuiltYet: when a mart is missing.
    """
    records, span = access.door().records, look.span
    # A person of one gym knows their members; whoever compares gyms is told no number of one to four.
    least = small_numbers.LEAST if scope.may(Permission.CHOOSE_GYM) else 0
    earliest = min(span.before.first, span.year_before.first)
    days = records.rows(scope, "marts_trends.days", gym_id=gym_id, first=earliest, last=span.last)
    talk = {"gym_id": gym_id, "first": span.first, "before": span.before.first, "last": span.last, "least": least}
    endings = records.rows(scope, "marts_trends.endings", part_days=trend_talks.part_days(look), **talk)
    months = months_back(span.last, 2 * look.period.months + trend_leavers.MONTHS_SHOWN)
    newcomers = months_back(span.last, _NEWCOMERS_MONTHS)
    return [
        trend_visits.visits(look, days),
        trend_talks.topics(look, records.rows(scope, "marts_trends.topics", **talk)),
        trend_visits.hours(
            look,
            records.rows(scope, "marts_trends.hours", gym_id=gym_id, first=span.first, last=span.last, least=least),
        ),
        trend_talks.endings(look, endings),
        trend_leavers.leavers(
            look, records.rows(scope, "marts_trends.leavers", gym_id=gym_id, first=months, least=least)
        ),
        trend_leavers.stays(records.rows(scope, "marts_trends.stays", gym_id=gym_id, first=newcomers, least=least)),
        trend_talks.satisfaction(look, endings),
        trend_talks.costs(
            look,
            records.rows(scope, "marts_trends.costs", gym_id=gym_id, first=span.before.first, last=span.last),
            days,
        ),
    ]


def _days(span: Span) -> dict[str, str]:
    return {"first": short_date(span.first), "last": short_date(span.last)}
