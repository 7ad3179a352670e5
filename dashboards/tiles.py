"""A row of figures: each with its change, what it means, how fresh it is, and the way to its rows."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import streamlit as st

from dashboards import exports, formats, navigation
from dashboards.definitions import meaning
from dashboards.language import say
from dashboards.records import Row
from warehouse.stores.marts import NotBuiltYet

NOT_BUILT_YET = "Les chiffres se préparent : ils s'affichent après le premier calcul, dans quelques minutes."

_EXPORTED = {
    "label": "Chiffre", "value": "Valeur", "before": "Période précédente", "meaning": "Définition",
}  # fmt: skip

# Six stand in two rows of three, fewer share one, and a phone has one or two of them beside each other (style.css).
IN_TWO_ROWS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """The page that shows a figure's rows."""

    url_path: str
    query: Mapping[str, str] = field(default_factory=dict)
    label: str = "Voir le détail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure as a page shows it."""

    label: str
    value: float | None
    source: tuple[str, str]
    """Mart and column whose description says what the figure means; `METRIC` and a metric's name for a key figure."""
    method: str | None = None
    """How it was reckoned, where its definition does not say."""
    unit: str = ""
    decimals: int = 0
    before: float | None = None
    """The same figure one period earlier; None where there is none to compare with."""
    more_is_better: bool | None = None
    """None where more is neither."""
    drill: Drill | None = None


def place(tiles: Sequence[Tile], *, rows: Sequence[Row], now: datetime) -> None:
    """The tiles in one row that wraps on a narrow screen, and the age of the oldest figure beneath.

    Args:
        rows: what the figures rest on, each with its built_at.
    """
    rows_of = "thirds" if len(tiles) >= IN_TWO_ROWS else "one"
    with st.container(gap="xsmall", key=f"tiles-{rows_of}-{tiles[0].source[1]}"):
        for number, tile in enumerate(tiles):
            with st.container(
                border=True, height="stretch", gap=None, vertical_alignment="distribute",
                key=f"tile-{number}-{tile.source[1]}",
            ):  # fmt: skip
                _place(tile)
                if tile.drill is not None:
                    navigation.link(tile.drill.url_path, say(tile.drill.label), tile.drill.query)
    place_age(rows, now=now)


def place_question(words: str, source: tuple[str, str]) -> None:
    """The heading of a chart or a table, with what it counts behind its question mark.

    Args:
        words: in the language of the page.
        source: mart and column, or `METRIC` and the metric, that says what is counted.
    """
    # A question mark never begins a line.
    st.subheader(words.replace(" ?", "\u00a0?"), anchor=False, help=help_of(source))


def help_of(source: tuple[str, str]) -> str:
    """What a figure means, for the question mark of a heading or of a table's column."""
    return _plain(meaning(*source))


def place_age(rows: Sequence[Row], *, now: datetime) -> None:
    """When the oldest of the rows was built; nothing where there is none."""
    if rows:
        st.caption(f"{say('Chiffres calculés')} {formats.age(min(row['built_at'] for row in rows), now=now)}")


def place_meanings(sources: Mapping[str, tuple[str, str]], *, notes: Mapping[str, str] | None = None) -> None:
    """What the words and figures of a list mean, folded away.

    Args:
        sources: heading to the mart and column, or `METRIC` and the metric, that says it.
        notes: heading to the page's own words, for what no mart holds.
    """
    with st.expander(say("Que veulent dire ces chiffres ?"), icon=":material/help:"):
        for heading, source in sources.items():
            st.markdown(f"**{say(heading)}** : {_plain(meaning(*source))}")
        for heading, words in (notes or {}).items():
            st.markdown(f"**{say(heading)}** : {_plain(say(words))}")


def place_live(what: str, *, now: datetime | None = None) -> None:
    """That the figures are read with the page, and no build of the marts stands between.

    Args:
        now: said beside it, on a page that stays open for long or is copied from.
    """
    at = "." if now is None else f" : {formats.stamp(now, timezone=formats.NETWORK_TIMEZONE)}"
    st.caption(f"{what} {say('à l’instant')}{at}")


def export(tiles: Sequence[Tile], *, name: str) -> None:
    """A button that downloads the figures of a row of tiles, each beside the one it is compared with."""
    lines = [
        {"label": say(tile.label), "value": tile.value, "before": tile.before, "meaning": meaning(*tile.source)}
        for tile in tiles
    ]
    exports.place(lines, _EXPORTED, name=name)


@contextmanager
def until_built() -> Iterator[None]:
    """What rests on a mart that dbt has not built yet is one sentence instead."""
    try:
        yield
    except NotBuiltYet:
        st.info(say(NOT_BUILT_YET), icon=":material/hourglass_top:")


def change(value: float | None, before: float | None, *, decimals: int = 0, unit: str = "") -> str | None:
    """The change against one period earlier, in per cent with its sign; None where it says nothing.

    Of what has come to nothing it is the number that is gone: « −100 % » is as true of one as of a hundred.
    """
    if value is None or not before:
        return None
    if value == 0:
        return f"−{formats.number(before, decimals=decimals)}{unit}"
    percent = percent_change(value, before)
    return f"{'+' if percent > 0 else ''}{formats.number(percent)}\u202f%"


def percent_change(value: float, before: float) -> int:
    """The change against one period earlier, in whole per cent."""
    return round(100 * (value - before) / abs(before))


def _place(tile: Tile) -> None:
    value = "–" if tile.value is None else formats.number(tile.value, decimals=tile.decimals) + tile.unit
    # As they are shown: a change that rounds to nothing has neither direction nor colour.
    now, before = (None if one is None else round(one, tile.decimals) for one in (tile.value, tile.before))
    delta = change(now, before, decimals=tile.decimals, unit=tile.unit)
    percent = 0 if now is None or not before else percent_change(now, before)
    st.metric(say(tile.label), value, delta, delta_color=_colour(tile, percent), help=_meaning(tile),
              delta_arrow=_arrow(percent))  # fmt: skip


def _arrow(percent: int) -> Literal["up", "down", "off"]:
    """Said outright: Streamlit would read it from a minus that is a hyphen."""
    return "off" if percent == 0 else "up" if percent > 0 else "down"


def _colour(tile: Tile, percent: int) -> Literal["green", "red", "gray"]:
    """Green for a change to the better, red for one to the worse, gray for none and for what is neither."""
    if percent == 0 or tile.more_is_better is None:
        return "gray"
    return "green" if (percent > 0) is tile.more_is_better else "red"


def _meaning(tile: Tile) -> str:
    return _plain(meaning(*tile.source) if tile.method is None else f"{meaning(*tile.source)} {tile.method}")


def _plain(words: str) -> str:
    # Two dollar signs would be a formula.
    return words.replace("$", "\\$")
