"""The counts over the alerts: what each means, the list it counts, that it is of now, and the chosen ones as a file."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboards import access, alert_choices, cards, exports, texts_fr, tiles
from dashboards.alert_desk import asked
from dashboards.alerts import AlertChoice, AlertCounts
from dashboards.language import say
from dashboards.records import Row
from jarvis.tenancy import Scope

_DEFINED = {
    "À traiter": ("fct_alerts", "alert_status"),
    "En cours": ("fct_alerts", "alert_status"),
    "Clôturées en 7 jours": ("fct_alerts", "resolved_at"),
    "Priorité": ("fct_alerts", "priority"),
    "Signalements": ("fct_alerts", "occurrence_count"),
}

# What a card says of an alert, without the words that were said.
_EXPORTED = {
    "created_at": "Ouverte", "last_occurred_at": "Dernier signalement", "gym_name": "Salle", "alert_type": "Type",
    "priority": "Priorité", "status": "État", "title": "Titre", "first_name": "Prénom", "last_name": "Nom",
    "kiosk_name": "Borne", "occurrence_count": "Signalements", "assignee_name": "Prise par", "resolved_at": "Clôturée",
    "outcome_code": "Résultat",
}  # fmt: skip
_LABELS: exports.Labels = {
    "alert_type": texts_fr.ALERT_TYPES, "priority": texts_fr.PRIORITIES, "status": texts_fr.STATUSES,
    "outcome_code": texts_fr.OUTCOME_CODES,
}  # fmt: skip

# One page holds them all.
_EVERY = 2**31 - 1


def place_counts(counts: AlertCounts) -> None:
    """The counts, each with the way to the alerts it counts."""
    st.html(cards.counts_html(counts))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="counted-ways"):
        for state, label in alert_choices.COUNTED.items():
            if st.button(say(label), key=f"see-{state}", type="tertiary", icon=":material/filter_list:",
                         on_click=alert_choices.pick, args=(state,)):  # fmt: skip
                # The filters stand outside the list, which alone ran again.
                st.rerun()


def place_meanings(scope: Scope, choice: AlertChoice) -> None:
    """Below the list, which is what one came for: that it is of now, the chosen ones as a file, and what is counted."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="counted-file"):
        tiles.place_live(say("Comptées"))
        exports.place_later(
            partial(every, scope, choice), _EXPORTED, name="alertes", label=say("Exporter en CSV"), labels=_LABELS
        )
    tiles.place_meanings(_DEFINED)


def every(scope: Scope, choice: AlertChoice) -> Sequence[Row]:
    """All alerts of the choice, of every page, as the person may see them now."""
    return access.door().records.rows(scope, "alerts.alerts", **asked(choice, page=1, page_size=_EVERY))
