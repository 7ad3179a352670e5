"""What a report of a broken machine is understood as, and what the member hears of it."""

from uuid import UUID

import pytest

from jarvis.conversations import Topic
from jarvis.requests import alert_for
from voice_gateway.tools.report_issue import confirmed, understood
from voice_gateway.tools.runner import ToolInputError
from warehouse.stores.requests import Machine

SESSION = UUID(int=2)
MACHINES = (
    *(Machine("tapis", number, "plateau cardio") for number in range(1, 9)),
    *(Machine("vélo", number, "plateau cardio") for number in range(1, 7)),
    Machine("vélo elliptique", 1, "plateau cardio"),
    Machine("rameur", 1, "plateau cardio"),
    Machine("rameur", 2, "zone fonctionnelle"),
    Machine("presse à cuisses", None, "plateau musculation"),
)


@pytest.mark.parametrize(
    ("said", "machine", "zone"),
    [
        ("tapis 4", "tapis 4", "plateau cardio"),
        ("le tapis numéro quatre", "tapis 4", "plateau cardio"),
        ("tapis de course n°4", "tapis 4", "plateau cardio"),
        ("le 4e tapis", "tapis 4", "plateau cardio"),
        ("le quatrième tapis roulant", "tapis 4", "plateau cardio"),
        ("un tapis", "tapis", "plateau cardio"),
        ("vélo elliptique 1", "vélo elliptique 1", "plateau cardio"),
        ("elliptique", "vélo elliptique", "plateau cardio"),
        ("le vélo six", "vélo 6", "plateau cardio"),
        ("rameur 2", "rameur 2", "zone fonctionnelle"),
        # Two of them, in two places: nobody said which.
        ("rameur", "rameur", None),
        ("la presse 3", "presse à cuisses", "plateau musculation"),
        ("machine à café", "machine à café", None),
    ],
)
def test_a_machine_is_found_in_the_gyms_list(said: str, machine: str, zone: str | None) -> None:
    """By the gym's own name and number, with the zone it stands in."""
    request, place = understood({"machine": said, "problem": "en panne"}, MACHINES, session_id=SESSION)
    assert (request.machine, request.zone) == (machine, zone)
    assert place.known_numbers == ()


def test_a_number_that_no_machine_has_is_asked_again() -> None:
    """Nobody is sent to a treadmill that is not there."""
    _, place = understood({"machine": "tapis 40"}, MACHINES, session_id=SESSION)
    assert (place.machine, place.known_numbers) == ("tapis 40", tuple(range(1, 9)))


def test_without_a_list_the_members_words_stand() -> None:
    """A gym that listed nothing still gets its reports."""
    request, place = understood({"machine": "tapis 40", "zone": "étage"}, [], session_id=SESSION)
    assert (request.machine, request.zone, place.known_numbers) == ("tapis 40", "étage", ())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"machine": "tapis 4"}, "C'est noté pour le tapis 4, plateau cardio."),
        ({"zone": "douche"}, "C'est noté pour la douche."),
        ({"zone": "toilettes"}, "C'est noté pour les toilettes."),
        ({"zone": "entrée"}, "C'est noté pour l'entrée."),
        ({"machine": "le tapis de yoga"}, "C'est noté pour le tapis de yoga"),
        ({"zone": "l'accueil"}, "C'est noté pour l'accueil."),
        ({"zone": "gymnase"}, "C'est noté : gymnase."),
    ],
)
def test_a_place_is_said_as_people_say_it(arguments: dict[str, str], message: str) -> None:
    """With its article, where the noun is known to have one."""
    machines = MACHINES if arguments == {"machine": "tapis 4"} else ()
    request, _ = understood(arguments, machines, session_id=SESSION)
    assert confirmed(request)["message"].startswith(message)


def test_speech_and_tool_give_one_alert_for_one_machine() -> None:
    """The key is the one the analysis gives « tapis 4 », wherever the gym's list says that it stands."""
    request, _ = understood({"machine": "le tapis numéro 4", "topic": "equipment"}, MACHINES, session_id=SESSION)
    alert = alert_for(request)
    assert alert is not None
    assert alert.dedup_key == "equipment_issue:equipment:tapis 4:-"
    assert alert.title == "Problème signalé : tapis 4, plateau cardio (machines et matériel)"


def test_a_place_has_the_key_that_the_analysis_gives_it() -> None:
    """« la douche » of the tool and « les douches » of the analysis are one cause."""
    request, _ = understood({"zone": "Douche", "topic": "cleanliness"}, (), session_id=SESSION)
    alert = alert_for(request)
    assert alert is not None
    assert alert.dedup_key == "equipment_issue:cleanliness:-:douches"


def test_a_danger_is_urgent_and_a_foreign_topic_is_not_taken() -> None:
    """Safety comes first; billing is nothing to repair."""
    danger, _ = understood({"zone": "douche", "topic": "safety"}, (), session_id=SESSION)
    alert = alert_for(danger)
    assert alert is not None
    assert alert.priority == "urgent"
    other, _ = understood({"zone": "douche", "topic": "billing"}, (), session_id=SESSION)
    assert other.topic is Topic.FACILITIES_OTHER


@pytest.mark.parametrize("arguments", [{}, {"machine": "  "}, {"machine": 4}, {"problem": "en panne"}])
def test_a_report_of_nothing_is_refused(arguments: dict[str, object]) -> None:
    """The model is told to ask."""
    with pytest.raises(ToolInputError):
        understood(arguments, MACHINES, session_id=SESSION)
