"""Which thing a name means: one broken machine has many names."""

import pytest

from jarvis.conversations import Topic
from jarvis.places import Thing, evidence_of, thing_of

SHOWERS, EQUIPMENT = Topic.SHOWERS_LOCKERS, Topic.EQUIPMENT


@pytest.mark.parametrize(
    ("topic", "machine", "zone", "expected"),
    [
        (SHOWERS, "douche 3", None, ("douche", "3", None)),
        (SHOWERS, "Douche n° 3", "vestiaire des femmes", ("douche", "3", "femmes")),
        (SHOWERS, "la douche numéro trois", None, ("douche", "3", None)),
        (SHOWERS, "la douche du fond", None, ("douche", None, None)),
        (SHOWERS, None, "les douches", ("douche", None, None)),
        (SHOWERS, None, "douches des hommes", ("douche", None, "hommes")),
        (Topic.SAFETY, "le tapis de course numéro quatre", "plateau cardio", ("tapis", "4", None)),
        (EQUIPMENT, "treadmill 4", None, ("tapis", "4", None)),
        (EQUIPMENT, "le tapis", "plateau cardio", ("tapis", None, "cardio")),
        (EQUIPMENT, "tapis", "Zone cardio", ("tapis", None, "cardio")),
        (EQUIPMENT, "les deux vélos", None, ("vélo", None, None)),
        (EQUIPMENT, "vélo elliptique 2", None, ("vélo elliptique", "2", None)),
        (EQUIPMENT, "rameur trois fois", None, ("rameur", None, None)),
        (EQUIPMENT, "la chose qui grince", None, (None, None, None)),
        (Topic.TEMPERATURE_AIR, None, "plateau cardio", (None, None, None)),
        (EQUIPMENT, None, None, (None, None, None)),
    ],
)
def test_a_name_means_a_thing(
    topic: Topic, machine: str | None, zone: str | None, expected: tuple[str | None, str | None, str | None]
) -> None:
    """Kind, number and side, in any spelling; nothing where nothing known is named."""
    thing = thing_of(topic, machine, zone)
    if expected[0] is None:
        assert thing.kind is None
    else:
        assert thing == Thing(*expected, trade="repair")


def test_dirt_is_not_a_defect() -> None:
    """Another person is called for it."""
    assert thing_of(Topic.CLEANLINESS, "douche 3", None) != thing_of(SHOWERS, "douche 3", None)


def test_the_name_is_kept_as_it_was_given() -> None:
    """Beside what was understood; a thing that nobody knows keeps nothing."""
    kept = evidence_of(SHOWERS, "douche 3", "vestiaire femmes", "s1")
    assert kept["mentions"] == [{"name": "douche 3, vestiaire femmes", "topic": SHOWERS, "session_id": "s1"}]
    assert evidence_of(EQUIPMENT, "la chose qui grince", None, "s1") == {}
