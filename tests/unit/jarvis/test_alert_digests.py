"""The weekly digest: what it says, and when nobody is written to."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from jarvis.alert_digests import Digest, LeftOver, letter
from jarvis.mail import is_quiet

DIGEST = Digest(
    gym_name="Basic Dax",
    week_starts_on=date(2026, 11, 16),
    left_over=(LeftOver("Ada Lovelace", 288.0, ("18 jours sans visite.",)),),
    drafts=("Rapport de la semaine – Dax",),
    escalated=("Problème signalé : tapis 4 (machines et matériel)",),
    waiting={"churn_risk": 2, "equipment_issue": 1},
    raised_count=3,
    closed_count=1,
)


def test_letter_tells_the_week() -> None:
    """Whom to call, what waits too long, what is open, in French with the right plurals."""
    written = letter(DIGEST, recipient_name="Camille", alerts_url="https://jarvis.example")
    assert written.subject == "Basic Dax : vos alertes de la semaine du lundi 16 novembre 2026"
    assert written.text.startswith("Bonjour Camille,\n\nDu lundi 16 novembre 2026 au dimanche 22 novembre 2026 : ")
    for words in (
        "3 nouvelles alertes, 1 alerte close",
        "- Ada Lovelace : 18 jours sans visite (288 € par an en jeu)",
        "- 2 risques de départ",
        "- 1 panne ou défaut",
        "- Problème signalé : tapis 4 (machines et matériel)",
    ):
        assert words in written.text


def test_long_lists_are_cut_and_say_so() -> None:
    """Twenty names, then how many more."""
    many = replace(DIGEST, left_over=DIGEST.left_over * 23)
    assert "- et 3 autres" in letter(many, recipient_name=None, alerts_url="https://jarvis.example").text


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # 07:20 in Paris in winter, 08:20 in summer; 06:59 and 21:00 are quiet; Réunion is three hours ahead in winter.
        (datetime(2026, 11, 23, 6, 20, tzinfo=UTC), False),
        (datetime(2026, 7, 6, 6, 20, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 20, 0, tzinfo=UTC), True),
    ],
)
def test_quiet_hours_are_the_gyms_own(moment: datetime, expected: bool) -> None:
    """Between 21:00 and 07:00 nobody is written to; equal hours are none, and a nap in the afternoon is quiet too."""
    night = {"quiet_from": time(21), "quiet_until": time(7)}
    assert is_quiet(moment, timezone="Europe/Paris", **night) is expected
    assert not is_quiet(datetime(2026, 11, 23, 6, 20, tzinfo=UTC), timezone="Indian/Reunion", **night)
    assert not is_quiet(moment, timezone="Europe/Paris", quiet_from=time(7), quiet_until=time(7))
    assert is_quiet(
        datetime(2026, 11, 23, 13, 0, tzinfo=UTC), timezone="Europe/Paris", quiet_from=time(14), quiet_until=time(15)
    )


def test_nothing_to_tell_is_no_letter() -> None:
    """An empty week is empty."""
    assert replace(DIGEST, left_over=(), escalated=(), drafts=(), waiting={}, raised_count=0, closed_count=0).is_empty
    assert not DIGEST.is_empty
