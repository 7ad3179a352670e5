"""Every sentence that the sign-in's code says; the templates hold the rest. `texts_en.json` holds their English."""

from dashboards.gate import UNAVAILABLE as UNAVAILABLE
from jarvis.passwords import LONGEST, SHORTEST
from warehouse.stores.identity_providers import Refusal

CROWDED = "Trop de connexions en même temps. Réessayez dans un instant."
FOREIGN = "Demande refusée : ouvrez la page de connexion de ce site et recommencez."
UNREADABLE = "Formulaire illisible : rouvrez la page et recommencez."
STALE = "Cette page date d'une autre session : rouvrez-la et recommencez."
ADDRESS_CLOSED_A_MINUTE = "Trop d'essais refusés depuis votre adresse. Réessayez dans une minute."
ADDRESS_CLOSED = "Trop d'essais refusés depuis votre adresse. Réessayez dans {minutes} minutes."

REFUSED = (
    "E-mail ou mot de passe incorrect. Après plusieurs essais, "
    "le compte se ferme pour quinze minutes, puis plus longtemps."
)
SIGNED_OUT = "Vous êtes déconnecté."
PASSWORD_SET = "Votre mot de passe est enregistré. Connectez-vous."

WRONG_CODE = "Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant et recommencez."
CODES_CLOSED = "Trop de codes faux : la vérification est fermée pour quinze minutes au moins."

LINK_SENT = (
    "Si un compte existe pour cet e-mail, un message vient de partir. Son lien vaut 30 minutes. "
    "Rien reçu ? Regardez dans les indésirables."
)
TOO_OFTEN = "Trop de demandes depuis votre adresse. Réessayez dans un quart d'heure."
NOT_THE_SAME = "Les deux mots de passe sont différents."
WRONG_LENGTH = f"Un mot de passe a de {SHORTEST} à {LONGEST} caractères."

WRONG_PROOF = "Mot de passe ou code incorrect."
NOTICES = {
    "mot-de-passe": "Mot de passe changé. Vos autres sessions sont fermées.",
    "application": "Double authentification désactivée. Vos autres sessions sont fermées.",
    "session": "Session fermée.",
    "sessions": "Vos autres sessions sont fermées.",
    "confirme": "Identité confirmée : vous pouvez faire le changement.",
}

PROVIDER_REFUSALS = {
    Refusal.STATE: "Cette connexion a déjà servi, ou elle a trop attendu. Recommencez.",
    Refusal.PROVIDER: "Votre fournisseur d'identité n'a pas confirmé la connexion. Recommencez.",
    Refusal.TOKEN: (
        "La réponse de votre fournisseur d'identité n'est pas valable. Recommencez, et prévenez votre "
        "administrateur si cela continue."
    ),
    Refusal.STALE: "Votre fournisseur d'identité n'a pas redemandé qui vous êtes. Recommencez.",
    Refusal.AWAY: "Votre fournisseur d'identité ne répond pas. Réessayez dans un instant, ou avec votre mot de passe.",
    Refusal.UNVERIFIED: "Votre fournisseur d'identité n'a pas vérifié votre e-mail : aucun accès ne s'ouvre ainsi.",
    Refusal.UNKNOWN: "Aucun accès n'existe ici pour ce compte. Demandez une invitation à votre administrateur.",
    Refusal.OTHER_SUBJECT: (
        "Votre e-mail appartient ici à un autre compte de votre fournisseur d'identité. Prévenez votre administrateur."
    ),
}

NO_CODE_LEFT = "Il ne reste aucun code de secours : demandez-en de nouveaux."
ONE_CODE_LEFT = "Il reste 1 code de secours."
CODES_LEFT = "Il reste {count} codes de secours."
OPENED = "ouverte {moment}"
ACTIVE = "active {age}"
OTHER_DEVICE = "Interface"
