"""What each kind of alert would have done last month at a threshold one tries: for a gym's settings.

The rules that fire are replayed over what is kept of the month (`jarvis/alert_previews.py`), as the person signed in
may see it. Nothing is set here: each number says where it is, or that the rules fix it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import streamlit as st

from dashboards import access, formats, texts_fr
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.alert_choices import Preview
from jarvis.alert_previews import THRESHOLDS
from jarvis.alert_upkeep import CHECKINS_SILENT_AFTER
from jarvis.alerts import AlertType
from jarvis.kiosk_health import ALERT_AFTER
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
        "Minutes de silence d'une borne, pendant les heures d'ouverture", 5, ALERT_AFTER.total_seconds() / 60,
        "Aujourd'hui 30 minutes, pour toutes les salles.",
    ),
    AlertType.MILESTONE: _Trial(
        "Nombre de visites à fêter", 50, 100,
        "Aujourd'hui 50, 100, 200, 300, 500, 750 et 1 000 visites, pour toutes les salles.",
    ),
    AlertType.DATA_QUALITY: _Trial(
        "Heures sans aucun passage", 12, CHECKINS_SILENT_AFTER.total_seconds() / 3600,
        "Aujourd'hui 48 heures, dans les salles où l'on passe d'habitude au moins 5 fois par jour.",
    ),
    AlertType.VOICE_BUDGET: _Trial(
        "Budget de voix du mois, en dollars", 5, 50, "Il se règle dans « Coûts » ; une alerte par palier franchi.",
    ),
}  # fmt: skip
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
) -> Preview:
    """What a threshold would have done in thirty days, had nobody acted on any alert."""
    # The night has scored today; of visits, talks and kiosks the last whole day is yesterday.
    last_day = now.date() - timedelta(days=0 if alert_type is AlertType.CHURN_RISK else 1)
    question = alert_previews.Question(
        gym_id=gym["id"],
        alert_type=alert_type,
        threshold=threshold,
        first_day=last_day - timedelta(days=PREVIEW_DAYS - 1),
        last_day=last_day,
        negative_feedback_below=threshold,
        per_week=per_week,
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
