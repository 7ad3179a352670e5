"""What every tool says that needs to know who is there, when nobody known is."""

from collections.abc import Mapping
from typing import Any

# `spoken` is fit to be said as it is: what the model makes of `message` is its own.
NO_BADGE: Mapping[str, Any] = {
    "ok": False,
    "reason": "no_badge",
    "spoken": "Pour cela, j'ai besoin de savoir qui vous êtes : passez votre badge devant la borne, "
    "ou adressez-vous à l'accueil.",
}
