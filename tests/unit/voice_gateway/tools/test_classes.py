"""What members hear of classes: the schedule, a booking, a refusal; in French as it is spoken."""

from datetime import date, time
from uuid import UUID

import pytest

from voice_gateway.tools import book_class, cancel_booking
from voice_gateway.tools.class_schedule import schedule_of
from voice_gateway.tools.runner import ToolInputError
from warehouse.stores.classes import BookingOutcome, UpcomingClass

MONDAY = date(2026, 11, 23)


def coming(
    name: str, day: int, hour: int, minute: int = 0, *, booked: int = 0, own: str | None = None
) -> UpcomingClass:
    """A class of 12 places, so many days after Monday."""
    return UpcomingClass(
        class_id=UUID(int=day * 100 + hour), name=name, class_date=date(2026, 11, 23 + day),
        starts_at=time(hour, minute), duration_minutes=60, coach_name="Sofia", room="Studio", capacity=12,
        booked_count=booked, waiting_count=0, own_booking_id=UUID(int=9) if own else None, own_status=own, today=MONDAY,
    )  # fmt: skip


YOGA_TUESDAY = coming("Yoga", 1, 18, 30, booked=11)
YOGA_THURSDAY = coming("Yoga", 3, 12, 15, booked=12)
BOXE = coming("Boxe", 0, 19)
WEEK = (BOXE, YOGA_TUESDAY, YOGA_THURSDAY)


def test_the_schedule_is_said_with_its_places() -> None:
    """Day, hour and places of each, full where it is full."""
    answer = schedule_of(WEEK, {})
    assert answer["message"] == (
        "Boxe aujourd'hui à 19 h, 12 places ; Yoga demain à 18 h 30, une place ; Yoga jeudi à 12 h 15, complet."
    )
    assert [one["free_places"] for one in answer["classes"]] == [12, 1, 0]


def test_the_schedule_is_asked_by_day_and_by_name() -> None:
    """Accents and case do not matter, and a class that is not there is said so with those that are."""
    assert [one["date"] for one in schedule_of(WEEK, {"day": "jeudi"})["classes"]] == ["2026-11-26"]
    assert len(schedule_of(WEEK, {"course": "cours de YOGA"})["classes"]) == 2
    assert "Boxe et Yoga" in schedule_of(WEEK, {"course": "zumba"})["message"]
    assert "Aucun cours" in schedule_of((), {"day": "lundi"})["message"]
    with pytest.raises(ToolInputError):
        schedule_of(WEEK, {"day": "Noël"})


def test_a_long_schedule_is_cut_for_the_ear() -> None:
    """Four are said, the rest is counted; the data has all."""
    many = [coming("Step", day, 18) for day in range(6)]
    answer = schedule_of(many, {})
    assert answer["message"].endswith("Et 2 autres cours.") and len(answer["classes"]) == 6


def test_one_class_is_an_order_and_several_are_a_question() -> None:
    """Day or hour decides between two of one name."""
    assert book_class.wanted(WEEK, {"course": "yoga", "day": "tomorrow"}) == [YOGA_TUESDAY]
    assert book_class.wanted(WEEK, {"course": "yoga", "starts_at": "12h15"}) == [YOGA_THURSDAY]
    assert len(book_class.wanted(WEEK, {"course": "yoga"})) == 2
    for arguments in ({}, {"course": " "}, {"course": "yoga", "starts_at": "vers midi"}):
        with pytest.raises(ToolInputError):
            book_class.wanted(WEEK, arguments)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("9h30", True), ("9:30", True), ("09:30", True), ("9 h 30", True), ("9H30", True), ("09:30:00", True),
        ("9h", False), ("9", False), ("09 h", False), ("9:00", False), ("19:30", False),
    ],
)  # fmt: skip
def test_an_hour_is_understood_as_it_is_said(said: str, found: bool) -> None:
    """The hours of the morning have one digit, and « 9 h 30 » is how the assistant itself says it."""
    morning = coming("Pilates", 1, 9, 30)
    assert book_class.wanted((morning,), {"course": "pilates", "starts_at": said}) == ([morning] if found else [])


@pytest.mark.parametrize("said", ["25:00", "18:60", "18:3", "930", "vers 9h"])
def test_what_is_no_hour_is_asked_again(said: str) -> None:
    """A guess at the hour would book another class."""
    with pytest.raises(ToolInputError, match="18:30"):
        book_class.wanted(WEEK, {"course": "yoga", "starts_at": said})


@pytest.mark.parametrize(
    ("outcome", "is_ok", "said"),
    [
        (BookingOutcome("booked"), True, "C'est réservé : Yoga demain à 18 h 30."),
        (BookingOutcome("waiting", 1), True, "premier sur la liste d'attente"),
        (BookingOutcome("waiting", 3), True, "numéro 3 sur la liste d'attente"),
        (BookingOutcome("full"), False, "sa liste d'attente aussi"),
        (BookingOutcome("already"), False, "déjà inscrit"),
        (BookingOutcome("overlaps"), False, "déjà un cours à cette heure-là"),
        (BookingOutcome("started"), False, "ne peut plus être réservé"),
        (BookingOutcome("unknown_class"), False, "ne trouve plus ce cours"),
        (BookingOutcome("no_member"), False, "passez votre badge"),
    ],
)
def test_every_outcome_of_a_booking_is_said(outcome: BookingOutcome, is_ok: bool, said: str) -> None:
    """Never a promise where there is no place."""
    answer = book_class.answer_to(outcome, YOGA_TUESDAY, WEEK)
    assert answer["ok"] is is_ok
    assert said in answer["message" if is_ok else "spoken"]


def test_a_full_class_is_refused_with_another_one() -> None:
    """Where the same class has a place another day, it is offered."""
    answer = book_class.answer_to(BookingOutcome("full"), YOGA_THURSDAY, WEEK)
    assert answer["spoken"].endswith("Il reste de la place demain à 18 h 30.")


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("cancelled", "C'est annulé : Boxe aujourd'hui à 19 h."),
        ("started", "a déjà commencé"),
        ("unknown_booking", "n'existe plus"),
        ("no_member", "passez votre badge"),
    ],
)
def test_every_outcome_of_a_cancellation_is_said(outcome: str, said: str) -> None:
    """And only one of them is a cancellation."""
    answer = cancel_booking.answer_to(outcome, BOXE)
    assert said in str(answer.get("message") or answer.get("spoken"))
    assert answer["ok"] is (outcome == "cancelled")
