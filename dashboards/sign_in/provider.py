"""Signing in through the identity provider of the settings, where there is one: leaving for it, and coming back.

Its word stands in for the password alone: a second factor that is due here stays due, nobody is created, and
rights come from our own tables. Whoever has no password proves who they are there, too.
"""

import logging
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboards.gate import PROVIDER_BACK, PROVIDER_WAY, is_secure, onward, session_token
from dashboards.sign_in import texts_fr
from dashboards.sign_in.desk import Desk, route, safe_path
from dashboards.sign_in.login import login_form, next_page
from dashboards.sign_in.oidc import AnswerRefused, Provider
from dashboards.sign_in.pages import go_to
from warehouse.stores.identity_providers import SIGN_IN_LASTS, Begun, IdentityProviders, Refusal
from warehouse.stores.sign_in import hashed, new_token

# Lax: the provider's redirect must bring it back; the session's own cookie stays strict.
COOKIE = "jarvis_provider"

# Departures of one address in a quarter of an hour.
LEFT_PER_ADDRESS, ADDRESS_SECONDS = 30, 900

_STATUS = {Refusal.AWAY: 502, Refusal.STATE: 400, Refusal.TOKEN: 400}

log = logging.getLogger(__name__)


class ProviderSignIn:
    """The routes `/login/fournisseur` and `/login/fournisseur/retour`."""

    def __init__(self, desk: Desk, *, store: IdentityProviders, provider: Provider | None) -> None:
        self._desk = desk
        self._store = store
        self._provider = provider

    def routes(self) -> list[Route]:
        """The routes, ready for the app; without a provider both lead to the form."""
        return [route(PROVIDER_WAY, self.leave, "GET"), route(PROVIDER_BACK, self.come_back, "GET")]

    async def leave(self, request: Request) -> Response:
        """On to the provider, with a question that only this browser can bring the answer to."""
        asked = safe_path(request.query_params.get("next"))
        if self._provider is None:
            return go_to(f"/login?next={quote(asked)}")
        address = (self._desk.visitor(request).address_hash or b"").hex()
        bucket = f"provider/ip/{address}"
        if not await self._desk.asks(self._desk.sessions.take, bucket, LEFT_PER_ADDRESS, ADDRESS_SECONDS):
            return login_form(self._desk, asked=asked, error=texts_fr.TOO_OFTEN, status=429)
        held = session_token(request.cookies) if "encore" in request.query_params else None
        begun = Begun(
            state=new_token(),
            browser=new_token(),
            nonce=new_token(),
            verifier=new_token(),
            asked=asked,
            proof_of=None if held is None else hashed(held),
        )
        try:
            url = await self._provider.authorization_url(begun)
        except AnswerRefused as refused:
            return await self._refuse(request, refused.reason, asked=asked)
        await self._desk.asks(self._store.begin, begun)
        answer = RedirectResponse(url, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})
        answer.set_cookie(
            COOKIE, begun.browser, max_age=int(SIGN_IN_LASTS.total_seconds()), path=PROVIDER_BACK,
            secure=is_secure(request, public_url=self._desk.public_url), httponly=True, samesite="lax",
        )  # fmt: skip
        return answer

    async def come_back(self, request: Request) -> Response:
        """An open session, or one that waits for its code; or the form, with the reason in a sentence."""
        if self._provider is None:
            return go_to("/login")
        answer = await self._answer(request, self._provider)
        answer.delete_cookie(COOKIE, path=PROVIDER_BACK, httponly=True, samesite="lax")
        return answer

    async def _answer(self, request: Request, provider: Provider) -> Response:
        state, browser = request.query_params.get("state", ""), request.cookies.get(COOKIE, "")
        kept = await self._desk.asks(self._store.take, state, browser)
        if kept is None:
            return await self._refuse(request, Refusal.STATE)
        code = request.query_params.get("code")
        if code is None:
            return await self._refuse(request, Refusal.PROVIDER, asked=kept.asked)
        try:
            identity = await provider.identity(code, kept)
        except AnswerRefused as refused:
            return await self._refuse(request, refused.reason, asked=kept.asked)
        opened = await self._desk.asks(self._store.open, identity, self._desk.visitor(request))
        if isinstance(opened, Refusal):
            return login_form(self._desk, asked=kept.asked, error=texts_fr.PROVIDER_REFUSALS[opened], status=403)
        if kept.proof_of is not None:
            await self._desk.asks(self._desk.sessions.revoke_hashed, kept.proof_of)
        # Not a redirect: the browser would follow it as the provider's, without our strict cookie.
        return self._desk.keeps(request, onward(next_page(opened.stage, kept.asked)), opened.token)

    async def _refuse(self, request: Request, reason: Refusal, *, asked: str = "/") -> Response:
        await self._desk.asks(self._store.refuse, reason, self._desk.visitor(request))
        log.warning("provider sign-in refused", extra={"reason": reason.value})
        return login_form(
            self._desk, asked=asked, error=texts_fr.PROVIDER_REFUSALS[reason], status=_STATUS.get(reason, 403)
        )
