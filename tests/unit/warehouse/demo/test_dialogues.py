"""The library reads, is wide enough, and refuses what it cannot read."""

from random import Random

import pytest

from jarvis.conversations import Role, Sentiment
from warehouse.demo.dialogues import SLOTS, DialogueError, Moment, library, read

WORDS = {slot: slot.upper() for slot in SLOTS}


def test_library_is_wide() -> None:
    """At least 120 dialogues of at most 8 turns, with every mood in every language."""
    dialogues = library()
    assert len(dialogues) >= 200
    assert all(1 <= len(one.turns) <= 8 for one in dialogues)
    moods = {(one.language, one.mood) for one in dialogues}
    assert moods == {(language, mood) for language in ("fr", "en", "es") for mood in Sentiment}


def test_library_repeats_no_words() -> None:
    """No two dialogues open the same way: they are written, not copied."""
    openings = [one.turns[:2] for one in library()]
    assert len(set(openings)) == len(openings)


def test_spoken_fills_everything() -> None:
    """No bracket and no slot is left in what is said."""
    chance = Random(1)
    said = [text for one in library() for _ in range(3) for _, text in one.spoken(chance, WORDS)]
    assert not [text for text in said if set(text) & set("[]{}|") or not text.strip()]


def test_spoken_chooses_a_wording() -> None:
    """One of the alternatives is said, the slot is filled."""
    (dialogue,) = read("inline", "== greeting fr neutral other intents=small_talk\nM: [Salut|Bonjour] {prenom}\n")
    said = {dialogue.spoken(Random(seed), {"prenom": "Léa"})[0] for seed in range(20)}
    assert said == {(Role.MEMBER, "Salut Léa"), (Role.MEMBER, "Bonjour Léa")}
    assert dialogue.names_the_member


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("== short fr neutral\nM: oui\n", r"inline:1: found header"),
        ("== a fr neutral other\nM: oui\n", r"inline:1: found header"),
        ("\n\n== a fr neutral other intents=other\nX: oui\n", r"inline:3: found line 'X: oui'"),
        ("== a fr cheerful other intents=other\nM: oui\n", "cheerful"),
        ("== a fr neutral weather intents=other\nM: oui\n", "weather"),
        ("== a fr neutral other intents=other\nM: {nom}\n", r"found slots \['nom'\]"),
        ("== a fr neutral other intents=dance\nM: oui\n", "dance"),
        ("== a fr neutral other intents=other tags=dreaming\nM: oui\n", "dreaming"),
        ("== a fr neutral other intents=other\nJ: Bonjour\n", "no turn of the member"),
    ],
)
def test_unreadable_dialogue_is_named(text: str, complaint: str) -> None:
    """A mistake in a file says where it is and what was expected."""
    with pytest.raises(DialogueError, match=complaint):
        list(read("inline", text))


def test_every_moment_has_words() -> None:
    """Each moment of a life can be said in French in several ways, and the commonest in each language."""
    spoken = [(one.language, moment) for one in library() for moment in one.moments]
    assert {moment for language, moment in spoken if language == "fr"} == set(Moment)
    assert all(spoken.count(("fr", moment)) >= 3 for moment in Moment)
    abroad = {Moment.LEAVING, Moment.MOVING, Moment.PRICE, Moment.AGAIN, Moment.PAUSE, Moment.RETURN, Moment.HOLIDAY}
    assert all((language, moment) in spoken for language in ("en", "es") for moment in abroad)
