"""What holds for a gym: how many members to call about and from which score on, what is kept, and when it is open.

Changes go through functions that check who may and write the trail; what they refuse is said in a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import floor

import streamlit as st
from psycopg.types.json import Jsonb

from dashboards import access, changes, choices, settings_previews, texts_fr
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.alert_choices import Preview
from jarvis.alerts import AlertType
from jarvis.churn import ChurnThresholds
from jarvis.kiosk_health import WEEKDAYS
from jarvis.storage import StorageLevel
from jarvis.tenancy import Scope

STORAGE: Mapping[str, str] = {
    StorageLevel.ALL: "Tout ce qui est dit",
    StorageLevel.WITHOUT_PERSONAL_DATA: "Sans données personnelles",
    StorageLevel.METADATA_ONLY: "Rien de ce qui est dit",
}
# Above it there is hardly anybody, whoever gives the scores.
HIGHEST_THRESHOLD = 0.95

DAYS: Mapping[str, str] = dict(zip(WEEKDAYS, texts_fr.WEEKDAYS, strict=True))
_HOURS = re.compile(r"\s*([01]?\d|2[0-3])\s*[:hH]\s*([0-5]\d)?\s*[-–à]\s*([01]?\d|2[0-4])\s*[:hH]\s*([0-5]\d)?\s*")


def place_alerts(scope: Scope, gym: Row, *, now: datetime) -> None:
    """Alerts a week, from which score on with what it would have done last month, and what is kept of words."""
    records = access.door().records
    # No form: the preview follows the slider.
    level_from = lowest_threshold(scope, records, gym)
    with st.container(border=True, key="form-alerts"):
        per_week = st.number_input(
            say("Alertes de départ par semaine, au plus"), min_value=0, max_value=200, step=1,
            value=gym["alert_budget_per_week"],
            help=say("Les suivantes attendent dans le récapitulatif de la semaine."),
        )  # fmt: skip
        threshold = st.slider(
            say("Alerter à partir du score de risque"), level_from, HIGHEST_THRESHOLD, step=0.01, format="localized",
            value=max(level_from, gym["churn_alert_threshold"] or level_from),
            help=say("Tout à gauche : le niveau « élevé », là où il commence pour les scores d'aujourd'hui."),
        )  # fmt: skip
        chosen = None if threshold <= level_from else round(threshold, 2)
        found = preview(scope, records, gym, threshold=chosen, per_week=int(per_week), now=now)
        st.info(preview_words(found), icon=":material/history:")
        level = st.selectbox(
            say("Ce qui est conservé des conversations"), list(STORAGE),
            index=list(STORAGE).index(gym["storage_level"]), format_func=lambda one: say(STORAGE[one]),
            help=say("Vaut dès la prochaine conversation : ce qu'on a dit à un adhérent reste vrai jusqu'à la fin."),
        )  # fmt: skip
        is_sent = st.button(say("Enregistrer"), key="save-alerts", type="primary")
    if is_sent:
        changes.carry_out(
            scope, "gym_settings.change_gym", done=say("Les réglages de la salle sont enregistrés."), gym_id=gym["id"],
            per_week=int(per_week), threshold=chosen,
            storage_level=str(level),
        )  # fmt: skip


def lowest_threshold(scope: Scope, records: Records, gym: Row) -> float:
    """The score from which the gym's newest ones are high, to the hundredth below; the rules' own without any."""
    row = records.row(scope, "gym_settings.high_from", gym_id=gym["id"])
    found = None if row is None else row["high_from"]
    high_from = ChurnThresholds().high_from if found is None else found
    return min(max(floor(high_from * 100 + 1e-9) / 100, 0.01), HIGHEST_THRESHOLD - 0.01)


def preview(
    scope: Scope, records: Records, gym: Row, *, threshold: float | None, per_week: int, now: datetime
) -> Preview:
    """What a threshold, or None for the level, would have done in the last month, had nobody acted on any alert."""
    return settings_previews.last_month(
        scope,
        records,
        gym,
        AlertType.CHURN_RISK,
        # From zero on is whatever is high; none at all would be what is saved.
        threshold=0.0 if threshold is None else threshold,
        per_week=per_week,
        now=now,
    )


def preview_words(found: Preview) -> str:
    """One sentence: how often it would have fired, whom the budget reached, over how many days there are scores."""
    if not found.days:
        return say("Aucun score le mois dernier : l'effet de ce seuil ne peut pas être estimé.")
    sentence = say(
        "Ce que ce seuil aurait donné le mois dernier. Alertes : {fired} ; adhérents : {members}, dont {reached} dans "
        "le budget de la semaine ; jours de scores : {days}."
    )
    return sentence.format(fired=found.fired, members=found.members, reached=found.within_budget, days=found.days)


def place_hours(scope: Scope, gym: Row) -> None:
    """Address, time zone and the hours of each day, as the assistant tells them."""
    with st.form("form-hours", border=True):
        left, right = st.columns(2)
        address = left.text_input(say("Adresse"), value=gym["address"] or "", max_chars=200)
        city = right.text_input(say("Ville"), value=gym["city"] or "", max_chars=200)
        timezone = choices.timezone(chosen=gym["timezone"])
        st.caption(say("Une plage par jour, comme 6:00-22:30 ; vide : fermé."))
        kept = gym["opening_hours"]
        # A row that wraps: in columns a telephone would show Friday after Monday.
        with st.container(horizontal=True, gap="small"):
            typed = {
                day: st.text_input(say(name), value=hours_words(kept.get(day)), key=f"hours-{day}", width=150)
                for day, name in DAYS.items()
            }
        is_sent = st.form_submit_button(say("Enregistrer"), type="primary")
    if not is_sent:
        return
    wrong = [say(DAYS[day]) for day, text in typed.items() if text.strip() and read_hours(text) is None]
    if wrong:
        changes.refuse(
            say("Rien n'a changé : {days}, écrivez une plage comme 6:00-22:30, l'ouverture avant la fermeture.")
            .format(days=", ".join(wrong))
        )  # fmt: skip
    hours = {day: read_hours(text) for day, text in typed.items() if text.strip()}
    changes.carry_out(
        scope, "gym_settings.change_place", done=say("Les horaires sont enregistrés."), gym_id=gym["id"],
        city=city.strip(), address=address.strip(), timezone=timezone, opening_hours=Jsonb(hours),
    )  # fmt: skip


def hours_words(hours: Sequence[str] | None) -> str:
    """Opening and closing as they are typed; empty for closed."""
    return "" if not hours else f"{hours[0]}-{hours[1]}"


def read_hours(text: str) -> list[str] | None:
    """`6:00-22:30`, `6h à 22h30` or `6:00–22:30` as HH:MM twice; None for no range, or one that ends first."""
    found = _HOURS.fullmatch(text)
    if found is None:
        return None
    opens, closes = (f"{int(found[one]):02d}:{found[one + 1] or '00'}" for one in (1, 3))
    return [opens, closes] if opens < closes <= "23:59" else None
