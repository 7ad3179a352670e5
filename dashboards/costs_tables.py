"""The tables of « Coûts »: gyms with their budgets, what was paid for, and the conversations that cost most."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import streamlit as st

from dashboards import access, context, costs, costs_ledger, exports, formats, navigation, texts_fr
from dashboards.choices import label
from dashboards.conversation_list import duration
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Permission, Scope

MOST_SHOWN = 20

_GYM_COLUMNS = {
    "gym_name": "Salle", "franchise_name": "Franchise", "cost_usd": "Coût, $", "session_count": "Échanges",
    "session_cost_usd": "$ par échange", "member_cost_usd": "$ par adhérent",
    "voice_usd": "Voix, $", "budget_usd": "Budget de voix, $",
    "used_share": "Budget consommé", "expected_usd": "Voix prévue, $", "state": "État du budget",
}  # fmt: skip
_FRANCHISE_COLUMNS = {
    "franchise_name": "Franchise", "gym_count": "Salles", "session_count": "Échanges", "cost_usd": "Coût, $",
}  # fmt: skip
_MODEL_COLUMNS = {"model": "Modèle", "cost_usd": "Coût, $", "token_count": "Jetons", "audio_seconds": "Son, secondes"}
_DEAREST_COLUMNS = {
    "started_at": "Quand", "gym_name": "Salle", "duration_seconds": "Durée, secondes",
    "turn_count": "Prises de parole", "close_reason": "Fin", "voice_cost_usd": "Voix, $",
    "analysis_cost_usd": "Analyse, $", "cost_usd": "Coût, $",
}  # fmt: skip
_LABELS: exports.Labels = {"model": texts_fr.ANALYSIS_ENGINES, "close_reason": texts_fr.CLOSE_REASONS}


def place_gyms(scope: Scope, of: costs.Month, lines: Sequence[Mapping[str, Any]]) -> None:
    """Gyms side by side; a click on one shows its lines, the way to its talks, and its budget to whoever may set it."""
    column = st.column_config
    highest = max((float(line["cost_usd"]) for line in lines), default=0.0)
    chosen = st.dataframe(
        [_gym(line) for line in lines], hide_index=True, on_select="rerun",
        selection_mode="single-row", key="cost-gyms", placeholder="–", height=min(38 * len(lines) + 42, 460),
        row_height=38,
        column_order=[
            "gym_name", *(["franchise_name"] if _spans_franchises(lines) else []), "cost_usd", "budget_usd",
            "used_share", "state", "expected_usd", "session_cost_usd", "member_cost_usd", "session_count",
        ],
        column_config={
            "gym_name": column.TextColumn(say("Salle"), width=150),
            "franchise_name": column.TextColumn(say("Franchise"), width=120),
            "cost_usd": column.ProgressColumn(
                say("Coût"), min_value=0, max_value=highest or 1, format="dollar", width=120
            ),
            "session_count": column.NumberColumn(say("Échanges"), format="localized", width=80),
            "session_cost_usd": column.NumberColumn(say("$ par échange"), format="localized", step=0.001, width=100),
            "member_cost_usd": column.NumberColumn(say("$ par adhérent"), format="localized", step=0.001, width=105),
            "budget_usd": column.NumberColumn(say("Budget de voix"), format="dollar", width=105),
            "used_share": column.ProgressColumn(say("Consommé"), min_value=0, max_value=1, format="percent", width=95),
            "expected_usd": column.NumberColumn(say("Voix prévue"), format="dollar", width=95),
            "state": column.TextColumn(say("État du budget"), width=150),
        },
        alt=say("Coût et budget de chaque salle, la plus chère d'abord"),
    )  # fmt: skip
    exports.place(lines, _GYM_COLUMNS, name="couts-salles")
    picked = chosen.selection.rows
    if picked and scope.may(Permission.SEE_CONVERSATIONS):
        words = say("Voir les échanges de {gym}").format(gym=formats.plain(lines[picked[0]]["gym_name"]))
        if st.button(words, icon=":material/forum:", key="cost-gym-talks"):
            context.enter(lines[picked[0]]["gym_id"])
            navigation.go("conversations", of.days)
    if picked and scope.may(Permission.MANAGE_GYMS):
        _place_budget(scope, lines[picked[0]])
    elif scope.may(Permission.MANAGE_GYMS):
        st.caption(say("Cliquez sur une salle pour voir ses échanges et ses lignes, ou fixer son budget de voix."))
    if picked:
        one = lines[picked[0]]
        costs_ledger.place(
            scope, of, costs_ledger.Asked(key="salle", gym_ids=[one["gym_id"]]), words=_lines_of(one["gym_name"])
        )


def place_franchises(
    scope: Scope, of: costs.Month, franchises: Sequence[Mapping[str, Any]], gyms: Sequence[Mapping[str, Any]]
) -> None:
    """Franchises side by side; a click on one shows the lines of its gyms.

    Args:
        gyms: the lines of `costs.gym_lines`.
    """
    column = st.column_config
    chosen = st.dataframe(
        [_gym(line) for line in franchises], hide_index=True, key="cost-franchises", placeholder="–",
        on_select="rerun", selection_mode="single-row", column_order=list(_FRANCHISE_COLUMNS),
        column_config={
            "franchise_name": column.TextColumn(say("Franchise")),
            "gym_count": column.NumberColumn(say("Salles"), format="localized"),
            "session_count": column.NumberColumn(say("Échanges"), format="localized"),
            "cost_usd": column.ProgressColumn(
                say("Coût"), min_value=0, max_value=max(float(line["cost_usd"]) for line in franchises) or 1,
                format="dollar",
            ),
        },
        alt=say("Coût de chaque franchise, la plus chère d'abord"),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        exports.place(franchises, _FRANCHISE_COLUMNS, name="couts-franchises")
        st.caption(say("Cliquez sur une franchise pour voir ses lignes de facture."))
    if chosen.selection.rows:
        name = franchises[chosen.selection.rows[0]]["franchise_name"]
        theirs = [gym["gym_id"] for gym in gyms if gym["franchise_name"] == name]
        costs_ledger.place(
            scope, of, costs_ledger.Asked(key="franchise", gym_ids=theirs),
            words=_lines_of(name or say("Indépendante")),
        )  # fmt: skip


def place_models(rows: Sequence[Row]) -> str | None:
    """What each model cost; the one that is clicked, None for none."""
    column = st.column_config
    chosen = st.dataframe(
        [{**_plain(row), "model": costs_ledger.model(row["model"])} for row in rows], hide_index=True,
        key="cost-models", placeholder="–", on_select="rerun", selection_mode="single-row",
        column_order=list(_MODEL_COLUMNS),
        column_config={
            "model": column.TextColumn(say("Modèle"), width=145),
            "cost_usd": column.ProgressColumn(
                say("Coût"), min_value=0, max_value=max((float(row["cost_usd"]) for row in rows), default=0) or 1,
                format="dollar", width=105,
            ),
            "token_count": column.NumberColumn(say("Jetons"), format="localized", width=65),
            "audio_seconds": column.NumberColumn(say("Son, secondes"), format="localized", width=100),
        },
        alt=say("Coût de chaque modèle, le plus cher d'abord"),
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        exports.place(rows, _MODEL_COLUMNS, name="couts-modeles", labels=_LABELS)
        st.caption(say("Cliquez sur un modèle pour voir ses lignes de facture."))
    picked = chosen.selection.rows
    return rows[picked[0]]["model"] if picked else None


def place_dearest(scope: Scope, rows: Sequence[Row]) -> None:
    """The conversations that cost most; a click opens one, for whoever may read conversations."""
    if not rows:
        st.caption(say("Aucun échange n'a coûté ce mois-ci."))
        return
    column = st.column_config
    chosen = st.dataframe(
        [dearest_line(row) for row in rows], hide_index=True, on_select="rerun", selection_mode="single-row",
        key="cost-dearest", placeholder="–",
        column_config={
            "at": column.TextColumn(say("Quand"), width=115),
            "gym": column.TextColumn(say("Salle")),
            "duration": column.TextColumn(say("Durée"), width=90),
            "turns": column.NumberColumn(say("Prises de parole"), width=110),
            "end": column.TextColumn(say("Fin"), width=200),
            "cost": column.TextColumn(say("Coût"), width=90),
        },
        alt=say("Les échanges les plus chers, le plus cher d'abord"),
    )  # fmt: skip
    exports.place(rows, _DEAREST_COLUMNS, name="couts-echanges", labels=_LABELS)
    if scope.may(Permission.SEE_CONVERSATIONS):
        navigation.follow(chosen, rows, "conversations", named="conversation", field="session_id")


def dearest_line(row: Row) -> dict[str, Any]:
    """One conversation as the list of the dearest shows it."""
    return {
        "at": formats.stamp(row["started_at"], timezone=row["timezone"]),
        "gym": row["gym_name"],
        "duration": duration(row["duration_seconds"]),
        "turns": row["turn_count"],
        "end": label(texts_fr.CLOSE_REASONS, row["close_reason"]),
        "cost": f"{formats.number(float(row['cost_usd']), decimals=4)}\u00a0$",
    }


def say_state(state: str) -> str:
    """A gym's budget in words; a day stands behind some."""
    words, _, day = state.rpartition(" ")
    return f"{say(words)} {day}" if words == "Atteint vers le" else say(state)


def _place_budget(scope: Scope, line: Mapping[str, Any]) -> None:
    with st.form(f"budget-{line['gym_id']}"):
        st.markdown(f"**{say('Budget de voix')} · {formats.plain(line['gym_name'])}**")
        has_budget = st.checkbox(say("Limiter la voix de cette salle"), value=line["budget_usd"] is not None)
        with st.container(horizontal=True, gap="small"):
            usd = st.number_input(
                say("Dollars par mois"), min_value=0.0, step=1.0, format="%.2f", width=180,
                value=float(line["budget_usd"]) if line["budget_usd"] is not None else _suggested(line),
            )  # fmt: skip
            percent = st.number_input(
                say("Modèle économique à partir de, %"), min_value=1, max_value=100, step=5, width=220,
                value=round(line["cheaper_share"] * 100),
            )  # fmt: skip
        st.caption(
            say("Passé ce seuil la borne parle avec le modèle économique ; au bout du budget elle écrit sans parler.")
        )
        if st.form_submit_button(say("Enregistrer"), type="primary"):
            budget = Decimal(str(usd)).quantize(Decimal("0.01")) if has_budget else None
            _set_budget(scope, line["gym_id"], budget, Decimal(percent) / 100)


def _set_budget(scope: Scope, gym_id: UUID, usd: Decimal | None, cheaper_share: Decimal) -> None:
    try:
        kept = access.door().records.row(
            scope, "network.change_voice_budget", id=gym_id, is_given=True, usd=usd, cheaper_share=cheaper_share
        )
    except psycopg.errors.NumericValueOutOfRange:
        st.error(say("Ce montant est trop grand : 99 999 999 $ au plus."), icon=":material/error:")
        return
    if kept is None or not kept["answer"]:
        st.error(say("Vous ne pouvez pas changer le budget de cette salle."), icon=":material/block:")
        return
    amount = say("sans limite") if usd is None else f"{formats.number(float(usd), decimals=2)} \\$"
    st.toast(f"{say('Budget enregistré')} : {amount}", icon=":material/check_circle:")
    st.rerun()


def _suggested(line: Mapping[str, Any]) -> float:
    """A fifth more than the month is expected to cost, in whole dollars."""
    return float(round((line["expected_usd"] or line["voice_usd"]) * Decimal("1.2")) or 1)


def _spans_franchises(lines: Sequence[Mapping[str, Any]]) -> bool:
    return len({line["franchise_name"] for line in lines}) > 1


def _gym(line: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {"franchise_name": line["franchise_name"] or say("Indépendante")}
    if line.get("used_share") is not None:
        # A grid shows all the places of a percentage that it is given.
        words["used_share"] = round(line["used_share"], 2)
    return {**_plain(line), **words, **({"state": say_state(line["state"])} if "state" in line else {})}


def _lines_of(name: str) -> str:
    return say("Lignes de facture de {name}").format(name=formats.plain(name))


def _plain(line: Mapping[str, Any]) -> dict[str, Any]:
    """Decimals as floats: the table draws bars of them."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in line.items()}
