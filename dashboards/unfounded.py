"""What an analysis claims and nothing that was said supports: how often, and which claims of one conversation."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboards import formats, navigation, texts_fr
from dashboards.language import say


def place_count(count: int) -> None:
    """How many conversations carry such a claim, and the way to them; nothing where there is none."""
    if not count:
        return
    words = (
        say("1 conversation dont une affirmation ne s'appuie sur rien")
        if count == 1
        else say("{count} conversations dont une affirmation ne s'appuie sur rien").format(count=formats.number(count))
    )
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="unfounded"):
        st.html(f'<p><span aria-hidden="true">▲</span> {escape(words)}</p>')
        navigation.link("conversations", say("Les relire"), {"appui": "non"})


def claims_html(claims: Mapping[str, Sequence[str]]) -> str:
    """Each claim in words, with what is wrong of it; empty where every claim stands on something."""
    lines = [
        f"<li><strong>{escape(claim(name))}</strong> : {escape(say(texts_fr.UNFOUNDED[fault]))}</li>"
        for fault, names in claims.items()
        for name in names
    ]
    if not lines:
        return ""
    head = say("À prendre avec réserve : rien dans la conversation n'appuie ceci.")
    return f'<div class="j-unfounded"><p>{escape(head)}</p><ul>{"".join(lines)}</ul></div>'


def claim(name: str) -> str:
    """A claim as people read it: « Sujets : Facturation », « Action à suivre 1 »."""
    field, _, value = name.partition(".")
    words = say(texts_fr.CLAIMS.get(field, field))
    if value.isdigit():
        return f"{words} {value}"
    labels = {"key_topics": texts_fr.TOPICS, "intents": texts_fr.INTENTS}.get(field, {})
    return f"{words} : {say(labels[value])}" if value in labels else words
