"""The issue log names the machine and the place as the member did."""

import pytest

from jarvis.conversations import Intent, Issue, Topic
from ml.conversations.issues import issues_in, machine_in, machines_in, zone_in
from ml.conversations.reading import TurnReading


def heard(*texts: str) -> tuple[TurnReading, ...]:
    """A member's turns t0, t1…, each as sure a report as the first."""
    return tuple(
        TurnReading(f"t{number}", text, sentiment={}, emotion={}, intents={Intent.REPORT_ISSUE: 0.9}, topics={})
        for number, text in enumerate(texts)
    )


def issues(*texts: str) -> tuple[Issue, ...]:
    """What is wrong with the equipment in what a member said."""
    return issues_in(heard(*texts), (Topic.EQUIPMENT,), (Intent.REPORT_ISSUE,))


@pytest.mark.parametrize(
    ("text", "machine"),
    [
        ("le tapis quatre est en panne", "tapis 4"),
        ("Le tapis numéro 12 s'arrête tout seul", "tapis 12"),
        ("vélo sept, encore la selle", "vélo 7"),
        ("le rameur deux il a encore la sangle qui lâche", "rameur 2"),
        ("le casier quarante et un est bloqué", "casier 41"),
        ("casier quatre-vingt-deux", "casier 82"),
        ("Mon casier est bloqué, le 71, toutes mes affaires sont dedans", "casier 71"),
        ("mon casier est bloqué, le 71", "casier 71"),
        ("Mon casier, le soixante et onze, ne s'ouvre plus", "casier 71"),
        ("Mon casier ne s'ouvre plus. C'est le numéro 71 je crois", "casier 71"),
        ("le casier numéro 71", "casier 71"),
        ("casier 6", "casier 6"),
        ("tapis n°4", "tapis 4"),
        ("Mon casier est bloqué, le 12 novembre il marchait", "casier"),
        ("le casier est bloqué depuis le 12", "casier"),
        ("le tapis est en panne, le 4 marche bien", "tapis"),
        ("mon casier est bloqué et mon badge numéro 123 aussi", "casier"),
        ("le casier est bloqué, et le tapis, le 4", "tapis 4"),
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
    ("text", "machines"),
    [
        ("le tapis 4 et le tapis 12 sont en panne", ("tapis 4", "tapis 12")),
        ("le tapis 4 et le 12 sont en panne", ("tapis 4", "tapis 12")),
        ("les tapis 4, 5 et 12 sont en panne", ("tapis 4", "tapis 5", "tapis 12")),
        ("le tapis 4 et le vélo 7 font du bruit", ("tapis 4", "vélo 7")),
        ("le tapis 4 et deux vélos", ("tapis 4",)),
        ("le tapis 4 est cassé, je suis passé sur le tapis 5", ("tapis 4",)),
        ("le tapis 4 est cassé. Le tapis 5 va bien", ("tapis 4",)),
        ("rien", ()),
    ],
)
def test_machines_of_one_breath_are_all_named(text: str, machines: tuple[str, ...]) -> None:
    """Two numbers are two machines; one that is named later in the sentence may be the one that works."""
    assert machines_in(text) == machines


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


@pytest.mark.parametrize(
    ("texts", "machine", "sources"),
    [
        (("le tapis est en panne", "le 12"), "tapis 12", ("t0", "t1")),
        (("le tapis est en panne", "euh, c'est le numéro douze."), "tapis 12", ("t0", "t1")),
        (("le tapis est en panne", "trois"), "tapis", ("t0",)),
        (("le tapis est en panne", "le 12 novembre"), "tapis", ("t0",)),
        (("le tapis est en panne", "oui", "le 12"), "tapis", ("t0",)),
        (("le tapis 4 est en panne", "le 12"), "tapis 4", ("t0",)),
    ],
)
def test_the_answer_to_which_one_numbers_the_machine(
    texts: tuple[str, ...], machine: str, sources: tuple[str, ...]
) -> None:
    """Only the turn that follows, only a number said as a name: « trois » may be days, « le 12 novembre » is one."""
    assert issues(*texts) == (Issue(Topic.EQUIPMENT, machine, None, sources),)


def test_two_machines_are_two_issues() -> None:
    """Each with the turns that name it."""
    found = issues("les tapis 4 et 12 sont en panne", "surtout le tapis 12")
    assert [(one.machine, one.source_turn_ids) for one in found] == [("tapis 4", ("t0",)), ("tapis 12", ("t0", "t1"))]
