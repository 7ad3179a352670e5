"""« Analyses » on visits: do members come more, and when is the gym full? Rows of the marts in, trends out."""

from collections.abc import Sequence

from dashboards import figures, texts_fr
from dashboards.definitions import METRIC
from dashboards.figures import Series
from dashboards.formats import number
from dashboards.language import is_english, say
from dashboards.records import Row
from dashboards.tiles import Drill
from dashboards.trends import Look, Trend, against, nothing_before, signed, sums, verdict
from jarvis import small_numbers

# The hours in which an empty gym is worth a sentence.
_DAYTIME = range(9, 21)


def visits(look: Look, days: Sequence[Row]) -> Trend:
    """Do members come more than they did?

    Args:
        days: `marts_trends.days` from the earliest day compared on.
    """
    span, part_days = look.span, look.period.part_days
    now = sums(days, "visit_count", span, part_days)
    before = sums(days, "visit_count", span.before, part_days) if look.has_before else None
    year_before = sums(days, "visit_count", span.year_before, part_days) if look.has_year_before else None
    rows = [
        {
            "first": first,
            "visit_count": now[place],
            "before": None if before is None else before[place],
            "year_before": None if year_before is None else year_before[place],
        }
        for place, first in enumerate(span.parts(part_days))
    ]
    series = [Series(name=say("Passages"), values=now, colour=figures.BLUE)]
    if before is not None:
        series.append(Series(name=say("Période d'avant"), values=before, colour=figures.ORANGE, dash="dot"))
    if year_before is not None:
        series.append(Series(name=say("L'an dernier"), values=year_before, colour=figures.GREEN, dash="dash"))
    return Trend(
        key="passages",
        question=say("Les adhérents viennent-ils plus {than} ?").format(than=say(look.period.than_before)),
        answer=_visits_answer(sum(now), before, year_before),
        figure=figures.over_time(span.parts(part_days), series) if sum(now) else None,
        rows=rows,
        columns=_columns(before, year_before),
        source=(METRIC, "visit_count"),
        note="" if before is not None else nothing_before(look),
        drill=Drill(url_path="adherents", query={"visites": "absent,falling"}),
        drill_label=say("Qui vient moins ?"),
    )


def hours(look: Look, found: Sequence[Row]) -> Trend:
    """When is the gym full? Mean visits that begin in each hour of a week.

    Args:
        found: `marts_trends.hours` of the period; an hour of too few visits to be told has no count.
    """
    weeks = look.span.days / 7
    means = {
        (row["weekday_number"], row["local_hour"]): row["visit_count"] / weeks
        for row in found if row["visit_count"] is not None
    }  # fmt: skip
    hidden = {(row["weekday_number"], row["local_hour"]) for row in found if row["visit_count"] is None}
    with_visits = [row["local_hour"] for row in found]
    shown = range(min(with_visits, default=0), max(with_visits, default=-1) + 1)

    def mean(day: int, hour: int) -> float | None:
        return None if (day, hour) in hidden else means.get((day, hour), 0.0)

    table = [
        {
            "hour": f"{hour}\u00a0h",
            **{str(day): None if (told := mean(day, hour)) is None else round(told, 1) for day in range(1, 8)},
        }
        for hour in shown
    ]
    names = [say(name) for name in texts_fr.WEEKDAYS]
    grid = [[mean(day, hour) for hour in shown] for day in range(1, 8)]
    note = say("Passages par heure, en moyenne d'une semaine de la période.")
    if hidden:
        note += " " + say("Les heures de moins de {least} passages en tout restent vides.").format(
            least=small_numbers.LEAST
        )
    return Trend(
        key="heures",
        question=say("À quelles heures la salle est-elle pleine ?"),
        answer=_hours_answer(means, is_any=bool(found)),
        figure=figures.hours_map(list(shown), names, grid) if means else None,
        rows=table,
        columns={"hour": say("Heure"), **{str(day): name for day, name in enumerate(names, 1)}},
        source=("fct_visits_hourly", "visit_count"),
        note=note,
        drill=Drill(url_path="adherents"),
        drill_label=say("Voir les adhérents"),
    )


def _visits_answer(now: float, before: Sequence[float] | None, year_before: Sequence[float] | None) -> str:
    if not now:
        return say("Aucun passage sur la période.")
    share = against(now, None if before is None else sum(before))
    if share is None or before is None:
        answer = say("{now} passages sur la période").format(now=number(now))
    else:
        word = verdict(share, better=say("Oui"), same=say("Autant"), worse=say("Non"))
        told = signed(share)
        change = "" if told == "=" else f", {told}"
        answer = say("{word}{change} : {now} passages contre {before}").format(
            word=word, change=change, now=number(now), before=number(sum(before))
        )
    of_year = against(now, None if year_before is None else sum(year_before))
    if of_year is not None:
        answer += say(", {change} en un an").format(change=signed(of_year))
    return f"{answer}."


def _hours_answer(means: dict[tuple[int, int], float], *, is_any: bool) -> str:
    if not means:
        return say("Trop peu de passages pour les dire heure par heure." if is_any else "Aucun passage sur la période.")
    (day, hour), most = max(means.items(), key=lambda item: (item[1], item[0]))
    calm_day, calm_hour = min(
        ((day, hour) for day in range(1, 8) for hour in _DAYTIME), key=lambda slot: (means.get(slot, 0.0), slot)
    )
    # French says one and a half passage: the plural begins at two.
    words = (
        say("Surtout le {day} à {hour} h ({mean} passages). Le plus calme : le {calm} à {calm_hour} h.")
        if most >= 2
        else say("Surtout le {day} à {hour} h ({mean} passage). Le plus calme : le {calm} à {calm_hour} h.")
    )
    return words.format(
        day=_within(texts_fr.WEEKDAYS[day - 1]), hour=hour, mean=number(most, decimals=1),
        calm=_within(texts_fr.WEEKDAYS[calm_day - 1]), calm_hour=calm_hour,
    )  # fmt: skip


def _within(weekday: str) -> str:
    """The day within a sentence: English keeps its capital."""
    return say(weekday) if is_english() else weekday.lower()


def _columns(before: object, year_before: object) -> dict[str, str]:
    columns = {"first": say("À partir du"), "visit_count": say("Passages")}
    if before is not None:
        columns["before"] = say("Période d'avant")
    if year_before is not None:
        columns["year_before"] = say("L'an dernier")
    return columns
