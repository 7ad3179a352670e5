"""« Utilisateurs »: everybody who signs in, over all franchises."""

from dashboards import people_desk
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The people are placed, or the one the address names, or the run ended with the reason."""
    people_desk.place(Permission.MANAGE_NETWORK, title=say("Utilisateurs"), url_path="utilisateurs")
