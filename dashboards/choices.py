"""What is picked from a list, as the pages place it: values of a vocabulary, since when, a time zone."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

import streamlit as st

from dashboards import access, navigation, texts_fr
from dashboards.formats import NETWORK_TIMEZONE
from dashboards.language import say


def several(heading: str, labels: Mapping[str, str], *, key: str, every: str = "Tous", width: int = 210) -> list[str]:
    """The values picked out of a vocabulary (value to its French words); none picked means every one.

    Args:
        every: what stands in the empty field.
        width: pixels.
    """
    return st.multiselect(
        say(heading), list(labels), format_func=lambda value: say(labels[value]), key=key, placeholder=say(every),
        width=width,
    )  # fmt: skip


def named(parameter: str, labels: Mapping[str, str], *, key: str) -> None:
    """The values that the address gives under this name are picked in the widget of this key, on arrival only.

    A figure's way to its rows is such an address; what a person picks afterwards stands.
    """
    found = [value for value in st.query_params.get(parameter, "").split(",") if value in labels]
    if found and key not in st.session_state:
        st.session_state[key] = found


def switched(parameter: str, word: str, *, key: str) -> None:
    """The switch of this key is on where the address gives this word under this name, on arrival only."""
    if st.query_params.get(parameter) == word and key not in st.session_state:
        st.session_state[key] = True


def asked_days(url_path: str, *, words: str) -> tuple[date | None, date | None]:
    """The days the page's address asks for (`du=`, `au=`), said beside the way to all the others.

    Args:
        url_path: the page's own.
        words: what is chosen by them.
    """
    first, last = access.asked_date("du"), access.asked_date("au")
    if first is None and last is None:
        return first, last
    days = [f"{say(word)} {day:%d/%m/%Y}" for word, day in (("du", first), ("au", last)) if day is not None]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{say(words)} {' '.join(days)}", width="content")
        navigation.link(url_path, say("Toutes les dates"))
    return first, last


def within(*, key: str, width: int = 130) -> timedelta | None:
    """How recent, of the periods that a list offers; None for everything."""
    periods = list(texts_fr.PERIODS)
    period = st.selectbox(
        say("Depuis"), periods, index=len(periods) - 1, format_func=say, key=key, width=width,
    )  # fmt: skip
    days = texts_fr.PERIODS[period]
    return None if days is None else timedelta(days=days)


def since(*, now: datetime, key: str, width: int = 130) -> datetime | None:
    """From when on, of the periods that a list offers; None for everything."""
    period = within(key=key, width=width)
    # To the minute: the same choice is the same value from one refresh to the next.
    return None if period is None else now.replace(second=0, microsecond=0) - period


def timezone(*, chosen: str = NETWORK_TIMEZONE, key: str | None = None) -> str:
    """The time zone picked, by its name.

    Args:
        chosen: the one that stands there at first.
    """
    zones = _timezones()
    picked: str = st.selectbox(say("Fuseau horaire"), zones, index=zones.index(chosen), key=key)
    return picked


def label(labels: Mapping[str, str], value: str | None) -> str:
    """The words of a stored value; a dash for none."""
    return say(labels[value]) if value else "–"


@cache
def _timezones() -> Sequence[str]:
    """Every zone there is; found once, as it means walking through the machine's own files: 4 to 80 ms."""
    return sorted(available_timezones())
