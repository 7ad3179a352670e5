"""« Bornes »: the live wall of kiosks, and one kiosk's file with its settings and its installation."""

from datetime import UTC, datetime

import streamlit as st

from dashboards import access, kiosk_file, kiosk_setup, kiosk_wall, navigation
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The wall is placed, or the kiosk the address names, or the run ended with the reason."""
    scope = access.require(Permission.SEE_KIOSKS, is_activity=False)
    records, now = access.door().records, datetime.now(UTC)
    kiosk_id = access.asked_id("borne")
    st.title(say("Bornes"), anchor=False)
    kiosk_wall.WATCH.forget()
    kiosk_wall.WATCH.place()
    # Read before the rows: what changes in between is seen at the next look.
    shown = kiosk_wall.WATCH.state(scope, now=now)
    if kiosk_id is None:
        kiosk_setup.place_result(scope, records, now=now)
        kiosk_wall.place(scope, records, now=now)
        kiosk_setup.place_new(scope, records)
    else:
        navigation.link("bornes", say("Toutes les bornes"))
        kiosk_setup.place_result(scope, records, now=now)
        kiosk_file.place(scope, records, kiosk_id, now=now)
    kiosk_wall.WATCH.remember(shown)
