"""Absences: understood from a member's words, refused where they make no sense, and said again."""

from datetime import date
from typing import Any

import pytest

from jarvis.absences import AbsenceReason
from voice_gateway.instructions import instructions_for
from voice_gateway.tools.declare_absence import Absence, absence_of, told
from voice_gateway.tools.member import NO_BADGE
from voice_gateway.tools.runner import ToolInputError, toolbox
from warehouse.stores.absences import Declared

HOLIDAY, INJURY, TRAVEL, OTHER = (
    AbsenceReason.HOLIDAY, AbsenceReason.INJURY, AbsenceReason.TRAVEL, AbsenceReason.OTHER,
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"description": "je pars trois semaines"}, Absence(None, None, 21, OTHER)),
        ({"description": "Je pars 10 jours en vacances"}, Absence(None, None, 10, HOLIDAY)),
        ({"description": "en déplacement pendant un mois"}, Absence(None, None, 30, TRAVEL)),
        ({"description": "absent une semaine", "starts_on": "2026-12-20"}, Absence(date(2026, 12, 20), None, 7, OTHER)),
        (
            {"description": "deux semaines, jusqu'au 31", "ends_on": "2026-12-31", "reason": "holiday"},
            Absence(None, date(2026, 12, 31), None, HOLIDAY),
        ),
        ({"description": "Je me suis blessé"}, Absence(None, None, None, INJURY)),
        ({"description": "je me suis fait opérer, deux mois d'arrêt"}, Absence(None, None, 60, INJURY)),
        ({"description": "je ne sais pas quand je reviens", "has_no_end": True}, Absence(None, None, None, OTHER)),
        ({"description": "je suis de retour", "is_withdrawn": True}, Absence(None, None, None, OTHER, True)),
        # A pause of the contract is the desk's to write.
        ({"description": "une semaine", "reason": "frozen"}, Absence(None, None, 7, OTHER)),
    ],
)
def test_an_absence_is_understood(arguments: dict[str, Any], expected: Absence) -> None:
    """Dates from the model, length and reason from the words where it gave none."""
    assert absence_of(arguments) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"description": "  "},
        {"description": "je pars en vacances"},
        {"description": "je pars 0 jours"},
        {"description": "je pars", "ends_on": "à Noël"},
        {"description": "je pars", "starts_on": "31/12/2026", "has_no_end": True},
    ],
)
def test_an_absence_that_is_none_is_asked_for_again(arguments: dict[str, Any]) -> None:
    """The model is told what is missing."""
    with pytest.raises(ToolInputError):
        absence_of(arguments)


def test_the_dates_are_said_again() -> None:
    """So that the member can object; and that the contract goes on."""
    said = told(Declared("declared", date(2026, 12, 1), date(2026, 12, 21)))
    assert said["ok"] is True
    assert "du 1er décembre 2026 au 21 décembre 2026" in said["message"]
    assert "Votre abonnement, lui, continue" in said["message"]
    assert (said["starts_on"], said["ends_on"]) == ("2026-12-01", "2026-12-21")


def test_an_open_end_is_said_as_one() -> None:
    """No date is made up."""
    said = told(Declared("declared", date(2026, 12, 1), None))
    assert "à partir du 1er décembre 2026, jusqu'à votre retour" in said["message"]
    assert said["ends_on"] is None


def test_nobody_known_is_sent_for_their_badge() -> None:
    """As with every personal tool."""
    assert told(Declared("no_member", None, None)) == NO_BADGE


def test_the_prompt_names_every_tool() -> None:
    """A tool the model is not told when to use is used for nothing."""
    prompt = instructions_for(None)
    assert [tool.name for tool in toolbox() if tool.name not in prompt] == []
