"""One member: how to reach them, how likely they are to leave and why, and what happened, the latest first."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from html import escape
from uuid import UUID

import streamlit as st

from dashboards import cards, charts, exports, figures, formats, member_list, navigation, texts_fr, tiles
from dashboards.cards import DOT
from dashboards.language import say
from dashboards.records import Records, Row
from jarvis.churn import UNCOUNTED
from jarvis.tenancy import Scope

_WEEKS = {"week": "Semaine du", "visit_count": "Visites"}
_VISITS = {"visited_at": "Quand", "gym_name": "Salle", "source": "Source"}

_DEFINED = {
    "Risque": ("dim_members", "churn_risk_level"),
    "Score": ("dim_members", "churn_risk_score"),
    "Son habitude": ("dim_members", "usual_visits_per_week"),
    "Visites": ("fct_member_weekly", "visit_count"),
}

_SIGNS = {"visit": "●", "session": "◆", "alert": "▲"}


def place(scope: Scope, records: Records, member_id: UUID, *, now: datetime) -> None:
    """The member's file is placed; whoever does not see the member is told that there is none."""
    member = records.row(scope, "members.member", member_id=member_id)
    if member is None:
        st.warning(say(texts_fr.NO_SUCH_MEMBER), icon=":material/person_off:")
        return
    st.html(head_html(member, now=now))
    left, right = st.columns([3, 2], gap="large")
    with left:
        weeks = records.rows(scope, "members.weeks", member_id=member_id)
        tiles.place_question(say("Ses visites baissent-elles ?"), ("fct_member_weekly", "visit_count"))
        if any(row["visit_count"] for row in weeks):
            charts.place(
                figures.weekly_visits(
                    [row["week"] for row in weeks], [row["visit_count"] for row in weeks],
                    usual=member["usual_visits_per_week"], labels=(say("Visites"), say("Son habitude")),
                ),
                words=say("Visites par semaine, six mois"),
            )  # fmt: skip
        else:
            st.info(say("Aucune visite en six mois."), icon=":material/event_busy:")
        _place_files(scope, records, member_id, weeks)
        st.subheader(say("Ce qui s'est passé"), anchor=False)
        st.html(timeline_html(records.rows(scope, "members.timeline", member_id=member_id), member, now=now))
    with right:
        is_at_risk = member["churn_risk_level"] in ("high", "critical") and member["held_back_reason"] is None
        st.subheader(say("Pourquoi l'appeler" if is_at_risk else "Risque de départ"), anchor=False)
        st.html(reasons_html(member))
        st.caption(age(member, now=now))
        tiles.place_meanings(_DEFINED)


def age(member: Row, *, now: datetime) -> str:
    """Up to which day the score looks, when it was computed, and that the visits are those of now."""
    if member["as_of_date"] is None or member["scored_at"] is None:
        return member_list.age([member], now=now)
    words = say("Score calculé {when} sur les visites jusqu'au {day} ; les visites sont lues à l'instant.")
    return words.format(when=formats.age(member["scored_at"], now=now), day=f"{member['as_of_date']:%d/%m/%Y}")


def head_html(member: Row, *, now: datetime) -> str:
    """Name, gym, membership and how to reach the member."""
    facts = [member["gym_name"]]
    if member["plan"]:
        price = member["monthly_price_eur"]
        cost = f" ({formats.number(float(price), decimals=2)}\u00a0€ {say('par mois')})" if price is not None else ""
        facts.append(f"{say('Formule')} {member['plan']}{cost}")
    if member["expires_on"]:
        facts.append(f"{say('jusqu’au')} {member['expires_on']:%d/%m/%Y}")
    if member["member_since"]:
        facts.append(f"{say('adhérent depuis le')} {member['member_since']:%d/%m/%Y}")
    reach = cards.reach_html(phone=member["phone"], email=member["email"])
    last = member["last_visit_at"]
    seen = say("Aucune visite") if last is None else f"{say('Dernière visite')} {formats.age(last, now=now)}"
    return (
        f'<div class="j-head"><h2>{escape(member_list.full_name(member))}</h2>'
        f"<p>{DOT.join(escape(fact) for fact in facts)}</p>"
        f"<p>{DOT.join([*reach, escape(seen)])}</p></div>"
    )


def reasons_html(member: Row) -> str:
    """The level and the score, three reasons at most, how sure that is, and what would take them out of danger."""
    if member["is_new"]:
        return f"<p>{escape(say(texts_fr.NEW_MEMBER))}</p>"
    level, score = member["churn_risk_level"], member["churn_risk_score"]
    if level is None:
        return f"<p>{escape(say(texts_fr.NO_SCORE))}</p>"
    risk = say(texts_fr.RISK_LEVELS[level])
    parts = [
        f'<p><span class="j-tag j-risk-{level}">{escape(risk)}</span> '
        f"{escape(say('score'))} {formats.number(score, decimals=2)}</p>"
    ]
    reasons = "".join(f"<li>{escape(factor['text'])}</li>" for factor in member["factors"] or ())
    parts.append(f"<ul>{reasons}</ul>" if reasons else "")
    unsure = texts_fr.UNSURE_DATA.get(member["held_back_reason"]) or (texts_fr.POOLED if member["is_pooled"] else None)
    more = (unsure and say(unsure), member["counterfactual"], _muted(member), _uncounted(member))
    parts += [f"<p>{escape(sentence)}</p>" for sentence in more if sentence]
    return f'<div class="j-reasons">{"".join(parts)}</div>'


def timeline_html(events: Sequence[Row], member: Row, *, now: datetime) -> str:
    """Visits, conversations and alerts, each with its day; a conversation leads to its own page."""
    return cards.timeline_html([_event(event, member, now=now) for event in events], say("Rien encore."))


def _place_files(scope: Scope, records: Records, member_id: UUID, weeks: Sequence[Row]) -> None:
    read = partial(_visits, scope, records, member_id)
    are_shown = st.query_params.get("lignes") == "visites"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = say("Refermer ses visites") if are_shown else say("Voir ses visites")
        asked = {"adherent": str(member_id), **({} if are_shown else {"lignes": "visites"})}
        navigation.link("adherents", words, asked)
        exports.place(weeks, _WEEKS, name="semaines", label=say("Ces semaines en CSV"))
        exports.place_later(read, _VISITS, name="visites", label=say("Toutes ses visites en CSV"))
    if are_shown:
        _place_visits(read())


def _visits(scope: Scope, records: Records, member_id: UUID) -> Sequence[Row]:
    return [
        {**row, "source": say(texts_fr.VISIT_SOURCES[row["source"]])}
        for row in records.rows(scope, "members.visits", member_id=member_id)
    ]


def _place_visits(rows: Sequence[Row]) -> None:
    """Every visit that the weeks count, the latest first, on the clock of the gym."""
    if not rows:
        st.caption(say("Aucune visite"))
        return
    column = st.column_config
    st.dataframe(
        [{name: row[name] for name in _VISITS} for row in rows], hide_index=True, key="member-visits",
        height=min(38 + 36 * len(rows), 320), placeholder="–", alt=say("Ses visites, la plus récente d'abord"),
        column_config={
            "visited_at": column.DatetimeColumn(say("Quand"), format=formats.moment_column()),
            "gym_name": column.TextColumn(say("Salle")),
            "source": column.TextColumn(say("Source")),
        },
    )  # fmt: skip


def _event(event: Row, member: Row, *, now: datetime) -> str:
    when = formats.moment(event["happened_at"], now=now, timezone=member["timezone"])
    kind = event["kind"]
    if kind == "visit":
        what = escape(say("Visite"))
    elif kind == "alert":
        what = (
            f"<strong>{escape(event['words'])}</strong> "
            f'<span class="j-tag">{escape(say(texts_fr.STATUSES[event["state"]]))}</span>'
        )
    else:
        feeling = texts_fr.SENTIMENTS.get(event["label"], "")
        tag = f' <span class="j-tag j-{event["label"]}">{escape(say(feeling))}</span>' if feeling else ""
        words = escape(say("Conversation"))
        link = f'<a href="/conversations?conversation={event["id"]}" target="_self">{words}</a>'
        what = f"{link}{tag}<br>{escape(event['words'] or '')}"
    return (
        f'<li class="j-{kind}"><span aria-hidden="true">{_SIGNS[kind]}</span> <small>{escape(when)}</small> {what}</li>'
    )


def _muted(member: Row) -> str | None:
    if not member["mute_reason"]:
        return None
    until = f" {say('jusqu’au')} {member['muted_until']:%d/%m/%Y}" if member["muted_until"] else ""
    return f"{say(texts_fr.MUTE_REASONS[member['mute_reason']])}{until}."


def _uncounted(member: Row) -> str | None:
    """Why a reason counts fewer days than the calendar, where the reason itself does not say it."""
    for factor in member["factors"] or ():
        data = factor.get("data") or {}
        if data.get("last_seen_on") and "days_away" in data:
            away = (member["as_of_date"] - date.fromisoformat(data["last_seen_on"])).days
            is_told = UNCOUNTED in factor["text"] or away <= data["days_away"] + 1
            return None if is_told else say(texts_fr.UNCOUNTED_DAYS)
    return None
