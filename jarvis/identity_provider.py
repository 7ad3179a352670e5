"""The identity provider that people may sign in with, as the settings name it; `dashboards/sign_in` speaks to it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """An OpenID Connect provider, and who we are to it."""

    issuer: str
    """Its URL, exactly as its tokens say it."""
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None for a public client, which PKCE alone protects."""
    name: str
    """What the button says."""
