"""The lines a cost is added up from: a gym's day, what was paid for and the model, with the way to that day's talks.

Read when somebody asks for them: by a link's address, or by a click in a table of « Coûts ».
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st

from dashboards import access, context, costs, exports, formats, navigation, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Permission, Scope

MOST_SHOWN = 200

# What a budget of the voice counts.
VOICE = tuple(part for part in texts_fr.COST_PARTS if part != "analysis")

_COLUMNS = {
    "local_date": "Jour", "gym_name": "Salle", "part": "Nature", "model": "Modèle", "cost_usd": "Coût, $",
    "token_count": "Jetons", "audio_seconds": "Son, secondes",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which lines of the month; what is empty chooses nothing."""

    key: str
    parts: Sequence[str] = ()
    """Of `texts_fr.COST_PARTS`."""
    models: Sequence[str] = ()
    gym_ids: Sequence[UUID] = ()


def place(scope: Scope, of: costs.Month, asked: Asked, *, words: str) -> None:
    """The lines under their heading; a click on one opens that gym's conversations of that day.

    Raises:
        NotBuiltYet: before dbt's first build.
    """
    tiles.place_question(words, (METRIC, "cost_usd"))
    read = partial(
        access.door().records.rows, scope, "marts_costs.ledger", since=of.first, until=of.last,
        gym_id=context.gym_id(), gym_ids=list(asked.gym_ids), models=list(asked.models), parts=list(asked.parts),
    )  # fmt: skip
    rows = read(most=MOST_SHOWN)
    if not rows:
        st.info(say("Aucune ligne de facture pour ce choix ce mois-ci."), icon=":material/receipt_long:")
        return
    column = st.column_config
    chosen = st.dataframe(
        [line(row) for row in rows], hide_index=True, on_select="rerun", selection_mode="single-row",
        key=f"ledger-{asked.key}", placeholder="–", height=min(38 + 36 * len(rows), 420), column_order=list(_COLUMNS),
        column_config={
            "local_date": column.DateColumn(say("Jour"), format="DD/MM/YYYY", width=95),
            "gym_name": column.TextColumn(say("Salle"), width=150),
            "part": column.TextColumn(say("Nature"), width=120),
            "model": column.TextColumn(say("Modèle"), width=200),
            "cost_usd": column.NumberColumn(say("Coût"), format="localized", width=95, step=0.000001),
            "token_count": column.NumberColumn(say("Jetons"), format="localized", width=95),
            "audio_seconds": column.NumberColumn(say("Son, secondes"), format="localized", width=110),
        },
        alt=say("Lignes de facture, la plus chère d'abord"),
    )  # fmt: skip
    st.caption(how_many(rows))
    exports.place_later(
        lambda: [line(row) for row in read(most=None)], _COLUMNS, name=f"couts-lignes-{asked.key}",
        label=say("Exporter en CSV"),
    )  # fmt: skip
    if chosen.selection.rows and scope.may(Permission.SEE_CONVERSATIONS):
        picked = rows[chosen.selection.rows[0]]
        context.enter(picked["gym_id"])
        navigation.go("conversations", navigation.days(picked["local_date"], picked["local_date"]))


def line(row: Row) -> dict[str, Any]:
    """One line as table and file show it."""
    return {
        "local_date": row["local_date"], "gym_name": row["gym_name"], "part": say(texts_fr.COST_PARTS[row["part"]]),
        "model": model(row["model"]), "cost_usd": float(row["cost_usd"]), "token_count": row["token_count"],
        "audio_seconds": float(row["audio_seconds"]),
    }  # fmt: skip


def how_many(rows: Sequence[Row]) -> str:
    """How many lines there are and what they come to, all of them."""
    count, usd = rows[0]["chosen_count"], formats.number(float(rows[0]["chosen_usd"]), decimals=2)
    words = (
        say("1 ligne, {usd} $. Un clic sur une ligne ouvre les échanges de ce jour.") if count == 1
        else say("{count} lignes, {usd} $ en tout. Un clic sur une ligne ouvre les échanges de ce jour.")
        if count == len(rows)
        else say("{shown} lignes sur {count}, la plus chère d'abord ; {usd} $ en tout, l'export les contient toutes.")
    )  # fmt: skip
    return words.format(shown=len(rows), count=formats.number(count), usd=usd).replace("$", r"\$")


def model(name: str) -> str:
    """A provider's model by its name, an analysis engine of ours in words."""
    return say(texts_fr.ANALYSIS_ENGINES[name]) if name in texts_fr.ANALYSIS_ENGINES else name
