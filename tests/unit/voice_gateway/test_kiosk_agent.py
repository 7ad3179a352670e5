"""The agent before answers that are none of a gateway's: nothing counts as taken, and nothing ends the agent."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from voice_gateway.kiosk.agent import Agent, GatewayAway
from voice_gateway.kiosk.spool import Spool
from voice_gateway.kiosk.token_file import KeptToken, TokenFile

TAKEN = httpx.Response(200, json={"outcome": "known", "is_new": True})
# A proxy that wants https, a hotel's sign-in page, a proxy's own refusal.
STRANGERS = [
    httpx.Response(301, headers={"Location": "https://gateway.example/api/kiosk/badges"}),
    httpx.Response(200, html="<html>Bienvenue sur le Wi-Fi</html>"),
    httpx.Response(403, html="<html>Forbidden</html>"),
]


def sent_to(home: Path, answers: list[httpx.Response], *, until: int) -> int:
    """How many badges still wait after so many requests, of one that was shown."""

    async def scenario() -> int:
        asked = asyncio.Event()
        count = 0

        def answer(request: httpx.Request) -> httpx.Response:
            nonlocal count
            if request.url.path.endswith("/badges"):
                count += 1
                if count >= until:
                    asked.set()
                return answers[min(count, len(answers)) - 1]
            return httpx.Response(503)

        spool = Spool(home / "badges.ndjson")
        try:
            spool.add("B-LEA")
            token_file = TokenFile(home / "token.json")
            token_file.write(KeptToken("jk_token", datetime.now(UTC)))
            agent = Agent(
                "http://gateway.example", spool=spool, token_file=token_file, read_badges=None,
                transport=httpx.MockTransport(answer),
            )  # fmt: skip
            running = asyncio.create_task(agent.run())
            async with asyncio.timeout(10):
                await asyncio.wait(
                    {running, waiting := asyncio.create_task(asked.wait())}, return_when="FIRST_COMPLETED"
                )
            waiting.cancel()
            # What the answer brought about happens before the agent waits again.
            for _ in range(20):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return len(spool)
        finally:
            spool.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize("stranger", STRANGERS, ids=["redirect", "page", "refusal"])
def test_a_badge_waits_until_a_gateway_answers_for_it(tmp_path: Path, stranger: httpx.Response) -> None:
    """What a proxy or a sign-in page says takes no badge; the gateway's own word does."""
    assert sent_to(tmp_path / "first", [stranger], until=1) == 1
    assert sent_to(tmp_path / "second", [stranger, TAKEN], until=2) == 0


def test_a_page_in_place_of_a_new_token_leaves_the_old_one(tmp_path: Path) -> None:
    """A renewal that no gateway answered is one that did not happen."""

    async def renew() -> None:
        spool = Spool(tmp_path / "badges.ndjson")
        token_file = TokenFile(tmp_path / "token.json")
        token_file.write(KeptToken("jk_old", datetime(2026, 1, 1, tzinfo=UTC)))
        agent = Agent(
            "http://gateway.example", spool=spool, token_file=token_file, read_badges=None,
            transport=httpx.MockTransport(lambda request: STRANGERS[1]),
        )  # fmt: skip
        try:
            with pytest.raises(GatewayAway):
                await agent.renew_token(older_than=datetime.now(UTC) - datetime(2026, 6, 1, tzinfo=UTC))
        finally:
            await agent.close()
            spool.close()
        assert token_file.read().token == "jk_old"

    asyncio.run(renew())
