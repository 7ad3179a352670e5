"""What stays of action items when a conversation is analysed again."""

from uuid import UUID, uuid4

from jarvis.action_items import KeptItem, merged
from jarvis.conversations import ActionItem

REPAIR = ActionItem("Réparer le tapis 4.", "staff", ("t1",))
REPAIR_IN_OTHER_WORDS = ActionItem("Faire contrôler le tapis de course n° 4.", "staff", ("t1", "t2"))
CALL = ActionItem("Rappeler l'adhérent.", "staff", ("t1",))
ANSWER = ActionItem("Répondre à la réclamation.", "manager", ("t1",))


def kept(item: ActionItem, *, is_taken_up: bool) -> KeptItem:
    return KeptItem(id=uuid4(), item=item, is_taken_up=is_taken_up)


def written(before: list[KeptItem], *found: ActionItem) -> list[tuple[UUID | None, ActionItem]]:
    return merged(before, found)


def test_what_nobody_touched_is_written_anew_under_its_id() -> None:
    """A page that shows it can still end it; what is no longer asked for is not written."""
    repair, call = kept(REPAIR, is_taken_up=False), kept(CALL, is_taken_up=False)
    assert written([repair, call], ANSWER, REPAIR) == [(None, ANSWER), (repair.id, REPAIR)]


def test_what_somebody_took_up_answers_for_the_same_words() -> None:
    """It is neither written over nor asked for again, wherever it stands in the new list."""
    assert written([kept(REPAIR, is_taken_up=True)], ANSWER, REPAIR) == [(None, ANSWER)]


def test_what_somebody_took_up_answers_for_other_words_about_the_same_turn() -> None:
    """Another engine says it in its own words; what another person should do is another thing."""
    assert written([kept(REPAIR, is_taken_up=True)], REPAIR_IN_OTHER_WORDS, ANSWER) == [(None, ANSWER)]


def test_an_item_answers_for_one_only() -> None:
    """Two things to do about one turn: the one that was ended does not swallow the one that was not."""
    call = kept(CALL, is_taken_up=False)
    assert written([kept(REPAIR, is_taken_up=True), call], REPAIR, CALL) == [(call.id, CALL)]
    assert written([kept(REPAIR, is_taken_up=True)], REPAIR, CALL) == [(None, CALL)]


def test_items_that_rest_on_no_turn_are_the_same_by_their_words_only() -> None:
    """Nothing shared is not something shared."""
    bare = ActionItem("Réparer.", "staff", ())
    assert written([kept(bare, is_taken_up=True)], ActionItem("Nettoyer.", "staff", ())) == [
        (None, ActionItem("Nettoyer.", "staff", ()))
    ]
