"""Answers questions about exercises, machines, classes, food and the club from our own articles, or says it cannot."""

import re
from collections.abc import Mapping
from typing import Any

from voice_gateway.knowledge.articles import Article, Kind
from voice_gateway.knowledge.search import Index, index
from voice_gateway.tools.runner import ToolContext, ToolInputError
from voice_gateway.tools.words import words_in

_MOST = 3
_SENTENCES_ALOUD = 3
_SEE_SOMEBODY = (
    "Je ne suis pas médecin : en cas de douleur ou de doute, arrêtez-vous et consultez un professionnel de santé."
)


class GetAdvice:
    """`get_advice`: what the club's own articles say."""

    name = "get_advice"
    description = (
        "Cherche un conseil dans les fiches du club : exercices, réglage des machines, programmes, cours, nutrition, "
        "précautions, vie du club. Dis ce que dit la fiche ; si rien n'est trouvé, dis que tu ne sais pas."
    )
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {"question": {"type": "string", "description": "La question, dans les mots de l'adhérent."}},
        "required": ["question"],
        "additionalProperties": False,
    }

    async def run(self, arguments: Mapping[str, Any], context: ToolContext) -> Mapping[str, Any]:
        question = words_in(arguments, "question")
        if question is None:
            raise ToolInputError("Il manque la question : demande à l'adhérent ce qu'il veut savoir.")
        return answer_to(question, index())


def answer_to(question: str, known: Index) -> Mapping[str, Any]:
    """The best article as it is told, the others beside it; honest where there is none."""
    found = [one.article for one in known.search(question, most=_MOST) if one.is_answer]
    if not found:
        spoken = "Je ne sais pas répondre à cela. Un coach ou l'accueil pourra vous le dire."
        return {"ok": False, "reason": "unknown", "spoken": spoken}
    return {
        "ok": True,
        "message": _aloud(found[0]),
        "articles": [{"title": one.title, "kind": one.kind, "text": one.text} for one in found],
    }


def _aloud(article: Article) -> str:
    sentences = re.split(r"(?<=[.!?]) ", article.text)
    said = " ".join(sentences if article.kind is Kind.CAUTION else sentences[:_SENTENCES_ALOUD])
    return f"{said} {_SEE_SOMEBODY}" if article.kind is Kind.CAUTION else said
