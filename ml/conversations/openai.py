"""The hosted engine: one structured-output call per conversation, vectors in batch calls.

Lives here: what is sent (redacted, as data, with no tools), retries, and what it cost. Not here:
the reply's shape (`schema`), the prompt (`prompts/analyse.md`, whose hash is the prompt_version).
The official client does the HTTP; its own retries are off, because ours honour Retry-After and are counted.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from jarvis.conversations import Analysis, AnalysisFailure, Conversation, sentiment_label
from ml.conversations.engine import EngineError
from ml.conversations.redaction import Redactor, first_depth
from ml.conversations.schema import Reply, ReplyError, parse_reply, reply_schema, sent_ids
from ml.conversations.sentences import clean_text

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

PROMPT = Path(__file__).parent / "prompts" / "analyse.md"

# Raised when what is sent or how a reply is read changes in a way the prompt's hash does not show.
ENGINE_VERSION = "1"

MAX_ATTEMPTS = 4
MAX_WAIT_SECONDS = 30.0
REQUEST_TIMEOUT_SECONDS = 60.0
# A reply that breaks the schema is asked for once more, then given up.
MAX_REPLIES = 2
CALLS_AT_ONCE = 4
EMBEDDINGS_A_CALL = 64

# About 8,000 tokens: the embedding model's limit, and more than an hour of talk. Longer ones keep both ends, marked.
MAX_CHARACTERS = 24_000
MAX_REPLY_TOKENS = 4_000

# USD per million tokens: input, cached input, output. Published prices, reference/realtime.md, B.
PRICES: dict[str, tuple[Decimal, Decimal, Decimal]] = {
    "gpt-4o-mini": (Decimal("0.15"), Decimal("0.075"), Decimal("0.60")),
    "text-embedding-3-small": (Decimal("0.02"), Decimal("0.02"), Decimal(0)),
}
_MILLION = Decimal(1_000_000)
_MICRODOLLAR = Decimal("0.000001")

Answer = TypeVar("Answer")


class CallError(RuntimeError):
    """One call was given up; the message may be stored: it holds no word of a conversation."""

    def __init__(self, reason: str, *, is_permanent: bool = False) -> None:
        super().__init__(reason)
        self.is_permanent = is_permanent


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens billed so far for one conversation, and their price."""

    tokens: int = 0
    usd: Decimal = Decimal(0)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.tokens + other.tokens, self.usd + other.usd)


@dataclass(frozen=True, slots=True)
class OpenAIEngine:
    """Asks a hosted model; the conversation is data, and no tool is offered."""

    client: "OpenAI"
    model: str
    embedding_model: str
    redact: Redactor = first_depth
    wait: Callable[[float], None] = time.sleep
    name: str = field(default="openai", init=False)

    @classmethod
    def connect(
        cls,
        *,
        api_key: str,
        base_url: str,
        model: str,
        embedding_model: str,
        redact: Redactor = first_depth,
        wait: Callable[[float], None] = time.sleep,
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
    ) -> "OpenAIEngine":
        """An engine with a client of its own; nothing is sent yet.

        Args:
            redact: takes personal data out of each turn before it is sent.
            wait: how to wait between attempts; a test gives one that does not.
        """
        from openai import OpenAI

        client = OpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout_seconds)
        return cls(client, model, embedding_model, redact, wait)

    @property
    def version(self) -> str:
        """The code's version, the model and the prompt's hash."""
        return f"{ENGINE_VERSION}+{self.model}+{prompt_version()}"

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        """One result per conversation, in order.

        Raises:
            EngineError: when the key or the model is refused, which no other conversation would survive.
        """
        results: list[Analysis | AnalysisFailure] = [
            AnalysisFailure(conversation.session_id, "found no words of the member's, expected at least one", True)
            for conversation in conversations
        ]
        spoken = [
            place
            for place, conversation in enumerate(conversations)
            if any(clean_text(turn.text) for turn in conversation.member_turns)
        ]
        sent = [self._redacted(conversations[place]) for place in spoken]
        vectors = self._embeddings([_document(rows) for rows in sent])
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            answers = pool.map(self._one, [conversations[place] for place in spoken], sent, vectors)
            for place, answer in zip(spoken, answers, strict=True):
                results[place] = answer
        return results

    def _one(
        self,
        conversation: Conversation,
        rows: Sequence[dict[str, str]],
        vector: "tuple[Sequence[float], Spent] | CallError",
    ) -> Analysis | AnalysisFailure:
        if isinstance(vector, CallError):
            # Vectors are asked for first: without them the dearer call would be paid for nothing.
            return AnalysisFailure(conversation.session_id, str(vector), vector.is_permanent)
        embedding, spent = vector
        try:
            reply, paid = self._reply(conversation, rows)
        except CallError as error:
            return AnalysisFailure(conversation.session_id, str(error), error.is_permanent)
        spent += paid
        return Analysis(
            session_id=conversation.session_id,
            summary=self.redact(reply.summary, conversation.private_names),
            key_topics=reply.key_topics,
            sentiment_score=reply.sentiment_score,
            sentiment_label=sentiment_label(reply.sentiment_score),
            emotion=reply.emotion,
            intents=reply.intents,
            outcome=reply.outcome,
            action_items=reply.action_items,
            evidence=reply.evidence,
            turns=reply.turns,
            embedding=embedding,
            embedding_model=self.embedding_model,
            engine=self.name,
            engine_version=self.version,
            prompt_version=prompt_version(),
            tokens=spent.tokens,
            cost_usd=float(spent.usd.quantize(_MICRODOLLAR, ROUND_HALF_UP)),
            issues=reply.issues,
        )

    def _redacted(self, conversation: Conversation) -> list[dict[str, str]]:
        """The turns as they are sent: short ids, no personal data, both ends of what is too long."""
        budget = MAX_CHARACTERS // max(1, len(conversation.turns))
        rows = []
        for sent_id, turn in zip(sent_ids(conversation), conversation.turns, strict=True):
            text = self.redact(clean_text(turn.text), conversation.private_names)
            rows.append({"turn_id": sent_id, "role": str(turn.role), "text": _both_ends(text, max(400, budget))})
        return rows

    def _reply(self, conversation: Conversation, rows: Sequence[dict[str, str]]) -> tuple[Reply, Spent]:
        data = json.dumps({"language": conversation.language[:8], "turns": rows}, ensure_ascii=False)
        spent = Spent()
        problem = ""
        for _ in range(MAX_REPLIES):
            completion = self._attempt(
                lambda: self.client.chat.completions.create(
                    model=self.model,
                    temperature=0,
                    max_completion_tokens=MAX_REPLY_TOKENS,
                    messages=[{"role": "system", "content": _prompt()}, {"role": "user", "content": data}],
                    response_format={
                        "type": "json_schema",
                        "json_schema": {"name": "analysis", "strict": True, "schema": reply_schema()},
                    },
                )
            )
            spent += _spent(self.model, completion.usage)
            choice = completion.choices[0]
            if choice.message.refusal:
                raise CallError("the model refused to analyse this conversation", is_permanent=True)
            if choice.finish_reason == "content_filter":
                raise CallError("the provider's content filter stopped the reply", is_permanent=True)
            if choice.finish_reason == "length":
                problem = f"the reply was cut at {MAX_REPLY_TOKENS} tokens"
                continue
            try:
                return parse_reply(choice.message.content or "", conversation), spent
            except ReplyError as error:
                problem = str(error)
        raise CallError(f"{MAX_REPLIES} replies broke the schema; the last: {problem}")

    def _embeddings(self, texts: Sequence[str]) -> "list[tuple[Sequence[float], Spent] | CallError]":
        """A vector and its price for each text, or why there is none."""
        results: list[tuple[Sequence[float], Spent] | CallError] = []
        for start in range(0, len(texts), EMBEDDINGS_A_CALL):
            batch = list(texts[start : start + EMBEDDINGS_A_CALL])
            try:
                answer = self._attempt(
                    lambda batch=batch: self.client.embeddings.create(  # type: ignore[misc]
                        model=self.embedding_model, input=batch, encoding_format="float"
                    )
                )
            except CallError as error:
                results.extend([error] * len(batch))
                continue
            vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
            if len(vectors) != len(batch):
                found = CallError(f"found {len(vectors)} vectors, expected {len(batch)}")
                results.extend([found] * len(batch))
                continue
            shares = _shares(answer.usage.total_tokens, [len(text) for text in batch])
            price = _price(self.embedding_model)[0]
            results.extend(
                (vector, Spent(tokens, tokens * price / _MILLION))
                for vector, tokens in zip(vectors, shares, strict=True)
            )
        return results

    def _attempt(self, call: Callable[[], Answer]) -> Answer:
        """The call's answer, tried again where another try can help."""
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        reason = ""
        for attempt in range(1, MAX_ATTEMPTS + 1):
            pause = min(MAX_WAIT_SECONDS, 0.5 * 2.0**attempt)
            try:
                return call()
            except APITimeoutError:
                reason = f"no answer within {self.client.timeout} seconds"
            except APIConnectionError:
                reason = "the provider could not be reached"
            except APIStatusError as error:
                reason = _refused(error)
                pause = _retry_after(error, pause)
            if attempt < MAX_ATTEMPTS:
                self.wait(pause)
        raise CallError(f"{reason}; given up after {MAX_ATTEMPTS} attempts")


def prompt_version() -> str:
    """The first 12 hexadecimal digits of the prompt's sha256."""
    return hashlib.sha256(_prompt().encode("utf-8")).hexdigest()[:12]


@cache
def _prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")


def _document(rows: Sequence[dict[str, str]]) -> str:
    return _both_ends("\n".join(row["text"] for row in rows), MAX_CHARACTERS)


def _both_ends(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} [… {len(text) - 2 * half} characters left out …] {text[-half:]}"


def _refused(error: "APIStatusError") -> str:
    """Why the provider said no, where waiting may help.

    Raises:
        EngineError: when the key or the model is refused.
        CallError: when this request would be refused again.
    """
    status, code = error.status_code, error.code
    if status in (401, 403, 404):
        raise EngineError(f"engine 'openai': the provider answered {status}; check the key, its rights and the model")
    if code == "insufficient_quota":
        raise CallError("the provider's quota is used up; add credit, or choose the engine 'local'")
    if status in (408, 409, 429) or status >= 500:
        return f"the provider answered {status}"
    raise CallError(f"the provider answered {status}", is_permanent=True)


def _retry_after(error: "APIStatusError", otherwise: float) -> float:
    """The seconds the provider asks to wait, within our own bound."""
    milliseconds, seconds = error.response.headers.get("retry-after-ms"), error.response.headers.get("retry-after")
    try:
        asked = float(milliseconds) / 1000 if milliseconds else float(seconds) if seconds else otherwise
    except ValueError:
        asked = otherwise
    return min(max(asked, 0.0), MAX_WAIT_SECONDS)


def _spent(model: str, usage: Any) -> Spent:
    if usage is None:
        return Spent()
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    fresh_price, cached_price, out_price = _price(model)
    usd = (
        (usage.prompt_tokens - cached) * fresh_price + cached * cached_price + usage.completion_tokens * out_price
    ) / _MILLION
    return Spent(usage.total_tokens, usd)


def _price(model: str) -> tuple[Decimal, Decimal, Decimal]:
    """A model's prices; a dated snapshot costs what its family does, an unknown model what the dearest one does."""
    family = max((name for name in PRICES if model.startswith(name)), key=len, default=None)
    return PRICES[family] if family else max(PRICES.values())


def _shares(total: int, lengths: Sequence[int]) -> list[int]:
    """The total split by length, to the last token."""
    whole = sum(lengths) or 1
    bounds = [0]
    for length in lengths:
        bounds.append(bounds[-1] + length)
    return [total * end // whole - total * start // whole for start, end in pairwise(bounds)]
