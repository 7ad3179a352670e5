"""« Coûts » from top to bottom: six figures, the month's end, odd days, what was paid for, gyms, conversations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, charts, context, costs, costs_figures, costs_tables, exports, formats, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Row
from jarvis import spending
from jarvis.tenancy import Scope

_DEFINED = {
    "Coût": (METRIC, "cost_usd"), "Voix, $": (METRIC, "voice_cost_usd"),
    "$ par échange": (METRIC, "cost_per_session_usd"), "$ par adhérent": costs.COST_PER_MEMBER,
    "Échanges": (METRIC, "session_count"), "Budget de voix": ("dim_gyms", "voice_budget_usd"),
    "Jetons": ("fct_costs_daily", "token_count"), "Son, secondes": ("fct_costs_daily", "audio_seconds"),
    "Qu'est-ce qui est payé ?": ("fct_costs_daily", "cost_kind"), "Modèle": ("fct_costs_daily", "model"),
    "Fin": ("fct_sessions", "close_reason"),
}  # fmt: skip
_DAY_COLUMNS = {
    "day": "Jour",
    "cost_usd": "Coût, $",
    "total_usd": "Cumul, $",
    "is_expected": "Prévu",
    "is_dear": "Anormal",
}
_PART_COLUMNS = {
    "part": "Nature", "cost_usd": "Coût, $", "token_count": "Jetons", "audio_seconds": "Son, secondes",
}  # fmt: skip

# Odd days beyond these are in the chart only.
MOST_NAMED = 5


def place(scope: Scope, of: costs.Month, *, now: datetime) -> None:
    """The month is placed.

    Raises:
        NotBuiltYet: before dbt's first build.
    """
    records, gym_id = access.door().records, context.gym_id()
    month = {"since": of.first, "until": of.last, "gym_id": gym_id}
    rows = records.rows(scope, "marts_costs.days", since=of.since, until=of.last, gym_id=gym_id)
    gyms = records.rows(scope, "costs.gyms", gym_id=gym_id)
    counts = records.rows(scope, "marts_costs.sessions", **month)
    by_gym = costs.days_by_gym(rows)
    days = costs.together(one.costs for one in by_gym.values())
    dear = costs.dear_days(of, by_gym)
    everything = next((row for row in counts if row["gym_id"] is None), None)
    members = records.rows(scope, "marts_costs.members", **month)
    figures = costs.tiles(
        of, days, everything, gyms, len(dear), member_count=sum(row["member_count"] for row in members)
    )
    tiles.place(figures, rows=rows, now=now)
    tiles.export(figures, name="couts-chiffres")
    if not spending.spent(days, of.first, of.last):
        st.info(say("Rien n'a été dépensé ce mois-ci dans les salles affichées."), icon=":material/savings:")
    else:
        _place_charts(of, days, gyms, dear)
        _place_parts(records.rows(scope, "marts_costs.parts", **month))
    lines = costs.gym_lines(
        of, by_gym, gyms, {row["gym_id"]: row["session_count"] for row in counts if row["gym_id"]},
        {row["gym_id"]: row["cost_per_member_usd"] for row in members},
    )  # fmt: skip
    franchises = costs.franchise_lines(lines)
    if len(franchises) > 1:
        st.subheader(say("Que coûte chaque franchise ?"), anchor=False)
        costs_tables.place_franchises(franchises)
    st.subheader(say("Quelles salles dépensent, et tiennent-elles leur budget ?"), anchor=False)
    costs_tables.place_gyms(scope, lines, days=of.days)
    dearest = records.rows(scope, "marts_costs.dearest", most=costs_tables.MOST_SHOWN, **month)
    if dearest:
        st.subheader(say("Quels échanges ont coûté le plus ?"), anchor=False)
        costs_tables.place_dearest(scope, dearest)
    tiles.place_meanings(_DEFINED)


def _place_charts(
    of: costs.Month, days: spending.Days, gyms: Sequence[Row], dear: Sequence[tuple[UUID, spending.DearDay]]
) -> None:
    names = {gym["gym_id"]: gym["gym_name"] for gym in gyms}
    budgets = [gym["budget_usd"] for gym in gyms]
    # A sum of some gyms' budgets is no limit of all gyms.
    budget = sum(budgets, Decimal(0)) if budgets and None not in budgets else None
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(say("Où finira le mois ?"), anchor=False)
        told = spending.forecast(days, today=of.today) if of.is_current else None
        charts.place(
            costs_figures.month_so_far(
                days, told, first=of.first, last=of.last, month_last=spending.month_of(of.first)[1], budget_usd=budget,
                labels=[say("Dépensé"), say("Prévu"), say("Budgets de voix")],
            ),
            words=say("Coût cumulé du mois, puis prévision jusqu'à sa fin"),
        )  # fmt: skip
        if of.is_current:
            st.caption(say(costs.FORECAST_METHOD if told else "Pas encore deux semaines de coûts : pas de prévision."))
    with right:
        st.subheader(say("Quels jours sortent de l'habitude ?"), anchor=False)
        charts.place(
            costs_figures.day_by_day(
                days, [one for _, one in dear], first=of.first, last=of.last, labels=[say("Coût"), say("Habitude")]
            ),
            words=say("Coût de chaque jour ; les jours anormaux sont hachurés"),
        )  # fmt: skip
        st.html(dear_html(dear, names))
    exports.place(day_lines(of, days, told, dear), _DAY_COLUMNS, name="couts-jours")


def day_lines(
    of: costs.Month, days: spending.Days, told: spending.Forecast | None,
    dear: Sequence[tuple[UUID, spending.DearDay]],
) -> list[dict[str, object]]:  # fmt: skip
    """What both charts draw, day by day: spent up to the last day, expected after it."""
    odd = {one.day for _, one in dear}
    spent = {day: cost for day, cost in days.items() if of.first <= day <= of.last}
    expected = {} if told is None else {day: cost for day, cost in told.by_day.items() if day > of.last}
    total, lines = Decimal(0), []
    for day, cost in sorted({**spent, **expected}.items()):
        total += cost
        lines.append({
            "day": day, "cost_usd": cost, "total_usd": total, "is_expected": day in expected, "is_dear": day in odd,
        })  # fmt: skip
    return lines


def dear_html(dear: Sequence[tuple[UUID, spending.DearDay]], names: Mapping[UUID, str]) -> str:
    """The odd days in words, the latest first."""
    if not dear:
        return f"<p>{escape(say('Aucune journée anormale.'))}</p>"
    lines = "".join(
        f"<li>{escape(names.get(gym_id, '–'))}, {one.day:%d/%m} : {_usd(one.cost_usd)} {escape(say('au lieu de'))} "
        f"{_usd(one.usual_usd)}</li>"
        for gym_id, one in dear[:MOST_NAMED]
    )
    return f"<ul>{lines}</ul>"


def _place_parts(rows: Sequence[Row]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(say("Qu'est-ce qui est payé ?"), anchor=False)
        charts.place(
            costs_figures.parts(
                {say(texts_fr.COST_PARTS[row["part"]]): row["cost_usd"] for row in rows if row["kind"] == "part"}
            ),
            words=say("Coût par nature : voix, texte, cache, transcription, analyse"),
        )  # fmt: skip
        exports.place(
            [{**row, "part": say(texts_fr.COST_PARTS[row["part"]])} for row in rows if row["kind"] == "part"],
            _PART_COLUMNS, name="couts-natures",
        )  # fmt: skip
    with right:
        st.subheader(say("Que coûte chaque modèle ?"), anchor=False)
        costs_tables.place_models([row for row in rows if row["kind"] == "model"])


def _usd(amount: Decimal) -> str:
    return f"{formats.number(float(amount), decimals=2)}\u00a0$"
