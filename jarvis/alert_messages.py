"""What a manager could write to a member: a draft in the member's language and tone, never sent by itself.

Pure. French says tu or vous by the member's own style of communication; the draft names a reason the member
knows of, and nothing that was observed, scored or felt. `warehouse/stores/alert_messages.py` keeps the drafts.
"""

from collections.abc import Collection
from dataclasses import dataclass

from jarvis.alerts import AlertType
from jarvis.conversations import Topic
from jarvis.topics_fr import listed

LANGUAGES = ("fr", "en", "es")

# Whoever is addressed directly is addressed formally.
FORMAL_STYLES = frozenset({"direct"})

DRAFTED = (AlertType.CHURN_RISK, AlertType.NEGATIVE_FEEDBACK, AlertType.MILESTONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why one writes to one member, and how they like to be spoken to."""

    alert_type: AlertType
    first_name: str | None
    language: str
    style: str
    """encouraging, friendly or direct."""
    gym_name: str
    topic: str | None = None
    """Of a complaint."""
    factors: Collection[str] = ()
    """What a risk rests on, as the churn stage names it."""
    milestone: str | None = None
    """A number of visits, years:N or goal:ID."""


def draft(occasion: Occasion) -> tuple[str, str]:
    """The language and the text of a message; French where the member's language is none of ours."""
    language = occasion.language if occasion.language in LANGUAGES else "fr"
    texts = {"fr": _french, "en": _english, "es": _spanish}
    return language, texts[language](occasion)


def _french(one: Occasion) -> str:
    is_formal = one.style in FORMAL_STYLES

    def say(familiar: str, formal: str) -> str:
        return formal if is_formal else familiar

    greeting = say("Salut", "Bonjour") + (f" {one.first_name}" if one.first_name else "")
    if one.alert_type is AlertType.MILESTONE:
        body = f"{_french_milestone(one, is_formal=is_formal)} Toute l'équipe {say('te', 'vous')} félicite."
        end = say("À très vite !", "À bientôt.")
    elif one.alert_type is AlertType.NEGATIVE_FEEDBACK:
        about = _french_topic(one.topic)
        body = say(
            f"Merci de nous avoir dit ce qui ne va pas{about}. On veut que ça s'améliore : "
            "tu as un moment pour en parler cette semaine ?",
            f"Merci de nous avoir dit ce qui ne va pas{about}. Nous voulons que cela s'améliore : "
            "auriez-vous un moment pour en parler cette semaine ?",
        )
        end = say("Merci encore !", "Merci encore.")
    elif any("expir" in factor for factor in one.factors):
        body = say(
            "Ton abonnement arrive bientôt à son terme. Si tu veux, on regarde ensemble la formule qui te va le mieux.",
            "Votre abonnement arrive bientôt à son terme. "
            "Si vous le souhaitez, nous regardons ensemble la formule qui vous convient.",
        )
        end = say("Réponds quand tu veux !", "N'hésitez pas à répondre à ce message.")
    else:
        body = say(
            "On prend de tes nouvelles ! "
            "Envie d'un nouveau programme, d'un cours à essayer ou de voir un coach ? On te réserve un créneau.",
            "Nous prenons de vos nouvelles. "
            "Si un nouveau programme ou un point avec un coach vous intéresse, nous vous réservons un créneau.",
        )
        end = say("Dis-nous ce qui te ferait plaisir !", "N'hésitez pas à répondre à ce message.")
    return f"{greeting},\n\n{body}\n{end}\n\nL'équipe de la salle {one.gym_name}"


def _french_milestone(one: Occasion, *, is_formal: bool) -> str:
    kind, _, number = (one.milestone or "").partition(":")
    whose = "votre" if is_formal else "ta"
    if kind == "years":
        since = "Un an" if number == "1" else f"{number} ans"
        return f"{since} déjà avec nous : merci {'de votre' if is_formal else 'de ta'} fidélité !"
    if kind == "goal":
        return f"{'Vous avez' if is_formal else 'Tu as'} atteint {'votre' if is_formal else 'ton'} objectif : bravo !"
    return f"{whose.capitalize()} {kind}e visite : bravo !"


def _french_topic(topic: str | None) -> str:
    if topic is None or topic not in set(Topic) or topic == Topic.OTHER:
        return ""
    return f" ({listed([Topic(topic)])})"


def _english(one: Occasion) -> str:
    greeting = f"Hello {one.first_name}" if one.first_name else "Hello"
    kind, _, number = (one.milestone or "").partition(":")
    if one.alert_type is AlertType.MILESTONE:
        reached = {"years": f"{number} years with us" if number != "1" else "One year with us", "goal": "Goal reached"}
        body = f"{reached.get(kind, f'Visit number {kind}')}: congratulations from the whole team!"
    elif one.alert_type is AlertType.NEGATIVE_FEEDBACK:
        body = "Thank you for telling us what could be better. Do you have a moment this week to talk about it?"
    elif any("expir" in factor for factor in one.factors):
        body = "Your membership ends soon. If you like, we can look together for the plan that suits you best."
    else:
        body = "How are you? If you would like a new programme or a word with a coach, we will keep a slot for you."
    return f"{greeting},\n\n{body}\n\nThe team of {one.gym_name}"


def _spanish(one: Occasion) -> str:
    greeting = f"Hola {one.first_name}" if one.first_name else "Hola"
    kind, _, number = (one.milestone or "").partition(":")
    if one.alert_type is AlertType.MILESTONE:
        reached = {"years": f"{number} años con nosotros" if number != "1" else "Un año con nosotros"}
        reached["goal"] = "Objetivo cumplido"
        body = f"{reached.get(kind, f'Visita número {kind}')}: ¡enhorabuena de todo el equipo!"
    elif one.alert_type is AlertType.NEGATIVE_FEEDBACK:
        body = "Gracias por contarnos lo que se puede mejorar. ¿Hay un momento esta semana para hablarlo?"
    elif any("expir" in factor for factor in one.factors):
        body = "La suscripción termina pronto. Si quieres, buscamos juntos la fórmula que mejor convenga."
    else:
        body = "¿Qué tal todo? Si apetece un programa nuevo o hablar con un entrenador, reservamos un hueco."
    return f"{greeting}:\n\n{body}\n\nEl equipo de {one.gym_name}"
