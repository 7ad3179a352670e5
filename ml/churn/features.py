"""What was known of every member when a day began: the features of rules and models, from nothing later.

Pure. A `Timeline` holds the histories as flat arrays; `snapshot` looks only at what lies before its day,
which a test proves by shuffling everything after it. Windows are counted for all members at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jarvis.churn import Contract, MemberHistory
from jarvis.members import engagement_score
from jarvis.visit_habits import (
    FORGOTTEN_AFTER_DAYS,
    LEAST_EARLIER_DAYS,
    LEAST_HABIT_DAYS,
    RECENT_DAYS,
)
from jarvis.visit_habits import HABIT_DAYS as COUNTED_HABIT_DAYS
from ml.churn.days import STRIDE, Array, Counted, Days, Late, TwoDays

if TYPE_CHECKING:
    import polars as pl

# A lapsed membership may still be renewed for so long.
RENEWAL_GRACE_DAYS = 30
# Without memberships, so many days without a visit count as leaving.
FALLBACK_ABSENCE_DAYS = 30
# So many renewals of one gym say what a renewal brings there; of one month, or of a year where a month has fewer.
LEAST_RENEWALS = 5
# Gaps are read over so many days.
GAP_DAYS = 168

FEATURES = (
    "tenure_days", "days_away", "days_away_in_habits", "visits_7", "visits_14", "visits_28", "visits_28_before",
    "visits_84", "visits_168", "habit_per_week", "visits_against_habit", "gap_mean", "gap_deviation", "longest_gap",
    "weeks_seen_of_12", "muted_28", "gym_trend", "talks_28", "talks_84", "sentiment_84", "sentiment_last",
    "sentiment_change", "negative_84", "negative_count", "wants_out_84", "cancelling_84", "unsolved_84",
    "about_money_84", "engagement_score", "days_to_expiry",
    "term_days", "term_elapsed", "contract_count", "monthly_price_eur", "price_change",
    "price_change_beyond_gym", "has_contract",
)  # fmt: skip
"""Columns of a snapshot that a model may see, in order."""

# What the columns mean. 2: habit, trend and engagement are counted on unmuted days alone, as in a member's analytics.
# 3: nothing is counted on days of before the gym's first visit on record; a price is also compared with what the gym's
# other members were asked for, within a year.
# A change of what any column says is a new number: a model that learned another meaning scores nobody.
FEATURES_VERSION = 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """The histories of many members, ready for a snapshot of any day."""

    members: tuple[MemberHistory, ...]
    joined: NDArray[np.int64]
    recorded_from: NDArray[np.int64]
    """When the gym's record of visits begins; 1 where it is as old as every membership."""
    gyms: NDArray[np.int64]
    """For each member, the place of their gym."""
    seen: Days
    seen_in_time: Days
    """Without the days of `muted_in_time`."""
    muted_in_time: Days
    """Muted days that every later day knows as such."""
    late: "Late"
    """The other ones: known on some days only."""
    talks: Days
    talks_in_time: Days
    """As `seen_in_time`."""
    talk_scores: NDArray[np.float64]
    talk_flags: Mapping[str, NDArray[np.int64]]
    """What was said in each talk: 1 where it was."""

    @classmethod
    def of(cls, members: Sequence[MemberHistory]) -> "Timeline":
        """The histories as arrays; members keep their order."""
        places: dict[object, int] = {}
        talks = [talk for one in members for talk in one.talks]
        seen, muted = Days.of([one.seen_on for one in members]), Days.of([one.muted_on for one in members])
        talked = Days.of([[talk.day for talk in one.talks] for one in members])
        return cls(
            members=tuple(members),
            joined=np.array([one.joined_on.toordinal() for one in members], dtype=np.int64),
            recorded_from=np.array([(one.recorded_from or date.min).toordinal() for one in members], dtype=np.int64),
            gyms=np.array([places.setdefault(one.gym_id, len(places)) for one in members], dtype=np.int64),
            seen=seen,
            seen_in_time=seen.without(muted.keys),
            muted_in_time=muted,
            late=Late.of(members),
            talks=talked,
            talks_in_time=talked.without(muted.keys),
            talk_scores=np.array(
                [np.nan if talk.sentiment_score is None else talk.sentiment_score for talk in talks], dtype=float
            ),
            talk_flags={
                "negative": np.array([talk.is_negative for talk in talks], dtype=np.int64),
                "wants_out": np.array([talk.wants_out for talk in talks], dtype=np.int64),
                "cancelling": np.array([talk.is_cancelling for talk in talks], dtype=np.int64),
                "unsolved": np.array([talk.is_unsolved for talk in talks], dtype=np.int64),
                "about_money": np.array([talk.is_about_money for talk in talks], dtype=np.int64),
            },
        )

    def muted(self, as_of: date) -> "Days | TwoDays":
        """The muted days, as far as they were known when the day began."""
        late = self.late.known_on(as_of.toordinal())
        return TwoDays(self.muted_in_time, Days(late, len(self.members))) if len(late) else self.muted_in_time

    def snapshot(self, as_of: date) -> "pl.DataFrame":
        """What was known when the day began.

        Returns:
            One row per member who had joined; columns `place` (in `members`), `as_of`, FEATURES, and for the rules
            and the reasons `last_seen`, `unseen_since` (the last visit, or joining, or the beginning of the gym's
            record where it came after both: `is_since_record`), `plan`, `is_valid`, `counted_away` (as a member's page
            counts, also where the last visit was on a muted day), of the last 28 counted days `counted_visits_28`,
            `now_per_week`, `muted_among_28` and whether all are on record: `is_recorded_28`; `gym_price_rise`, the
            share by which prices rose with the gym's renewals of the same month; NaN or null where nothing is known.
        """
        import polars as pl

        day = as_of.toordinal()
        columns = {**self._visits(as_of), **self._talks(day), **self._contracts(as_of)}
        frame = pl.DataFrame({"place": np.arange(len(self.members)), **columns})
        known = pl.Series(self.joined < day)
        return frame.filter(known).with_columns(pl.lit(as_of).alias("as_of"))

    def _recorded(self, day: int) -> Array:
        """For each member, since when visits are on record as far as was known when the day began; the day after it
        where none was: the first visit on record was the future then."""
        return np.asarray(np.where(self.recorded_from < day, self.recorded_from, day + 1))

    def _rhythm(self, as_of: date, counted: Counted, last: Array, unseen_since: Array) -> dict[str, Array]:
        """How often the members come, by the rules of `jarvis.visit_habits` and `jarvis.members` for all at once.

        Visits and days are counted on unmuted days alone: whoever comes all the same in the holidays has the habit
        that they have without any.
        """
        day, recorded = counted.day, self._recorded(counted.day)
        known = np.maximum(np.maximum(self.joined, recorded), counted.first)
        late = self.late.known_on(day)
        seen, talks = self.seen_in_time.without(late), self.talks_in_time.without(late)

        # The habit at the time of the last visit.
        has_come = ~np.isnan(last) & (last >= counted.first)
        until = np.where(has_come, last, counted.first).astype(np.int64) + 1
        away = counted.between(np.maximum(unseen_since + 1, counted.first), day + 1)
        habit_from = np.maximum(counted.start_of_last(COUNTED_HABIT_DAYS, until), known)
        observed = np.maximum(counted.between(habit_from, until), LEAST_HABIT_DAYS)
        habit = 7 * np.maximum(1, seen.count(habit_from, until)) / observed
        has_habit = has_come & (counted.between(until, day + 1) <= FORGOTTEN_AFTER_DAYS) & ~(last < recorded)

        # The last four weeks, and up to twelve before them.
        recent_from = counted.start_of_last(RECENT_DAYS, day + 1)
        visits = seen.count(recent_from, day)
        weeks = np.maximum(1.0, counted.between(np.maximum(recent_from, known), day + 1) / 7)
        earlier_from = np.maximum(counted.start_of_last(RECENT_DAYS + COUNTED_HABIT_DAYS, day + 1), known)
        earlier_days = counted.between(earlier_from, recent_from)
        earlier = seen.count(earlier_from, recent_from) / np.maximum(earlier_days, 1) * 7
        now = visits / weeks
        before = np.where(earlier_days >= LEAST_EARLIER_DAYS, earlier, now)
        engaged = zip(now, away, recorded <= day, talks.count(recent_from, day), strict=True)
        return {
            "habit_per_week": np.where(has_habit, habit, np.nan),
            "visits_against_habit": (now + 0.25) / (before + 0.25),
            "now_per_week": now,
            "counted_visits_28": visits.astype(float),
            "is_recorded_28": recorded <= recent_from,
            "muted_among_28": (day + 1 - recent_from - counted.between(recent_from, day + 1)).astype(float),
            "engagement_score": np.array(
                [
                    engagement_score(
                        visits_per_week=float(rate), days_since_last_visit=int(days), recent_conversations=int(talked)
                    )
                    if is_on_record
                    else np.nan
                    for rate, days, is_on_record, talked in engaged
                ],
                dtype=float,
            ),
        }

    def _visits(self, as_of: date) -> dict[str, Array]:
        day, muted, seen = as_of.toordinal(), self.muted(as_of), self.seen
        last, recorded = seen.last(day), self._recorded(day)
        tenure = day - self.joined
        # Whoever joined within a window has come so often in it; of what is not on record nobody knows how often.
        count = {
            span: np.where(recorded <= np.maximum(day - span, self.joined), seen.count(day - span, day), np.nan)
            for span in (7, 14, RECENT_DAYS, 56, 84, GAP_DAYS)
        }
        seen_or_joined = np.where(np.isnan(last), self.joined, last).astype(np.int64)
        since = np.minimum(np.maximum(seen_or_joined, recorded), day)
        days_away = day - since - muted.count(since, day)
        counted_away = day - since - muted.count(since + 1, day + 1)
        muted_recent = muted.count(np.maximum(day - RECENT_DAYS, self.joined), day)

        gap_mean, gap_deviation, longest = self._gaps(day)
        weeks = sum((seen.count(day - 7 * (week + 1), day - 7 * week) > 0).astype(float) for week in range(12))
        return {
            "last_seen": last,
            "unseen_since": since,
            "is_since_record": recorded > seen_or_joined,
            "tenure_days": tenure.astype(float),
            "days_away": days_away.astype(float),
            "counted_away": counted_away.astype(float),
            "days_away_in_habits": days_away / np.clip(np.where(np.isnan(gap_mean), 7.0, gap_mean), 1.0, 60.0),
            "visits_7": count[7],
            "visits_14": count[14],
            "visits_28": count[RECENT_DAYS],
            "visits_28_before": count[56] - count[RECENT_DAYS],
            "visits_84": count[84],
            "visits_168": count[GAP_DAYS],
            "gap_mean": gap_mean,
            "gap_deviation": gap_deviation,
            "longest_gap": longest,
            "weeks_seen_of_12": np.where(
                recorded > day, np.nan, weeks / np.clip((day - np.maximum(self.joined, recorded)) / 7, 1.0, 12.0)
            ),
            "muted_28": muted_recent.astype(float),
            "gym_trend": self._gym_trend(count[RECENT_DAYS], count[56] - count[RECENT_DAYS]),
            **self._rhythm(as_of, Counted(day, muted, len(self.members)), last, since),
        }

    def _gaps(self, day: int) -> tuple[Array, Array, Array]:
        """Mean, deviation and longest of the days between two visits, over half a year."""
        keys = self.seen.keys
        first, end = self.seen.places(day - GAP_DAYS), self.seen.places(day)
        gaps = np.diff(keys, prepend=keys[:1]).astype(float)
        sums = np.concatenate([[0.0], np.cumsum(np.where(gaps < STRIDE / 2, gaps, 0.0))])
        squares = np.concatenate([[0.0], np.cumsum(np.where(gaps < STRIDE / 2, gaps**2, 0.0))])
        # The first visit of the window has its gap outside it.
        number = np.maximum(end - first - 1, 0)
        inner = np.minimum(first + 1, end)
        enough = number >= 2
        divisor = np.maximum(number, 1)
        mean = (sums[end] - sums[inner]) / divisor
        variance = np.maximum((squares[end] - squares[inner]) / divisor - mean**2, 0.0)
        longest = np.full(len(first), np.nan)
        if len(keys):
            padded = np.append(gaps, 0.0)
            bounds = np.stack([inner, np.maximum(end, inner)], axis=1).ravel()
            maxima = np.maximum.reduceat(padded, np.minimum(bounds, len(gaps)))[::2]
            longest = np.where(enough, maxima, np.nan)
        return np.where(enough, mean, np.nan), np.where(enough, np.sqrt(variance), np.nan), longest

    def _gym_trend(self, recent: Array, before: Array) -> Array:
        """For each member, their whole gym's visits of the last four weeks against the four before: holidays, heat.

        1 where not all eight weeks are on record.
        """
        size = int(self.gyms.max(initial=0)) + 1
        is_known = ~(np.isnan(recent) | np.isnan(before))
        all_known = np.bincount(self.gyms, weights=~is_known, minlength=size) == 0
        now = np.bincount(self.gyms, weights=np.where(is_known, recent, 0.0), minlength=size)
        then = np.bincount(self.gyms, weights=np.where(is_known, before, 0.0), minlength=size)
        return np.asarray(np.where(all_known, (now + 5.0) / (then + 5.0), 1.0)[self.gyms])

    def _talks(self, day: int) -> dict[str, Array]:
        talks = self.talks
        end, month, quarter, first = (talks.places(day - back) for back in (0, RECENT_DAYS, 84, day))
        is_scored = ~np.isnan(self.talk_scores)
        summed = _running(np.where(is_scored, self.talk_scores, 0.0))
        scored = _running(is_scored)

        def mean(since: Array, until: Array) -> Array:
            number = scored[until] - scored[since]
            return np.where(number > 0, (summed[until] - summed[since]) / np.maximum(number, 1), np.nan)

        # The last score of each member: looked up by its number among the scored ones.
        values = np.append(self.talk_scores[is_scored], np.nan)
        any_scored = scored[end] > scored[first]
        last = np.where(any_scored, values[np.maximum(scored[end].astype(np.int64) - 1, 0)], np.nan)
        said = {name: _running(flags) for name, flags in self.talk_flags.items()}
        return {
            "talks_28": (end - month).astype(float),
            "talks_84": (end - quarter).astype(float),
            "sentiment_84": mean(quarter, end),
            "sentiment_last": last,
            "sentiment_change": mean(month, end) - mean(first, month),
            "negative_count": said["negative"][end] - said["negative"][first],
            **{f"{name}_84": running[end] - running[quarter] for name, running in said.items()},
        }

    def _price_rises(self, columns: Mapping[str, Array], months: Array, as_of: date) -> dict[str, Array]:
        """The median rise of the gym's renewals, and what a member's own has beyond it: an index year is no news.

        Args:
            months: of each member's contract, as `_contract` counts them.
        """
        before = columns["monthly_price_eur"] - columns["price_change"]
        rises = np.divide(columns["price_change"], before, out=np.full(len(before), np.nan), where=before > 0)
        # What has been paid for longer than a year is no news to anybody.
        is_recent = months >= as_of.year * 12 + as_of.month - 12
        of_month = _group_medians(self.gyms * STRIDE + np.nan_to_num(months).astype(np.int64), rises)
        of_year = _group_medians(self.gyms, np.where(is_recent, rises, np.nan))
        usual = np.where(np.isnan(of_month), of_year, of_month)
        beyond = columns["price_change"] - before * np.maximum(np.nan_to_num(usual), 0.0)
        beyond = np.where(is_recent | np.isnan(beyond), beyond, np.minimum(beyond, 0.0))
        return {"gym_price_rise": usual, "price_change_beyond_gym": beyond}

    def _contracts(self, as_of: date) -> dict[str, Any]:
        rows = [_contract(one, as_of) for one in self.members]
        names = ("days_to_expiry", "term_days", "term_elapsed", "contract_count", "monthly_price_eur", "price_change")
        columns: dict[str, Any] = {
            name: np.array([row[place] for row in rows], dtype=float) for place, name in enumerate(names)
        }
        columns |= self._price_rises(columns, np.array([row[6] for row in rows], dtype=float), as_of)
        columns["has_contract"] = (~np.isnan(columns["days_to_expiry"])).astype(float)
        columns["plan"] = [row[-2] for row in rows]
        columns["is_valid"] = [row[-1] for row in rows]
        return columns


def _running(values: Array) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(values, dtype=float)])


def _group_medians(groups: NDArray[np.int64], values: Array) -> NDArray[np.float64]:
    """For each value the median of its group's; NaN where fewer than `LEAST_RENEWALS` of the group are known."""
    medians = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return medians
    order = known[np.lexsort((values[known], groups[known]))]
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    middle = (values[order][starts + (counts - 1) // 2] + values[order][starts + counts // 2]) / 2
    medians[order] = np.repeat(np.where(counts >= LEAST_RENEWALS, middle, np.nan), counts)
    return medians


def _standing(begun: Sequence[Contract], as_of: date) -> int:
    """The place of the contract that binds the member longest; one that was cancelled before the day binds no more."""

    def binds_until(place: int) -> tuple[bool, date, int]:
        one = begun[place]
        is_cancelled = one.cancelled_on is not None and one.cancelled_on < as_of
        return not is_cancelled, one.expires_on, place

    return max(range(len(begun)), key=binds_until)


def _contract(one: MemberHistory, as_of: date) -> tuple[Any, ...]:
    """The contract that bound the member on the day, with what came before it; nothing that was not known yet."""
    known = one.contracts_known_on(as_of)
    begun = [contract for contract in known if contract.started_on < as_of]
    if not begun:
        return (np.nan,) * 7 + (None, not known)
    place = _standing(begun, as_of)
    current = begun[place]
    term = max(1, (current.expires_on - current.started_on).days)
    left = (current.expires_on - as_of).days
    price = np.nan if current.monthly_price_eur is None else current.monthly_price_eur
    before = begun[place - 1].monthly_price_eur if place else None
    change = np.nan if before is None else price - before
    has_ended = left < -RENEWAL_GRACE_DAYS or (current.cancelled_on is not None and current.cancelled_on < as_of)
    elapsed = min(1.0, (as_of - current.started_on).days / term)
    month = current.started_on.year * 12 + current.started_on.month
    return (left, term, elapsed, len(begun), price, change, month, current.plan, not has_ended)
