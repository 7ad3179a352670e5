"""The script Streamlit runs for every page: who is it, which pages are theirs, and the chosen one.

Started by the app only; `dashboards/app.py` names it. Pages guard themselves too: the menu is a
convenience, not a right.
"""

import streamlit as st

from dashboards import access, cards, context, language, navigation, texts_fr
from dashboards.theme import ICON, LOGO, SIDEBAR_PIXELS, style_sheet

st.set_page_config(page_title="JARVIS", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_PIXELS)

with access.apology():
    st.html(style_sheet())
    scope = access.current_scope(is_activity=access.note_run())
    language.begin()
    pages = navigation.menu(scope)
    st.logo(LOGO, size="large")
    with st.sidebar:
        context.place(scope)
        st.html(cards.person_html(scope))
        language.place_switch()
    if pages:
        st.navigation(pages).run()
    else:
        st.info(texts_fr.NO_PAGE, icon=":material/block:")
