"""How a talk went, told by what was said on the way: pleased words, things done, requests turned down.

A member whose wishes are met says so as they go ("parfait", "ça me va"), and the assistant says what
it has done; where it goes badly the assistant is sorry, and the member says things twice. Rules over
words, no model, nothing learnt: the signs and their points were chosen on every other development
dialogue of USS and judged on the rest (`bench/analysis_quality --only satisfaction`). Called by
`leaving`, for `satisfaction`.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jarvis.conversations import Conversation, Role
from ml.conversations.cues import plain


@dataclass(frozen=True, slots=True)
class Sign:
    """Words of one speaker, and what hearing them says of the talk."""

    speaker: Role
    points: int
    """Each turn that holds the words counts so much."""
    most: int
    """How many turns count at most: politeness is a habit, and refusals come in rows."""
    words: re.Pattern[str]
    """French, English, Spanish and Portuguese, as `plain` leaves them."""
    is_last: bool = False
    """True where only the speaker's last two turns count."""


_DECLINED = re.compile(
    r"sorry|afraid|unfortunately|unable|could ?n'?t|can ?not|can't|does ?n'?t|do(?:es)? not|don't have|"
    r"not (?:available|able|find)|there (?:is|are) no\b|"
    r"desole|navre|malheureusement|impossible|complet\b|(?:ne (?:peux|puis|trouve|dispose)|n'ai|n'est) (?:pas|aucun)|"
    r"lo siento|lamento|desgraciadamente|no (?:puedo|hay|es posible|esta disponible)|"
    r"desculp|infelizmente|nao (?:consig|e possivel|posso|temos)"
)

SIGNS = (
    Sign(
        Role.MEMBER,
        points=2,
        most=2,
        words=re.compile(
            r"(?<!\w)(?:great|perfect\w*|awesome|wonderful|excellent\w*|amazing|lovely|fantastic\w*|brilliant|love it|"
            r"genial\w*|parfait\w*|super|impeccable\w*|nickel|formidable|top|trop bien|"
            r"perfecto|estupend\w+|fenomenal|maravill\w+|excelente|otim[oa]|perfeit[oa]|maravilh\w+)(?!\w)"
        ),
    ),
    Sign(
        Role.MEMBER,
        points=1,
        most=2,
        words=re.compile(
            r"sounds (?:good|great|nice|perfect|interesting)|(?:that|it|this).{0,8} (?:works|good|fine|nice)\b|"
            r"that'?ll (?:work|do)|i like (?:it|that)|\bgood\b|"
            r"ca me (?:va|convient|plait)|c'est (?:bien|bon|chouette)\b|bonne idee|tres bien|"
            r"me (?:viene|parece) bien|muy bien|me gusta|muito bom|gostei"
        ),
    ),
    Sign(
        Role.MEMBER,
        points=2,
        most=2,
        words=re.compile(r"(?<!\w)(?:(?<!non )merci|je vous remercie|thank|gracias|agradec|obrigad)"),
    ),
    Sign(
        Role.MEMBER,
        points=2,
        most=1,
        words=re.compile(
            r"thank.{0,12}(?:much|lot)|(?:so|very) (?:much|helpful)|appreciate|thanks a|great help|all your|"
            r"merci (?:beaucoup|infiniment|mille|pour tout)|mille mercis|muchas gracias|muchisimas|muito obrigad"
        ),
    ),
    Sign(
        Role.MEMBER,
        points=-1,
        most=2,
        words=re.compile(
            r"actually|instead|\bwait\b|i said|i asked|no, i|i (?:already|just) (?:told|said)|are you sure|wrong|"
            r"not what|j'ai (?:deja )?dit|je (?:viens|vous l'ai|te l'ai) .{0,10}(?:dire|dit)|c'est pas ce que|"
            r"vous etes sur|\ben fait\b|deja dit|ya (?:te|le|lo) (?:he )?dij?[eo]|no es eso|"
            r"(?:ja|como) (?:eu )?(?:falei|disse)"
        ),
    ),
    Sign(
        Role.ASSISTANT,
        points=2,
        most=2,
        words=re.compile(
            r"book(?:ed|ing was)|success|confirmed|reference|reserved|has been|\bdone\b|"
            r"c'est (?:fait|note|reserve|transmis|confirme|annule)|"
            r"(?:est|a ete) (?:reserve|enregistre|confirme|inscrit|annule)|je vous ai (?:inscrit|reserve|note)|"
            r"(?:esta|queda) (?:reservad|confirmad|apuntad|hech)|reservad[oa]|confirmad[oa]|"
            r"foi (?:feit|cancelad|confirmad)"
        ),
    ),
    Sign(
        Role.ASSISTANT,
        points=-2,
        most=2,
        words=re.compile(
            r"\bfail|not successful|unsuccessful|was ?n'?t (?:able|success)|went wrong|try again|unavailable|"
            r"n'a pas (?:marche|abouti|fonctionne)|echou|une erreur|indisponible|no (?:ha podido|se pudo)|\berror\b|"
            r"falh"
        ),
    ),
    Sign(Role.ASSISTANT, points=-1, most=3, words=_DECLINED),
    Sign(Role.ASSISTANT, points=-2, most=1, words=_DECLINED, is_last=True),
)

# So many points are the way from an even talk to a clearly good one: half of all talks lie within.
_SPREAD = 4.0


def course_of(conversation: Conversation) -> float:
    """How well the talk went, 0 to 1; 0.5 where nothing tells."""
    said: dict[Role, list[str]] = {
        role: [plain(turn.text) for turn in conversation.turns if turn.role is role and turn.text.strip()]
        for role in Role
    }
    points = sum(sign.points * _heard(sign, said[sign.speaker]) for sign in SIGNS)
    return 1 / (1 + math.exp(-points / _SPREAD))


def _heard(sign: Sign, texts: Sequence[str]) -> int:
    """In how many of the speaker's turns the words occur, as far as that counts."""
    found = sum(sign.words.search(text) is not None for text in (texts[-2:] if sign.is_last else texts))
    return min(sign.most, found)
