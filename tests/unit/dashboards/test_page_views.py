"""Arrivals at pages: counted once each, kept from failing the page, and told in the words of the menu."""

from datetime import date
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
import streamlit

from dashboards import access, page_views
from jarvis.tenancy import Scope, UserRole
from tests.support.app_pages import MemoryRecords

PERSON = Scope(user_id=uuid4(), role=UserRole.GYM_MANAGER, full_name="Camille")


def test_an_arrival_is_counted_once_until_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clicks and refreshes on a page are no arrival; coming back is."""
    records = MemoryRecords({"page_views.note": [{"is_noted": True}]})
    monkeypatch.setattr(streamlit, "session_state", {})
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=records))
    for page in ("alertes", "alertes", "bornes", "alertes"):
        page_views.note(PERSON, page)
    assert [values["page"] for _, values in records.asked] == ["alertes", "bornes", "alertes"]


def test_a_database_that_is_away_keeps_nobody_from_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count is lost, and the page is placed."""

    class Away:
        def row(self, *_: object, **__: object) -> None:
            raise psycopg.OperationalError("away")

    monkeypatch.setattr(streamlit, "session_state", {})
    monkeypatch.setattr(access, "door", lambda: SimpleNamespace(records=Away()))
    page_views.note(PERSON, "alertes")


def test_a_line_reads_as_the_menu_does() -> None:
    """The page by its title, the person by their name or else their e-mail."""
    row = {
        "user_id": uuid4(), "full_name": None, "email": "camille@salle.test", "role": "gym_manager", "gym_name": "Dax",
        "page": "aujourdhui", "view_count": 4, "day_count": 2, "last_date": date(2026, 3, 12),
    }  # fmt: skip
    line = page_views.line(row)
    assert (line["name"], line["page"], line["role"]) == ("camille@salle.test", "Aujourd'hui", "Responsable de salle")
