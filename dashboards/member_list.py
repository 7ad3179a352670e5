"""The members in view: the filters, and the list a manager opens a member from."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from dashboards import choices, context, exports, formats, navigation, texts_fr, tiles
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.churn import UNCOUNTED
from jarvis.tenancy import Permission, Scope

# A longer list is one nobody reads; the filters say who.
MOST_SHOWN = 200

_EXPORTED = {
    "last_name": "Nom", "first_name": "Prénom", "gym_name": "Salle", "churn_risk_level": "Risque",
    "churn_risk_score": "Score", "reason": "Raison", "last_visit_at": "Dernière visite",
    "visits_per_week": "Visites par semaine", "usual_visits_per_week": "Habitude par semaine",
    "visit_trend": "Tendance", "conversation_count": "Conversations",
}  # fmt: skip
_LABELS: exports.Labels = {"churn_risk_level": texts_fr.RISK_LEVELS, "visit_trend": texts_fr.VISIT_TRENDS}

_DEFINED = {
    "Risque": ("dim_members", "churn_risk_level"),
    "Score": ("dim_members", "churn_risk_score"),
    "Dernière visite": ("dim_members", "last_visit_at"),
    "Visites par semaine": ("dim_members", "visit_frequency_per_week"),
    "Habitude par semaine": ("dim_members", "usual_visits_per_week"),
    "Tendance": ("dim_members", "visit_trend"),
    "Échanges": ("dim_members", "conversation_count"),
}


def choose() -> dict[str, Any]:
    """What the filters say, as the values of `members.listing`; placed in one row.

    A figure's way to its rows names its values in the address: they are picked when the page is entered by it.
    """
    choices.named("risque", texts_fr.RISK_LEVELS, key="member-levels")
    choices.named("visites", texts_fr.VISIT_TRENDS, key="member-trends")
    choices.switched("anciens", "oui", key="member-former")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="member-filters"):
        name = st.text_input(say("Nom"), key="member-name", width=220)
        levels = choices.several("Risque", texts_fr.RISK_LEVELS, key="member-levels")
        trends = choices.several("Visites", texts_fr.VISIT_TRENDS, key="member-trends", every="Toutes")
        is_new = st.toggle(say("Nouveaux"), key="member-new")
        shows_former = st.toggle(say("Anciens aussi"), key="member-former")
    return {
        "gym_id": context.gym_id(), "name": name.strip() or None, "levels": levels, "trends": trends,
        "is_new": is_new, "shows_former": shows_former, "most": MOST_SHOWN,
    }  # fmt: skip


def place(scope: Scope, records: Records, *, asked: dict[str, Any], now: datetime) -> None:
    """The list is placed; a click on a line opens the member."""
    rows = records.rows(scope, "members.listing", **asked)
    if not rows:
        st.info(say("Aucun adhérent ne correspond à ces filtres."), icon=":material/search_off:")
        return
    chosen = st.dataframe(
        [line(row) for row in rows], hide_index=True, height=min(560, 38 + 35 * len(rows)), on_select="rerun",
        selection_mode="single-row", key="member-list", placeholder="–", column_order=_columns(scope),
        column_config=_column_config(), alt=say("Adhérents, le plus à risque d'abord"),
    )  # fmt: skip
    st.caption(f"{_how_many(rows)} {age(rows, now=now)}")
    exports.place_later(
        partial(records.rows, scope, "members.listing", **(asked | {"most": None})), _EXPORTED, name="adherents",
        label=say("Exporter en CSV"), labels=_LABELS,
    )  # fmt: skip
    tiles.place_meanings(_DEFINED)
    navigation.follow(chosen, rows, "adherents", named="adherent")


def age(rows: Sequence[Row], *, now: datetime) -> str:
    """When the oldest of the members' scores was computed, in a sentence."""
    scored = [row["scored_at"] for row in rows if row["scored_at"] is not None]
    if not scored:
        return say("Les scores ne sont pas encore calculés ; le reste est lu à l'instant.")
    words = say("Scores et habitudes calculés {when} ; le reste est lu à l'instant.")
    return words.format(when=formats.age(min(scored), now=now))


def _how_many(rows: Sequence[Row]) -> str:
    count = rows[0]["chosen_count"]
    if count == len(rows):
        return say("1 adhérent.") if count == 1 else say("{count} adhérents.").format(count=formats.number(count))
    words = say("{shown} adhérents affichés sur {count}, le plus à risque d'abord ; l'export les contient tous.")
    return words.format(shown=formats.number(len(rows)), count=formats.number(count))


def line(row: Row) -> dict[str, Any]:
    """One member as the list shows them."""
    visit_at = row["last_visit_at"]
    return {
        "name": full_name(row),
        "gym": row["gym_name"],
        "level": level_words(row),
        "score": row["churn_risk_score"],
        "reason": short_reason(row["reason"] or ""),
        "last_visit": None if visit_at is None else formats.local_date(visit_at, timezone=row["timezone"]),
        "visits": _rounded(row["visits_per_week"]),
        "usual": _rounded(row["usual_visits_per_week"]),
        "trend": say(texts_fr.VISIT_TRENDS[row["visit_trend"]]) if row["visit_trend"] else "–",
        "conversations": row["conversation_count"],
    }


def short_reason(reason: str) -> str:
    """The reason as one line of the list holds it: what is true of every one is said at the head of the column."""
    return reason.replace(f", {UNCOUNTED}", "")


def level_words(row: Row) -> str:
    """The risk in a word, or why there is none to act on."""
    level = row["churn_risk_level"]
    if row["is_new"]:
        return say("Nouveau")
    if level is None:
        return "–"
    return say(texts_fr.RISK_LEVELS[level]) if row["held_back_reason"] is None else say("Suspendu")


def full_name(row: Row) -> str:
    """First and last name; a word for a member who has none."""
    return " ".join(part for part in (row["first_name"], row["last_name"]) if part) or say(texts_fr.UNKNOWN_MEMBER)


def _rounded(visits: float | None) -> float | None:
    return None if visits is None else round(visits, 1)


def _columns(scope: Scope) -> Sequence[str]:
    shown = ["name", "gym", "level", "score", "reason", "last_visit", "visits", "usual", "trend", "conversations"]
    sees_several = scope.may(Permission.CHOOSE_GYM) and context.gym_id() is None
    # A laptop's width holds the gym in the place of two that the member's file says.
    left_out = {"score", "conversations"} if sees_several else {"gym"}
    return [column for column in shown if column not in left_out]


def _column_config() -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn(say("Adhérent"), width=130),
        "gym": column.TextColumn(say("Salle"), width=140),
        "level": column.TextColumn(say("Risque"), width=70),
        "score": column.ProgressColumn(say("Score"), min_value=0, max_value=1, format="localized", step=0.01, width=75),
        "reason": column.TextColumn(say("Première raison"), width=220, help=say(texts_fr.UNCOUNTED_DAYS)),
        "last_visit": column.DateColumn(say("Dernière visite"), format="DD/MM/YYYY", width=95),
        "visits": column.NumberColumn(
            say("Par sem."), format="localized", step=0.1, width=70, help=tiles.help_of(_DEFINED["Visites par semaine"])
        ),
        "usual": column.NumberColumn(
            say("Habitude"),
            format="localized",
            step=0.1,
            width=75,
            help=tiles.help_of(_DEFINED["Habitude par semaine"]),
        ),
        "trend": column.TextColumn(say("Tendance"), width=105),
        "conversations": column.NumberColumn(say("Échanges"), width=75),
    }
