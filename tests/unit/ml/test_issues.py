"""The issue log names the machine and the place as the member did."""

import pytest

from ml.conversations.issues import machine_in, zone_in


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("le tapis quatre est en panne", "tapis 4"),
        ("Le tapis numéro 12 s'arrête tout seul", "tapis 12"),
        ("vélo sept, encore la selle", "vélo 7"),
        ("le rameur deux il a encore la sangle qui lâche", "rameur 2"),
        ("le casier quarante et un est bloqué", "casier 41"),
        ("casier quatre-vingt-deux", "casier 82"),
        ("la poulie haute est effilochée", "poulie"),
        ("j'ai relancé le tapis trois fois", "tapis"),
        ("the treadmill number six keeps stopping", "treadmill 6"),
        ("la cinta tres se para sola", "cinta 3"),
        ("La fontaine à eau marche plus", "fontaine à eau"),
        ("les tapis de sol sont sales", None),
        ("bonjour tout le monde", None),
    ],
)
def test_machines_are_named_with_their_number(text: str, machine: str | None) -> None:
    """A number beside a machine is its number, in digits; "trois fois" is not one."""
    assert machine_in(text) == machine


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("le vestiaire des femmes est sale", "vestiaire femmes"),
        ("les douches côté hommes sont froides", "douches hommes"),
        ("il fait froid en salle 2", "salle 2"),
        ("sur le plateau cardio", "plateau cardio"),
        ("in the men's changing room", "men's changing room"),
        ("el suelo del vestuario", "vestuario"),
        ("rien du tout", None),
    ],
)
def test_zones_are_named(text: str, zone: str | None) -> None:
    """The most telling place is kept: the women's changing room before any changing room."""
    assert zone_in(text) == zone
