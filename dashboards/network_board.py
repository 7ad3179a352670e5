"""« Réseau » from top to bottom: one figure by gym against the network, what moved most, and all gyms in a table."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any
from uuid import UUID

import streamlit as st

from dashboards import access, charts, context, exports, formats, navigation, network, network_figures, tiles
from dashboards.definitions import METRIC, meaning
from dashboards.language import say
from dashboards.periods import months_back
from jarvis.tenancy import Scope

_COLUMNS = {
    "gym_name": "Salle", "franchise_name": "Franchise", "member_count": "Adhérents actifs",
    **{name: measure.label for name, measure in network.MEASURES.items()}, "visit_change": "Évolution des visites",
}  # fmt: skip

_DEFINED = {
    "Adhérents actifs": (METRIC, "active_member_count"),
    **{measure.label: measure.source for measure in network.MEASURES.values()},
}
_STANDING_COLUMNS = {"gym_name": "Salle", "value": "Valeur", "median": "Médiane du réseau"}
_CHANGE_COLUMNS = {
    "label": "Chiffre", "gym_name": "Salle", "before": "Mois d'avant", "value": "Valeur", "change": "Évolution",
}  # fmt: skip

_WITHHELD = (
    "Salles sans chiffre, car fondé sur moins de 5 adhérents, échanges ou alertes, ou parce qu'il révélerait celui "
    "d'une telle salle :"
)


def choose_measure() -> network.Measure:
    """The figure that gyms are compared by."""
    name = st.selectbox(
        say("Comparer par"), list(network.MEASURES), key="network-measure", width=260,
        format_func=lambda one: say(network.MEASURES[one].label),
    )  # fmt: skip
    return network.MEASURES[name]


def place(scope: Scope, *, month: date, measure: network.Measure, now: datetime) -> None:
    """The month is placed.

    Raises:
        NotBuiltYet: before dbt's first build.
    """
    since, before = months_back(month, network.MONTHS_SHOWN - 1), months_back(month, 1)
    rows = access.door().records.rows(scope, "marts_network.months", since=since, before=before, until=month)
    gyms = network.gyms_of(rows, month=month, before=before)
    if not gyms:
        st.info(say("Aucune activité dans ces salles ce mois-là."), icon=":material/store:")
        return
    _place_standing(gyms, measure)
    _place_changes(gyms, measure)
    st.subheader(say("Toutes les salles, côte à côte"), anchor=False)
    _place_table(network.lines(gyms))
    tiles.place_age(rows, now=now)
    tiles.place_meanings(_DEFINED)


def _place_standing(gyms: Sequence[network.Gym], measure: network.Measure) -> None:
    told = [(gym.name, value) for gym in gyms if (value := gym.value(measure)) is not None]
    found = network.benchmark(gyms, measure)
    st.subheader(
        say("Quelles salles s'écartent du réseau ?"), anchor=False, help=meaning(*measure.source).replace("$", r"\$")
    )
    if not told:
        st.info(say("Trop peu d'adhérents pour comparer les salles sur ce point."), icon=":material/visibility_off:")
        return
    drawn = network.ends(told)
    charts.place(
        network_figures.standing(
            [name for name, _ in drawn], [value for _, value in drawn], found, decimals=measure.decimals,
            unit=measure.unit, labels=[say("Médiane"), say("La moitié des salles")],
        ),
        words=say("Chaque salle face à la médiane et à la moitié centrale du réseau"),
    )  # fmt: skip
    if len(drawn) < len(told):
        words = say("Les {count} plus hautes et les {count} plus basses ; les {others} autres sont dans le tableau.")
        st.caption(words.format(count=network.BARS_AT_EACH_END, others=formats.number(len(told) - len(drawn))))
    hidden = len(gyms) - len(told)
    if hidden:
        st.caption(f"{say(_WITHHELD)} {hidden}")
    middle = None if found is None else found.median
    rows = [{"gym_name": name, "value": value, "median": middle} for name, value in told]
    exports.place(rows, _STANDING_COLUMNS, name="reseau-comparaison")


def _place_changes(gyms: Sequence[network.Gym], measure: network.Measure) -> None:
    found = network.extremes(gyms, measure)
    if found is None:
        return
    moved = [
        (_change_label(gym.change(measure), is_highest=is_highest), gym)
        for gym, is_highest in zip(found, (True, False), strict=True)
    ]
    st.html(
        '<dl class="j-counts">'
        + "".join(
            f"<div><dt>{escape(say(label))}</dt><dd>{escape(_percent(gym.change(measure)))}"
            f"<small>{escape(gym.name)}</small></dd></div>"
            for label, gym in moved
        )
        + "</dl>"
    )
    rows = [
        {
            "label": say(label), "gym_name": gym.name, "before": gym.value_before(measure), "value": gym.value(measure),
            "change": gym.change(measure),
        }
        for label, gym in moved
    ]  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, (_, gym) in enumerate(moved):
            words = say("Ouvrir {gym}").format(gym=formats.plain(gym.name))
            if st.button(words, type="tertiary", icon=":material/arrow_forward:", key=f"network-moved-{number}"):
                _enter(gym.gym_id)
        exports.place(rows, _CHANGE_COLUMNS, name="reseau-evolutions")


def _enter(gym_id: UUID) -> None:
    context.enter(gym_id)
    navigation.go("aujourdhui")


def _change_label(change: float | None, *, is_highest: bool) -> str:
    """What the highest or the lowest change is called: where all gyms fall, the highest is the smallest fall."""
    share = change or 0.0
    if round(100 * share) == 0:
        return "Stable sur un mois"
    if share > 0:
        return "Plus forte hausse sur un mois" if is_highest else "Plus faible hausse sur un mois"
    return "Plus faible baisse sur un mois" if is_highest else "Plus forte baisse sur un mois"


def _place_table(lines: Sequence[Mapping[str, Any]]) -> None:
    column = st.column_config
    has_franchises = len({line["franchise_name"] for line in lines}) > 1
    number = column.NumberColumn
    chosen = st.dataframe(
        [_line(line) for line in lines], hide_index=True, on_select="rerun",
        selection_mode="single-row", key="network-gyms", placeholder="–", row_height=38,
        height=min(38 * len(lines) + 42, 620),
        column_order=[
            "gym_name", *(["franchise_name"] if has_franchises else []), "visit_counts", "visits", "visit_change",
            "churn", "negative", "talks", "alerts", "member_count",
        ],
        column_config={
            "gym_name": column.TextColumn(say("Salle"), width=132),
            "franchise_name": column.TextColumn(say("Franchise"), width=112),
            "visit_counts": column.BarChartColumn(
                say("Visites, 6 mois"), width=97, y_min=0, help=tiles.help_of((METRIC, "visit_count"))
            ),
            "visits": column.ProgressColumn(
                say("Visites/adhérent"), format="localized", min_value=0, step=0.1, width=116,
                max_value=max((line["visits"] or 0 for line in lines), default=0) or 1, help=_help("visits"),
            ),
            "visit_change": number(say("Sur un mois, %"), format="localized", width=102, help=_help("visits")),
            "churn": number(say("Départs, %"), format="localized", width=78, step=0.1, help=_help("churn")),
            "negative": number(say("Négatifs, %"), format="localized", width=80, step=1, help=_help("negative")),
            "talks": number(
                say("Échanges/100 vis."), format="localized", width=120, step=0.1, help=_help("talks")
            ),
            "alerts": number(
                say("Alertes/100 adh."), format="localized", width=110, step=0.1, help=_help("alerts")
            ),
            "member_count": number(
                say("Adhérents"), format="localized", width=80, help=tiles.help_of((METRIC, "active_member_count"))
            ),
        },
        alt=say("Les salles côte à côte ; cliquez sur une ligne pour ouvrir la salle"),
    )  # fmt: skip
    exports.place(lines, _COLUMNS, name="reseau")
    st.caption(say("Cliquez sur une salle pour l'ouvrir dans « Aujourd'hui »."))
    if chosen.selection.rows:
        _enter(lines[chosen.selection.rows[0]]["gym_id"])


def _help(measure: str) -> str:
    return tiles.help_of(network.MEASURES[measure].source)


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as the table shows them: no more places than they deserve."""
    change = line["visit_change"]
    rounded = {
        name: None if line[name] is None else round(line[name], measure.decimals)
        for name, measure in network.MEASURES.items()
    }
    return {
        **line,
        **rounded,
        "franchise_name": line["franchise_name"] or say("Indépendante"),
        "visit_change": None if change is None else round(100 * change),
    }


def _percent(share: float | None) -> str:
    sign = "+" if share and share > 0 else ""
    return "–" if share is None else f"{sign}{formats.number(100 * share)}\u00a0%"
