"""Reads the articles of `articles_fr/`: one record per file, refused where a file is not one."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "articles_fr"


class Kind(StrEnum):
    """What an article is about."""

    EXERCISE = "exercise"
    MACHINE = "machine"
    PROGRAM = "program"
    CLASS = "class"
    NUTRITION = "nutrition"
    CAUTION = "caution"
    """Pain, illness, pregnancy: the answer ends with a professional."""
    FAQ = "faq"


class ArticleError(ValueError):
    """A file does not read as an article."""


@dataclass(frozen=True, slots=True)
class Article:
    """One answer, short enough to be told."""

    slug: str
    title: str
    kind: Kind
    keywords: tuple[str, ...]
    """Other words a member may ask with."""
    text: str


@cache
def articles() -> tuple[Article, ...]:
    """Every article, by name.

    Raises:
        ArticleError: when a file lacks its title, kind, keywords or text.
    """
    return tuple(read_article(path) for path in sorted(FOLDER.glob("*.md")))


def read_article(path: Path) -> Article:
    """The article of one file.

    Raises:
        ArticleError: when the file lacks its title, kind, keywords or text.
    """
    _, _, rest = path.read_text(encoding="utf-8").partition("---\n")
    front, _, text = rest.partition("---\n")
    fields = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in front.splitlines())}
    try:
        kind = Kind(fields["kind"])
        title, keywords = fields["title"], fields["keywords"]
    except (KeyError, ValueError) as error:
        raise ArticleError(f"{path.name}: found {sorted(fields)}, expected title, a known kind and keywords") from error
    if not (title and keywords and text.strip()):
        raise ArticleError(f"{path.name}: found an empty part, expected title, keywords and text")
    words = tuple(word.strip() for word in keywords.split(",") if word.strip())
    return Article(path.stem, title, kind, words, " ".join(text.split()))
