"""The main job, end to end: one spoken complaint becomes an alert its manager sees, and nobody else."""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.acceptance.conftest import REPOSITORY, System, wait_for
from warehouse.demo.simulate import DEMO_PASSWORD

COMPLAINT = (
    "Les douches sont sales, c'est inadmissible",
    "Le tapis numéro quatre est en panne et personne ne s'en occupe",
)


@pytest.fixture(scope="module")
def visit(system: System) -> dict[str, Any]:
    """A kiosk provisioned by code, a member badged, a French complaint spoken, the kiosk hung up."""
    member = system.rows(
        """
        select members.id, members.badge_id, members.gym_id, gyms.slug
        from gym_members_v2 as members
        inner join gyms on members.gym_id = gyms.id
        left join member_analytics as analytics on members.id = analytics.member_id
        where members.is_active and gyms.franchise_id is not null
        order by coalesce(analytics.total_conversations, 0), members.badge_id
        limit 1
        """
    )[0]
    # What the demo network left in the queue is analysed first, so that only this visit moves the member.
    wait_for(
        lambda: not system.rows("select from conversation_summaries where status = 'pending' limit 1"),
        seconds=240,
        what="the analysis of the demo network",
    )
    before = system.rows("select * from member_analytics where member_id = %(id)s", id=member["id"])
    token = system.new_kiosk(member["slug"], "Borne visite")
    spoken = [argument for sentence in COMPLAINT for argument in ("--say", sentence)]
    printed = system.jarvis("kiosk", "talk", "--token", token, "--badge", member["badge_id"], *spoken)
    session_id = json.loads(printed.strip().splitlines()[-1])["session_id"]
    return {"member": member, "session_id": session_id, "before": before}


def test_the_session_is_closed_with_what_was_said(system: System, visit: dict[str, Any]) -> None:
    """The session is closed by the member, its spoken turns and its bill are in the tables."""
    session = system.rows("select * from openai_realtime_sessions where id = %(id)s", id=visit["session_id"])[0]
    assert session["state"] == "closed"
    assert session["close_reason"] in ("member_left", "member_goodbye")
    assert session["member_id"] == visit["member"]["id"]
    turns = system.rows(
        "select * from session_turns where session_id = %(id)s order by position", id=visit["session_id"]
    )
    heard = [turn["text"] for turn in turns if turn["role"] == "member"]
    assert [words.rstrip(".!?") for words in heard] == [words.rstrip(".!?") for words in COMPLAINT]
    assert any(turn["role"] == "assistant" and turn["text"] for turn in turns)
    assert system.rows("select from realtime_usage where session_id = %(id)s", id=visit["session_id"])
    assert system.rows("select from member_visits where member_id = %(id)s", id=visit["member"]["id"])


def test_the_session_gets_every_field_with_no_hand_on_it(system: System, visit: dict[str, Any]) -> None:
    """Summary, sentiment, emotion, topics, intents and embedding come through the sensor alone."""
    summary = wait_for(
        lambda: system.rows(
            "select * from conversation_summaries where session_id = %(id)s and status = 'completed'",
            id=visit["session_id"],
        ),
        seconds=30,
        what="the analysis",
    )[0]
    assert summary["summary_text"]
    assert summary["sentiment_label"] == "negative"
    assert {"equipment", "showers_lockers", "cleanliness"} & set(summary["key_topics"])
    assert {"complain", "report_issue"} & set(summary["intents_detected"])
    assert summary["emotion_detected"] in ("frustration", "anger", "disappointment")
    assert summary["embedding"] is not None


def test_the_members_analytics_move(system: System, visit: dict[str, Any]) -> None:
    """One conversation more, and one negative one more, than before the visit."""
    before = visit["before"][0] if visit["before"] else {"total_conversations": 0, "negative_sentiment_count": 0}

    def moved() -> list[dict[str, Any]]:
        return system.rows(
            "select * from member_analytics where member_id = %(id)s and total_conversations = %(n)s",
            id=visit["member"]["id"],
            n=before["total_conversations"] + 1,
        )

    after = wait_for(moved, seconds=30, what="the member's analytics")[0]
    assert after["negative_sentiment_count"] == before["negative_sentiment_count"] + 1
    assert after["last_conversation_at"] is not None


def test_the_alert_quotes_the_member(system: System, visit: dict[str, Any]) -> None:
    """A negative-feedback alert of this session quotes the member's words."""
    alert = wait_for(
        lambda: system.rows(
            """
            select * from manager_alerts
            where session_id = %(id)s and alert_type = 'negative_feedback' and status = 'pending'
            """,
            id=visit["session_id"],
        ),
        seconds=30,
        what="the alert",
    )[0]
    quoted = " ".join(quote["text"] for quote in alert["context"]["turns"])
    assert "douches sont sales" in quoted
    assert alert["gym_id"] == visit["member"]["gym_id"]


@pytest.mark.browser
def test_the_manager_sees_it_on_the_page_and_the_neighbour_does_not(system: System, visit: dict[str, Any]) -> None:
    """In a real browser: the gym's manager reads the member's words, the sibling gym's manager does not."""
    from playwright.sync_api import expect, sync_playwright

    wait_for(
        lambda: system.rows("select from manager_alerts where session_id = %(id)s", id=visit["session_id"]),
        seconds=60,
        what="the alert",
    )
    managers = system.rows(
        """
        select users.email, users.gym_id = %(gym)s as is_own
        from users inner join gyms on users.gym_id = gyms.id
        where users.role = 'gym_manager' and users.is_active
            and gyms.franchise_id = (select franchise_id from gyms where id = %(gym)s)
        """,
        gym=visit["member"]["gym_id"],
    )
    own = next(manager["email"] for manager in managers if manager["is_own"])
    neighbour = next(manager["email"] for manager in managers if not manager["is_own"])
    address = f"http://127.0.0.1:{system.settings.dashboards_port}/"
    folder = os.environ.get("JARVIS_SCREENSHOTS")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        for email, sees_it in ((own, True), (neighbour, False)):
            page = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 1400}).new_page()
            page.goto(address)
            page.get_by_role("link", name="Se connecter").click()
            page.get_by_label("E-mail").fill(email)
            page.get_by_label("Mot de passe").fill(DEMO_PASSWORD)
            page.get_by_role("button", name="Se connecter").click()
            expect(page.get_by_role("heading", name="Aujourd'hui", exact=True)).to_be_visible(timeout=30_000)
            page.get_by_role("link", name="Alertes", exact=True).click()
            expect(page.get_by_role("heading", name="Alertes").first).to_be_visible(timeout=30_000)
            quote = page.get_by_text("Les douches sont sales").first
            if sees_it:
                expect(quote).to_be_visible(timeout=30_000)
                expect(page.get_by_text("Borne visite").first).to_be_visible()
                if folder:
                    page.screenshot(path=str(Path(folder) / "alerts.png"))
            else:
                page.wait_for_timeout(3_000)
                body = page.locator("body").inner_text()
                assert "Borne visite" not in body
        browser.close()


@pytest.mark.browser
def test_the_asset_graph_shows_the_flow(system: System) -> None:
    """The data team's door draws the whole flow, from raw tables to marts."""
    from playwright.sync_api import expect, sync_playwright

    folder = os.environ.get("JARVIS_SCREENSHOTS")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        )
        page = browser.new_context(viewport={"width": 2400, "height": 1300}).new_page()
        # The graph draws what is in the window only, so the marts come after the rest.
        for groups, assets in (
            (("conversations", "members", "alerts"), ("convers.*_summaries", "member_analytics", "manager_alerts")),
            (("marts",), ("fct_sess.*", "dim_members")),
        ):
            expanded = ",".join(f"global@global:{group}" for group in groups)
            page.goto(f"http://127.0.0.1:{system.settings.dagster_port}/asset-groups?expanded={quote(expanded)}")
            expect(page.get_by_text("raw").first).to_be_visible(timeout=60_000)
            # The graph shortens long names in their middle.
            for asset in assets:
                expect(page.get_by_text(re.compile(f"^{asset}$")).first).to_be_visible(timeout=60_000)
            if folder and "alerts" in groups:
                page.wait_for_timeout(2_000)
                page.screenshot(path=str(Path(folder) / "asset_graph.png"))
        browser.close()


def test_the_repository_shows_both_pictures() -> None:
    """The alerts page and the asset graph are in the documentation."""
    for name in ("alerts.png", "asset_graph.png"):
        assert (REPOSITORY / "docs" / "images" / name).stat().st_size > 20_000
