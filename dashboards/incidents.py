"""Incidents of machines in words: the sentence of one, and which ones may be one and the same. Pure."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from dashboards import formats
from dashboards.language import say
from dashboards.records import Row

MOST_SHOWN = 200


def label(row: Row) -> str:
    """One incident in a list to choose from: its title, and what it was called besides."""
    names = ", ".join(f"« {name} »" for name in row["names"][:3])
    return f"{row['title']} ({names})" if names else str(row["title"])


def short(row: Row) -> str:
    """What the incident is about, without the words with which every title of the pipeline's begins."""
    return str(row["title"]).removeprefix("Problème signalé : ")


def facts(row: Row, *, now: datetime) -> str:
    """How often it was reported, and when last."""
    count = row["occurrence_count"]
    times = say("Signalé 1 fois") if count == 1 else say("Signalé {count} fois").format(count=formats.number(count))
    when = formats.moment(row["last_occurred_at"], now=now, timezone=row["timezone"])
    opened = f"{say('ouvert')} {formats.age(row['created_at'], now=now)}"
    return f"{times} · {say('la dernière fois')} {when} · {opened}"


def html(row: Row, *, now: datetime, alike: Sequence[Row]) -> str:
    """One incident: what it is, what people called it, and the others that may be the same machine."""
    # A name that the title says already is no news.
    names = ", ".join(f"« {name} »" for name in row["names"] if len(row["names"]) > 1 or name not in row["title"])
    called = f'<p class="j-facts">{escape(say("Nommé ainsi :"))} {escape(names)}</p>' if names else ""
    hint = ""
    if alike:
        titles = ", ".join(escape(str(one["title"])) for one in alike[:3])
        hint = f'<p class="j-text">{escape(say("Peut-être la même machine que :"))} {titles}</p>'
    return (
        f'<article class="j-alert" aria-label="{escape(row["title"], quote=True)}">'
        f'<h3 class="j-title">{escape(row["title"])}</h3>'
        f'<p class="j-facts">{escape(facts(row, now=now))}</p>{called}{hint}</article>'
    )


def alike(row: Row, others: Sequence[Row]) -> list[Row]:
    """The other incidents of its gym that a person may find to be the same: of one kind and one trade."""
    kind = row["thing_kind"]
    return [
        one for one in others
        if kind is not None and one["id"] != row["id"] and one["gym_id"] == row["gym_id"]
        and (one["thing_kind"], one["thing_trade"]) == (kind, row["thing_trade"])
    ]  # fmt: skip
