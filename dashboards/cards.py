"""What a card and a timeline look like: records in, escaped HTML out. No element placed, no query.

Members' words lose names, numbers, addresses and health details, and pass through `html.escape`: neither markup,
Markdown nor LaTeX in them means anything. As they were said they stand in the conversation, unmasked on record.
"""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from dashboards import formats, texts_fr
from dashboards.alerts import Alert, AlertCounts, Quote
from dashboards.language import say
from jarvis.alerts import SAID_BY_MEMBERS, AlertType
from jarvis.tenancy import Scope

# A shape beside the colour and the word, so that no meaning rests on colour alone.
_PRIORITY_SIGNS = {"urgent": "▲▲", "high": "▲", "medium": "■", "low": "▽"}

# Between facts on one line.
DOT = '<span aria-hidden="true"> · </span>'

# A machine is broken for everybody: these alerts name no member, and miss none.
_ABOUT_NO_MEMBER = frozenset(
    {AlertType.EQUIPMENT_ISSUE, AlertType.KIOSK_OFFLINE, AlertType.DATA_QUALITY, AlertType.VOICE_BUDGET}
)


def alert_html(alert: Alert, *, now: datetime, shows_gym: bool, shows_member: bool = False) -> str:
    """One alert: what, how urgent, who and where, the words behind it, what to do.

    Args:
        shows_member: how to reach the member stands on it, for who may open their file.
    """
    return "".join(
        [
            f'<article class="j-alert" aria-label="{escape(alert.title, quote=True)}">',
            f'<div class="j-tags">{_tags(alert)}</div>',
            f'<h3 class="j-title">{escape(alert.title)}</h3>',
            f'<p class="j-facts">{_facts(alert, now=now, shows_gym=shows_gym)}</p>',
            _reach(alert) if shows_member else "",
            f'<p class="j-text">{escape(_described(alert))}</p>' if alert.description else "",
            f'<div class="j-body"><div>{_quotes(alert, now=now)}</div>',
            f"<div>{_actions(alert) if alert.is_open else _closing(alert, now=now)}</div></div>",
            "</article>",
        ]
    )


def reach_html(*, phone: str | None, email: str | None) -> list[str]:
    """A link for each way to reach a member: the number, the e-mail address."""
    return [
        f'<a href="{scheme}:{escape(value, quote=True)}">{escape(shown)}</a>'
        for scheme, value, shown in (("tel", phone, formats.phone(phone or "")), ("mailto", email, email or ""))
        if value
    ]


def counts_html(counts: AlertCounts) -> str:
    """The desk at a glance: what waits, what is in hand, what was closed this week."""
    urgent = texts_fr.of_them_urgent(counts.urgent_count) if counts.urgent_count else ""
    tiles = [
        (say("À traiter"), counts.pending_count, urgent),
        (say("En cours"), counts.in_progress_count, ""),
        (say("Clôturées en 7 jours"), counts.closed_count, ""),
    ]
    return (
        '<dl class="j-counts">'
        + "".join(
            f"<div><dt>{escape(label)}</dt><dd>{formats.number(value)}<small>{escape(more)}</small></dd></div>"
            for label, value, more in tiles
        )
        + "</dl>"
    )


def empty_html(headline: str, more: str) -> str:
    """What stands where a list would be."""
    return f'<div class="j-empty"><p>{escape(headline)}</p><p>{escape(more)}</p></div>'


def timeline_html(lines: Sequence[str], nothing: str) -> str:
    """What happened, a list item each, or the sentence that nothing did.

    Args:
        lines: `<li>` elements, escaped.
    """
    return f'<ol class="j-timeline">{"".join(lines)}</ol>' if lines else f"<p>{escape(nothing)}</p>"


def refused_html(refused: Sequence[tuple[str, str]]) -> str:
    """The alerts that stayed as they were, each with its reason."""
    lines = (f"<li><strong>{escape(title)}</strong> — {escape(reason)}</li>" for title, reason in refused)
    return f'<ul class="j-refused">{"".join(lines)}</ul>'


def way_back_html() -> str:
    """A link to the sign-in page, in the same window."""
    return '<p class="j-link"><a href="/login" target="_self">' + escape(say("Se connecter")) + "</a></p>"


def person_html(scope: Scope) -> str:
    """Who is signed in, for which place, and the way out."""
    place = f"<span>{escape(scope.place_name)}</span>" if scope.place_name else ""
    return (
        f'<div class="j-person"><strong>{escape(scope.full_name)}</strong>'
        f"<span>{escape(say(texts_fr.ROLES[scope.role]))}</span>{place}"
        f'<a href="/compte" target="_self">{escape(say("Mon compte"))}</a>'
        '<form method="post" action="/logout"><button type="submit">'
        f"{escape(say('Se déconnecter'))}</button></form></div>"
    )


def _tags(alert: Alert) -> str:
    priority = say(texts_fr.PRIORITIES[alert.priority])
    tags = [
        f'<span class="j-tag j-{alert.priority}"><span aria-hidden="true">{_PRIORITY_SIGNS[alert.priority]}</span> '
        f'<span class="j-unseen">{escape(say("Priorité"))} </span>{escape(priority)}</span>',
        f'<span class="j-tag">{escape(say(texts_fr.ALERT_TYPES[alert.alert_type]))}</span>',
    ]
    status = say(texts_fr.STATUSES[alert.status])
    if alert.assignee_name and alert.is_open:
        status = say("{status} : {name}").format(status=status, name=alert.assignee_name)
    tags.append(f'<span class="j-tag j-{alert.status}">{escape(status)}</span>')
    if alert.occurrence_count > 1:
        times = say("Signalé {count} fois").format(count=formats.number(alert.occurrence_count))
        tags.append(f'<span class="j-tag">{escape(times)}</span>')
    return "".join(tags)


def _facts(alert: Alert, *, now: datetime, shows_gym: bool) -> str:
    when = formats.moment(alert.last_occurred_at, now=now, timezone=alert.timezone)
    facts = []
    if alert.alert_type not in _ABOUT_NO_MEMBER:
        named = alert.member_name
        facts.append(f"<strong>{escape(named)}</strong>" if named else escape(say(texts_fr.UNKNOWN_MEMBER)))
    if alert.kiosk_name:
        facts.append(escape(alert.kiosk_name))
    if shows_gym:
        facts.append(escape(alert.gym_name))
    facts.append(f"{escape(when[0].upper() + when[1:])} ({escape(formats.age(alert.last_occurred_at, now=now))})")
    return DOT.join(facts)


def _reach(alert: Alert) -> str:
    """The member's number, their address where there is none; nothing on what is closed, or about no member."""
    if not alert.is_open or alert.alert_type in _ABOUT_NO_MEMBER:
        return ""
    ways = reach_html(phone=alert.member_phone, email=alert.member_email)
    return f'<p class="j-reach">{ways[0]}</p>' if ways else ""


def masked(text: str, *, known: Sequence[str] = ()) -> str:
    """A member's words without names, numbers, addresses and health details.

    Args:
        known: what is known of the member.
    """
    # Reads its lists at its first call.
    from ml.conversations.redaction import redact

    return redact(text, known=known)


def _described(alert: Alert) -> str:
    """The description; where it may repeat what was said, without what is personal in it."""
    text = alert.description or ""
    return masked(text, known=_names(alert)) if alert.alert_type in SAID_BY_MEMBERS else text


def _names(alert: Alert) -> list[str]:
    return (alert.member_name or "").split()


def _quotes(alert: Alert, *, now: datetime) -> str:
    return "".join(_quote(quote, alert, now=now) for quote in alert.quotes)


def _quote(quote: Quote, alert: Alert, *, now: datetime) -> str:
    when = "" if quote.said_at is None else formats.moment(quote.said_at, now=now, timezone=alert.timezone)
    said = f"<footer>{escape(when)}</footer>" if when else ""
    words = masked(quote.text, known=_names(alert))
    return f'<blockquote class="j-quote"><p>«\u00a0{escape(words)}\u00a0»</p>{said}</blockquote>'


def _actions(alert: Alert) -> str:
    if not alert.recommended_actions:
        return ""
    items = "".join(f"<li>{escape(action)}</li>" for action in alert.recommended_actions)
    return f'<div class="j-actions"><p>{escape(say("À faire"))}</p><ul>{items}</ul></div>'


def _closing(alert: Alert, *, now: datetime) -> str:
    parts = [say(texts_fr.STATUSES[alert.status])]
    if alert.outcome_code:
        parts.append(say(texts_fr.OUTCOME_CODES[alert.outcome_code]).lower())
    if alert.resolved_at is not None:
        parts.append(formats.moment(alert.resolved_at, now=now, timezone=alert.timezone))
    if alert.assignee_name:
        parts.append(say("par {name}").format(name=alert.assignee_name))
    notes = f"<p>{escape(alert.resolution_notes)}</p>" if alert.resolution_notes else ""
    return f'<div class="j-closing"><p>{escape(", ".join(parts))}</p>{notes}</div>'
