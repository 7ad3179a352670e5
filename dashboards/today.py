"""The week of a gym, or of every gym a person sees, as the tiles of « Aujourd'hui »: rows in, tiles out."""

from collections.abc import Sequence

from dashboards import navigation
from dashboards.definitions import METRIC
from dashboards.records import Row
from dashboards.tiles import Drill, Tile

DAYS = 7


def week(days: Sequence[Row], members: Row | None) -> list[Tile]:
    """Five tiles.

    Args:
        days: the last 14 days of the marts, oldest first: visit_count, session_count, negative_session_count.
        members: active_member_count and at_risk_member_count of now.
    """
    return [
        Tile(
            label="Adhérents actifs", value=None if members is None else members["active_member_count"],
            source=(METRIC, "active_member_count"), drill=Drill(url_path="adherents", label="La liste"),
        ),
        Tile(
            label="À risque élevé", value=None if members is None else members["at_risk_member_count"],
            source=(METRIC, "at_risk_member_count"), more_is_better=False,
            drill=Drill(url_path="adherents", query={"risque": "critical,high"}, label="Qui ?"),
        ),
        _sum("Visites, 7 j", "visit_count", days, Drill(url_path="analyses", label="Quand ?"), more_is_better=True),
        _sum("Conversations, 7 j", "session_count", days, _talks(days, "Les lire"), more_is_better=None),
        _sum(
            "Dont négatives", "negative_session_count", days, _talks(days, "Pourquoi ?", sentiment="negative"),
            more_is_better=False,
        ),
    ]  # fmt: skip


def _talks(days: Sequence[Row], label: str, **query: str) -> Drill:
    """The conversations of the days that the tile counts."""
    shown = [day["local_date"] for day in days[-DAYS:]]
    span = navigation.days(shown[0], shown[-1]) if shown else {}
    return Drill(url_path="conversations", query={**query, **span}, label=label)


def _sum(label: str, column: str, days: Sequence[Row], drill: Drill, *, more_is_better: bool | None) -> Tile:
    counts = [float(day[column]) for day in days]
    last, before = counts[-DAYS:], counts[-2 * DAYS : -DAYS]
    return Tile(
        label=label,
        value=sum(last),
        before=sum(before) if len(before) == DAYS else None,
        source=(METRIC, column),
        more_is_better=more_is_better,
        drill=drill,
    )
