"""Clients in words and figures: states of franchises and gyms, and the network's sum. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from dashboards import formats
from dashboards.language import say
from dashboards.records import Row

GYM_STATES: Mapping[str, str] = {"active": "Active", "maintenance": "En maintenance", "suspended": "Suspendue"}
FRANCHISE_STATES: Mapping[str, str] = {"active": "Active", "trial": "À l'essai", "suspended": "Suspendue"}
PLANS: Mapping[str, str] = {"starter": "Starter", "pro": "Pro", "enterprise": "Enterprise"}
STATE_SIGNS: Mapping[str, str] = {"active": "●", "trial": "○", "maintenance": "▲", "suspended": "■"}


def state(labels: Mapping[str, str], value: str) -> str:
    """The state with its sign."""
    return f"{STATE_SIGNS[value]} {say(labels[value])}"


def gym_state(row: Row) -> str:
    """How a gym stands, and its franchise's suspension where that alone keeps it from being served."""
    if row["is_franchise_suspended"] and row["status"] != "suspended":
        return f"{STATE_SIGNS['suspended']} {say('Franchise suspendue')}"
    return state(GYM_STATES, row["status"])


def line(row: Row, *, costs: Mapping[UUID, float] | None) -> dict[str, object]:
    """One gym as the list shows it.

    Args:
        costs: by gym; None while the mart is not built.
    """
    return {
        "franchise": row["franchise_name"] or say("Indépendante"),
        "gym": row["name"],
        "state": gym_state(row),
        "members": row["member_count"],
        "kiosks": f"{row['online_count']}/{row['kiosk_count']}",
        "cost": None if costs is None else round(costs.get(row["id"], 0.0), 2),
        "last": row["last_activity_at"],
    }


def summary(rows: Sequence[Row], *, costs: Mapping[UUID, float] | None) -> str:
    """The network in one line: franchises, gyms, members, kiosks online, and the month's cost."""
    parts = [
        say("Franchises : {count}").format(count=len({row["franchise_id"] for row in rows if row["franchise_id"]})),
        say("Salles : {count}").format(count=len(rows)),
        say("Adhérents : {count}").format(count=formats.number(sum(row["member_count"] for row in rows))),
        say("Bornes en ligne : {online} sur {count}").format(
            online=sum(row["online_count"] for row in rows), count=sum(row["kiosk_count"] for row in rows)
        ),
    ]
    if costs is not None:
        month = formats.number(sum(round(costs.get(row["id"], 0.0), 2) for row in rows), decimals=2)
        parts.append(say("Coût du mois : {cost} $").format(cost=month))
    return " · ".join(parts)
