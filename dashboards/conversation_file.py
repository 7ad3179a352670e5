"""One conversation: what it was about, what was said, and what it cost; a label can be corrected.

Names and other personal data are masked until somebody asks to see them, which is on record.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape
from uuid import UUID

import psycopg
import streamlit as st

from dashboards import access, action_items, cards, charts, exports, figures, formats, texts_fr, tiles, unfounded
from dashboards.cards import DOT
from dashboards.choices import label
from dashboards.conversation_list import duration, state
from dashboards.language import say
from dashboards.member_list import full_name
from dashboards.records import Records, Row
from jarvis.corrections import LabelField
from jarvis.tenancy import Permission, Scope

_LABELS = {
    LabelField.SENTIMENT_LABEL: ("Sentiment", texts_fr.SENTIMENTS, "sentiment_label"),
    LabelField.EMOTION: ("Émotion", texts_fr.EMOTIONS, "emotion"),
    LabelField.TOPICS: ("Sujets", texts_fr.TOPICS, "topics"),
    LabelField.INTENTS: ("Intentions", texts_fr.INTENTS, "intents"),
    LabelField.OUTCOME: ("Issue", texts_fr.OUTCOMES, "outcome"),
}
_DEFINED = {
    "Sentiment": ("fct_sessions", "sentiment_label"),
    "Issue": ("fct_sessions", "outcome"),
    "Ordre de relecture": ("fct_sessions", "satisfaction"),
    "Coût": ("fct_sessions", "cost_usd"),
}
_WAIT = "De la fin d'une parole de l'adhérent au début de la réponse ; la médiane des réponses de cet échange."

_EXPORTED = {
    "number": "N°", "said_at": "Quand", "who": "Qui", "text": "Paroles", "sentiment_label": "Sentiment",
    "sentiment_score": "Sentiment, de −1 à 1", "answer_seconds": "Attente (s)",
}  # fmt: skip

_EXPORTED_MOODS = {name: _EXPORTED[name] for name in ("number", "said_at", "sentiment_label", "sentiment_score")}
_SEVERAL = (LabelField.TOPICS, LabelField.INTENTS)


def place(scope: Scope, session_id: UUID, *, now: datetime) -> None:
    """The conversation is placed; whoever does not see it is told that there is none."""
    records = access.door().records
    found = records.row(scope, "conversations.conversation", session_id=session_id)
    if found is None:
        st.warning(say(texts_fr.NO_SUCH_CONVERSATION), icon=":material/speaker_notes_off:")
        return
    is_masked = _is_masked(scope, records, session_id)
    turns = records.rows(scope, "conversations.turns", session_id=session_id)
    if is_masked:
        turns = _masked(turns, known=_known(found))
    st.html(head_html(found, now=now, is_masked=is_masked))
    left, right = st.columns([3, 2], gap="large")
    with left:
        lines = turn_lines(turns, timezone=found["timezone"])
        _place_sentiment(turns, lines)
        st.subheader(say("Ce qui a été dit"), anchor=False)
        st.html(turns_html(turns))
        exports.place(lines, _EXPORTED, name="conversation")
    with right:
        st.subheader(say("Ce que l'analyse en retient"), anchor=False)
        st.html(analysis_html(found))
        _place_action_items(scope, records, session_id, now=now)
        if found["analysis_status"] == "completed" and scope.may(Permission.CORRECT_LABELS):
            _place_correction(scope, records, found)
        calls = records.rows(scope, "conversations.tool_calls", session_id=session_id)
        st.html(technical_html(found, turns, calls))
        tiles.place_live(say("Lu"))
        tiles.place_meanings(_DEFINED, notes={"Attente médiane d'une réponse": _WAIT})


def head_html(found: Row, *, now: datetime, is_masked: bool) -> str:
    """Who spoke, where, when and for how long."""
    member = say(texts_fr.MASKED_MEMBER) if is_masked and found["member_id"] else full_name(found)
    when = formats.moment(found["started_at"], now=now, timezone=found["timezone"])
    facts = [
        found["gym_name"], found["kiosk_name"], when, duration(found["duration_seconds"]),
        label(texts_fr.CLOSE_REASONS, found["close_reason"]),
    ]  # fmt: skip
    return f'<div class="j-head"><h2>{escape(member)}</h2><p>{DOT.join(escape(fact) for fact in facts)}</p></div>'


def turns_html(turns: Sequence[Row]) -> str:
    """The transcript."""
    if not turns:
        return f"<p>{escape(say(texts_fr.NO_WORDS))}</p>"
    return '<ol class="j-turns">' + "".join(map(_turn, turns)) + "</ol>"


def turn_lines(turns: Sequence[Row], *, timezone: str) -> list[dict[str, object]]:
    """What was said as a file holds it."""
    return [
        {
            "number": number, "said_at": turn["started_at"], "timezone": timezone,
            "who": say("Adhérent") if turn["role"] == "member" else "JARVIS",
            "text": turn["text"],
            "sentiment_label": label(texts_fr.SENTIMENTS, turn["sentiment_label"]),
            "sentiment_score": turn["sentiment_score"], "answer_seconds": turn["answer_seconds"],
        }
        for number, turn in enumerate(turns, 1)
    ]  # fmt: skip


def analysis_html(found: Row) -> str:
    """Summary and labels, and which engine says so."""
    if found["analysis_status"] != "completed":
        return f"<p>{escape(say(state(found)))}</p>"
    lines = []
    for heading, labels, column in _LABELS.values():
        value = found[column]
        words = [label(labels, one) for one in value] if isinstance(value, list) else [label(labels, value)]
        lines.append(f"<dt>{escape(say(heading))}</dt><dd>{escape(', '.join(words) or '–')}</dd>")
    if found["reading_rank"] is not None:
        # What the engine estimates is an order to look in, no rating: docs/model_cards/conversations.md.
        place_of = say("{rank} sur {count}, la moins contente d'abord (30 jours de la salle)").format(
            rank=formats.number(found["reading_rank"]), count=formats.number(found["reading_count"])
        )
        lines.append(f"<dt>{escape(say('Ordre de relecture'))}</dt><dd>{escape(place_of)}</dd>")
    engine = f"{say('Moteur')} {found['engine']}, {say('version')} {found['engine_version']}"
    summary = escape(found["summary_text"] or say(texts_fr.NO_WORDS))
    doubts = unfounded.claims_html(found["unfounded_claims"] or {})
    return f'<p>{summary}</p><dl class="j-labels">{"".join(lines)}</dl>{doubts}<p><small>{escape(engine)}</small></p>'


def technical_html(found: Row, turns: Sequence[Row], calls: Sequence[Row]) -> str:
    """What the assistant did, how long members waited for its answers, and what it cost."""
    waits = sorted(turn["answer_seconds"] for turn in turns if turn["answer_seconds"] is not None)
    cost = (found["voice_cost_usd"] or 0) + (found["analysis_cost_usd"] or 0)
    wait = f"{formats.number(waits[len(waits) // 2], decimals=1)}\u00a0s" if waits else "–"
    lines = [
        ("Attente médiane d'une réponse", wait),
        ("Coût", f"{formats.number(float(cost), decimals=4)}\u00a0$"),
        ("Modèle vocal", found["model"] or "–"),
        ("Outils", ", ".join(f"{call['name']} ({call['status']})" for call in calls) or say("Aucun")),
    ]
    rows = "".join(f"<dt>{escape(say(heading))}</dt><dd>{escape(words)}</dd>" for heading, words in lines)
    return f'<dl class="j-labels">{rows}</dl>'


def _masked(turns: Sequence[Row], *, known: Sequence[str]) -> list[Row]:
    """The turns without what is personal in them, once for page and file: looking for it takes milliseconds a turn."""
    return [{**turn, "text": turn["text"] and cards.masked(turn["text"], known=known)} for turn in turns]


def _turn(turn: Row) -> str:
    words = turn["text"] or "…"
    who = say("Adhérent") if turn["role"] == "member" else "JARVIS"
    feeling = turn["sentiment_label"]
    tag = f' <span class="j-tag j-{feeling}">{escape(label(texts_fr.SENTIMENTS, feeling))}</span>' if feeling else ""
    return f'<li class="j-{turn["role"]}"><small>{escape(who)}</small>{tag}<p>{escape(words)}</p></li>'


def _known(found: Row) -> list[str]:
    return [found[field] for field in ("first_name", "last_name", "email", "phone") if found[field]]


def _is_masked(scope: Scope, records: Records, session_id: UUID) -> bool:
    """True until the person asked to see the names of this conversation, which the audit trail then holds."""
    if st.session_state.get("unmasked") == (scope.user_id, session_id):
        return False
    if not st.button(say("Afficher les noms"), icon=":material/visibility:", help=say(texts_fr.UNMASKING_IS_KEPT)):
        return True
    noted = records.row(scope, "conversations.note_unmasking", session_id=session_id)
    if noted is None or not noted["is_noted"]:
        return True
    # From here on the page shows them; the button goes with the next run.
    st.session_state["unmasked"] = (scope.user_id, session_id)
    return False


def _place_action_items(scope: Scope, records: Records, session_id: UUID, *, now: datetime) -> None:
    """What the conversation left to do, with its steps; nothing where it left nothing."""
    rows = records.rows(
        scope, "recommendations.action_items", gym_id=None, session_id=session_id, is_open=None, owners=[],
        assigned_to=None, most=20,
    )  # fmt: skip
    if rows:
        st.subheader(say("À faire"), anchor=False)
        action_items.place_rows(scope, rows, now=now, leads_back=False)


def _place_sentiment(turns: Sequence[Row], lines: Sequence[Row]) -> None:
    scores = [
        (number, turn["sentiment_score"]) for number, turn in enumerate(turns, 1) if turn["sentiment_score"] is not None
    ]
    if len(scores) < 2:
        return
    tiles.place_question(say("L'humeur s'améliore-t-elle ?"), ("fct_sessions", "sentiment_label"))
    charts.place(
        figures.sentiment_line([number for number, _ in scores], [score for _, score in scores]),
        words=say("Sentiment de chaque prise de parole, de −1 à 1"),
    )  # fmt: skip
    exports.place(
        [line for line in lines if line["sentiment_score"] is not None], _EXPORTED_MOODS, name="conversation-humeur"
    )


def _place_correction(scope: Scope, records: Records, found: Row) -> None:
    with st.expander(say("Corriger une étiquette"), icon=":material/edit:"):
        chosen = st.selectbox(
            say("Étiquette"), list(_LABELS), format_func=lambda one: say(_LABELS[one][0]), key="correct-field"
        )
        _, labels, column = _LABELS[chosen]
        with st.form("correction", border=False):
            if chosen in _SEVERAL:
                values = st.multiselect(
                    say("Valeurs justes"), list(labels), default=found[column] or [],
                    format_func=lambda value: say(labels[value]),
                )  # fmt: skip
            else:
                one = st.selectbox(
                    say("Valeur juste"), list(labels), index=list(labels).index(found[column]) if found[column] else 0,
                    format_func=lambda value: say(labels[value]),
                )  # fmt: skip
                values = [one]
            if st.form_submit_button(say("Enregistrer"), type="primary"):
                _correct(scope, records, found["id"], chosen, values)


def _correct(scope: Scope, records: Records, session_id: UUID, field: LabelField, values: list[str]) -> None:
    if not values:
        st.warning(say("Choisissez au moins une valeur."), icon=":material/info:")
        return
    try:
        kept = records.row(
            scope, "corrections.correct_label", session_id=session_id, turn_id=None, field=str(field), value=values
        )
    except psycopg.errors.LockNotAvailable:
        st.warning(say("Une analyse est en cours : réessayez dans un instant."), icon=":material/hourglass_top:")
        return
    if kept is None or kept["correction_id"] is None:
        st.warning(say(texts_fr.NO_SUCH_CONVERSATION), icon=":material/info:")
        return
    st.toast(say("Correction enregistrée : elle prime sur toute nouvelle analyse."), icon=":material/check_circle:")
    st.rerun()
