"""How the member left the conversation, and how content that makes them likely to be.

A member who was helped takes their leave: they thank, say goodbye, or say that it is all right. One
who was not is often simply gone: what they said last stays without an answer, or the assistant asks
whether anybody is there. Rules over words, no model, nothing learnt: real support chats measured
them (`bench/analysis_quality --only support`). Called by `local`, for the outcome and for
`satisfaction`.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum

from jarvis.conversations import Conversation, Outcome, Role, Sentiment
from ml.conversations.course import course_of
from ml.conversations.cues import plain

# French, English, Spanish and Portuguese, as `plain` leaves them.
_THANKS = re.compile(
    r"(?<!\w)(?:(?<!non )merci|je vous remercie|thanks?\b|thank you|cheers\b|much appreciated|gracias|agradec|"
    r"obrigad|valeu\b|impecc?a|parfait|nickel)"
)
_GOODBYE = re.compile(
    r"(?<!\w)(?:au revoir|a (?:bientot|demain|plus|tout a l'heure|la prochaine)|"
    r"(?:bonne|belle|excellente) (?:journee|soiree|seance|nuit)|salut[ .!]*$|ciao|bye|goodbye|see you|"
    r"have a (?:good|nice|great|lovely)|you too|adios|hasta (?:luego|manana|pronto|el|la)|tchau|"
    r"ate (?:mais|logo|breve)|"
    r"bo[am] (?:noite|dia|tarde|semana)|abracos?\b|igualmente)"
)
_AGREES = re.compile(
    r"(?<!\w)(?:ok\b|okay|d'accord|entendu|ca marche|c'est (?:bon|note|tout)|tres bien|got it|i (?:understand|see)\b|"
    r"all right|alright|great\b|perfect|that'?s (?:all|it|fine)|nothing else|vale\b|de acuerdo|entiendo|nada mas|"
    r"entendi|certo\b|ta bo[am]|so isso|beleza)"
)
_ANYBODY_THERE = re.compile(
    r"(?:vous etes|etes.vous|tu es|es.tu) (?:toujours|encore) la|"
    r"je n'ai plus de (?:reponse|nouvelles)|sans reponse de votre part|"
    r"still (?:there|with (?:me|us)|on the line)|(?:haven't|have not|did not|didn't) (?:heard|hear|received?)|"
    r"no (?:reply|response)|you're busy|you are busy|have to (?:close|end|disconnect) (?:the|this) chat|"
    r"chat (?:will|is going to) (?:close|be closed|get closed)|inactivity|hope we are (?:still )?connected|"
    r"refresh (?:this|the|our) (?:interaction|chat|session)|sigue (?:ahi|usted)|todavia esta ahi|"
    r"ainda esta (?:ai|comigo)|esta(?:r)? ocupad|encerrar (?:o|este) (?:chat|bate)"
)
_SOLVED = re.compile(
    r"(?:probleme|souci|question) (?:est|a ete) (?:maintenant |enfin )?(?:resolue?|reglee?)|"
    r"c'est (?:resolu|regle|repare|arrange)\b|"
    r"(?:ca|cela) (?:re)?(?:marche|fonctionne) (?:bien|maintenant|enfin|tres bien|nickel|impec|parfaitement)|"
    r"(?:it|that|everything) works(?: now| again| fine|[.!]|$)|"
    r"(?:it'?s|problem'?s?|all|is) (?:now )?(?:solved|fixed|sorted)|"
    r"ya (?:me )?funciona|(?:solucionado|resuelto|arreglado)\b|resolvido\b"
)
_NOT = re.compile(r"(?<!\w)(?:pas|plus|jamais|not|n't|no (?=esta|se|lo)|sin|nao)(?!\w)|n't")

# It asks without a question mark: a request for what only the member knows.
_REQUESTS = re.compile(
    r"(?:may|can|could) (?:i|you) (?:please |kindly )?(?:know|have|get|tell|confirm|provide|share|give|send)|"
    r"please (?:tell|confirm|provide|share|give|send|specify)|(?:dites|donnez|precisez|indiquez|confirmez)[- ]moi|"
    r"(?:dis|donne|precise|indique|confirme)-moi|(?:pouvez|pourriez|peux)[- ](?:vous|tu) (?:me|m')|"
    r"merci de (?:me )?(?:preciser|confirmer|donner|dire|indiquer)|"
    r"(?:digame|dime|indiqueme|confirmeme)|(?:me (?:diga|informe|confirme|envie)|pode(?:ria)? me)"
)

# What an assistant asks to close with, and waits for no answer to.
_ANYTHING_ELSE = re.compile(r"autre chose|anything else|any other|algo mas|mais alguma|puis-je faire|besoin d'aide")

# What a member says who has tried what they were told, and nothing has changed.
_STUCK = re.compile(
    r"(?<!\w)(?:still (?:not|doesn'?t|don'?t|can'?t|isn'?t|no|the same|nothing|says|shows|getting)|"
    r"same (?:error|problem|message|thing|issue)|what i (?:did|have done)|"
    r"(?:doesn'?t|does not|isn'?t|not|didn'?t) work|"
    r"toujours (?:pas|rien|le meme|la meme)|meme (?:erreur|message|probleme|chose)|"
    r"(?:marche|fonctionne|passe) (?:toujours )?pas|"
    r"sigue (?:sin|igual|el mismo|la misma)|mism[oa] (?:error|mensaje|problema)|no funciona|"
    r"(?:ainda|continua) (?:nao|sem|o mesmo|a mesma)|mesm[oa] (?:erro|mensagem|problema)|nao funciona)"
)

# Where a long answer's last question stands.
_CLOSING_CHARACTERS = 80

# How much of the estimate is the member's view, how it ended for them, how they left, and how the talk went.
_VIEW, _OUTCOME, _LEAVE, _COURSE = 0.15, 0.1, 0.3, 0.45


class Leave(Enum):
    """What the last of the member's words say of how they left; the value is how content that is, 0 to 1.

    Who was not left waiting left well: how warmly they said so, the course of the talk tells better.
    """

    THANKED = 1.0
    AGREED = 0.97
    SILENT = 0.95
    OPEN = 0.2
    """Nobody took up what they last said, it still did not work, or they went while an answer of theirs was awaited."""
    GONE = 0.0
    """The assistant asked whether anybody was there, and nobody was."""


def leave_of(conversation: Conversation) -> Leave:
    """How the member left; SILENT where they never spoke or their last words say nothing of it."""
    places = [place for place, turn in enumerate(conversation.turns) if turn.role is Role.MEMBER and turn.text.strip()]
    if not places:
        return Leave.SILENT
    last = plain(conversation.turns[places[-1]].text)
    after = [plain(turn.text) for turn in conversation.turns[places[-1] + 1 :] if turn.text.strip()]
    if _THANKS.search(last) or _GOODBYE.search(last):
        return Leave.THANKED
    if any(_ANYBODY_THERE.search(text) for text in after):
        return Leave.GONE
    is_stuck = len(places) > 1 and _STUCK.search(last) is not None
    if is_stuck or _waits(after):
        return Leave.OPEN
    if _AGREES.search(last):
        return Leave.AGREED
    # The last word was the member's, neither thanks nor consent, and nobody took it up.
    return Leave.SILENT if after else Leave.OPEN


def _waits(after: Sequence[str]) -> bool:
    """Whether the assistant's last words, if any, ask for something, other than whether there is anything else."""
    if not after:
        return False
    closing = after[-1][-_CLOSING_CHARACTERS:]
    return (after[-1].endswith("?") or _REQUESTS.search(closing) is not None) and not _ANYTHING_ELSE.search(closing)


def says_solved(conversation: Conversation) -> bool:
    """Whether the member's last words say, without a negation, that it works or is settled."""
    spoken = [plain(turn.text) for turn in conversation.member_turns if turn.text.strip()]
    sentences = re.split(r"[.!?…]+", spoken[-1]) if spoken else []
    return any(_SOLVED.search(sentence) and not _NOT.search(sentence) for sentence in sentences)


def satisfaction(
    conversation: Conversation,
    *,
    sentiment: Mapping[Sentiment, float],
    turns: Sequence[Mapping[Sentiment, float]],
    outcome: Mapping[Outcome, float],
) -> float:
    """How content the member left, 0 to 1, two decimals: an order to look at conversations in, not a rating.

    Args:
        sentiment: probabilities of the member's view at the end.
        turns: the same for each of the member's turns, at least one: a bad quarter of an hour is not forgotten.
        outcome: probabilities of how it ended for them.
    """
    view = (_content(sentiment) + sum(map(_content, turns)) / len(turns)) / 2
    settled = outcome[Outcome.SOLVED] + 0.5 * outcome[Outcome.HANDED_OVER]
    left, went = leave_of(conversation).value, course_of(conversation)
    return round(_VIEW * view + _OUTCOME * settled + _LEAVE * left + _COURSE * went, 2)


def _content(sentiment: Mapping[Sentiment, float]) -> float:
    return sentiment[Sentiment.POSITIVE] + 0.5 * sentiment[Sentiment.NEUTRAL]
