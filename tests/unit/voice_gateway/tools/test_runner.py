"""Tools: what they answer, and that there is always an answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from voice_gateway.tools.opening_hours import hours_of
from voice_gateway.tools.report_issue import ReportIssue
from voice_gateway.tools.runner import ToolContext, ToolInputError, definitions, run_tool, toolbox
from warehouse.stores.kiosks import GymDesk

# No tool below touches the database.
CONTEXT = ToolContext(UUID(int=1), UUID(int=2), None)  # type: ignore[arg-type]
DESK = GymDesk("Dax", {"mon": ["06:00", "22:00"], "sun": ["09:00", "13:00"]}, "Europe/Paris", "active")
# Sunday 23:30 in UTC is Monday 00:30 in Paris.
SUNDAY_NIGHT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def run(name: str, arguments: Mapping[str, Any], *tools: Any) -> Any:
    return asyncio.run(run_tool(tools or toolbox(), name, arguments, CONTEXT))


def test_today_is_today_in_the_gym() -> None:
    """The day is the gym's, not the server's."""
    answer = hours_of(DESK, "today", now=SUNDAY_NIGHT)
    assert (answer["day"], answer["opens"], answer["closes"]) == ("lundi", "06:00", "22:00")


def test_a_day_without_hours_is_closed() -> None:
    """Nothing is invented for it."""
    assert hours_of(DESK, "mardi", now=SUNDAY_NIGHT)["is_open"] is False
    assert hours_of(DESK, "tomorrow", now=SUNDAY_NIGHT)["day"] == "mardi"
    with pytest.raises(ToolInputError, match="lundi"):
        hours_of(DESK, "Noël", now=SUNDAY_NIGHT)


@pytest.mark.parametrize(
    ("day", "is_open"), [("today", False), ("lundi", False), ("dimanche", True), ("tomorrow", False)]
)
def test_a_closed_day_is_closed_whatever_the_hours_say(day: str, is_open: bool) -> None:
    """A closure counts on its own days: this Monday, in the gym's time zone, and not the Sunday after."""
    desk = replace(DESK, closed_days=(date(2026, 11, 22), date(2026, 11, 23)))
    answer = hours_of(desk, day, now=SUNDAY_NIGHT)
    assert answer["is_open"] is is_open
    if answer["day"] == "lundi":
        assert answer["message"] == "Exceptionnellement, la salle est fermée ce lundi 23/11."


def test_a_suspended_gym_is_closed_whatever_its_hours_say() -> None:
    """Status wins."""
    closed = GymDesk("Dax", DESK.opening_hours, "Europe/Paris", "maintenance")
    assert hours_of(closed, "lundi", now=SUNDAY_NIGHT)["is_open"] is False


@pytest.mark.parametrize("arguments", [{}, {"machine": "  "}, {"machine": 4}, {"_invalid": "{"}])
def test_arguments_that_make_no_sense_are_answered(arguments: Mapping[str, Any]) -> None:
    """The model is told what is missing, and may ask the member."""
    result = run("report_issue", arguments)
    assert result.status == "failed"
    assert result.output["ok"] is False and result.output["message"]


def test_an_unknown_tool_is_answered() -> None:
    """A model may invent names."""
    assert run("open_the_safe", {}).status == "failed"


class Broken:
    """Fails in a way nobody foresaw."""

    name, description, parameters = "broken", "", {}

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        raise RuntimeError("the member said something private")


def test_a_broken_tool_is_answered_and_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    """The member hears a fallback; the log holds no words."""
    assert run("broken", {}, Broken()).status == "failed"
    assert "private" not in caplog.text


def test_every_tool_is_announced_with_a_closed_schema() -> None:
    """A model can only give what a tool reads."""
    for definition in definitions(toolbox()):
        assert definition["type"] == "function" and definition["description"]
        assert definition["parameters"]["additionalProperties"] is False
    assert ReportIssue.name in {definition["name"] for definition in definitions(toolbox())}
