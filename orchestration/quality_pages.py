"""Great Expectations' pages as files that ask nobody but the dashboards that serve them.

The library's own pages load their styles, scripts and pictures from five foreign hosts, and its list of results is made
by those scripts: behind our content policy it would be empty. Here what is foreign goes, with all scripts; a stylesheet
of ours and a first page of ours take their place.
"""

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

STYLES = Path(__file__).with_name("quality_pages.css")
TITLE = "Data quality"

# What a browser would fetch or run, and what is there to sell or to teach.
_STRANGERS = tuple(
    re.compile(pattern, re.DOTALL | re.IGNORECASE)
    for pattern in (
        r"<script\b.*?</script>",
        r'<link\b[^>]*href="(?:https?:)?//[^>]*>',
        r"<footer\b.*?</footer>",
        r'<img\b[^>]*src="(?:https?:)?//[^>]*>',
        r'<div class="modal.*?(?=<div class="container-fluid)',
    )
)
_LOGO = re.compile(r'(<div class="[^"]*navbar-brand[^"]*">\s*<a href=")[^"]*(">)', re.DOTALL)
# Buttons and filters that only a script could obey.
_CONTROLS = re.compile(
    r'<strong>\s*Actions\s*</strong>.*?(?=<div class="sticky|<strong>\s*Table of Contents)', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Told:
    """What one suite's run came to."""

    says: str
    expectations: int
    met: int

    @property
    def is_met(self) -> bool:
        """Whether all of them were."""
        return self.met == self.expectations


def make_self_contained(folder: Path, results: Mapping[str, Told]) -> None:
    """The pages of the folder load nothing foreign and run no script; the first one lists the results.

    Args:
        folder: as the library wrote it.
        results: suite to what came of it, in the order to list them.
    """
    styles = folder / "static" / "styles"
    styles.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(STYLES, styles / "pages.css")
    for page in folder.rglob("*.html"):
        up = "../" * (len(page.relative_to(folder).parts) - 1)
        page.write_text(_own(page.read_text("utf-8"), up=up), "utf-8")
    (folder / "index.html").write_text(_first_page(folder, results), "utf-8")


def _own(page: str, *, up: str) -> str:
    for pattern in _STRANGERS:
        page = pattern.sub("", page)
    page = _CONTROLS.sub("", page)
    page = _LOGO.sub(lambda found: f"{found[1]}{up}index.html{found[2]}{escape(TITLE)}", page)
    return page.replace("</head>", f'<link rel="stylesheet" href="{up}static/styles/pages.css">\n</head>', 1)


def _first_page(folder: Path, results: Mapping[str, Told]) -> str:
    rows = "\n".join(_row(folder, name, told) for name, told in results.items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE)}</title>
<link rel="stylesheet" href="static/styles/pages.css">
</head>
<body>
<header class="pages"><a href="index.html">{escape(TITLE)}</a></header>
<main class="pages">
<h1>What is expected of the raw tables, and how the last run met it</h1>
<table>
<thead><tr><th>Suite</th><th>What it says</th><th>Last run</th><th>Expectations met</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</main>
</body>
</html>
"""


def _row(folder: Path, name: str, told: Told) -> str:
    path = name.replace(".", "/")
    result = next((folder / "validations" / path).glob("__none__/*/*.html"), None)
    verdict = f'<span class="{"met" if told.is_met else "unmet"}">{"met" if told.is_met else "not met"}</span>'
    if result is not None:
        verdict = f'<a href="{result.relative_to(folder).as_posix()}">{verdict}</a>'
    return (
        f'<tr><td><a href="expectations/{path}.html">{escape(name)}</a></td><td>{escape(told.says)}</td>'
        f'<td>{verdict}</td><td class="number">{told.met} / {told.expectations}</td></tr>'
    )
