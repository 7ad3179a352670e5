"""The language a person reads the pages in: French, or English where they switched.

The code speaks French (`texts_fr.py` and the pages); `texts_en.json` holds the English of each text. A test
finds the texts that have none.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

LANGUAGES = {"fr": "Français", "en": "English"}


@cache
def english() -> Mapping[str, str]:
    """The English of each text, by its French."""
    texts: Mapping[str, str] = json.loads(Path(__file__).with_name("texts_en.json").read_text(encoding="utf-8"))
    return texts


def say(french: str) -> str:
    """The text in the language of this run."""
    return english().get(french, french) if st.session_state.get("language") == "en" else french


def place_switch() -> None:
    """The switch, in the sidebar; its choice lives as long as the browser's tab."""
    st.segmented_control(
        say("Langue"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, default="fr", required=True, key="language",
        label_visibility="collapsed",
    )  # fmt: skip
