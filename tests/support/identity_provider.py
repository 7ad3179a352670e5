"""An OpenID Connect provider on this machine: it signs people in when a test says so, and lies when told to."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "jarvis", "entre nous : 100 %"


@dataclass
class PlayedProvider:
    """What it knows, what it says, and what it was asked."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, parameters={"kid": "first", "use": "sig"}))
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Code to the claims of its token, and under `_challenge` the PKCE challenge it must answer."""
    discovered: dict[str, Any] = field(default_factory=dict)
    """What discovery says besides, or instead."""
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def sign_in(self, location: str, *, now: float, **claims: Any) -> dict[str, str]:
        """Somebody signs in at the address the browser was sent to: what the browser brings back.

        Args:
            now: seconds since the epoch, by the provider's clock.
            claims: of the ID token, besides what OpenID Connect asks for; None leaves one out.
        """
        parts = urlsplit(location)
        question = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert location.startswith(f"{self.issuer}/authorize?")
        assert question["response_type"] == "code"
        assert question["code_challenge_method"] == "S256"
        said = {
            "iss": self.issuer, "aud": question["client_id"], "sub": "subject-1", "nonce": question["nonce"],
            "iat": int(now), "exp": int(now) + 300, **claims,
        }  # fmt: skip
        code = f"code-{len(self.codes)}"
        self.codes[code] = {
            **{name: value for name, value in said.items() if value is not None},
            "_challenge": question["code_challenge"],
        }
        return {"state": question["state"], "code": code}

    def turn_key(self) -> None:
        """It signs with a new key from now on."""
        self.key = RSAKey.generate_key(2048, parameters={"kid": "second", "use": "sig"})

    def answer(self, path: str, body: str, authorization: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one request."""
        self.asked.append(path)
        if self.is_down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.discovered,
            }
        if path == "/keys":
            return 200, dict(KeySet([self.key]).as_dict(private=False))
        return self._token({name: values[0] for name, values in parse_qs(body).items()}, authorization)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        claims = dict(self.codes.pop(form.get("code", ""), {}))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        expected = base64.b64encode(f"{CLIENT_ID}:{quote(CLIENT_SECRET, safe='')}".encode()).decode()
        if claims.pop("_challenge", None) != challenge or authorization != f"Basic {expected}":
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)}


@contextmanager
def played_provider() -> Iterator[PlayedProvider]:
    """It answers on the loopback address until the block ends."""
    provider = PlayedProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])).decode())

        def _answer(self, body: str) -> None:
            status, said = provider.answer(self.path, body, self.headers.get("authorization", ""))
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: tests read what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
