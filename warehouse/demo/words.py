"""What a member talks about on a visit: their life decides, chance chooses the words.

Pure. Whoever quarrels with the showers says so, and more angrily the second time; whoever wants out asks
how, if they are of those who speak; most conversations are about nothing of the kind. Everything that a
leaver says is said by some who stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random

from jarvis.conversations import Sentiment
from warehouse.demo.chance import happens, one_of, weighted
from warehouse.demo.dialogues import Dialogue, Moment, library
from warehouse.demo.gym_lives import GymLife
from warehouse.demo.lives import NEVER, Away, Lives, Reason
from warehouse.demo.personas import BILLING, TOPICS, Personas

# How many days a complaint stays in mind: the next one about the same thing is an angry one.
_REMEMBERED_DAYS = 75
_MOODS = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whoever stands at the kiosk on a day of the story."""

    row: int
    day: int
    language: str
    is_known: bool


@dataclass(slots=True)
class Talk:
    """The words of one gym's members, who remember what they complained of."""

    personas: Personas
    lives: Lives
    life: GymLife
    aways: Mapping[int, Sequence[Away]]
    """The absences of each member."""
    complained: dict[tuple[int, str], int] = field(default_factory=dict)
    """Member and topic to the day of the last complaint."""

    @classmethod
    def of(cls, personas: Personas, lives: Lives, life: GymLife) -> "Talk":
        """Nobody has said anything yet."""
        aways: dict[int, list[Away]] = {}
        for away in lives.aways:
            aways.setdefault(away.member, []).append(away)
        return cls(personas, lives, life, aways)

    def choose(self, chance: Random, speaker: Speaker) -> Dialogue:
        """A dialogue in the speaker's language that fits their life on that day."""
        moment = self._moment(chance, speaker)
        if moment is not None and (found := _fitting(speaker, moment=moment)):
            return one_of(chance, found)
        week = self.lives.week(speaker.day)
        grievances = self.lives.grievances[speaker.row, week]
        weight, motivation = float(grievances.sum()), float(self.lives.motivation[speaker.row, week])
        # Whoever says what is wrong says it more often than it weighs; the others swallow it.
        sharpness = 0.22 if self.personas.is_blunt[speaker.row] else 0.06
        negative = min(0.8, 0.1 + sharpness * weight + 0.06 * max(0.0, -motivation))
        positive = (1 - negative) * min(0.7, max(0.05, 0.3 + 0.25 * motivation))
        mood = weighted(chance, dict(zip(_MOODS, (negative, 1 - negative - positive, positive), strict=True)))
        if mood is not Sentiment.NEGATIVE:
            return one_of(chance, _fitting(speaker, mood=mood))
        topic = TOPICS[chance.choices(range(len(TOPICS)), [float(one) + 0.04 for one in grievances])[0]]
        before = self.complained.get((speaker.row, topic), -NEVER)
        self.complained[speaker.row, topic] = speaker.day
        again = Moment.AGAIN if speaker.day - before < _REMEMBERED_DAYS else None
        machine = self.life.machine_on(self.lives.first_day + timedelta(days=speaker.day))
        if topic == "equipment" and machine is not None and happens(chance, 0.7):
            # All speak of the one that is out of order.
            named = [one for one in _fitting(speaker, mood=mood, topic=topic) if one.names_a_machine == machine[0]]
            angry = [one for one in _fitting(speaker, moment=Moment.AGAIN) if one.names_a_machine == machine[0]]
            if about_it := (angry if again and angry else named):
                return one_of(chance, about_it)
        return one_of(
            chance,
            (again and _fitting(speaker, moment=again, mood=mood, topic=topic))
            or _fitting(speaker, mood=mood, topic=topic)
            or _fitting(speaker, mood=mood),
        )

    def _moment(self, chance: Random, speaker: Speaker) -> Moment | None:
        """The moment of life they speak of, if they do."""
        row, day, lives = speaker.row, speaker.day, self.lives
        is_blunt = bool(self.personas.is_blunt[row])
        if lives.decided[row] <= day:
            moves = lives.reasons[row] is Reason.MOVED
            if happens(chance, 0.4 if moves or is_blunt else 0.08):
                return Moment.MOVING if moves else Moment.LEAVING
        week = lives.week(day)
        if lives.motivation[row, week] < -0.7 and happens(chance, 0.25 if is_blunt else 0.1):
            return Moment.HESITATING if happens(chance, 0.5) else Moment.FADING
        if lives.grievances[row, week, BILLING] > 0.5 and happens(chance, 0.3):
            return Moment.PRICE
        for away in self._near(row, day):
            if away.last < day and away.reason in ("injury", "frozen") and happens(chance, 0.35):
                return Moment.RETURN
            if day < away.first and away.reason in ("holiday", "travel") and happens(chance, 0.3):
                return Moment.HOLIDAY
            if day < away.first and away.reason == "frozen" and happens(chance, 0.5):
                return Moment.PAUSE
        # Anybody asks about anything now and then: a question is not a farewell.
        if happens(chance, 0.03):
            return weighted(
                chance, {Moment.INJURY: 0.45, Moment.PAUSE: 0.2, Moment.HESITATING: 0.25, Moment.PRICE: 0.1}
            )
        return None

    def _near(self, row: int, day: int) -> Sequence[Away]:
        """Absences that ended in the last fortnight or begin in the next ten days."""
        return [one for one in self.aways.get(row, ()) if one.first - 10 <= day <= one.last + 14]


def slots_on(chance: Random, day: date, machine: tuple[str, int] | None) -> Mapping[str, str]:
    """Words for a conversation's slots that no gym decides; a broken machine is the one that is spoken of."""
    words = {
        "tapis": str(chance.randint(1, 12)),
        "velo": str(chance.randint(1, 10)),
        "rameur": str(chance.randint(1, 4)),
        "casier": str(chance.randint(1, 120)),
        "kg": str(one_of(chance, (12, 14, 18, 20, 60, 80, 100))),
        "n": str(chance.randint(3, 9)),
        "cours": one_of(chance, _COURSES),
        "jour": one_of(chance, _DAYS),
        # The month before: things drag on.
        "mois": _MONTHS[(day - timedelta(days=30)).month - 1],
        "heure": one_of(chance, ("9 h 30", "12 h 15", "18 h 30", "19 h")),
        "prix": one_of(chance, ("29,90", "32,90", "44,90")),
        "muscle": one_of(chance, _MUSCLES),
    }
    if machine is not None:
        words[machine[0]] = str(machine[1])
    return words


_COURSES = ("yoga", "pilates", "body pump", "cycling", "stretching", "zumba", "cross training", "boxe")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_MUSCLES = ("le dos", "les épaules", "les fessiers", "les abdos", "les cuisses")


@cache
def _index() -> Mapping[tuple[str, Moment | None, Sentiment | None, str | None], tuple[Dialogue, ...]]:
    found: dict[tuple[str, Moment | None, Sentiment | None, str | None], list[Dialogue]] = {}
    for one in library():
        for moment in (*one.moments, *(() if one.moments - {Moment.AGAIN, Moment.INJURY} else (None,))):
            for mood in (one.mood, None):
                for topic in (one.topic.value, None):
                    found.setdefault((one.language, moment, mood, topic), []).append(one)
    return {key: tuple(ones) for key, ones in found.items()}


def _fitting(
    speaker: Speaker, *, moment: Moment | None = None, mood: Sentiment | None = None, topic: str | None = None
) -> tuple[Dialogue, ...]:
    found = _index().get((speaker.language, moment, mood, topic), ())
    return found if speaker.is_known else tuple(one for one in found if not one.names_the_member)
