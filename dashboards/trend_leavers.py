"""« Analyses » on who leaves: how many each month, and after how long. Rows of the marts in, trends out."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from dashboards import figures
from dashboards.figures import Series
from dashboards.formats import number
from dashboards.language import say
from dashboards.records import Row
from dashboards.tiles import Drill
from dashboards.trends import Look, Trend
from jarvis import reports_fr

MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip

# What stands in the chart: a year and the same month of the year before.
MONTHS_SHOWN = 13


def leavers(look: Look, found: Sequence[Row]) -> Trend:
    """Who leaves, and when? Months, the newest of which can still change.

    Args:
        found: `marts_trends.leavers`, oldest first.
    """
    shown = found[-MONTHS_SHOWN:]
    rows = [
        {
            **row,
            "month": _month(row["month_date"]) + ("" if row["is_settled"] else "*"),
            "rate": None
            if row["left_count"] is None or not row["member_count"]
            else round(100 * float(row["left_count"]) / float(row["member_count"]), 1),
            "settled": say("oui") if row["is_settled"] else say("provisoire"),
        }
        for row in shown
    ]
    series = [
        Series(
            name=say("Départs"), values=[row["left_count"] for row in rows], colour=figures.ORANGE, pattern="/",
        ),
        Series(name=say("Arrivées"), values=[row["joined_count"] for row in rows], colour=figures.BLUE),
    ]  # fmt: skip
    has_any = any(row["left_count"] or row["joined_count"] for row in rows)
    return Trend(
        key="departs",
        question=say("Qui part, et quand ?"),
        answer=_leavers_answer(look, found),
        figure=figures.over_time([row["month"] for row in rows], series) if has_any else None,
        rows=rows,
        columns={
            "month": say("Mois"), "member_count": say("Adhérents au 1er"), "joined_count": say("Arrivées"),
            "left_count": say("Départs"), "rate": say("Départs (%)"),
            "lost_monthly_price_eur": say("Abonnements perdus (€ par mois)"), "settled": say("Arrêté"),
        },
        source=("fct_churn_monthly", "left_count"),
        meant={
            "member_count": ("fct_churn_monthly", "member_count"),
            "joined_count": ("fct_churn_monthly", "joined_count"),
            "rate": ("fct_franchise_gyms_monthly", "churn_rate"),
            "lost_monthly_price_eur": ("fct_churn_monthly", "lost_monthly_price_eur"),
        },
        note=say("Étoile : mois provisoire, arrêté 30 jours après sa fin. Qui revient avant n'est pas parti."),
        drill=Drill(url_path="adherents", query={"risque": "critical,high"}),
        drill_label=say("Qui risque de partir ?"),
    )  # fmt: skip


def stays(found: Sequence[Row]) -> Trend:
    """How long do new members stay?

    Args:
        found: `marts_trends.stays`, by month since joining.
    """
    rows = [{**row, "share": float(row["retained_count"]) / float(row["member_count"])} for row in found]
    figure = None
    if len(rows) > 1:
        figure = figures.stay_line(
            [row["month_number"] for row in rows], [100 * row["share"] for row in rows], name=say("Encore là")
        )
    return Trend(
        key="anciennete",
        question=say("Combien de temps les nouveaux restent-ils ?"),
        answer=_stays_answer(rows),
        figure=figure,
        rows=[{**row, "share": round(100 * row["share"])} for row in rows],
        columns={
            "month_number": say("Mois depuis l'arrivée"), "member_count": say("Adhérents arrivés"),
            "retained_count": say("Encore là"), "share": say("Encore là (%)"),
        },
        source=("fct_retention_cohorts", "retention_rate"),
        meant={
            "month_number": ("fct_retention_cohorts", "month_number"),
            "member_count": ("fct_retention_cohorts", "member_count"),
            "retained_count": ("fct_retention_cohorts", "retained_count"),
        },
        note=say("Adhérents arrivés depuis deux ans, part encore abonnée tant de mois plus tard."),
        drill=Drill(url_path="adherents", query={"anciens": "oui"}),
        drill_label=say("Voir les adhérents"),
    )  # fmt: skip


def _leavers_answer(look: Look, found: Sequence[Row]) -> str:
    settled = [row for row in found if row["is_settled"] and row["left_count"] is not None]
    months = look.period.months
    last, before = settled[-months:], settled[-2 * months : -months]
    if not last:
        return say("Pas encore de mois arrêté.")
    left = sum(row["left_count"] for row in last)
    lost = sum(row["lost_monthly_price_eur"] or 0 for row in last)
    share = left / float(last[0]["member_count"]) if last[0]["member_count"] else None
    when = (
        _month(last[0]["month_date"])
        if months == 1
        else f"{_month(last[0]['month_date'])} – {_month(last[-1]['month_date'])}"
    )
    words = {0: say("Aucun départ"), 1: say("1 départ")}
    count = words.get(left) or say("{left} départs").format(left=number(left))
    answer = f"{count} ({when})"
    if share:
        answer += say(", soit {share} des adhérents").format(share=reports_fr.percent(share))
    if len(before) == months and (left or any(row["left_count"] for row in before)):
        answer += say(", contre {before} juste avant").format(before=number(sum(row["left_count"] for row in before)))
    if lost:
        answer += say(" ; {lost} € d'abonnements par mois en moins").format(lost=number(lost))
    return f"{answer}."


def _stays_answer(rows: Sequence[Row]) -> str:
    if len(rows) < 2:
        return say("Pas encore assez de nouveaux adhérents pour le dire.")
    last = rows[-1]
    drops = [(before["share"] - after["share"], after["month_number"]) for before, after in pairwise(rows)]
    steepest, month = max(drops)
    answer = say("Sur 100 arrivés, {left} sont encore là après {months} mois").format(
        left=number(100 * last["share"]), months=last["month_number"]
    )
    if steepest > 0:
        answer += say(" ; on part surtout au mois {month}").format(month=month)
    return f"{answer}."


def _month(of: date) -> str:
    return f"{say(MONTHS[of.month - 1])} {of:%y}"
