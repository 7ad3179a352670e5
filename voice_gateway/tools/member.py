"""What every tool says that needs to know who is there, when nobody known is or they want nothing personal."""

from collections.abc import Mapping
from typing import Any

# `spoken` is fit to be said as it is: what the model makes of `message` is its own.
NO_BADGE: Mapping[str, Any] = {
    "ok": False,
    "reason": "no_badge",
    "spoken": "Pour cela, j'ai besoin de savoir qui vous êtes : passez votre badge devant la borne, "
    "ou adressez-vous à l'accueil.",
}

NOTHING_PERSONAL: Mapping[str, Any] = {
    "ok": False,
    "reason": "personalisation_refused",
    "spoken": "Vous avez demandé que je ne me serve pas de votre dossier : je ne le lis donc pas. L'accueil peut vous "
    "renseigner, ou revenir sur ce choix avec vous.",
}
