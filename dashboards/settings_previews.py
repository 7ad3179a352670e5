"""What each kind of alert would have done last month at a threshold one tries: for a gym's settings.

The rules that fire are replayed over what is kept of the month (`jarvis/alert_previews.py`), as the person signed in
may see it. Silent minutes, visits and hours without check-ins are saved here for the gym; the other numbers say where
they are set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import streamlit as st

from dashboards import access, changes, formats, texts_fr
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis import alert_thresholds as thresholds
from jarvis.alert_choices import Preview
from jarvis.alert_previews import THRESHOLDS
from jarvis.alert_thresholds import SET_BY_GYM, milestone_words, read_milestones
from jarvis.alerts import AlertType
from jarvis.tenancy import Scope
from warehouse.stores import alert_previews

PREVIEW_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Trial:
    """How one number is asked for."""

    label: str
    step: float
    held: float | None
    """What holds now, or is usual where nothing does; None for what the network's settings say."""
    where: str
    """Where it is set."""


_TRIALS: Mapping[AlertType, _Trial] = {
    AlertType.NEGATIVE_FEEDBACK: _Trial(
        "Humeur de la conversation, de −1 à 1, sous", 0.05, None,
        "Aujourd'hui {held}, pour tout le réseau ; l'administration le règle. Une plainte dite poliment compte "
        "au-dessus.",
    ),
    AlertType.KIOSK_OFFLINE: _Trial(
        "Minutes de silence d'une borne, pendant les heures d'ouverture", 5, 0,
        "Une borne est hors ligne après 10 minutes de silence ; l'alerte vient après celles-ci.",
    ),
    AlertType.MILESTONE: _Trial(
        "Nombres de visites à fêter", 50, 0, "Douze nombres au plus, de 1 à 10 000, comme 50, 100, 200.",
    ),
    AlertType.DATA_QUALITY: _Trial(
        "Heures sans aucun passage", 1, 0,
        "Dans les salles où l'on passe d'habitude au moins 5 fois par jour.",
    ),
    AlertType.VOICE_BUDGET: _Trial(
        "Budget de voix du mois, en dollars", 5, 50, "Il se règle dans « Coûts » ; une alerte par palier franchi.",
    ),
}  # fmt: skip
_OWN: Mapping[AlertType, str] = {
    AlertType.KIOSK_OFFLINE: "has_own_kiosk_silence",
    AlertType.MILESTONE: "has_own_milestones",
    AlertType.DATA_QUALITY: "has_own_checkins_silence",
}
WRONG_STEPS = "Écrivez un à douze nombres de visites, de 1 à 10 000, séparés par des virgules."
NO_THRESHOLD = "Aucun seuil : le premier signalement d'une panne donne l'alerte, les suivants s'y ajoutent."


def last_month(
    scope: Scope,
    records: Records,
    gym: Row,
    alert_type: AlertType,
    *,
    threshold: float,
    now: datetime,
    per_week: int | None = None,
    steps: tuple[int, ...] | None = None,
) -> Preview:
    """What a threshold would have done in thirty days, had nobody acted on any alert."""
    # The night has scored today; of visits, talks and kiosks the last whole day is yesterday.
    today = formats.local_date(now, timezone=gym["timezone"])
    last_day = today - timedelta(days=0 if alert_type is AlertType.CHURN_RISK else 1)
    question = alert_previews.Question(
        gym_id=gym["id"],
        alert_type=alert_type,
        threshold=threshold,
        first_day=last_day - timedelta(days=PREVIEW_DAYS - 1),
        last_day=last_day,
        negative_feedback_below=threshold,
        per_week=per_week,
        steps=steps,
    )
    return alert_previews.preview(partial(records.rows, scope), question)


def place(scope: Scope, gym: Row, *, now: datetime) -> None:
    """One chooses a kind of alert, tries a number, and reads how often it would have fired."""
    kinds = [one for one in AlertType if one is not AlertType.CHURN_RISK]
    with st.container(border=True, key="form-try-alerts"):
        st.markdown(f"**{say('Essayer un autre seuil sur le mois dernier')}**")
        alert_type = st.selectbox(
            say("Sorte d'alerte"), kinds, format_func=lambda one: say(texts_fr.ALERT_TYPES[one]), key="try-type"
        )
        trial = _TRIALS.get(alert_type)
        if trial is None:
            st.info(say(NO_THRESHOLD), icon=":material/history:")
            return
        if alert_type in SET_BY_GYM:
            _place_own(scope, gym, alert_type, trial, now=now)
            return
        held = _held(trial, alert_type, gym)
        threshold = _asked(trial, alert_type, held=held)
        found = last_month(scope, access.door().records, gym, alert_type, threshold=round(threshold, 2), now=now)
        st.info(words(found), icon=":material/history:")
        st.caption(say(trial.where).format(held=formats.number(held, decimals=2)))


def _held(trial: _Trial, alert_type: AlertType, gym: Row) -> float:
    """What holds now for the gym."""
    if trial.held is None:
        return access.door().negative_feedback_below
    if alert_type is AlertType.VOICE_BUDGET and gym["voice_budget_usd"] is not None:
        return float(gym["voice_budget_usd"])
    return float(trial.held)


def _asked(trial: _Trial, alert_type: AlertType, *, held: float) -> float:
    """The number one tries, beginning with what holds now."""
    kind, key = THRESHOLDS[alert_type], f"try-{alert_type}"
    if trial.step < 1:
        # A field for numbers writes « -0.50 » where the browser's own language has a point: steps are written by us.
        count = round((kind.high - kind.low) / trial.step)
        steps = sorted({held, *(round(kind.low + place * trial.step, 2) for place in range(count + 1))})
        return float(
            st.select_slider(
                say(trial.label), steps, held, format_func=lambda one: formats.number(one, decimals=2), key=key
            )
        )
    most = float(min(kind.high, 10_000))
    return float(
        st.number_input(
            say(trial.label), float(kind.low), most, min(held, most), step=float(trial.step), key=key, format="%.0f"
        )
    )


def _place_own(scope: Scope, gym: Row, alert_type: AlertType, trial: _Trial, *, now: datetime) -> None:
    """One of the numbers that the gym sets: tried, saved, or given back to the franchise and the rules."""
    now_held = holding(gym, alert_type)
    key = f"try-{alert_type}"
    if alert_type is AlertType.MILESTONE:
        typed = st.text_input(say(trial.label), milestone_words(now_held), key=key, max_chars=120)
        steps = read_milestones(typed)
    else:
        kind = THRESHOLDS[alert_type]
        number = st.number_input(
            say(trial.label), int(kind.low), int(kind.high), now_held[0], step=int(trial.step), key=key
        )
        steps = (int(number),)
    if steps is None:
        st.warning(say(WRONG_STEPS))
        return
    records = access.door().records
    found = last_month(scope, records, gym, alert_type, threshold=steps[0], steps=steps, now=now)
    st.info(words(found), icon=":material/history:")
    has_own = bool(gym.get(_OWN[alert_type]))
    whose = "Réglé par la salle." if has_own else "La salle n'a rien réglé : vaut ce que dit la franchise ou le réseau."
    st.caption(f"{say(trial.where)} {say(whose)}")
    with st.container(horizontal=True, gap="small"):
        is_saved = st.button(say("Enregistrer ce seuil"), key=f"save-{alert_type}", disabled=steps == now_held)
        is_given_back = has_own and st.button(say("Revenir au seuil commun"), key=f"common-{alert_type}")
    if is_saved or is_given_back:
        done = say("Le seuil est enregistré.") if is_saved else say("Le seuil commun vaut de nouveau.")
        # What was typed would stand over what holds then.
        st.session_state.pop(key, None)
        changes.carry_out(
            scope, "gym_settings.change_threshold", done=done, gym_id=gym["id"], kind=str(alert_type),
            steps=list(steps) if is_saved else None,
        )  # fmt: skip


def holding(gym: Row, alert_type: AlertType) -> tuple[int, ...]:
    """The number, or numbers, that hold for the gym now."""
    found = thresholds.held(gym)
    if alert_type is AlertType.MILESTONE:
        return found.milestones
    if alert_type is AlertType.KIOSK_OFFLINE:
        return (round(found.kiosk_alert_after / timedelta(minutes=1)),)
    return (round(found.checkins_silent_after / timedelta(hours=1)),)


def words(found: Preview) -> str:
    """One sentence: how often it would have fired, about how many members, over how many days of the month."""
    if not found.days:
        return say("Rien n'est connu du mois dernier : l'effet de ce seuil ne peut pas être estimé.")
    if found.members:
        sentence = say(
            "À ce seuil, le mois dernier. Alertes : {fired} ; adhérents : {members} ; jours connus : {days}."
        )
    else:
        sentence = say("À ce seuil, le mois dernier. Alertes : {fired} ; jours connus : {days}.")
    return sentence.format(fired=found.fired, members=found.members, days=found.days)
