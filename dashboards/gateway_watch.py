"""The gateway as the dashboards see it from outside: does it answer, can it serve, and what do its meters say.

Asked over HTTP at each look and never waited for: where it is away the page says so and shows the rest.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from jarvis.meters import Page

# Longer than any answer of a gateway that is well, shorter than anybody's patience.
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class GatewayState:
    """What it answered."""

    is_alive: bool
    parts: dict[str, str] = field(default_factory=dict)
    """What it says of its own parts: database, upstream, recorder."""
    meters: Page = field(default_factory=Page)
    address: str = ""
    """Host and port that were asked: of several gateways, the one this is about."""

    @property
    def is_ready(self) -> bool:
        """True where a member could be served now."""
        return self.parts.get("status") == "ready"


class GatewayWatch:
    """Asks the gateway at its address."""

    def __init__(self, url: str) -> None:
        # Ours is on this machine: no proxy stands between. One client for all looks: each new one reads every
        # authority's certificate first, 30 ms of a core.
        self._client = httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False)
        self._address = urlsplit(url).netloc

    def look(self) -> GatewayState:
        """How it is now; one that does not answer in a second, or answers nonsense, is not alive."""
        try:
            ready, meters = self._client.get("/readyz"), self._client.get("/metrics")
            parts = {str(name): str(value) for name, value in ready.json().items()}
            page = page_of(meters.text)
        except (httpx.HTTPError, ValueError, AttributeError):
            return GatewayState(is_alive=False, address=self._address)
        return GatewayState(is_alive=meters.status_code == 200, parts=parts, meters=page, address=self._address)


def page_of(text: str) -> Page:
    """A page of meters in Prometheus's text format.

    Raises:
        ValueError: when it is none.
    """
    samples: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples.setdefault(sample.name, []).append((sample.labels, sample.value))
    return Page(samples)
