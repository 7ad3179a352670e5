"""What no table knows: who left, who is about to, and why; for judging a model or a list of alerts.

Written to a file of its own (`jarvis simulate --truth FILE`) and never to the database: nothing of the
product may read it. The story goes on for some weeks after the last simulated day, so that the file also
says who is going to leave.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from warehouse.demo.lives import NEVER, Lives, Reason
from warehouse.demo.members import MemberStory
from warehouse.demo.network import PARIS, GymStory

# How far the story goes on after the last simulated day.
WEEKS_AHEAD = 10


def truth_of(
    gym: GymStory, stories: Mapping[int, MemberStory], lives: Lives, *, now: datetime
) -> Iterator[dict[str, Any]]:
    """One record per member of a gym: ids, what becomes of them, and what drives them on the last day.

    Fields: `state` left, leaving (the day is in the story's future) or staying; `decided_on` the day the member
    wanted out for good, `left_on` the first day without a membership, `reason` and, for a quarrel, `topic`;
    `is_persuadable` true where a call on the last day could still matter: unhappy or fading, not gone, not moving
    away, no notice given; `motivation` and `grievance` on the last day; `away` why they are absent then, if they are.
    """
    today = (now.astimezone(PARIS).date() - lives.first_day).days
    week = lives.week(today)
    for row, story in stories.items():
        left, decided = int(lives.left[row]), int(lives.decided[row])
        state = "staying" if left == NEVER else "left" if left <= today else "leaving"
        reason = lives.reasons[row]
        away = next((one.reason for one in lives.aways if one.member == row and one.first <= today <= one.last), None)
        yield {
            "member_id": str(story.member.id),
            "gym": gym.gym.slug,
            "badge_id": story.member.badge_id,
            "state": state,
            "decided_on": _day(lives, decided),
            "left_on": _day(lives, left),
            "reason": reason.value if reason else None,
            "topic": lives.topics[row],
            "is_persuadable": state == "leaving" and reason is not Reason.MOVED and decided > today,
            "motivation": round(float(lives.motivation[row, week]), 2),
            "grievance": round(float(lives.grievances[row, week].sum()), 2),
            "away": away,
        }


def _day(lives: Lives, day: int) -> str | None:
    return None if day == NEVER else (lives.first_day + timedelta(days=day)).isoformat()
