"""Tells the coming classes of the kiosk's own gym, with their free places."""

from collections.abc import Mapping, Sequence
from typing import Any

from voice_gateway.tools.runner import ToolContext
from voice_gateway.tools.spoken_fr import DAY_CHOICES, clock, counted, day_of, day_said, folded, listed
from warehouse.stores.classes import UpcomingClass, upcoming_classes

# More than this nobody remembers from hearing.
_SAID_AT_ONCE = 4


class GetClassSchedule:
    """`get_class_schedule`: the classes of the next seven days, of one day, or of one name."""

    name = "get_class_schedule"
    description = (
        "Donne les cours collectifs des sept prochains jours de cette salle : jour, heure, coach, places libres, "
        "et si l'adhérent est inscrit."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "day": {"type": "string", "enum": list(DAY_CHOICES), "description": "Le jour demandé, s'il y en a un."},
            "course": {"type": "string", "description": "Le nom du cours, s'il y en a un : « yoga »."},
        },
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        async with context.pool.connection() as connection:
            coming = await upcoming_classes(connection, kiosk_id=context.kiosk_id, session_id=context.session_id)
        return schedule_of(coming, arguments)


def matching(coming: Sequence[UpcomingClass], arguments: Mapping[str, Any]) -> list[UpcomingClass]:
    """The classes of the day and the name that were asked for, each where given; in order of time.

    Raises:
        ToolInputError: when the day is none of those offered.
    """
    if not coming:
        return []
    day = day_of(arguments.get("day"), today=coming[0].today)
    course = folded(str(arguments.get("course") or ""))
    return [
        one
        for one in coming
        if (day is None or one.class_date == day)
        and (not course or course in folded(one.name) or folded(one.name) in course)
    ]


def names_of(classes: Sequence[UpcomingClass]) -> list[str]:
    """Each name once, in order of appearance."""
    return list(dict.fromkeys(one.name for one in classes))


def moment_said(one: UpcomingClass) -> str:
    """« mardi à 18 h 30 »."""
    return f"{day_said(one.class_date, today=one.today)} à {clock(one.starts_at)}"


def schedule_of(coming: Sequence[UpcomingClass], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer: a sentence of the first few, and all of them as data."""
    found = matching(coming, arguments)
    if not coming:
        message = "Aucun cours n'est prévu dans les sept prochains jours."
    elif not found:
        message = f"Je ne vois pas ce cours dans les sept prochains jours. Il y a : {listed(names_of(coming))}."
    else:
        said = [f"{one.name} {moment_said(one)}, {_places(one)}" for one in found[:_SAID_AT_ONCE]]
        rest = len(found) - len(said)
        more = f" Et {rest} autre{'s' if rest > 1 else ''} cours." if rest else ""
        message = f"{'; '.join(said)}.{more}".replace("; ", " ; ")
        message = message[0].upper() + message[1:]
    return {"ok": True, "message": message, "classes": [_as_data(one) for one in found]}


def _places(one: UpcomingClass) -> str:
    if one.own_status == "booked":
        return "vous êtes inscrit"
    if one.own_status == "waiting":
        return "vous êtes en liste d'attente"
    return "complet" if not one.free_places else counted(one.free_places, "place")


def _as_data(one: UpcomingClass) -> Mapping[str, Any]:
    return {
        "course": one.name,
        "date": one.class_date.isoformat(),
        "starts_at": one.starts_at.strftime("%H:%M"),
        "duration_minutes": one.duration_minutes,
        "coach": one.coach_name,
        "room": one.room,
        "free_places": one.free_places,
        "own_booking": one.own_status,
    }
