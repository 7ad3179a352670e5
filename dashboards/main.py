"""The script Streamlit runs for every page: who is it, which pages are theirs, and the chosen one.

Started by the app only; `dashboards/app.py` names it. Pages guard themselves too: the menu is a
convenience, not a right.
"""

import streamlit as st

from dashboards import access, cards, context, language, navigation, page_views, settings_profile, texts_fr
from dashboards.theme import ICON, LOGO, SIDEBAR_PIXELS, language_style, style_sheet

st.set_page_config(page_title="JARVIS", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_PIXELS)

with access.apology():
    st.html(style_sheet())
    person = access.signed_in(is_activity=access.note_run())
    language.begin(lambda: settings_profile.own_language(person))
    st.html(language_style("en" if language.is_english() else "fr", loading=language.say("Chargement…")))
    # The pages' own scope: narrower than the person's while they look at one gym as its manager does.
    scope = access.narrowed(person)
    context.follow_switch(scope)
    pages = navigation.menu(scope)
    st.logo(LOGO, size="large")
    with st.sidebar:
        context.place(person)
        st.html(cards.person_html(person))
        language.place_switch(lambda chosen: settings_profile.keep_language(person, chosen))
    if pages:
        # Folded, whoever has many pages would find the last ones behind Streamlit's own « View 7 more ».
        chosen = st.navigation(pages, expanded=True)
        navigation.keep_address()
        page_views.note(person, chosen.url_path or navigation.offered(scope)[0].url_path)
        context.place_banner(scope)
        chosen.run()
    else:
        st.info(language.say(texts_fr.NO_PAGE), icon=":material/block:")
