"""« Analyses » on conversations: what of, how they end, how content members leave, what they cost."""

from collections.abc import Sequence
from datetime import timedelta

from dashboards import figures, texts_fr
from dashboards.definitions import METRIC
from dashboards.figures import Series
from dashboards.formats import number
from dashboards.language import say
from dashboards.records import Row
from dashboards.tiles import Drill
from dashboards.trends import Look, Trend, against, nothing_before, signed, sums
from jarvis import reports_fr, small_numbers
from jarvis.conversations import Topic

TOPICS_SHOWN = 10

# A difference of fewer points between two shares says nothing.
NOTABLE_POINTS = 0.02

COST_KINDS = {"response": "Réponses vocales", "transcription": "Transcription", "analysis": "Analyse"}

_ENDINGS = {
    "solved": (figures.BLUE, ""),
    "handed_over": (figures.SKY, "."),
    "unsolved": (figures.ORANGE, "/"),
    "abandoned": (figures.GREY, "x"),
}


def part_days(look: Look) -> int:
    """How long one bar is here: a gym holds too few conversations for a bar a day (days)."""
    return 7 if look.period.days <= 91 else 28


def topics(look: Look, found: Sequence[Row]) -> Trend:
    """What do they speak of, and in what terms?

    Args:
        found: `marts_trends.topics` of the period and the one before.
    """
    past = {row["topic"]: row["session_count"] for row in found if not row["is_now"]}
    told = [row for row in found if row["is_now"] and not row["is_suppressed"]]
    hidden = sum(row["is_now"] and row["is_suppressed"] for row in found)
    shown = [row for row in told if row["topic"] != Topic.OTHER][:TOPICS_SHOWN]
    rows = [{**row, "label": say(texts_fr.TOPICS[row["topic"]]), "before": past.get(row["topic"], 0)} for row in told]
    series = [
        Series(
            name=say(texts_fr.SENTIMENTS[feeling]), values=[row[f"{feeling}_count"] or 0 for row in shown],
            colour=colour, pattern=pattern,
        )
        for feeling, colour, pattern in (
            ("negative", figures.ORANGE, "/"), ("neutral", figures.GREY, ""), ("positive", figures.GREEN, "."),
        )
    ]  # fmt: skip
    without_mood = [row["session_count"] if row["negative_count"] is None else 0 for row in shown]
    if any(without_mood):
        series.append(Series(name=say("Humeur non dite"), values=without_mood, colour=figures.SKY, pattern="x"))
    labels = [say(texts_fr.TOPICS[row["topic"]]) for row in shown]
    columns = {
        "label": say("Sujet"), "session_count": say("Conversations"), "negative_count": say("Négatif"),
        "neutral_count": say("Neutre"), "positive_count": say("Positif"),
    }  # fmt: skip
    if look.has_before:
        columns["before"] = say("Période d'avant")
    return Trend(
        key="sujets",
        question=say("De quoi parlent-ils, et en quels termes ?"),
        answer=_topics_answer(shown),
        figure=figures.ranked(labels, series, picks=[row["topic"] for row in shown]) if shown else None,
        rows=rows,
        columns=columns,
        source=("fct_topics_daily", "session_count"),
        meant={f"{feeling}_count": ("fct_sessions", "sentiment_label") for feeling in texts_fr.SENTIMENTS},
        note=_suppressed(hidden),
        drill=Drill(url_path="conversations", query=look.days),
        drill_label=say("Voir les conversations"),
        picks={
            row["topic"]: Drill(url_path="conversations", query={"sujet": row["topic"], **look.days}) for row in shown
        },
    )


def endings(look: Look, found: Sequence[Row]) -> Trend:
    """Do conversations end better than before?

    Args:
        found: `marts_trends.endings` in parts of `part_days`.
    """
    days = part_days(look)
    rows = [_ending(row, look, days) for row in _parts(found)]
    total, past = _total(found, is_now=True), _total(found, is_now=False) if look.has_before else None
    series = [
        Series(
            name=say(texts_fr.OUTCOMES[ending]), colour=colour, pattern=pattern,
            values=[_percent(row[f"{ending}_count"], row["ended_count"]) for row in rows],
        )
        for ending, (colour, pattern) in _ENDINGS.items()
    ]  # fmt: skip
    return Trend(
        key="issues",
        question=say("Les conversations finissent-elles mieux ?"),
        answer=_endings_answer(total, past),
        figure=figures.over_time([row["first"] for row in rows], series, is_stacked=True, unit=" %")
        if any(row["ended_count"] for row in rows)
        else None,
        rows=rows,
        columns={
            "first": say("À partir du"),
            **{f"{ending}_count": say(texts_fr.OUTCOMES[ending]) for ending in _ENDINGS},
        },
        source=("fct_sessions", "outcome"),
        note="" if past is not None else nothing_before(look),
        drill=Drill(url_path="conversations", query={"issue": "unsolved,abandoned", **look.days}),
        drill_label=say("Celles qui finissent mal"),
    )


def satisfaction(look: Look, found: Sequence[Row]) -> Trend:
    """Do members leave content? An estimate of the engine, from 0 to 100.

    Args:
        found: `marts_trends.endings` in parts of `part_days`.
    """
    days = part_days(look)
    rows = [
        {
            "first": look.span.before.first + timedelta(days=days * row["part"]),
            "mean": None if row["mean_satisfaction"] is None else round(100 * row["mean_satisfaction"]),
            "estimated_count": row["estimated_count"],
        }
        for row in _parts(found)
    ]
    total, past = _total(found, is_now=True), _total(found, is_now=False) if look.has_before else None
    mean = None if total is None else total["mean_satisfaction"]
    series = [Series(name=say("Satisfaction estimée"), values=[row["mean"] for row in rows], colour=figures.BLUE)]
    figure = None
    if mean is not None:
        figure = figures.over_time([row["first"] for row in rows], series, highest=100)
    return Trend(
        key="satisfaction",
        question=say("Repartent-ils contents ?"),
        answer=_satisfaction_answer(total, past),
        figure=figure,
        rows=rows,
        columns={
            "first": say("À partir du"), "mean": say("Satisfaction estimée"),
            "estimated_count": say("Conversations estimées"),
        },
        source=(METRIC, "mean_satisfaction"),
        meant={"estimated_count": (METRIC, "estimated_session_count")},
        note=say("De 0 à 100, estimée d'après les paroles : un ordre dans lequel lire, pas une note donnée."),
        drill=Drill(url_path="conversations", query={"sentiment": "negative", **look.days}),
        drill_label=say("Les négatives"),
    )  # fmt: skip


def costs(look: Look, found: Sequence[Row], days: Sequence[Row]) -> Trend:
    """What do conversations cost?

    Args:
        found: `marts_trends.costs` of the period and the one before.
        days: `marts_trends.days` of the same days.
    """
    step = look.period.part_days
    spent = {
        kind: sums([row for row in found if row["cost_kind"] == kind], "cost_usd", look.span, step)
        for kind in COST_KINDS
    }
    parts = look.span.parts(step)
    talks = sums(days, "session_count", look.span, step)
    rows = [
        {
            "first": first, "session_count": talks[place],
            **{kind: spent[kind][place] for kind in COST_KINDS},
            "total": sum(spent[kind][place] for kind in COST_KINDS),
        }
        for place, first in enumerate(parts)
    ]  # fmt: skip
    colours = {"response": figures.BLUE, "transcription": figures.AMBER, "analysis": figures.GREEN}
    patterns = {"response": "", "transcription": "/", "analysis": "."}
    series = [
        Series(name=say(label), values=spent[kind], colour=colours[kind], pattern=patterns[kind])
        for kind, label in COST_KINDS.items()
    ]
    total = sum(sum(amounts) for amounts in spent.values())
    past = sum(sums(found, "cost_usd", look.span.before, step)) if look.has_before else None
    return Trend(
        key="couts",
        question=say("Que coûtent les conversations ?"),
        answer=_costs_answer(total, past, sum(talks)),
        figure=figures.over_time(parts, series, is_stacked=True, unit=" $", decimals=3) if total else None,
        rows=rows,
        columns={
            "first": say("À partir du"), "session_count": say("Conversations"), "total": say("Total ($)"),
            **{kind: f"{say(label)} ($)" for kind, label in COST_KINDS.items()},
        },
        source=(METRIC, "cost_usd"),
        meant={"session_count": (METRIC, "session_count")},
        note="" if past is not None else nothing_before(look),
        drill=Drill(url_path="conversations", query=look.days),
        drill_label=say("Voir les conversations"),
    )  # fmt: skip


def _topics_answer(shown: Sequence[Row]) -> str:
    if not shown:
        return say("Rien d'assez fréquent à montrer sur la période.")
    first = ", ".join(say(texts_fr.TOPICS[row["topic"]]).lower() for row in shown[:2])
    answer = say("Surtout : {topics}.").format(topics=first)
    with_mood = [row for row in shown if row["negative_count"] is not None]
    worst = max(
        with_mood, key=lambda row: (row["negative_count"], row["negative_count"] / row["session_count"]), default=None
    )
    if worst is None or worst["negative_count"] < 2:
        return answer
    return answer + say(" On se plaint surtout de : {topic} ({negative} conversations négatives sur {count}).").format(
        topic=say(texts_fr.TOPICS[worst["topic"]]).lower(), negative=number(worst["negative_count"]),
        count=number(worst["session_count"]),
    )  # fmt: skip


def _endings_answer(total: Row | None, past: Row | None) -> str:
    solved = None if total is None else _share(total)
    if solved is None:
        return say("Trop peu de conversations analysées sur la période.")
    now = reports_fr.percent(solved)
    before = None if past is None else _share(past)
    if before is None:
        return say("{now} finissent résolues.").format(now=now)
    words = {1: say("Oui"), 0: say("Comme avant"), -1: say("Non")}
    word = words[0 if abs(solved - before) < NOTABLE_POINTS else 1 if solved > before else -1]
    return say("{word} : {now} finissent résolues, contre {before} la période d'avant.").format(
        word=word, now=now, before=reports_fr.percent(before)
    )


def _satisfaction_answer(total: Row | None, past: Row | None) -> str:
    if total is None or total["mean_satisfaction"] is None:
        return say("Pas encore d'estimation sur la période.")
    mean = 100 * total["mean_satisfaction"]
    answer = say("{mean} sur 100 en moyenne, sur {count} conversations").format(
        mean=number(mean), count=number(total["estimated_count"])
    )
    before = None if past is None else past["mean_satisfaction"]
    if before is not None:
        answer += say(" (période d'avant : {before})").format(before=number(100 * before))
    return f"{answer}."


def _costs_answer(total: float, past: float | None, talks: float) -> str:
    if not total:
        return say("Aucun coût sur la période.")
    answer = say("{total} $ pour {count} conversations").format(total=number(total, decimals=2), count=number(talks))
    if talks:
        answer += say(", soit {each} $ l'une").format(each=number(total / talks, decimals=3))
    share = against(total, past)
    if share is not None:
        change = signed(share)
        answer += (
            say(" (autant que la période d'avant)")
            if change == "="
            else say(" ({change} par rapport à la période d'avant)").format(change=change)
        )
    return f"{answer}."


def _suppressed(hidden: int) -> str:
    if not hidden:
        return ""
    return say("Sujets de moins de {least} adhérents, non détaillés : {count}.").format(
        least=small_numbers.LEAST, count=hidden
    )


def _parts(found: Sequence[Row]) -> list[Row]:
    return [row for row in found if row["is_now"] and row["part"] is not None]


def _total(found: Sequence[Row], *, is_now: bool) -> Row | None:
    return next((row for row in found if row["part"] is None and row["is_now"] == is_now), None)


def _ending(row: Row, look: Look, days: int) -> Row:
    counts = {f"{ending}_count": row[f"{ending}_count"] for ending in _ENDINGS}
    return {
        "first": look.span.before.first + timedelta(days=days * row["part"]),
        "ended_count": sum(count or 0 for count in counts.values()),
        **counts,
    }


def _share(total: Row) -> float | None:
    counts = [total[f"{ending}_count"] or 0 for ending in _ENDINGS]
    return (total["solved_count"] or 0) / sum(counts) if sum(counts) else None


def _percent(count: float | None, of: float) -> float | None:
    return None if count is None or not of else round(100 * count / of, 1)
