"""« Équipe »: who works in the gyms one manages, and what they may open."""

from dashboards import people_desk
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The people are placed, or the one the address names, or the run ended with the reason."""
    people_desk.place(Permission.MANAGE_GYMS, title=say("Équipe"), url_path="equipe")
