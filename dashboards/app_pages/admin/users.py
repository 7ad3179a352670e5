"""« Utilisateurs »: everybody who signs in, over all franchises."""

from datetime import UTC, datetime

from dashboards import access, page_views, people_desk
from dashboards.language import say
from jarvis.tenancy import Permission


def page() -> None:
    """The people are placed, or the one the address names, or the run ended with the reason."""
    scope = people_desk.place(Permission.MANAGE_NETWORK, title=say("Utilisateurs"), url_path="utilisateurs")
    if access.asked_id("personne") is None:
        page_views.place(scope, access.door().records, now=datetime.now(UTC))
