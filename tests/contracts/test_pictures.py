"""The managers' guide shows every page and every step of the sign-in, in pictures that a reader can open anywhere."""

import re
from pathlib import Path

import pytest

from dashboards.navigation import ENTRIES, Entry
from dashboards.sign_in.pages import TEMPLATES

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDE = DOCS / "doors" / "managers.md"

# What every page is made of, and two sentences that answer what went wrong: no step of anybody's.
_NO_STEP = {"layout", "parts", "link_spent", "trouble"}

# A picture is for a page on a slow line too.
MOST_BYTES = 200_000


def shown() -> dict[str, str]:
    """What the guide says of each picture, by the picture's name."""
    return {name: words for words, name in re.findall(r"!\[([^\]]+)\]\(\.\./images/(\w+)\.png\)", GUIDE.read_text())}


def pages() -> set[str]:
    """The pages of the menu by their module, and those of the sign-in by their template."""
    menu = {entry.module.partition(".")[2] for entry in ENTRIES}
    return menu | {path.stem for path in TEMPLATES.glob("*.html")} - _NO_STEP


def test_every_page_has_its_picture() -> None:
    """Whoever adds a page looks at it, and shows what they saw."""
    assert pages() - shown().keys() == set()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.url_path)
def test_a_page_is_named_as_in_the_menu(entry: Entry) -> None:
    """Whoever cannot see the picture is told which page it shows."""
    assert entry.title in shown()[entry.module.partition(".")[2]]


def test_pictures_are_light_and_used() -> None:
    """None is heavier than need be, and none lies there unseen."""
    texts = "".join(path.read_text("utf-8") for path in [DOCS.parent / "README.md", *DOCS.rglob("*.md")])
    pictures = sorted((DOCS / "images").rglob("*.png"))
    assert {path.name: path.stat().st_size for path in pictures if path.stat().st_size >= MOST_BYTES} == {}
    assert {path.name for path in pictures if f"images/{path.relative_to(DOCS / 'images')}" not in texts} == set()
