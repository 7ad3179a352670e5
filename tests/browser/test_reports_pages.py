"""« Analyses » and « Recommandations » as a manager meets them: a chart leads to its rows, a report is read and
downloaded, and what a conversation left to do is ended.

Screenshots go to the folder named by JARVIS_SCREENSHOTS, where it is set.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from jarvis.settings import Settings
from orchestration import dbt
from tests.support import report_shelf
from tests.support.dashboards_door import COMPLAINT, Network, RunningDoor
from tests.support.pages import open_page, overhang, photograph, serious_faults

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

MARTS = (
    "dim_gyms",
    "fct_gym_daily",
    "fct_visits_hourly",
    "fct_costs_daily",
    "fct_topics_daily",
    "fct_churn_monthly",
    "fct_retention_cohorts",
)


@pytest.fixture(scope="module")
def talk(settings: Settings, admin: psycopg.Connection, network: Network) -> UUID:
    """Eight weeks of visits and some unhappy conversations, the newest of which is given, in built marts."""
    admin.execute(
        "insert into member_visits (gym_id, member_id, visited_at, source) "
        # At noon of the gym's own days: an hour counted back over a change of the clock may lie in the day beside.
        "select %s, %s, ((now() at time zone 'Europe/Paris')::date - day + time '12:00') at time zone 'Europe/Paris', "
        "'import' from generate_series(1, 56) as days (day)",
        [network.dax, network.member],
    )
    talks = [report_shelf.add_talk(admin, network, days_ago=days, words=COMPLAINT) for days in (20, 10, 3)]
    selected = [argument for mart in MARTS for argument in ("--select", f"+{mart}")]
    dbt.run(settings, "build", *selected, "--resource-type", "model", "--resource-type", "seed")
    return talks[-1]


def test_a_chart_answers_and_leads_to_its_rows(page: "Page", door: RunningDoor, talk: UUID) -> None:
    """The answer in words, the chart and its table, and from the figure to the conversations of these days."""
    open_page(page, door, "dax", "analyses", "Analyses")
    page.get_by_text("Autant : 28 passages contre 28.").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    assert serious_faults(page) == []
    page.locator(".st-key-trend-passages").get_by_text("Tableau").click()
    page.locator(".st-key-trend-passages").get_by_test_id("stDataFrame").wait_for()
    page.get_by_role("tab", name="Conversations").click()
    page.get_by_text("On se plaint surtout de : douches et casiers (3 conversations négatives sur 3).").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    photograph(page, "trends")
    assert serious_faults(page) == []
    # Whoever is sent the address stands on the same part.
    page.goto(page.url)
    page.get_by_text("On se plaint surtout de : douches et casiers (3 conversations négatives sur 3).").wait_for()
    page.locator(".st-key-trend-sujets").get_by_role("link", name="Voir les conversations").click()
    page.get_by_role("heading", name="Conversations", exact=True).wait_for()
    page.get_by_role("link", name="Toutes les dates").wait_for()
    assert "du=" in page.url


def test_a_report_is_read_downloaded_and_followed_to_a_conversation(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network, talk: UUID
) -> None:
    """From the latest report to its sentences, its PDF, and the words behind one of them."""
    admin.execute("delete from insights_reports")
    report_shelf.add_report(admin, network, insights=(report_shelf.topic_insight(talk),))
    open_page(page, door, "dax", "recommandations", "Recommandations")
    page.get_by_role("link", name="Lire le rapport").click()
    page.get_by_text("3 conversations négatives parlent des douches et des casiers.").wait_for()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Télécharger le PDF").click()
    assert downloading.value.suggested_filename.startswith("rapport-weekly-")
    assert Path(downloading.value.path()).read_bytes().startswith(b"%PDF")
    photograph(page, "report")
    assert serious_faults(page) == []
    page.get_by_role("link", name="Conversation 1").click()
    page.get_by_text(COMPLAINT).wait_for()


def test_what_a_conversation_left_to_do_is_ended(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network, talk: UUID
) -> None:
    """One click; the row, and the trail with whoever did it."""
    item = report_shelf.add_item(admin, network, talk)
    open_page(page, door, "dax", "recommandations", "Recommandations")
    page.get_by_text("Vérifier et remettre en état : vélo 4.").wait_for()
    photograph(page, "recommendations")
    assert serious_faults(page) == []
    page.get_by_role("button", name="C'est fait").click()
    page.get_by_text("Rien à faire ici").wait_for()
    kept = admin.execute("select state, closed_by from action_items where id = %s", [item]).fetchone()
    trail = admin.execute("select action from audit_log where subject_id = %s", [str(item)]).fetchall()
    assert kept == ("done", network.users["dax"])
    assert trail == [("action_item_done",)]


def test_a_guessed_report_gives_the_neighbour_nothing(
    page: "Page", door: RunningDoor, admin: psycopg.Connection, network: Network
) -> None:
    """The manager of Pau, who knows the address of a report of Dax, is told that there is none."""
    admin.execute("delete from insights_reports")
    report_id = report_shelf.add_report(admin, network)
    open_page(page, door, "pau", f"recommandations?rapport={report_id}", "Recommandations")
    page.get_by_text("Ce rapport n'existe pas, ou il n'est pas dans votre périmètre.").wait_for()
    assert "85 passages" not in page.content()


@pytest.mark.parametrize("path", ["analyses", "recommandations"])
def test_the_pages_fit_a_telephone(page: "Page", door: RunningDoor, talk: UUID, path: str) -> None:
    """Nothing scrolls sideways at 390 pixels."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, door, "dax", path, path.capitalize())
    page.wait_for_load_state("networkidle")
    assert overhang(page) <= 0
    photograph(page, f"{path}_phone")
