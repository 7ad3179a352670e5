"""OpenID Connect with one provider: where to send the browser, and whom the answer names.

Authorization code with PKCE; the provider is found by discovery, its answer is checked against what was asked
(OpenID Connect Core 3.1.3.7). Nothing here knows of people or sessions; `provider.py` does.
"""

import hashlib
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from jarvis.identity_provider import IdentityProvider
from warehouse.stores.identity_providers import Begun, Identity, Kept, Refusal

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

# Signatures that a holder of our secret, or of nothing, cannot make.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

# Two clocks may differ by this.
LEEWAY_SECONDS = 60

# What the provider says of itself is asked again after this.
DISCOVERY_SECONDS = 3600

TIMEOUT_SECONDS = 5.0


class AnswerRefused(Exception):
    """The provider's answer lets nobody in; the reason is one the audit trail keeps."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Provider:
    """One provider, as the settings name it."""

    def __init__(
        self,
        client: IdentityProvider,
        *,
        redirect_uri: str,
        clock: Callable[[], float] = time.time,
        connect: Callable[[], httpx.AsyncClient] = lambda: httpx.AsyncClient(timeout=TIMEOUT_SECONDS),
    ) -> None:
        self._client = client
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._connect = connect
        self._found: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._found_at = float("-inf")

    @property
    def name(self) -> str:
        """What the button says."""
        return self._client.name

    async def authorization_url(self, begun: Begun) -> str:
        """Where the browser goes to be told who it is.

        Raises:
            AnswerRefused: when the provider does not say where.
        """
        found = await self._discovered()
        question = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": _challenge(begun.verifier),
            "code_challenge_method": "S256",
        }
        if begun.proof_of is not None:
            question |= {"prompt": "login", "max_age": "0"}
        address = found["authorization_endpoint"]
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(question)}"

    async def identity(self, code: str, kept: Kept) -> Identity:
        """Whom the code names.

        Raises:
            AnswerRefused: when the provider does not answer, or its answer is not to what was asked.
        """
        found = await self._discovered()
        token = await self._id_token(found, code, kept.verifier)
        claims = await self._claims(token, nonce=kept.nonce)
        if kept.proof_of is not None:
            proven_at = claims.get("auth_time")
            if not isinstance(proven_at, int) or proven_at < kept.begun_at.timestamp() - LEEWAY_SECONDS:
                raise AnswerRefused(Refusal.STALE)
        email = claims.get("email")
        is_verified = claims.get("email_verified") is True and isinstance(email, str)
        return Identity(self._client.issuer, claims["sub"], email if is_verified else None)

    async def _id_token(self, found: Mapping[str, Any], code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        secret, authentication = self._client.client_secret, None
        # RFC 6749, 2.3.1; a provider that names no way takes the header (OpenID Connect Discovery 3).
        if secret is not None and "client_secret_basic" in found.get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            authentication = httpx.BasicAuth(quote(self._client.client_id, safe=""), quote(secret, safe=""))
        else:
            form |= {"client_id": self._client.client_id} | ({} if secret is None else {"client_secret": secret})
        answer = await self._ask("POST", found["token_endpoint"], data=form, auth=authentication)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise AnswerRefused(Refusal.TOKEN)
        return token

    async def _claims(self, token: str, *, nonce: str) -> Mapping[str, Any]:
        # A third of a second of loading, and only where there is a provider.
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        try:
            try:
                claims = jwt.decode(token, await self._signers(), algorithms=ALGORITHMS).claims
            except InvalidKeyIdError:
                # It signs with a key that is newer than what we know.
                claims = jwt.decode(token, await self._signers(anew=True), algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                now=lambda: int(self._clock()),
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._client.issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self._client.client_id},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise AnswerRefused(Refusal.TOKEN) from error
        # A token for several parties says which of them asked for it.
        if claims.get("azp", self._client.client_id) != self._client.client_id:
            raise AnswerRefused(Refusal.TOKEN)
        return claims

    async def _discovered(self) -> Mapping[str, Any]:
        if self._clock() - self._found_at > DISCOVERY_SECONDS:
            issuer = self._client.issuer
            found = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            endpoints = [found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            if found.get("issuer") != issuer or not all(_is_as_safe(endpoint, issuer) for endpoint in endpoints):
                raise AnswerRefused(Refusal.AWAY)
            self._found, self._keys, self._found_at = found, None, self._clock()
        return self._found

    async def _signers(self, *, anew: bool = False) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        if self._keys is None or anew:
            found = await self._ask("GET", self._found["jwks_uri"])
            try:
                self._keys = KeySet.import_key_set({"keys": found["keys"]})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise AnswerRefused(Refusal.AWAY) from error
        return self._keys

    async def _ask(self, method: str, url: str, **how: Any) -> Mapping[str, Any]:
        try:
            async with self._connect() as connection:
                answer = await connection.request(method, url, headers={"accept": "application/json"}, **how)
            if answer.is_client_error and method == "POST":
                # The code was used, made up, or given to somebody else.
                raise AnswerRefused(Refusal.TOKEN)
            found = answer.raise_for_status().json()
        except (httpx.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise AnswerRefused(Refusal.AWAY) from error
        if not isinstance(found, dict):
            raise AnswerRefused(Refusal.AWAY)
        return found


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _is_as_safe(endpoint: object, issuer: str) -> bool:
    """An address as well protected as the issuer's own."""
    return isinstance(endpoint, str) and urlsplit(endpoint).scheme in ("https", urlsplit(issuer).scheme)
