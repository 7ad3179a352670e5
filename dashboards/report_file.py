"""One report, read on the page: what it says, what each sentence rests on, its figures, and who has got it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any
from uuid import UUID

import psycopg
import streamlit as st

from dashboards import access, charts, exports, figures, formats, navigation, report_list, texts_fr, tiles
from dashboards.definitions import METRIC
from dashboards.figures import Series
from dashboards.language import say
from dashboards.records import Row
from jarvis import report_gyms, reports_fr
from jarvis.report_pdf import compared, filename_of
from jarvis.reports import KeptReport, Period, ReadReport, ReportKind
from jarvis.small_numbers import Hidden
from jarvis.tenancy import Permission, Scope

# What comes after where a report stands, and what the button says.
_NEXT = {
    "draft": ("published", "Publier", ":material/publish:"),
    "published": ("archived", "Archiver", ":material/archive:"),
}

TOPICS_SHOWN = 8

_EXPORTED = {"label": "Chiffre", "now": "Période", "before": "Période précédente", "year_before": "L'an dernier"}
_EXPORTED_GYMS = {
    "name": "Salle", "visit_count": "Passages", "session_count": "Conversations", "negative_session_count": "Négatif",
    "alert_opened_count": "Nouvelles alertes", "at_risk_member_count": "À risque",
}  # fmt: skip

_EXPORTED_WEEKS = {"last": "Semaine jusqu'au", "visit_count": "Passages", "year_before": "L'an dernier"}
_EXPORTED_TOPICS = {"topic": "Sujet", "session_count": "Conversations", "negative_count": "Négatif"}

# One of `reports_fr.FIGURES` each, in its order, and what the gyms of a franchise are told by besides.
_DEFINED = {
    "Passages": (METRIC, "visit_count"),
    "Conversations à la borne": (METRIC, "session_count"),
    "Minutes de conversation": (METRIC, "session_minutes"),
    "Conversations analysées": (METRIC, "analysed_session_count"),
    "Sentiment moyen (de −1 à 1)": (METRIC, "mean_sentiment_score"),
    "Conversations négatives": (METRIC, "negative_session_count"),
    "Conversations positives": (METRIC, "positive_session_count"),
    "Nouvelles alertes": (METRIC, "alert_opened_count"),
    "Coût de l'assistant (USD)": (METRIC, "cost_usd"),
    "Conversations": (METRIC, "session_count"),
    "Négatif": (METRIC, "negative_session_count"),
    "À risque": (METRIC, "at_risk_member_count"),
}


def place(scope: Scope, report_id: UUID, *, now: datetime) -> None:
    """The report is placed; whoever does not see it is told that there is none."""
    read = access.door().reports.read(scope, report_id)
    if read is None:
        st.warning(say(texts_fr.NO_SUCH_REPORT), icon=":material/summarize:")
        return
    report = read.report
    st.html(head_html(report))
    _place_buttons(scope, report)
    left, right = st.columns([3, 2], gap="large")
    with left:
        if report.recommendations:
            st.subheader(say("Trois actions"), anchor=False)
            st.html(f'<ol class="j-three">{"".join(f"<li>{escape(one)}</li>" for one in report.recommendations)}</ol>')
        st.subheader(say("Ce qui a changé"), anchor=False)
        _place_insights(report)
        _place_weeks(report)
        _place_topics(report)
    with right:
        _place_whom_to_call(read)
        st.subheader(say("Les chiffres"), anchor=False)
        st.html(figures_html(report))
        st.caption(f"{say('Chiffres arrêtés')} {formats.age(report.generated_at, now=now)}")
        _place_figure_ways(report)
        exports.place(lines(report), _EXPORTED, name="rapport-chiffres")
        tiles.place_meanings(_DEFINED)
        if report.metrics.get("gyms"):
            st.subheader(say("Salle par salle"), anchor=False)
            st.html(gyms_html(report.metrics["gyms"]))
            navigation.link("reseau", say("Les salles côte à côte"))
            exports.place(gym_lines(report.metrics["gyms"]), _EXPORTED_GYMS, name="rapport-salles")
        _place_deliveries(scope, report, now=now)


def head_html(report: KeptReport) -> str:
    """What kind of report, where it stands, what it is of, and its one sentence."""
    row = {"report_type": report.report_type, "status": report.status}
    return (
        f'<div class="j-head"><div class="j-tags">{report_list.tags_html(row)}</div>'
        f'<h2>{escape(report.title)}</h2><p class="j-answer">{escape(report.summary or "")}</p></div>'
    )


def figures_html(report: KeptReport) -> str:
    """Each figure beside the period before and the same weeks last year."""
    last, last_year = map(say, reports_fr.compared_with(_period(report)))
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in ("", say("Période"), f"{say('Contre')} {last}"))
    has_year = any(one.get("year_before") is not None for one in report.metrics["figures"].values())
    heads += f'<th scope="col">{escape(say("Contre"))} {escape(last_year)}</th>' if has_year else ""
    rows = []
    for name, (label, decimals) in reports_fr.FIGURES.items():
        values, trend = report.metrics["figures"][name], (report.trends or {}).get(name, {})
        cells = [_now(values, decimals), compared(values, "before", trend, decimals, name)]
        if has_year:
            cells.append(compared(values, "year_before", trend, decimals, name))
        rows.append(
            f'<tr><th scope="row">{escape(say(label))}</th>'
            + "".join(f"<td>{escape(one)}</td>" for one in cells)
            + "</tr>"
        )
    return f'<table class="j-figures"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def lines(report: KeptReport) -> list[dict[str, Any]]:
    """The same figures, unrounded, as a file holds them."""
    kept = report.metrics["figures"]
    return [{"label": say(label), **kept[name]} for name, (label, _) in reports_fr.FIGURES.items()]


def gyms_html(gyms: Sequence[Mapping[str, Any]]) -> str:
    """The gyms of a franchise side by side; what is not told is said in words."""
    heads = "".join(f'<th scope="col">{escape(say(one))}</th>' for one in _EXPORTED_GYMS.values())
    rows = []
    for line in gym_lines(gyms):
        told = [line[name] for name in _EXPORTED_GYMS if name != "name"]
        cells = "".join(f"<td>{escape(one if isinstance(one, str) else formats.number(one))}</td>" for one in told)
        rows.append(f'<tr><th scope="row">{escape(line["name"])}</th>{cells}</tr>')
    return f'<table class="j-figures"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def gym_lines(gyms: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The gyms of a franchise side by side, one line each; what is not told is words in place of a number."""
    return [
        {"name": gym["name"], **{name: say(one) if isinstance(one, Hidden) else one for name, one in counts.items()}}
        for gym, counts in zip(gyms, report_gyms.kept_gyms(gyms), strict=True)
    ]


def _now(values: Mapping[str, Any], decimals: int) -> str:
    if "now" in values.get("withheld", ()):
        return say(Hidden.BESIDE)
    return "–" if values["now"] is None else formats.number(values["now"], decimals=decimals)


def ways(insight: Mapping[str, Any], report: KeptReport) -> list[tuple[str, str, dict[str, str]]]:
    """Where an insight's evidence is read: page, words of the link, and what the page should show."""
    days = _days(report)
    kind, found = insight["kind"], []
    if kind == "topic":
        found.append(("conversations", say("Toutes ces conversations"), {"sujet": str(insight["topic"]), **days}))
    elif kind == "sentiment":
        found.append(("conversations", say("Les négatives"), {"sentiment": "negative", **days}))
    elif kind == "churn":
        found.append(("adherents", say("Ces adhérents"), {"risque": "critical,high"}))
    elif kind == "alerts":
        found.append(("alertes", say("Ces alertes"), {}))
    elif kind == "visits":
        found.append(("analyses", say("Voir les analyses"), {}))
    found += [
        ("conversations", f"{say('Conversation')} {number}", {"conversation": str(session_id)})
        for number, session_id in enumerate(insight.get("session_ids") or (), 1)
    ]
    return found


def _days(report: KeptReport) -> dict[str, str]:
    """The period as an address says it."""
    return {"du": report.metrics["period"]["first"], "au": report.metrics["period"]["last"]}


def figure_ways(report: KeptReport) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Where a figure's rows are read: page, words of the link, and what the page should show."""
    days = _days(report)
    return {
        "session_count": ("conversations", say("Les conversations"), days),
        "negative_session_count": ("conversations", say("Les négatives"), {"sentiment": "negative", **days}),
        "visit_count": ("analyses", say("Les passages"), {}),
        "alert_opened_count": ("alertes", say("Les alertes"), days),
    }


def _place_figure_ways(report: KeptReport) -> None:
    with st.container(horizontal=True, gap="small", key="figure-ways"):
        for url_path, words, query in figure_ways(report).values():
            navigation.link(url_path, words, query)


def _place_buttons(scope: Scope, report: KeptReport) -> None:
    reports = access.door().reports
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            say("Télécharger le PDF"), lambda: reports.pdf(scope, report.id), file_name=filename_of(report),
            mime="application/pdf", icon=":material/picture_as_pdf:", type="primary", on_click="ignore",
            key="report-pdf",
        )  # fmt: skip
        if report.status in _NEXT and scope.may(Permission.ACT_ON_ALERTS):
            to_status, words, icon = _NEXT[report.status]
            if st.button(say(words), icon=icon, key="report-move"):
                _move(scope, report, to_status)


def _move(scope: Scope, report: KeptReport, to_status: str) -> None:
    try:
        row = access.door().records.row(
            scope, "recommendations.move_report", report_id=report.id, seen_status=report.status, to_status=to_status
        )
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation):
        st.warning(say("Votre rôle ne permet pas ce changement du rapport."), icon=":material/block:")
        return
    is_moved = row is not None and row["is_moved"]
    st.toast(say("C'est noté.") if is_moved else say(texts_fr.REPORT_MOVED), icon=":material/info:")
    st.rerun()


def _place_insights(report: KeptReport) -> None:
    if not report.insights:
        words = (
            "Les constats d'un rapport archivé ne sont plus conservés."
            if report.insights is None
            else "Rien de notable."
        )
        st.html(f"<p>{escape(say(words))}</p>")
        return
    for place_of, insight in enumerate(report.insights):
        with st.container(border=True, gap="small", key=f"insight-{place_of}"):
            st.html(
                f'<div class="j-item"><p class="j-what">{escape(str(insight["text"]))}</p>'
                f'<p class="j-facts">{escape(reports_fr.counted(insight))}</p></div>'
            )
            with st.container(horizontal=True, gap="small"):
                for url_path, words, query in ways(insight, report):
                    navigation.link(url_path, words, query)


def _place_whom_to_call(read: ReadReport) -> None:
    if not read.whom_to_call and read.why_nobody is None:
        return
    st.subheader(say("Qui appeler, et pourquoi"), anchor=False)
    if read.why_nobody is not None:
        st.html(f'<p class="j-note">{escape(say(read.why_nobody))}</p>')
    for member in read.whom_to_call:
        with st.container(gap=None):
            navigation.link("adherents", member.name, {"adherent": str(member.member_id)})
            reason = member.reason or say("Risque élevé de départ")
            st.html(f'<p class="j-note">{escape(reason)}</p>')


def _place_weeks(report: KeptReport) -> None:
    weeks: Sequence[Mapping[str, Any]] = report.metrics.get("weeks") or ()
    if sum(bool(one["visit_count"]) for one in weeks) < 3:
        return
    series = [Series(name=say("Passages"), values=[one["visit_count"] for one in weeks], colour=figures.BLUE)]
    if any(one["year_before"] is not None for one in weeks):
        past = [one["year_before"] for one in weeks]
        series.append(Series(name=say("L'an dernier"), values=past, colour=figures.ORANGE, dash="dash"))
    tiles.place_question(say("La fréquentation monte-t-elle ?"), (METRIC, "visit_count"))
    charts.place(
        figures.over_time([date.fromisoformat(one["last"]) for one in weeks], series),
        words=say("Passages par semaine, jusqu'à la fin de la période"),
        key="report-weeks",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        navigation.link("analyses", say("Voir les analyses"))
        exports.place(weeks, _EXPORTED_WEEKS, name="rapport-semaines")


def _place_topics(report: KeptReport) -> None:
    found = report_gyms.complained_topics(report.metrics, most=TOPICS_SHOWN)
    if not found:
        return
    unhappy = [one["negative_count"] for one in found]
    others = [0 if one["negative_count"] is None else one["session_count"] - one["negative_count"] for one in found]
    series = [
        Series(name=say("Négatif"), values=[count or 0 for count in unhappy], colour=figures.ORANGE, pattern="/"),
        Series(name=say("Autres conversations"), values=others, colour=figures.BLUE),
    ]
    if None in unhappy:
        without = [one["session_count"] if one["negative_count"] is None else 0 for one in found]
        series.append(Series(name=say("Humeur non dite"), values=without, colour=figures.SKY, pattern="x"))
    tiles.place_question(say("De quoi se plaint-on ?"), ("fct_topics_daily", "session_count"))
    charts.place(
        figures.ranked(
            [say(texts_fr.TOPICS[one["topic"]]) for one in found], series, picks=[one["topic"] for one in found]
        ),
        words=say("Conversations par sujet, dont les négatives"), key="report-topics",
    )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        for one in found:
            topic = str(one["topic"])
            navigation.link("conversations", say(texts_fr.TOPICS[topic]), {"sujet": topic, **_days(report)})
    exports.place(
        [{**one, "topic": say(texts_fr.TOPICS[one["topic"]])} for one in found], _EXPORTED_TOPICS,
        name="rapport-sujets",
    )  # fmt: skip


def _place_deliveries(scope: Scope, report: KeptReport, *, now: datetime) -> None:
    rows = access.door().records.rows(scope, "recommendations.deliveries", report_id=report.id)
    with st.expander(say("À qui il est parvenu"), icon=":material/outgoing_mail:"):
        if not rows:
            st.html(f"<p>{escape(say('Aucun envoi enregistré.'))}</p>")
            return
        st.html(deliveries_html(rows, now=now))


def deliveries_html(rows: Sequence[Row], *, now: datetime) -> str:
    """Each recipient with what became of the letter."""
    lines = []
    for row in rows:
        what = say(texts_fr.DELIVERY_STATUSES[row["status"]])
        how = say(texts_fr.DELIVERY_CHANNELS[row["channel"]]).lower()
        who = row["full_name"] or say("Destinataire hors de votre périmètre")
        when = formats.age(row["attempted_at"], now=now)
        lines.append(
            f"<li><strong>{escape(who)}</strong> : {escape(what.lower())} ({escape(how)}), {escape(when)}</li>"
        )
    return f'<ul class="j-log">{"".join(lines)}</ul>'


def _period(report: KeptReport) -> Period:
    days = report.metrics["period"]
    first, last = date.fromisoformat(days["first"]), date.fromisoformat(days["last"])
    return Period(ReportKind(report.report_type), first, date.fromordinal(last.toordinal() + 1))
