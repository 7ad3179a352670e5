"""The sign-in's pages in English: every sentence of the templates and of the code has one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import texts_fr as labels
from dashboards.sign_in import texts_fr
from dashboards.sign_in.pages import TEMPLATES, TEXTS, english

FILES = sorted(TEMPLATES.glob("*.html"))

# What reads the same in every language, and the names of the languages themselves.
_SAME = {"JARVIS", "· JARVIS", "·", "English", "Français"}


def without_style(text: str) -> str:
    """The template without its style sheet."""
    return re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)


def said(text: str) -> Iterator[str]:
    """The sentences a template says: those in its calls of `say`."""
    for call in re.findall(r"say\(((?:\"[^\"]*\"|[^()])*)\)", text):
        yield from re.findall(r'"([^"]*)"', call)


def bare_words(text: str) -> set[str]:
    """Words of a template that no `say` translates, between tags and in the attributes that people are read."""
    plain = re.sub(r"\{[{%].*?[%}]\}", "", text)
    seen = {part.strip() for part in re.split(r"<[^>]*>", plain)}
    read_out = set(re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*)"', plain))
    return {part for part in seen | read_out if re.search(r"[^\W\d_]", part)} - _SAME - {"wide"}


def sentences() -> set[str]:
    """The sentences of the code."""
    kept = [value for name, value in vars(texts_fr).items() if name.isupper() and isinstance(value, str | dict)]
    return {text for value in kept for text in (value.values() if isinstance(value, dict) else [value])}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_words_of_a_template_stay_french(path: Path) -> None:
    """Whatever stands in a template goes through `say`."""
    assert bare_words(without_style(path.read_text())) == set()


def test_the_rule_finds_bare_words() -> None:
    """The check above can fail, for text and for what is read out."""
    found = bare_words('<p>Bonjour {{ name }}</p><img alt="Une image" src="x">{{ say("Oui") }}')
    assert found == {"Bonjour", "Une image"}


def test_every_sentence_has_its_english_and_nothing_else_has() -> None:
    """No key is missing, and none outlives its sentence."""
    asked = {text for path in FILES for text in said(path.read_text())} | sentences() | set(labels.ROLES.values())
    assert len(asked) > 80
    assert asked - english().keys() == set()
    assert json.loads(TEXTS.read_text()).keys() - asked == set()


def test_a_sentence_keeps_its_blanks() -> None:
    """What French leaves to be filled in, English leaves too."""
    own = {french: text for french, text in english().items() if french in sentences()}
    assert {
        french for french, text in own.items()
        if sorted(re.findall(r"\{\w+\}", french)) != sorted(re.findall(r"\{\w+\}", text))
    } == set()  # fmt: skip
