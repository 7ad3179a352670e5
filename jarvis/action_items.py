"""What becomes of the action items of a conversation when it is analysed again; people's work on them stays.

Pure rules. `warehouse/stores/conversations.py` asks here while it holds the rows; which steps an item may take
says the database (migration 0230).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from jarvis.conversations import ActionItem


class ActionState(StrEnum):
    """Where an action item stands."""

    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class KeptItem:
    """An action item of an earlier analysis of the same conversation."""

    id: UUID
    item: ActionItem
    is_taken_up: bool
    """Somebody closed it, took it on or gave it a date: no analysis changes it any more."""


def merged(kept: Sequence[KeptItem], found: Sequence[ActionItem]) -> list[tuple[UUID | None, ActionItem]]:
    """Each new item stands once: an item that somebody took up answers for the new one that asks for the same.

    The same is what has the same words; else, because another engine words it otherwise, what the same kind of person
    should do about a turn that both rest on. Each kept item answers for one new item at most.

    Returns:
        What is left to write, in the order it was found, with the id of the untouched item that asked for the same.
    """
    answers: dict[int, KeptItem] = {}
    free = list(kept)
    for is_same in (_has_same_words, _rests_on_the_same):
        for place, item in enumerate(found):
            # Untouched items answer by their words only: else they would be rewritten, and are better written anew.
            candidates = [
                one for one in free if is_same(one.item, item) and (one.is_taken_up or is_same is _has_same_words)
            ]
            if place in answers or not candidates:
                continue
            answers[place] = max(candidates, key=lambda one: (one.is_taken_up, _shared(one.item, item)))
            free.remove(answers[place])
    written: list[tuple[UUID | None, ActionItem]] = []
    for place, item in enumerate(found):
        answer = answers.get(place)
        if answer is None:
            written.append((None, item))
        elif not answer.is_taken_up:
            written.append((answer.id, item))
    return written


def _has_same_words(one: ActionItem, other: ActionItem) -> bool:
    return one.owner == other.owner and one.text == other.text


def _rests_on_the_same(one: ActionItem, other: ActionItem) -> bool:
    return one.owner == other.owner and _shared(one, other) > 0


def _shared(one: ActionItem, other: ActionItem) -> float:
    """The part of the turns that both rest on, 0..1."""
    both = set(one.source_turn_ids) | set(other.source_turn_ids)
    return len(set(one.source_turn_ids) & set(other.source_turn_ids)) / len(both) if both else 0.0
