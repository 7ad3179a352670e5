"""When members walk in: each day they came gets its time, inside opening hours, up to now.

Pure, and whole arrays at once. At most one visit a day; never outside opening hours or on a closed day.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np

from warehouse.demo.chance import numbers
from warehouse.demo.lives import Lives
from warehouse.demo.network import PARIS, GymStory
from warehouse.demo.personas import Integers, Personas

# Nobody starts a training session in the last minutes.
LATEST_BEFORE_CLOSING = timedelta(minutes=25)
_CLOSING = int(LATEST_BEFORE_CLOSING.total_seconds())
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Arrivals:
    """All arrivals of one gym in time order: arrays with one row per visit."""

    rows: Integers
    """The member's row in the arrays of the gym."""
    days: Integers
    """Day of the story."""
    seconds: Integers
    """Seconds since 1970, UTC."""

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, visit: int) -> datetime:
        """The time of one visit, in UTC."""
        return datetime.fromtimestamp(int(self.seconds[visit]), UTC)


def arrivals_of(gym: GymStory, personas: Personas, lives: Lives, *, seed: int, now: datetime) -> Arrivals:
    """Every visit of one gym up to now."""
    chance = numbers(seed, "arrivals", gym.gym.slug)
    rows, days = np.nonzero(lives.came)
    opens, closes, midnights = _clock(gym, lives)
    wanted = chance.normal(personas.hour[rows], personas.hour_spread[rows]) * _HOUR
    latest = closes[days] - _CLOSING
    # Whoever finds the door closed comes at another time of that day.
    other = opens[days] + (latest - opens[days]) * chance.random(len(rows))
    is_open = (wanted >= opens[days]) & (wanted <= latest)
    seconds = midnights[days] + np.where(is_open, wanted, other).astype(np.int64)
    is_past = seconds <= int(now.timestamp())
    order = np.lexsort((rows[is_past], seconds[is_past]))
    return Arrivals(rows[is_past][order], days[is_past][order], seconds[is_past][order])


def _clock(gym: GymStory, lives: Lives) -> tuple[Integers, Integers, Integers]:
    """For each day of the story: opening and closing in seconds of the local day, and that day's start in UTC."""
    opens, closes, midnights = [], [], []
    for offset in range(lives.came.shape[1]):
        day = lives.first_day + timedelta(days=offset)
        # Clocks change at night: counted back from noon, every opening hour is right.
        midnight = int(datetime.combine(day, time(12), tzinfo=PARIS).timestamp()) - 12 * _HOUR
        opens_at, closes_at = gym.open_on(day)
        opens.append(int(opens_at.timestamp()) - midnight)
        closes.append(int(closes_at.timestamp()) - midnight)
        midnights.append(midnight)
    return np.array(opens), np.array(closes), np.array(midnights)
