"""A report as A4 pages in French. Pure: what a reader may see goes in, a PDF's bytes come out.

reportlab is imported where it is used: nobody else pays for it.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from jarvis import report_gyms, reports_fr, topics_fr
from jarvis.conversations import Topic
from jarvis.formats_fr import number
from jarvis.reports import KeptReport, Period, ReadReport, ReportKind, Said
from jarvis.small_numbers import Hidden

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable, Table

_INK, _MUTED, _LINE = "#1d1d1f", "#6e6e73", "#d2d2d7"
# Apart for colour-blind readers too, and in grey when printed.
_ACCENT, _WARM = "#0b57a4", "#c2410c"
_SOFT = "#b9cfe6"
_MARGIN = 42.0  # 15 mm
# reportlab's frames keep this much inside their margins.
_PADDING = 6.0
TOPICS_SHOWN = 6
# Fewer say nothing of a trend.
FEWEST_WEEKS = 3


def render_pdf(read: ReadReport, *, link: str = "") -> bytes:
    """The report as an A4 PDF, one or two pages for a gym in most weeks.

    Args:
        link: where JARVIS is opened; the evidence leads there. Without it nothing is a link.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import SimpleDocTemplate

    for name, file in (("Vera", "Vera.ttf"), ("VeraBd", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, file))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd", italic="Vera", boldItalic="VeraBd")
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=read.report.title,
        author="JARVIS",
        lang="fr-FR",
        # The same report gives the same bytes.
        invariant=1,
    )
    footer = _footer(read.report.generated_at)
    document.build(
        _story(read, width=A4[0] - 2 * (_MARGIN + _PADDING), link=link), onFirstPage=footer, onLaterPages=footer
    )
    return buffer.getvalue()


def filename_of(report: KeptReport) -> str:
    """For example rapport-weekly-2026-11-16.pdf."""
    return f"rapport-{report.report_type}-{report.metrics['period']['first']}.pdf"


def compared(values: Mapping[str, Any], when: str, trend: Mapping[str, Any], decimals: int, name: str) -> str:
    """A figure beside one of its pasts: +12 % (335); « de 12 à 0 » where a share would say nothing.

    Args:
        values: the kept figure.
        when: before or year_before.
        trend: its kept changes.
    """
    now, past = values["now"], values[when]
    if when in values.get("withheld", ()):
        return str(Hidden.BESIDE)
    if past is None:
        return "pas de mesure"
    if now is None:
        return f"({number(past, decimals=decimals)})"
    if name not in reports_fr.SCORES and (not now or not past):
        return "=" if now == past else f"de {number(past, decimals=decimals)} à {number(now, decimals=decimals)}"
    share = trend.get("share" if when == "before" else "share_of_year")
    # A share of a score around zero says nothing: how far it moved does.
    moved = reports_fr.difference(now - past) if name in reports_fr.SCORES else reports_fr.change(share)
    return f"{moved} ({number(past, decimals=decimals)})"


def _story(read: ReadReport, *, width: float, link: str) -> "list[Flowable]":
    from reportlab.platypus import KeepTogether, Spacer

    report, paragraph = read.report, _paragraphs()
    period = _period(report)
    head, _, days = report.title.rpartition(", ")
    story: list[Any] = [paragraph(head, "title"), paragraph(_capital(days), "muted"), Spacer(1, 8)]
    if report.summary:
        story += [paragraph(report.summary, "lead"), Spacer(1, 6)]
    if report.recommendations:
        story.append(paragraph("Trois actions", "heading"))
        story += [paragraph(f"{place}. {text}", "body") for place, text in enumerate(report.recommendations, start=1)]
    if read.whom_to_call:
        story.append(KeepTogether([paragraph("Qui appeler, et pourquoi", "heading"), _whom(read, width, paragraph)]))
    if read.why_nobody:
        story.append(
            KeepTogether([paragraph("Qui appeler, et pourquoi", "heading"), paragraph(read.why_nobody, "body")])
        )
    if report.insights:
        story.append(paragraph("Ce qui a changé", "heading"))
        story += _insights(read, paragraph, link=link)
    story += _charts(report, width, paragraph)
    story.append(KeepTogether([paragraph("Les chiffres", "heading"), _figures(report, period, width, paragraph)]))
    if report.metrics["gyms"]:
        story.append(
            KeepTogether([paragraph("Salle par salle", "heading"), _gyms(report.metrics["gyms"], width, paragraph)])
        )
    return story


def _figures(report: KeptReport, period: Period, width: float, paragraph: Any) -> "Table":
    figures = report.metrics["figures"]
    # Of a gym's first year a whole column would say that there is nothing to say.
    pasts = [
        (when, past)
        for when, past in zip(("before", "year_before"), reports_fr.compared_with(period), strict=True)
        if when == "before" or any(_is_measured(figures[name], when) for name in reports_fr.FIGURES)
    ]
    rows = [[paragraph(text, "cell_muted") for text in ("", "Période", *(f"Contre {past}" for _, past in pasts))]]
    # In our order: the database keeps a JSON object's keys in its own.
    for name, (label, decimals) in reports_fr.FIGURES.items():
        values = figures[name]
        trend = report.trends.get(name, {})
        rows.append(
            [
                paragraph(label, "cell"),
                paragraph(_now(values, decimals), "cell_bold"),
                *(paragraph(compared(values, when, trend, decimals, name), "cell") for when, _ in pasts),
            ]
        )
    return _table(rows, [0.34 * width, 0.16 * width, *[0.5 * width / len(pasts)] * len(pasts)])


def _is_measured(values: Mapping[str, Any], when: str) -> bool:
    return values[when] is not None or when in values.get("withheld", ())


def _whom(read: ReadReport, width: float, paragraph: Any) -> "Table":
    # The report of one gym need not say which on every line.
    has_gyms = bool(read.report.metrics["gyms"])
    titles = ("Adhérent", *(("Salle",) if has_gyms else ()), "Pourquoi")
    rows = [[paragraph(text, "cell_muted") for text in titles]]
    rows += [
        [
            paragraph(one.name, "cell_bold"),
            *((paragraph(one.gym_name, "cell"),) if has_gyms else ()),
            paragraph(one.reason or "Risque élevé de départ", "cell"),
        ]
        for one in read.whom_to_call
    ]
    return _table(rows, [part * width for part in ((0.25, 0.2, 0.55) if has_gyms else (0.25, 0.75))])


def _gyms(gyms: Sequence[dict[str, Any]], width: float, paragraph: Any) -> "Table":
    titles = ("Salle", "Passages", "Conversations", "Négatives", "Nouvelles alertes", "À risque")
    rows = [[paragraph(text, "cell_muted") for text in titles]]
    for one, counts in zip(gyms, report_gyms.kept_gyms(gyms), strict=True):
        cells = [str(count) if isinstance(count, Hidden) else number(count) for count in counts.values()]
        rows.append([paragraph(one["name"], "cell_bold"), *(paragraph(cell, "cell") for cell in cells)])
    return _table(rows, [0.3 * width, *[0.14 * width] * 5], repeats=True)


def _now(values: Mapping[str, Any], decimals: int) -> str:
    if "now" in values.get("withheld", ()):
        return str(Hidden.BESIDE)
    return "–" if values["now"] is None else number(values["now"], decimals=decimals)


def _table(rows: list[list[Any]], widths: list[float], *, repeats: bool = False) -> "Table":
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table, TableStyle

    style = TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(_INK)),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(_LINE)),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 1.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return Table(rows, colWidths=widths, style=style, repeatRows=1, hAlign="LEFT", splitByRow=repeats or None)


def _topic_bars(topics: Sequence[dict[str, Any]], width: float) -> "Drawing":
    """One bar a topic: all conversations about it, and the unhappy ones in the second colour, with both numbers."""
    from reportlab.graphics.shapes import Drawing, Rect, String
    from reportlab.lib.colors import HexColor

    row, label_width, number_width = 15.0, min(0.46 * width, 120.0), 60.0
    drawing = Drawing(width, row * len(topics) + 16)
    most = max(one["session_count"] for one in topics)
    scale = (width - label_width - number_width) / most
    for place, one in enumerate(topics):
        bottom = drawing.height - row * (place + 1)
        total, unhappy = one["session_count"], one["negative_count"] or 0
        label = topics_fr.TOPICS[Topic(one["topic"])]
        drawing.add(String(0, bottom + 4, label, fontName="Vera", fontSize=8.5, fillColor=HexColor(_INK)))
        drawing.add(Rect(label_width, bottom + 2, total * scale, 9, fillColor=HexColor(_ACCENT), strokeColor=None))
        drawing.add(Rect(label_width, bottom + 2, unhappy * scale, 9, fillColor=HexColor(_WARM), strokeColor=None))
        text = f"{Hidden.FEW if one['negative_count'] is None else number(unhappy)} sur {number(total)}"
        drawing.add(
            String(
                label_width + total * scale + 5, bottom + 4, _printable(text),
                fontName="Vera", fontSize=7.5, fillColor=HexColor(_MUTED),
            )
        )  # fmt: skip
    for left, colour, text in ((0.0, _WARM, "conversations négatives"), (112.0, _ACCENT, "autres conversations")):
        drawing.add(Rect(left, 1, 7, 7, fillColor=HexColor(colour), strokeColor=None))
        drawing.add(String(left + 11, 1, text, fontName="Vera", fontSize=7.5, fillColor=HexColor(_MUTED)))
    return drawing


def _insights(read: ReadReport, paragraph: Any, *, link: str) -> "list[Flowable]":
    """Each insight, under it the words it rests on; the same words stand once."""
    from reportlab.platypus import KeepTogether

    names_gym = bool(read.report.metrics["gyms"])
    quoted: set[str] = set()
    story: list[Flowable] = []
    for insight in read.report.insights or ():
        parts, said = [_insight(insight, paragraph, link=link)], read.quote_of(insight)
        if said is not None and said.text not in quoted:
            quoted.add(said.text)
            parts.append(_quote(said, paragraph, names_gym=names_gym))
        story.append(KeepTogether(parts))
    return story


def _insight(insight: dict[str, Any], paragraph: Any, *, link: str) -> "Flowable":
    """The sentence, and behind it in small print what it rests on."""
    where = f"{link.rstrip('/')}/alertes" if link and insight["kind"] in ("alerts", "churn") else link
    found: Flowable = paragraph(insight["text"], "body", small=reports_fr.counted(insight), link=where)
    return found


def _quote(one: Said, paragraph: Any, *, names_gym: bool) -> "Flowable":
    """When, where and in which words somebody said it: whoever reads on paper opens no conversation."""
    found: Flowable = paragraph(reports_fr.quote(one, names_gym=names_gym), "quote")
    return found


def _charts(report: KeptReport, width: float, paragraph: Any) -> "list[Flowable]":
    """The period's charts, each under the question it answers: side by side where there are two."""
    from reportlab.platypus import KeepTogether, Table, TableStyle

    weeks = report.metrics.get("weeks", ())
    topics = report_gyms.complained_topics(report.metrics, most=TOPICS_SHOWN)
    has_weeks = sum(bool(one["visit_count"]) for one in weeks) >= FEWEST_WEEKS
    wide = 0.48 * width if has_weeks and topics else width
    charts = []
    if has_weeks:
        charts.append([paragraph("La fréquentation monte-t-elle ?", "heading"), _week_bars(weeks, wide)])
    if topics:
        charts.append([paragraph("De quoi se plaint-on ?", "heading"), _topic_bars(topics, wide)])
    if len(charts) < 2:
        return [KeepTogether(one) for one in charts]
    style = TableStyle(
        [("VALIGN", (0, 0), (-1, -1), "TOP")]
        + [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    )
    return [Table([charts], colWidths=[0.52 * width, 0.48 * width], style=style, hAlign="LEFT", spaceBefore=5)]


def _week_bars(weeks: Sequence[dict[str, Any]], width: float) -> "Drawing":
    """One bar a week, and a mark where the same week of last year stood; numbers on the first, best and last one."""
    from reportlab.graphics.shapes import Drawing, Line, Rect, String
    from reportlab.lib.colors import HexColor

    height, foot, head = 58.0, 26.0, 11.0
    drawing = Drawing(width, height + foot + head)
    step = width / len(weeks)
    most = max(max(one["visit_count"] or 0, one["year_before"] or 0) for one in weeks)
    best = max(range(len(weeks)), key=lambda place: weeks[place]["visit_count"] or 0)
    for place, one in enumerate(weeks):
        left, tall = place * step + 0.15 * step, (one["visit_count"] or 0) / most * height
        is_last = place == len(weeks) - 1
        drawing.add(
            Rect(left, foot, 0.7 * step, tall, fillColor=HexColor(_ACCENT if is_last else _SOFT), strokeColor=None)
        )
        past = one["year_before"]
        if past is not None:
            level = foot + past / most * height
            drawing.add(
                Line(left - 2, level, left + 0.7 * step + 2, level, strokeColor=HexColor(_WARM), strokeWidth=1.6)
            )
        middle = left + 0.35 * step
        if place in (0, best, len(weeks) - 1) and one["visit_count"] is not None:
            said = _printable(number(one["visit_count"]))
            above = max(foot + tall, level if past is not None and abs(level - foot - tall) < head else 0.0) + 3
            drawing.add(
                String(
                    middle, above, said, fontName="VeraBd", fontSize=7.5, textAnchor="middle", fillColor=HexColor(_INK)
                )
            )
        if (len(weeks) - 1 - place) % 2:
            continue  # Every second day named: all of them would touch.
        day = date.fromisoformat(one["last"]) - timedelta(days=6)
        drawing.add(
            String(
                middle, foot - 10, f"{day:%d/%m}", fontName="Vera", fontSize=7, textAnchor="middle",
                fillColor=HexColor(_MUTED),
            )
        )  # fmt: skip
    keys = [(0.0, _ACCENT, "ce rapport"), (65.0, _SOFT, "passages par semaine")]
    if any(one["year_before"] is not None for one in weeks):
        keys.append((172.0, _WARM, "il y a un an"))
    for left, colour, text in keys:
        drawing.add(Rect(left, 1, 7, 2 if colour == _WARM else 7, fillColor=HexColor(colour), strokeColor=None))
        drawing.add(String(left + 11, 1, text, fontName="Vera", fontSize=7.5, fillColor=HexColor(_MUTED)))
    return drawing


def _period(report: KeptReport) -> Period:
    days = report.metrics["period"]
    first, last = date.fromisoformat(days["first"]), date.fromisoformat(days["last"])
    return Period(ReportKind(report.report_type), first, last + timedelta(days=1))


def _paragraphs() -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    def style(name: str, size: float, *, bold: bool = False, colour: str = _INK, **more: Any) -> ParagraphStyle:
        font = "VeraBd" if bold else "Vera"
        return ParagraphStyle(
            name, fontName=font, fontSize=size, leading=1.4 * size, textColor=HexColor(colour), **more
        )

    styles = {
        "title": style("title", 15, bold=True, spaceAfter=2),
        "muted": style("muted", 9, colour=_MUTED),
        "lead": style("lead", 10.5),
        "heading": style("heading", 11, bold=True, spaceBefore=9, spaceAfter=3),
        "body": style("body", 9, spaceAfter=2),
        "quote": style("quote", 8, colour=_MUTED, leftIndent=12, spaceAfter=2),
        "cell": style("cell", 8.5),
        "cell_bold": style("cell_bold", 8.5, bold=True),
        "cell_muted": style("cell_muted", 7.5, colour=_MUTED),
    }

    def paragraph(text: str, name: str, small: str = "", link: str = "") -> Paragraph:
        words = escape(_printable(text))
        if small:
            grey = f'<font size="7.5" color="{_MUTED}">({escape(_printable(small))})</font>'
            words += " " + (f'<a href="{escape(link)}">{grey}</a>' if link else grey)
        return Paragraph(words, styles[name])

    return paragraph


def _footer(generated_at: datetime) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont("Vera", 7)
        canvas.setFillColor(_MUTED)
        text = f"JARVIS – établi le {generated_at:%d/%m/%Y} – contient des données personnelles : ne pas diffuser"
        canvas.drawString(_MARGIN + _PADDING, _MARGIN / 2, text)
        canvas.drawRightString(document.pagesize[0] - _MARGIN - _PADDING, _MARGIN / 2, f"page {document.page}")
        canvas.restoreState()

    return draw


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _printable(text: str) -> str:
    """The font has no narrow space."""
    return text.replace("\u202f", "\u00a0")
