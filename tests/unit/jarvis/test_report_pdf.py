"""The report's pages: A4, in French, with every sentence, figure and name their reader may see."""

import re
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pypdfium2

from jarvis.churn import HeldBack
from jarvis.conversations import Topic
from jarvis.report_pdf import render_pdf
from jarvis.report_writing import write_report
from jarvis.reports import (
    Figures,
    Findings,
    GymLine,
    KeptReport,
    MemberAtRisk,
    Period,
    ReadReport,
    ReportKind,
    Said,
    Standing,
    TopicCount,
    Week,
)
from jarvis.reports_fr import NOBODY_TO_CALL
from jarvis.topics_fr import TOPICS as TOPICS_FR
from orchestration.reports import letter_of
from warehouse.stores.reports import metrics_of

SESSIONS = tuple(UUID(int=place) for place in range(1, 6))
WEEK = Period(ReportKind.WEEKLY, date(2026, 11, 16), date(2026, 11, 23))
NOW = Figures(
    visit_count=1180, session_count=96, session_minutes=241.5, analysed_session_count=90, mean_sentiment_score=-0.12,
    negative_session_count=31, positive_session_count=28, alert_opened_count=14, cost_usd=6.41, active_days=7,
)  # fmt: skip
BEFORE = replace(NOW, visit_count=1402, mean_sentiment_score=0.08, negative_session_count=17, alert_opened_count=9)
TOPICS = (
    TopicCount(Topic.SHOWERS_LOCKERS, 22, 14, SESSIONS),
    TopicCount(Topic.EQUIPMENT, 17, 6, SESSIONS),
    TopicCount(Topic.CLASS_SCHEDULE, 25, 2, SESSIONS),
    TopicCount(Topic.TRAINING_ADVICE, 12, 0, SESSIONS),
)
WEEKS = tuple(
    Week(
        date(2026, 11, 22) - timedelta(weeks=11 - n), 1500 - 25 * n if n < 11 else 1180, 1300 - 5 * n if n > 2 else None
    )
    for n in range(12)
)
REASON = "N'est pas venue depuis 19 jours, alors qu'elle vient d'habitude deux fois par semaine"
FACTORS = [{"factor": "absence", "points": 0.3, "text": REASON, "data": {}}]
CALLED = (
    MemberAtRisk(UUID(int=1), "Élodie", "Lefèvre-Nuñez", "Dax", "critical", FACTORS),
    MemberAtRisk(UUID(int=2), "Œdipe", "O'Brien <b>", "Dax", "high", None),
)


SAID = tuple(
    Said(
        session_id=SESSIONS[0], topic=topic, said_at=datetime(2026, 11, 17, 18, 5), gym_name="Dax",
        kiosk_name="Accueil", text="Les douches sont encore froides.",
    )
    for topic in ("showers_lockers", None)
)  # fmt: skip


def read_report(*, gyms: int = 0) -> ReadReport:
    """A week with much to say."""
    lines = tuple(GymLine(UUID(int=n), f"Salle {n}", NOW, 100, n) for n in range(gyms))
    findings = Findings(
        "Dax" if not gyms else "Atlantique", WEEK, NOW, BEFORE, replace(NOW, visit_count=1240), TOPICS, (),
        Standing(812, 23, 17, SESSIONS[:2]), lines, WEEKS, SESSIONS,
    )  # fmt: skip
    written = write_report(findings)
    kept = KeptReport(
        id=UUID(int=9), gym_id=None, franchise_id=None, report_type="weekly",
        period_start=datetime(2026, 11, 15, 23, tzinfo=UTC), period_end=datetime(2026, 11, 22, 23, tzinfo=UTC),
        title=written.title, summary=written.summary, insights=[asdict(one) for one in written.insights],
        metrics=metrics_of(written), recommendations=list(written.actions),
        trends={one.name: {"share": one.share, "share_of_year": one.share_of_year} for one in written.changes},
        status="published", generated_at=datetime(2026, 11, 23, 6, tzinfo=UTC), published_at=None,
    )  # fmt: skip
    return ReadReport(kept, CALLED, said=SAID)


def pages(content: bytes) -> list[str]:
    """Each page's text on one line."""
    document = pypdfium2.PdfDocument(content)
    assert all([round(side) for side in page.get_size()] == [595, 842] for page in document)
    return [" ".join(page.get_textpage().get_text_range().replace("\xa0", " ").split()) for page in document]


def test_a_gym_s_week_fits_on_one_page_and_says_everything() -> None:
    """Title, actions, names with their reasons, changes against both pasts, and the words behind an insight, no ids."""
    found = pages(render_pdf(read_report()))
    text = " ".join(found)
    assert len(found) == 1
    for said in (
        "Rapport de la semaine – Dax",
        "Du lundi 16 novembre 2026 au dimanche 22 novembre 2026",
        "Prendre aujourd'hui les alertes urgentes",
        "Élodie Lefèvre-Nuñez",
        "Œdipe O'Brien <b>",
        "N'est pas venue depuis 19 jours",
        "14 conversations négatives parlent des douches et des casiers",
        "Mardi 17 novembre 2026 à 18 h 05, borne Accueil : « Les douches sont encore froides. »",
        "Fréquentation en baisse de 16 %",
        "(1 180 passages comptés)",
        "(23 adhérents)",
        "La fréquentation monte-t-elle ?",
        "De quoi se plaint-on ?",
        "14 sur 22",
        "−16 % (1 402)",
        "Sentiment moyen (de −1 à 1)",
        "−0,20 (0,08)",
        "−0,12",
        "ne pas diffuser",
    ):
        assert said in text, said
    assert text.count("Les douches sont encore froides.") == 1
    assert not re.search(r"[0-9a-f]{8}", text), "an id that nobody can follow on paper"


def test_a_franchise_s_quote_names_its_gym_and_a_long_one_is_cut() -> None:
    """« borne Accueil » would be any of theirs; what is cut says so."""
    read = read_report(gyms=2)
    long = replace(SAID[0], text="Les douches sont froides " * 20)
    text = " ".join(pages(render_pdf(replace(read, said=(long,)))))
    assert "Dax, borne Accueil : « Les douches" in text
    assert "…" in text and text.count("Les douches sont froides") < 9


def test_a_kiosk_called_borne_is_called_so_once() -> None:
    """« Borne 1 », and never « borne Borne 1 »."""
    text = " ".join(pages(render_pdf(replace(read_report(), said=(replace(SAID[0], kiosk_name="Borne 1"),)))))
    assert "à 18 h 05, Borne 1 : « Les douches" in text


def test_words_that_are_gone_leave_the_sentence_and_its_count() -> None:
    """Forgotten, or said where the reader sees nothing: no empty quotation marks."""
    text = " ".join(pages(render_pdf(replace(read_report(), said=()))))
    assert "(22 conversations)" in text
    assert "borne Accueil" not in text


def test_nobody_complained_of_what_is_not_listed() -> None:
    """Advice was asked for twelve times and nobody was unhappy: it is no answer to « De quoi se plaint-on ? »."""
    text = " ".join(pages(render_pdf(read_report())))
    complained = text.partition("De quoi se plaint-on ?")[2]
    assert "2 sur 25" in complained
    assert "0 sur 12" not in complained and TOPICS_FR[Topic.TRAINING_ADVICE] not in complained


def test_without_names_it_says_why() -> None:
    """Every high score is held back: the heading stands with one sentence instead of a table."""
    text = " ".join(pages(render_pdf(replace(read_report(), whom_to_call=(), held_back=HeldBack.CHECKINS_SILENT))))
    assert "Qui appeler, et pourquoi Personne pour l'instant : les passages de la salle n'arrivent plus" in text
    assert "Qui appeler" not in " ".join(pages(render_pdf(replace(read_report(), whom_to_call=()))))


def test_the_letter_says_why_too() -> None:
    """The same sentence stands where the names would."""
    letter = letter_of(replace(read_report(), whom_to_call=(), held_back=HeldBack.FEATURES_DRIFTED), link="")
    sections = {one.heading: one.lines for one in letter.sections}
    assert sections["Qui appeler, et pourquoi"] == (NOBODY_TO_CALL[HeldBack.FEATURES_DRIFTED],)


def test_every_insight_shows_what_it_rests_on_and_leads_there() -> None:
    """A count of something for each, as a link where JARVIS has an address; without one nothing is a link."""
    report = read_report().report
    assert report.insights is not None and len(report.insights) >= 5
    assert all(one["evidence_count"] > 0 for one in report.insights)
    linked = render_pdf(read_report(), link="https://salle.example")
    assert linked.count(b"https://salle.example/alertes") >= 2
    assert b"https://salle.example" in linked
    assert b"/URI" not in render_pdf(read_report())


def test_a_report_of_before_the_charts_still_prints() -> None:
    """Kept reports have no weeks and no counts."""
    read = read_report()
    metrics = {name: value for name, value in read.report.metrics.items() if name != "weeks"}
    insights = [
        {name: value for name, value in one.items() if name != "evidence_count"} for one in read.report.insights or []
    ]
    text = " ".join(pages(render_pdf(replace(read, report=replace(read.report, metrics=metrics, insights=insights)))))
    assert "La fréquentation monte-t-elle ?" not in text and "De quoi se plaint-on ?" in text


def test_the_same_report_gives_the_same_bytes() -> None:
    """Nothing of the clock is in it but the report's own date."""
    assert render_pdf(read_report()) == render_pdf(read_report())


def test_sixty_gyms_go_over_pages_with_their_heading() -> None:
    """No row is lost and each page says what its columns are."""
    found = pages(render_pdf(read_report(gyms=60)))
    assert all(f"Salle {place} " in " ".join(found) for place in range(60))
    assert sum("Négatives" in page for page in found) >= 2


def test_a_gym_s_number_of_one_to_four_is_words_beside_other_gyms() -> None:
    """Neither the kept report nor the pages hold it, nor what would give it away; zero is told, and the sum of all."""
    read = read_report(gyms=9)
    kept = [gym["at_risk_member_count"] for gym in read.report.metrics["gyms"]]
    assert kept == [0, None, None, None, None, None, None, 7, 8]
    text = " ".join(pages(render_pdf(read)))
    assert (text.count("moins de 5"), text.count("non dit")) == (5, 2)
    assert "moins de 5 sur 25" in text, "so is a topic's number of unhappy conversations"
    assert read.report.metrics["standing"]["at_risk_member_count"] == 23


def test_an_older_report_is_printed_as_a_new_one() -> None:
    """It holds every number; its pages do not."""
    read = read_report(gyms=6)
    full = [
        {**gym, "figures": asdict(NOW), "at_risk_member_count": place, "withheld": []}
        for place, gym in enumerate(read.report.metrics["gyms"])
    ]
    old = replace(read.report, metrics={**read.report.metrics, "gyms": full})
    assert pages(render_pdf(replace(read, report=old))) == pages(render_pdf(read))


def test_gyms_of_a_few_alone_leave_no_sum() -> None:
    """Two gyms with four each: eight in all would say so; the sentence, the table and the bars have no number."""
    few = replace(NOW, visit_count=4)
    lines = tuple(GymLine(UUID(int=n), f"Salle {n}", few, 100, 0) for n in range(2))
    report = write_report(
        Findings(
            "Atlantique", WEEK, replace(NOW, visit_count=8), BEFORE, NOW, (), (), Standing(200, 0, 0, ()), lines,
            (Week(date(2026, 11, 22), 8, 1240),),
        )
    )  # fmt: skip
    metrics = metrics_of(report)
    assert metrics["figures"]["visit_count"] == {
        "now": None, "before": 1402, "year_before": 1180, "withheld": ["now"],
    }  # fmt: skip
    assert [gym["figures"]["visit_count"] for gym in metrics["gyms"]] == [None, None]
    assert metrics["weeks"][0]["visit_count"] is None
    assert report.summary.startswith("Quelques passages, 96 conversations à la borne")
    assert next(one for one in report.changes if one.name == "visit_count").share is None
    assert "Fréquentation" not in " ".join(one.text for one in report.insights)


def test_a_column_that_says_nothing_is_left_out() -> None:
    """One gym's report names it in the title; a gym of less than a year has no last year to stand beside."""
    read = read_report()
    assert "Adhérent Pourquoi" in " ".join(pages(render_pdf(read)))
    assert "Adhérent Salle Pourquoi" in " ".join(pages(render_pdf(read_report(gyms=2))))
    assert "Contre la même semaine" in " ".join(pages(render_pdf(read)))
    figures = {name: values | {"year_before": None} for name, values in read.report.metrics["figures"].items()}
    young = replace(read, report=replace(read.report, metrics=read.report.metrics | {"figures": figures}))
    text = " ".join(pages(render_pdf(young)))
    assert "Contre la semaine précédente" in text
    assert "Contre la même semaine" not in text and "pas de mesure" not in text
