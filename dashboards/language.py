"""The language a person reads the pages in: French, or English where they switched or their browser prefers it.

The code speaks French (`texts_fr.py` and the pages); `texts_en.json` holds the English of each text. A test
finds the texts that have none.
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TypeVar

import streamlit as st

LANGUAGES = {"fr": "Français", "en": "English"}

_Made = TypeVar("_Made")

# Of a run that is over, while something that it left to do is done.
_KEPT: ContextVar[str | None] = ContextVar("language of a run that is over", default=None)

# Kept by the sign-in's pages where somebody switches there; the other pages begin with it.
COOKIE = "jarvis_language"


@cache
def english() -> Mapping[str, str]:
    """The English of each text, by its French."""
    texts: Mapping[str, str] = json.loads(Path(__file__).with_name("texts_en.json").read_text(encoding="utf-8"))
    return texts


def is_english() -> bool:
    """True where this run speaks English, or the one that left this to do."""
    return bool((_KEPT.get() or st.session_state.get("language")) == "en")


def say(french: str) -> str:
    """The text in the language of this run."""
    return english().get(french, french) if is_english() else french


def for_later(work: Callable[[], _Made]) -> Callable[[], _Made]:
    """The same work in the language of this run, which is over when it is done: no run, no language."""
    spoken = "en" if is_english() else "fr"

    def done() -> _Made:
        last = _KEPT.set(spoken)
        try:
            return work()
        finally:
            _KEPT.reset(last)

    return done


def begin(kept: Callable[[], str | None]) -> None:
    """This run has a language: the one switched to, else the person's own, else the one their browser prefers.

    Args:
        kept: asks for the person's own, once a tab.
    """
    if "language" not in st.session_state:
        st.session_state["language"] = kept() or preferred(
            st.context.cookies.to_dict(), st.context.headers.get("Accept-Language") or ""
        )


def place_switch(keep: Callable[[str], None]) -> None:
    """The switch, in the sidebar.

    Args:
        keep: makes a choice the person's own, wherever they sign in next.
    """
    st.segmented_control(
        say("Langue"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, required=True, key="language",
        label_visibility="collapsed", on_change=lambda: keep(st.session_state["language"]),
    )  # fmt: skip


def preferred(cookies: Mapping[str, str], accept_language: str) -> str:
    """The language chosen before in this browser, else the first of ours in its own order (RFC 9110), else French."""
    if cookies.get(COOKIE) in LANGUAGES:
        return cookies[COOKIE]
    ranked = sorted(filter(None, map(_ranked, accept_language.split(","))), reverse=True)
    return ranked[0][1] if ranked else "fr"


def _ranked(part: str) -> tuple[float, str] | None:
    """How much one part of the header wants which of our languages; ties go to French."""
    tag, _, quality = part.strip().partition(";")
    language = tag.split("-")[0].strip().lower()
    try:
        weight = float(quality.strip().removeprefix("q=") or 1)
    except ValueError:
        return None
    return (weight, language) if language in LANGUAGES and weight > 0 else None
