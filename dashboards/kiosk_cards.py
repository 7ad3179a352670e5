"""What a kiosk's card and file look like: views and rows in, escaped HTML out. No Streamlit call, no query."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from dashboards import formats
from dashboards.cards import DOT
from dashboards.kiosks import STATES, KioskState, KioskView
from dashboards.language import say

# A shape beside the colour and the word, so that no meaning rests on colour alone.
_SIGNS = {
    KioskState.OFFLINE: "✕", KioskState.SILENT: "…", KioskState.ERROR: "▲", KioskState.PROVISIONING: "○",
    KioskState.CONVERSING: "◆", KioskState.ONLINE: "●", KioskState.MAINTENANCE: "‖",
    KioskState.SUSPENDED: "■",
}  # fmt: skip


def card_html(one: KioskView, *, now: datetime) -> str:
    """One kiosk on the wall: how it is and since when, and what it did today."""
    lines = [
        (say("Dernier signe"), _heard(one, now=now)),
        (say("Version"), _version(one)),
        (say("Lecteur"), "–" if one.is_unreachable else part(one.is_reader_well)),
        (say("Micro"), "–" if one.is_unreachable else part(one.is_microphone_well)),
        (say("Échanges aujourd'hui"), formats.number(one.session_count)),
        (say("Dont coupés"), formats.number(one.cut_count)),
    ]
    return (
        f'<article class="j-kiosk" aria-label="{escape(one.name, quote=True)}">'
        f'<div class="j-tags">{tags(one)}<span class="j-facts">{escape(since(one, now=now))}</span></div>'
        f'<h3 class="j-title">{escape(one.name)}</h3>'
        f'<p class="j-facts">{escape(one.location or say("Emplacement non précisé"))}</p>'
        f"{pairs_html(lines)}</article>"
    )


def head_html(one: KioskView, *, now: datetime) -> str:
    """The kiosk's name, state and place, over its file."""
    facts = [fact for fact in (one.gym_name, one.location, since(one, now=now)) if fact]
    return (
        f'<div class="j-head"><h2>{escape(one.name)}</h2><div class="j-tags">{tags(one)}</div>'
        f"<p>{DOT.join(escape(fact) for fact in facts)}</p></div>"
    )


def summary_html(sentence: str, *, is_well: bool) -> str:
    """The sentence over the wall, read out when it changes."""
    return f'<p class="j-summary{"" if is_well else " j-unwell"}" role="status">{escape(sentence)}</p>'


def gym_html(name: str, sentence: str) -> str:
    """Over a gym's kiosks: its name, and how all of them are. One element: forty gyms stand on the network's wall."""
    return f'<h3 class="j-gym">{escape(name)}</h3><p class="j-facts">{escape(sentence)}</p>'


def pairs_html(lines: Sequence[tuple[str, str]]) -> str:
    """Names and values, side by side."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in lines)
    return f'<dl class="j-pairs">{rows}</dl>'


def tags(one: KioskView) -> str:
    """The state with its sign, and what changes its weight."""
    found = [
        f'<span class="j-tag j-state-{one.state}"><span aria-hidden="true">{_SIGNS[one.state]}</span> '
        f"{escape(say(STATES[one.state]))}</span>"
    ]
    if not one.is_gym_open:
        found.append(f'<span class="j-tag">{escape(say("Salle fermée"))}</span>')
    if one.has_alert:
        found.append(f'<span class="j-tag j-high">{escape(say("Alerte ouverte"))}</span>')
    return "".join(found)


def since(one: KioskView, *, now: datetime) -> str:
    """Since when it is as it is; empty where nobody wrote it down."""
    if one.since is None:
        return say("jamais entendue") if one.is_unreachable else ""
    return f"{say('depuis')} {lasting(now - one.since)}"


def part(is_well: bool | None) -> str:
    """What a kiosk last said of one of its parts."""
    return "–" if is_well is None else say("En ordre") if is_well else say("En panne")


def lasting(span: timedelta) -> str:
    """How long, in the one unit that matters: un instant, 5 min, 3 h, 2 j."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return say("un instant")
    if minutes < 60:
        return f"{minutes}\u00a0min"
    return f"{minutes // 60}\u00a0h" if minutes < 48 * 60 else f"{minutes // (24 * 60)}\u00a0j"


def _heard(one: KioskView, *, now: datetime) -> str:
    return "–" if one.last_heartbeat_at is None else formats.age(one.last_heartbeat_at, now=now)


def _version(one: KioskView) -> str:
    version = one.software_version or "–"
    return f"{version} ({say('attendue')} {one.wanted_version})" if one.wanted_version else version
