"""The conversations in view: search by words and meaning, filters, and the list one is opened from.

Nobody is named here: who spoke is shown in one conversation at a time, to whoever asks, on record.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from dashboards import access, choices, context, exports, formats, navigation, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Permission, Scope

MOST_SHOWN = 100

# A longer count says no more to anybody, and costs a network's whole history.
MOST_COUNTED = 10_000

_EXPORTED = {
    "started_at": "Quand", "gym_name": "Salle",
    "sentiment_label": "Sentiment", "emotion": "Émotion", "topics": "Sujets", "outcome": "Issue",
    "summary_text": "Résumé", "duration_seconds": "Durée (s)",
}  # fmt: skip
_LABELS: exports.Labels = {
    "sentiment_label": texts_fr.SENTIMENTS, "emotion": texts_fr.EMOTIONS, "topics": texts_fr.TOPICS,
    "outcome": texts_fr.OUTCOMES,
}  # fmt: skip

_DEFINED = {
    "Conversations": (METRIC, "session_count"),
    "Sentiment": ("fct_sessions", "sentiment_label"),
    "Sujets": ("fct_sessions", "key_topics"),
    "Issue": ("fct_sessions", "outcome"),
    "Durée": ("fct_sessions", "duration_seconds"),
}


def choose(scope: Scope, *, now: datetime) -> dict[str, Any] | None:
    """What the filters say, as the values of `conversations.listing`; None where a search needs a gym first."""
    words = st.text_input(
        say("Chercher"), key="conversation-words", placeholder=say("douche froide, envie d'arrêter, prix…")
    ).strip()
    choices.named("sentiment", texts_fr.SENTIMENTS, key="conversation-sentiments")
    choices.named("sujet", texts_fr.TOPICS, key="conversation-topics")
    choices.named("issue", texts_fr.OUTCOMES, key="conversation-outcomes")
    choices.switched("appui", "non", key="conversation-unfounded")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="conversation-filters"):
        sentiments = choices.several("Sentiment", texts_fr.SENTIMENTS, key="conversation-sentiments")
        topics = choices.several("Sujet", texts_fr.TOPICS, key="conversation-topics")
        outcomes = choices.several("Issue", texts_fr.OUTCOMES, key="conversation-outcomes")
        since = choices.since(now=now, key="conversation-period")
        is_unfounded = st.toggle(
            say("Sans appui"), key="conversation-unfounded",
            help=say("L'analyse affirme quelque chose que rien dans la conversation n'appuie."),
        )  # fmt: skip
    first, last = choices.asked_days("conversations", words="Conversations")
    found, gym_id = None, scope.gym_id or context.gym_id()
    if words:
        if gym_id is None:
            st.info(say("Choisissez une salle à gauche pour chercher dans ses conversations."), icon=":material/store:")
            return None
        found = access.door().conversation_search.find(scope, gym_id, words)
    return {
        "gym_id": gym_id, "found": found, "sentiments": sentiments, "topics": topics, "outcomes": outcomes,
        "since": since, "first": first, "last": last, "is_unfounded": is_unfounded, "most": MOST_SHOWN + 1,
    }  # fmt: skip


def place(scope: Scope, *, asked: dict[str, Any]) -> None:
    """The list is placed; a click on a line opens the conversation."""
    found = _read(scope, asked)
    rows = found[:MOST_SHOWN]
    if not rows:
        st.info(say("Aucune conversation ne correspond à ces filtres."), icon=":material/search_off:")
        return
    column = st.column_config
    chosen = st.dataframe(
        [line(row) for row in rows], hide_index=True, height=520, row_height=38, on_select="rerun",
        selection_mode="single-row", key="conversation-list", placeholder="–",
        column_order=[
            "at", *(["gym"] if scope.may(Permission.CHOOSE_GYM) else []), "sentiment", "topics", "outcome",
            "summary", "duration",
        ],
        column_config={
            "at": column.TextColumn(say("Quand"), width=115),
            "gym": column.TextColumn(say("Salle")),
            "sentiment": column.TextColumn(say("Sentiment"), width=85),
            "topics": column.TextColumn(say("Sujets"), width=190),
            "outcome": column.TextColumn(say("Issue"), width=150),
            "summary": column.TextColumn(say("Résumé"), width=330),
            "duration": column.TextColumn(say("Durée"), width=80),
        },
        alt=say("Conversations, la plus récente d'abord"),
    )  # fmt: skip
    count = len(found) if len(found) <= MOST_SHOWN else _count(scope, asked)
    st.caption(f"{_how_many(len(rows), count)} {say('Lu à l’instant : une conversation paraît ici dès sa fin.')}")
    exports.place_later(
        partial(_read, scope, asked | {"most": None}), _EXPORTED, name="conversations", label=say("Exporter en CSV"),
        labels=_LABELS,
    )  # fmt: skip
    tiles.place_meanings(_DEFINED)
    navigation.follow(chosen, rows, "conversations", named="conversation")


def _read(scope: Scope, asked: dict[str, Any]) -> Sequence[Row]:
    found = access.door().records.rows(scope, "conversations.listing", **asked)
    # A search finds fewer than are shown: the best of them first.
    return found if asked["found"] is None else sorted(found, key=lambda row: asked["found"].index(row["id"]))


def _count(scope: Scope, asked: dict[str, Any]) -> int:
    row = access.door().records.row(scope, "conversations.listing_count", **(asked | {"most": MOST_COUNTED + 1}))
    return 0 if row is None else row["chosen_count"]


def _how_many(shown: int, count: int) -> str:
    if count <= shown:
        return say("1 conversation.") if shown == 1 else say("{count} conversations.").format(count=shown)
    told = formats.number(count) if count <= MOST_COUNTED else say("plus de {count}").format(
        count=formats.number(MOST_COUNTED)
    )  # fmt: skip
    words = say("{shown} conversations affichées sur {count}, la plus récente d'abord ; l'export les contient toutes.")
    return words.format(shown=formats.number(shown), count=told)


def line(row: Row) -> dict[str, str]:
    """One conversation as the list shows it."""
    return {
        "at": formats.stamp(row["started_at"], timezone=row["timezone"]),
        "gym": row["gym_name"],
        "sentiment": choices.label(texts_fr.SENTIMENTS, row["sentiment_label"]),
        "topics": ", ".join(choices.label(texts_fr.TOPICS, topic) for topic in row["topics"] or ()),
        "outcome": choices.label(texts_fr.OUTCOMES, row["outcome"]),
        "summary": row["summary_text"] or say(state(row)),
        "duration": duration(row["duration_seconds"]),
    }


def duration(seconds: float | None) -> str:
    """Minutes and seconds: 2 min 05."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}\u00a0min\u00a0{rest:02d}" if minutes else f"{rest}\u00a0s"


def state(row: Row) -> str:
    """Why a conversation has no analysis."""
    if not row["has_analysis_consent"]:
        return texts_fr.NO_CONSENT
    return texts_fr.ANALYSIS_STATES.get(row["analysis_status"] or "pending", texts_fr.ANALYSIS_STATES["pending"])
