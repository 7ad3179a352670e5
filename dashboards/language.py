"""The language a person reads the pages in: French, or English where they switched.

The code speaks French (`texts_fr.py` and the pages); `texts_en.py` holds the English of each text. A test
finds the texts that have none.
"""

import streamlit as st

from dashboards.texts_en import ENGLISH

LANGUAGES = {"fr": "Français", "en": "English"}


def say(french: str) -> str:
    """The text in the language of this run."""
    return ENGLISH.get(french, french) if st.session_state.get("language") == "en" else french


def place_switch() -> None:
    """The switch, in the sidebar; its choice lives as long as the browser's tab."""
    st.segmented_control(
        say("Langue"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, default="fr", required=True, key="language",
        label_visibility="collapsed",
    )  # fmt: skip
