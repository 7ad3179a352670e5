"""What somebody should do after a conversation, in French, each with the turns it rests on.

Rules over labels that are already chosen; no text of the member's is copied, so nothing personal
can leak. Owners: staff (on the floor or at the desk), manager (a decision or a call), member.
"""

from collections.abc import Sequence

from jarvis.conversations import ActionItem, Emotion, Intent, Issue, Outcome, Sentiment, Topic
from ml.conversations.reading import TurnReading
from ml.conversations.summary_phrases import TOPICS

# From this probability on, a turn is a source of what its intent asks for.
_SOURCE_FROM = 0.3


def action_items(
    turns: Sequence[TurnReading],
    *,
    topics: Sequence[Topic],
    intents: Sequence[Intent],
    sentiment: Sentiment,
    emotion: Emotion,
    outcome: Outcome,
    issues: Sequence[Issue],
) -> tuple[ActionItem, ...]:
    """What is left to do, the most pressing first; nothing where all was settled on the spot."""
    is_open = outcome in (Outcome.UNSOLVED, Outcome.HANDED_OVER)
    subject = " et ".join(TOPICS["fr"][topic] for topic in topics[:2])
    items: list[ActionItem] = []

    def add(text: str, owner: str, intent: Intent) -> None:
        items.append(ActionItem(text, owner, _sources(turns, intent)))

    if Topic.SAFETY in topics and is_open and sentiment is Sentiment.NEGATIVE:
        add("Traiter aujourd'hui le problème de sécurité signalé.", "manager", Intent.COMPLAIN)
    if is_open:
        items.extend(ActionItem(_repair(issue), "staff", issue.source_turn_ids) for issue in issues)
    if Intent.CANCEL_MEMBERSHIP in intents:
        add("Appeler l'adhérent au sujet de sa résiliation.", "manager", Intent.CANCEL_MEMBERSHIP)
    if Intent.REQUEST_HUMAN in intents and is_open:
        add(f"Rappeler l'adhérent (sujet : {subject}).", "staff", Intent.REQUEST_HUMAN)
    if Intent.FREEZE_MEMBERSHIP in intents and is_open:
        add("Traiter la demande de pause de l'abonnement.", "staff", Intent.FREEZE_MEMBERSHIP)
    if Intent.CHANGE_MEMBERSHIP in intents and is_open:
        add("Préparer le changement de formule demandé.", "staff", Intent.CHANGE_MEMBERSHIP)
    if Intent.ASK_BILLING in intents and is_open:
        add("Vérifier la facturation de l'adhérent et lui répondre.", "staff", Intent.ASK_BILLING)
    if Intent.LOST_ITEM in intents and is_open:
        add("Chercher l'objet perdu et prévenir l'adhérent.", "staff", Intent.LOST_ITEM)
    if Intent.REPORT_INJURY in intents and (is_open or emotion is Emotion.ANXIETY):
        add("Prendre des nouvelles de l'adhérent après son problème de santé.", "staff", Intent.REPORT_INJURY)
    if Intent.SUGGEST in intents:
        add(f"Étudier la suggestion (sujet : {subject}).", "manager", Intent.SUGGEST)
    if Intent.COMPLAIN in intents and sentiment is Sentiment.NEGATIVE:
        add(f"Répondre à la réclamation (sujet : {subject}).", "manager", Intent.COMPLAIN)
    if Intent.PRAISE in intents and Topic.STAFF_COACHING in topics and sentiment is Sentiment.POSITIVE:
        add("Transmettre les félicitations à l'équipe.", "manager", Intent.PRAISE)
    if Intent.SET_GOAL in intents:
        add("Suivre l'objectif fixé à la borne.", "member", Intent.SET_GOAL)
    return tuple(items)


def _repair(issue: Issue) -> str:
    where = f" ({issue.zone})" if issue.zone else ""
    if issue.machine:
        return f"Vérifier et remettre en état : {issue.machine}{where}."
    return f"Vérifier sur place : {TOPICS['fr'][issue.topic]}{where}."


def _sources(turns: Sequence[TurnReading], intent: Intent) -> tuple[str, ...]:
    found = tuple(turn.turn_id for turn in turns if turn.intents[intent] >= _SOURCE_FROM)
    return found or (max(turns, key=lambda turn: turn.intents[intent]).turn_id,)
