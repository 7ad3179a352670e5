"""The letter about risen alerts: what it says of one, and of several gyms' alerts."""

from datetime import UTC, datetime, timedelta

from jarvis.alert_letters import Risen, letter
from jarvis.alerts import Priority

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ONE = Risen("Dax", "Douches froides", Priority.URGENT, NOW - timedelta(days=1, hours=3))


def test_one_alert_stands_in_the_subject() -> None:
    """Which gym and since when, before anybody opens it; in the singular."""
    made = letter([ONE], recipient_name="Camille", now=NOW, alerts_url="https://jarvis.test")
    assert made.subject == "Dax : une alerte attend depuis un jour"
    assert made.opening == (
        "Bonjour Camille,", "Personne ne s'est encore chargé de cette alerte : sa priorité a été relevée.",
    )  # fmt: skip
    assert made.sections[0].lines == ("Douches froides : depuis un jour, priorité urgente",)


def test_several_alerts_stand_by_gym() -> None:
    """Counted in the subject, each under its own gym."""
    pau = Risen("Pau", "Borne hors ligne", Priority.HIGH, NOW - timedelta(days=7))
    made = letter([ONE, pau, pau], recipient_name=None, now=NOW, alerts_url="https://jarvis.test")
    assert made.subject == "3 alertes attendent depuis trop longtemps"
    assert made.opening[0] == "Bonjour,"
    assert [(one.heading, len(one.lines)) for one in made.sections] == [("Dax", 1), ("Pau", 2)]
