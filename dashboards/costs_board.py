"""« Coûts » from top to bottom: five figures, the month's end, odd days, what was paid for, gyms, conversations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import access, charts, context, costs, costs_figures, costs_tables, formats, texts_fr, tiles
from dashboards.language import say
from dashboards.records import Row
from jarvis import spending
from jarvis.tenancy import Scope

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
    tiles.place(costs.tiles(of, days, everything, gyms, len(dear)), rows=rows, now=now)
    if not spending.spent(days, of.first, of.last):
        st.info(say("Rien n'a été dépensé ce mois-ci dans les salles affichées."), icon=":material/savings:")
    else:
        _place_charts(of, days, gyms, dear)
        _place_parts(records.rows(scope, "marts_costs.parts", **month))
    lines = costs.gym_lines(of, by_gym, gyms, {row["gym_id"]: row["session_count"] for row in counts if row["gym_id"]})
    franchises = costs.franchise_lines(lines)
    if len(franchises) > 1:
        st.subheader(say("Que coûte chaque franchise ?"), anchor=False)
        costs_tables.place_franchises(franchises)
    st.subheader(say("Quelles salles dépensent, et tiennent-elles leur budget ?"), anchor=False)
    costs_tables.place_gyms(scope, lines)
    dearest = records.rows(scope, "marts_costs.dearest", most=costs_tables.MOST_SHOWN, **month)
    if dearest:
        st.subheader(say("Quels échanges ont coûté le plus ?"), anchor=False)
        costs_tables.place_dearest(scope, dearest)


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
    with right:
        st.subheader(say("Que coûte chaque modèle ?"), anchor=False)
        costs_tables.place_models([row for row in rows if row["kind"] == "model"])


def _usd(amount: Decimal) -> str:
    return f"{formats.number(float(amount), decimals=2)}\u00a0$"
