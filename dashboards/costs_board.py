"""« Coûts »: six figures, then by parts the month's end and odd days, what was paid for, gyms, conversations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import streamlit as st

from dashboards import (
    access,
    charts,
    context,
    costs,
    costs_figures,
    costs_ledger,
    costs_tables,
    exports,
    formats,
    navigation,
    texts_fr,
    tiles,
)
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Row
from jarvis import spending
from jarvis.tenancy import Scope

_DEFINED = {
    "Coût": (METRIC, "cost_usd"), "Voix, $": (METRIC, "voice_cost_usd"),
    "$ par échange": (METRIC, "cost_per_session_usd"), "$ par adhérent": costs.COST_PER_MEMBER,
    "Échanges": (METRIC, "session_count"), "Budget de voix": ("dim_gyms", "voice_budget_usd"),
    "Consommé": (METRIC, "voice_cost_usd"),
    "Jetons": ("fct_costs_daily", "token_count"), "Son, secondes": ("fct_costs_daily", "audio_seconds"),
    "Nature": ("fct_costs_daily", "cost_kind"), "Modèle": ("fct_costs_daily", "model"),
    "Durée": ("fct_sessions", "duration_seconds"), "Fin": ("fct_sessions", "close_reason"),
}  # fmt: skip
# What no mart holds is said here; the rest by dbt.
_OURS = {
    "Voix prévue": "La voix déjà payée du mois, et ce que les jours qui restent coûtent d'habitude.",
    "Prises de parole": "Paroles de l'adhérent et réponses de la borne.",
    "Salles": "Salles de la franchise, avec ou sans coût dans le mois.",
}
_TOTAL_COLUMNS = {"day": "Jour", "cost_usd": "Coût, $", "total_usd": "Cumul, $", "is_expected": "Prévu"}
_DAY_COLUMNS = {"day": "Jour", "cost_usd": "Coût, $", "is_dear": "Anormal"}
_DEAR_COLUMNS = {"day": "Jour", "gym_name": "Salle", "cost_usd": "Coût, $", "usual_usd": "Habitude, $"}
_PART_COLUMNS = {
    "part": "Nature", "cost_usd": "Coût, $", "token_count": "Jetons", "audio_seconds": "Son, secondes",
}  # fmt: skip

PARTS = ("Le mois", "Ce qui est payé", "Salles", "Échanges")

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
        of, days, everything, gyms, [one.day for _, one in dear],
        member_count=sum(row["member_count"] for row in members),
    )  # fmt: skip
    tiles.place(figures, rows=rows, now=now)
    tiles.export(figures, name="couts-chiffres")
    if st.query_params.get(costs.LINES) == costs.VOICE_LINES:
        voice = costs_ledger.Asked(key="voix", parts=costs_ledger.VOICE)
        costs_ledger.place(scope, of, voice, words=say("Quelles lignes consomment les budgets de voix ?"))
        navigation.link("couts", say("Refermer ces lignes"))
    talks = {row["gym_id"]: row["session_count"] for row in counts if row["gym_id"]}
    lines = costs.gym_lines(
        of, by_gym, gyms, talks,
        {row["gym_id"]: row["cost_per_member_usd"] for row in members},
    )  # fmt: skip
    if not spending.spent(days, of.first, of.last):
        st.info(say("Rien n'a été dépensé ce mois-ci dans les salles affichées."), icon=":material/savings:")
        _place_gyms(scope, of, lines, talks)
    else:
        with navigation.part(PARTS) as part:
            match part:
                case "Le mois":
                    _place_charts(of, days, gyms, dear)
                case "Ce qui est payé":
                    _place_parts(scope, of, records.rows(scope, "marts_costs.parts", **month))
                case "Salles":
                    _place_gyms(scope, of, lines, talks)
                case "Échanges":
                    dearest = records.rows(scope, "marts_costs.dearest", most=costs_tables.MOST_SHOWN, **month)
                    tiles.place_question(say("Quels échanges ont coûté le plus ?"), ("fct_sessions", "cost_usd"))
                    costs_tables.place_dearest(scope, dearest)
    tiles.place_meanings(_DEFINED, notes=_OURS)


def _place_charts(
    of: costs.Month, days: spending.Days, gyms: Sequence[Row], dear: Sequence[tuple[UUID, spending.DearDay]]
) -> None:
    names = {gym["gym_id"]: gym["gym_name"] for gym in gyms}
    budgets = [gym["budget_usd"] for gym in gyms]
    # A sum of some gyms' budgets is no limit of all gyms.
    budget = sum(budgets, Decimal(0)) if budgets and None not in budgets else None
    left, right = st.columns(2, gap="large")
    with left:
        tiles.place_question(say("Où finira le mois ?"), (METRIC, "cost_usd"))
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
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            navigation.link("conversations", say("Voir les échanges du mois"), of.days)
            exports.place(day_lines(of, days, told, dear), _TOTAL_COLUMNS, name="couts-cumul")
    with right:
        tiles.place_question(say("Quels jours sortent de l'habitude ?"), (METRIC, "cost_usd"))
        charts.place(
            costs_figures.day_by_day(
                days, [one for _, one in dear], first=of.first, last=of.last, labels=[say("Coût"), say("Habitude")]
            ),
            words=say("Coût de chaque jour ; les jours anormaux sont hachurés"),
        )  # fmt: skip
        _place_dear(dear, names)
        exports.place(day_lines(of, days, None, dear), _DAY_COLUMNS, name="couts-jours")


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


def _place_dear(dear: Sequence[tuple[UUID, spending.DearDay]], names: Mapping[UUID, str]) -> None:
    """The odd days in words, the latest first, each the way to that gym's conversations of that day; all as a file."""
    if not dear:
        st.caption(say("Aucune journée anormale."))
        return
    for number, (gym_id, one) in enumerate(dear[:MOST_NAMED]):
        words = dear_words(one, formats.plain(names.get(gym_id, "–"))).replace("$", r"\$")
        if st.button(words, type="tertiary", icon=":material/arrow_forward:", key=f"cost-dear-{number}"):
            context.enter(gym_id)
            navigation.go("conversations", navigation.days(one.day, one.day))
    lines = [
        {"day": one.day, "gym_name": names.get(gym_id), "cost_usd": one.cost_usd, "usual_usd": one.usual_usd}
        for gym_id, one in dear
    ]
    exports.place(lines, _DEAR_COLUMNS, name="couts-jours-anormaux", label=say("Les jours anormaux en CSV"))


def dear_words(one: spending.DearDay, gym_name: str) -> str:
    """Dax, 12/11 : 4,20 $ au lieu de 1,10 $."""
    return f"{gym_name}, {one.day:%d/%m} : {_usd(one.cost_usd)} {say('au lieu de')} {_usd(one.usual_usd)}"


def _place_gyms(scope: Scope, of: costs.Month, lines: Sequence[Mapping[str, Any]], talks: Mapping[UUID, int]) -> None:
    """Gyms with their budgets, below the franchises that they add up to where there are several."""
    franchises = costs.franchise_lines(lines, talks)
    if len(franchises) > 1:
        tiles.place_question(say("Que coûte chaque franchise ?"), (METRIC, "cost_usd"))
        costs_tables.place_franchises(scope, of, franchises, lines)
    tiles.place_question(
        say("Quelles salles dépensent, et tiennent-elles leur budget ?"), ("dim_gyms", "voice_budget_usd")
    )
    costs_tables.place_gyms(scope, of, lines)


def _place_parts(scope: Scope, of: costs.Month, rows: Sequence[Row]) -> None:
    """What was paid for and which models, and the lines of whatever is picked of both."""
    parts = [row for row in rows if row["kind"] == "part"]
    left, right = st.columns(2, gap="large")
    with left:
        tiles.place_question(say("Qu'est-ce qui est payé ?"), ("fct_costs_daily", "cost_kind"))
        charts.place(
            costs_figures.parts({say(texts_fr.COST_PARTS[row["part"]]): row["cost_usd"] for row in parts}),
            words=say("Coût par nature : voix, texte, cache, transcription, analyse"),
        )
        # Buttons, and no click in the chart: a keyboard reaches them.
        part = st.pills(
            say("Voir les lignes de"), [row["part"] for row in parts], key="cost-part",
            format_func=lambda name: say(texts_fr.COST_PARTS[name]),
        )  # fmt: skip
        exports.place(
            [{**row, "part": say(texts_fr.COST_PARTS[row["part"]])} for row in parts], _PART_COLUMNS,
            name="couts-natures",
        )  # fmt: skip
    with right:
        tiles.place_question(say("Que coûte chaque modèle ?"), ("fct_costs_daily", "model"))
        model = costs_tables.place_models([row for row in rows if row["kind"] == "model"])
    if part or model:
        asked = costs_ledger.Asked(key="nature-modele", parts=(part,) if part else (), models=(model,) if model else ())
        named = [say(texts_fr.COST_PARTS[part])] if part else []
        named += [costs_ledger.model(model)] if model else []
        costs_ledger.place(scope, of, asked, words=f"{say('Lignes de facture')} : {formats.plain(' · '.join(named))}")


def _usd(amount: Decimal) -> str:
    return f"{formats.number(float(amount), decimals=2)}\u00a0$"
