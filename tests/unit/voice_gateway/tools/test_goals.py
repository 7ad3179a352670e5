"""Goals: understood from a member's words, and told with the visits that count."""

from datetime import date
from typing import Any

import pytest

from voice_gateway.tools import member_profile, progress, set_goal
from voice_gateway.tools.runner import ToolInputError
from warehouse.stores.goals import GoalProgress, MemberProfile


def line(
    kind: str | None, target: int | None, *, week: int = 2, since: int = 5, due: date | None = None
) -> GoalProgress:
    """A goal set on 1 November, with visits."""
    return GoalProgress(kind, target, "monter au lac", due, date(2026, 11, 1), week, 7, since)


@pytest.mark.parametrize(
    ("arguments", "kind", "target"),
    [
        ({"description": "venir trois fois par semaine"}, "weekly_visits", 3),
        ({"description": "Je veux faire 4 séances par semaine"}, "weekly_visits", 4),
        ({"description": "vingt séances avant l'été"}, "total_visits", 20),
        ({"description": "perdre cinq kilos"}, "other", None),
        ({"description": "boire deux fois par jour"}, "other", None),
        ({"description": "venir plus", "kind": "weekly_visits", "target_count": 2}, "weekly_visits", 2),
        # A kind without its number is none.
        ({"description": "venir plus", "kind": "weekly_visits"}, "other", None),
    ],
)
def test_a_goal_is_understood(arguments: dict[str, Any], kind: str, target: int | None) -> None:
    """Visits are counted where a number of them was said, the rest is kept in the member's words."""
    goal = set_goal.goal_of(arguments)
    assert (goal.kind, goal.target_count) == (kind, target)
    assert goal.description == arguments["description"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"description": "   "},
        {"description": "venir", "kind": "weekly_visits", "target_count": 0},
        {"description": "venir", "kind": "weekly_visits", "target_count": "trois"},
        {"description": "venir", "kind": "weekly_visits", "target_count": True},
        {"description": "courir", "due_on": "à Noël"},
    ],
)
def test_a_goal_that_is_none_is_refused(arguments: dict[str, Any]) -> None:
    """The model is told what was expected."""
    with pytest.raises(ToolInputError):
        set_goal.goal_of(arguments)


def test_progress_is_told_against_the_goal() -> None:
    """How many of how many, and bravo at the end."""
    told = progress.told(
        [line("weekly_visits", 3), line("total_visits", 5, due=date(2026, 12, 31)), line("other", None)]
    )
    assert "2 sur 3 cette semaine, plus que 1" in told["message"]
    assert "Objectif de 5 atteint" in told["message"]
    assert "monter au lac. Vous êtes venu 5 fois depuis le 1er novembre 2026" in told["message"]
    assert [goal["reached_count"] for goal in told["goals"]] == [2, 5, None]


def test_without_a_goal_the_visits_are_told() -> None:
    """And a goal is offered."""
    told = progress.told([line(None, None)])
    assert told["goals"] == [] and "pas encore d'objectif" in told["message"]


def test_a_profile_says_nothing_that_others_should_overhear() -> None:
    """Plan and visits, in words; a member without a running plan is sent to the desk."""
    profile = MemberProfile("Léa", date(2025, 9, 1), "premium", date(2026, 12, 31), "beginner", ["endurance"], 3, 1, 40)
    told = member_profile.told(profile)
    assert told["message"] == (
        "Votre formule est premium, jusqu'au 31 décembre 2026. Vous êtes adhérent depuis le 1er septembre 2025. "
        "Vous êtes venu une fois ce mois-ci, 40 visites en tout."
    )
    assert not {"weight", "height"} & {word for key in told for word in key.split("_")}
    without = MemberProfile("Léa", None, None, None, None, None, None, 0, 0)
    assert "accueil" in member_profile.told(without)["message"]
