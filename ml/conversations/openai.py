"""The hosted engine: one structured-output call per conversation, or per part of a long one; vectors in batch calls.

Lives here: what is sent (redacted, as data, with no tools), and what it cost. Not here: retries (`attempts`),
the reply's shape (`schema`), the prompt (`prompts/analyse.md`, whose hash is the prompt_version).
The official client does the HTTP; its own retries are off, because ours honour Retry-After and are counted.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jarvis.conversations import Analysis, AnalysisFailure, Conversation, sentiment_label
from jarvis.evidence import without_false_quotes
from jarvis.prices import Usage, exact_usd, price_of
from ml.conversations.attempts import BATCH_SECONDS, REQUEST_TIMEOUT_SECONDS, Answer, Batch, CallError, attempt
from ml.conversations.engine import EngineError
from ml.conversations.paid_replies import NothingKept, PaidReplies, reply_key
from ml.conversations.parts import MAX_PARTS, Part, merge, split
from ml.conversations.redaction import Redactor, full_depth
from ml.conversations.schema import Reply, ReplyError, parse_reply, reply_schema, sent_ids
from ml.conversations.sentences import clean_text
from ml.conversations.tokens import tokens_of

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

PROMPT = Path(__file__).parent / "prompts" / "analyse.md"

# Raised when what is sent or how a reply is read changes in a way the prompt's hash does not show.
ENGINE_VERSION = "3"

# A reply that breaks the schema is asked for once more, then given up.
MAX_REPLIES = 2
CALLS_AT_ONCE = 4
# With the most tokens a text may have, a call stays under the 300,000 that the provider takes at once.
EMBEDDINGS_A_CALL = 32

# The embedding models refuse 8,192. A longer conversation keeps both ends there, marked; its analysis reads all of it.
EMBEDDING_TOKENS = 8_000
# Ten minutes of one voice: a longer turn keeps both ends, marked.
TURN_TOKENS = 1_500
MAX_REPLY_TOKENS = 4_000
# What a reply to a kiosk conversation takes, for an estimate before anything is paid.
USUAL_REPLY_TOKENS = 500

_MICRODOLLAR = Decimal("0.000001")
# Marks, in engine_version, analyses whose cost was reckoned with an assumed price.
PRICE_ASSUMED = "price-assumed"

logger = logging.getLogger("jarvis.analysis")


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
    redact: Redactor = full_depth
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    timeout_seconds: float = REQUEST_TIMEOUT_SECONDS
    paid_replies: PaidReplies = field(default_factory=NothingKept)
    prompt: Path = PROMPT
    name: str = field(default="openai", init=False)

    @classmethod
    def connect(
        cls,
        *,
        api_key: str,
        base_url: str,
        model: str,
        embedding_model: str,
        redact: Redactor = full_depth,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        timeout_seconds: float = REQUEST_TIMEOUT_SECONDS,
        paid_replies: PaidReplies | None = None,
        prompt: Path = PROMPT,
    ) -> "OpenAIEngine":
        """An engine with a client of its own; nothing is sent yet, and a model without a known price is named.

        Args:
            embedding_model: empty where nobody needs vectors: then none are asked for and none are paid.
            redact: takes personal data out of each turn before it is sent.
            wait: how to wait between attempts; a test gives one that does not.
            clock: seconds, for the time a batch may take.
            paid_replies: where replies outlive a run that dies before it has used them; by default nowhere.
            prompt: the file of the system prompt; its hash is part of the version.

        Raises:
            EngineError: when the prompt cannot be read.
        """
        from openai import OpenAI

        try:
            prompt_version(prompt)
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError(f"prompt {prompt}: {type(error).__name__}; expected a readable text file") from error

        for unpriced in (name for name in (model, embedding_model) if name and not price_of(name)[1]):
            logger.warning(
                "model %s: found no price in jarvis/prices.py, so it is charged as the dearest there; add its price",
                unpriced,
            )
        client = OpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout_seconds)
        return cls(
            client, model, embedding_model, redact, wait, clock, timeout_seconds, paid_replies or NothingKept(), prompt
        )

    @property
    def version(self) -> str:
        """The code's version, the model and the prompt's hash; and a mark where the price is assumed."""
        is_priced = all(price_of(name)[1] for name in (self.model, self.embedding_model) if name)
        parts = [ENGINE_VERSION, self.model, prompt_version(self.prompt), *([] if is_priced else [PRICE_ASSUMED])]
        return "+".join(parts)

    def analyse(self, conversations: Sequence[Conversation]) -> list[Analysis | AnalysisFailure]:
        """One result per conversation, in order.

        Raises:
            EngineError: when the provider is out of reach, overloaded, out of credit or too slow, or refuses the key
                or the model: what every conversation would meet; those done before are in it.
        """
        results: dict[int, Analysis | AnalysisFailure] = {}
        spoken = []
        for place, conversation in enumerate(conversations):
            if any(clean_text(turn.text) for turn in conversation.member_turns):
                spoken.append(place)
            else:
                reason = "found no words of the member's, expected at least one"
                results[place] = AnalysisFailure(conversation.session_id, reason, True)
        batch = Batch(until=self.clock() + BATCH_SECONDS)
        if not spoken:
            return [results[place] for place in sorted(results)]
        sent = [self._redacted(conversations[place]) for place in spoken]
        try:
            session_ids = [conversations[place].session_id for place in spoken]
            vectors = self._vectors_of(list(zip(session_ids, sent, strict=True)), batch)
        except EngineError as error:
            raise EngineError(str(error), done=list(results.values())) from error
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            asked = [conversations[place] for place in spoken]
            answers = pool.map(lambda *given: self._one(*given, batch=batch), asked, sent, vectors)
            results |= {place: answer for place, answer in zip(spoken, answers, strict=True) if answer is not None}
        done = [results[place] for place in sorted(results)]
        if batch.stopped is not None:
            raise EngineError(str(batch.stopped), done=done) from batch.stopped
        return done

    def expected(self, conversations: Sequence[Conversation]) -> Spent:
        """What analysing these would cost, vectors apart, with replies of the usual length; nothing is sent."""
        tokens = tokens_of(self.model)
        always = tokens.count(_text(self.prompt)) + tokens.count(json.dumps(reply_schema()))
        sent = sum(always + tokens.count(json.dumps(self._redacted(one), ensure_ascii=False)) for one in conversations)
        replied = USUAL_REPLY_TOKENS * len(conversations)
        usage = Usage(text_input_tokens=sent, text_output_tokens=replied)
        return Spent(sent + replied, exact_usd(self.model, usage))

    def _one(
        self,
        conversation: Conversation,
        rows: Sequence[dict[str, str]],
        vector: "tuple[Sequence[float], Spent] | CallError",
        *,
        batch: Batch,
    ) -> Analysis | AnalysisFailure | None:
        """The conversation's result; None when the batch was stopped before there was one."""
        try:
            if isinstance(vector, CallError):
                # Vectors are asked for first: without them the dearer call would be paid for nothing.
                raise vector
            embedding, spent = vector
            reply, paid = self._reply(conversation, rows, batch)
            return self._analysis(conversation, reply, embedding, spent + paid)
        except CallError as error:
            return AnalysisFailure(conversation.session_id, str(error), error.is_permanent)
        except EngineError as error:
            batch.stopped = batch.stopped or error
            return None
        except Exception as error:
            # Its neighbours are paid for. Not the error's text: it may repeat the member's words.
            reason = f"engine {self.name} broke on this conversation: {type(error).__name__}"
            return AnalysisFailure(conversation.session_id, reason)

    def _analysis(self, conversation: Conversation, reply: Reply, embedding: Sequence[float], spent: Spent) -> Analysis:
        summary = self.redact(reply.summary, conversation.known_of_member)
        cited = [
            self.redact(clean_text(turn.text), conversation.known_of_member)
            for turn in conversation.turns
            if turn.turn_id in reply.evidence["summary"]
        ]
        return Analysis(
            session_id=conversation.session_id,
            summary=without_false_quotes(summary, cited),
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
            prompt_version=prompt_version(self.prompt),
            tokens=spent.tokens,
            cost_usd=float(spent.usd.quantize(_MICRODOLLAR, ROUND_HALF_UP)),
            issues=reply.issues,
        )

    def _redacted(self, conversation: Conversation) -> list[dict[str, str]]:
        """The turns as they are sent: short ids, no personal data, both ends of a turn that is too long."""
        tokens = tokens_of(self.model)
        rows = []
        for sent_id, turn in zip(sent_ids(conversation), conversation.turns, strict=True):
            text = self.redact(clean_text(turn.text), conversation.known_of_member)
            rows.append({"turn_id": sent_id, "role": str(turn.role), "text": tokens.both_ends(text, TURN_TOKENS)})
        return rows

    def _document(self, rows: Sequence[dict[str, str]]) -> str:
        """The conversation as the embedding model reads it."""
        return tokens_of(self.embedding_model).both_ends("\n".join(row["text"] for row in rows), EMBEDDING_TOKENS)

    def _reply(self, conversation: Conversation, rows: Sequence[dict[str, str]], batch: Batch) -> tuple[Reply, Spent]:
        """The reply to the whole conversation, merged where it was asked for in parts, and what all of them cost."""
        tokens = tokens_of(self.model)
        parts = split(conversation, rows, lambda row: tokens.count(json.dumps(row, ensure_ascii=False)))
        if len(parts) > MAX_PARTS:
            raise CallError(
                f"found a conversation of {len(parts)} parts, expected at most {MAX_PARTS}", is_permanent=True
            )
        replies: list[Reply] = []
        spent = Spent()
        for number, part in enumerate(parts, start=1):
            data: dict[str, object] = {"language": conversation.language[:8], "turns": part.rows}
            if len(parts) > 1:
                data["part"] = {"number": number, "of": len(parts)}
            if replies:
                # A reply is as hostile as what it was made from: it goes back redacted, as data.
                told = self.redact(replies[-1].summary, conversation.known_of_member)
                data["before"] = {"summary": told, "outcome": replies[-1].outcome}
            reply, paid = self._part(part, json.dumps(data, ensure_ascii=False), batch)
            replies.append(reply)
            spent += paid
        return merge(parts, replies), spent

    def _part(self, part: Part, data: str, batch: Batch) -> tuple[Reply, Spent]:
        """The checked reply to one part, and what it cost, broken replies of this run and of earlier ones included."""
        session_id = part.conversation.session_id
        request: dict[str, Any] = {
            "model": self.model,
            "temperature": 0,
            "max_completion_tokens": MAX_REPLY_TOKENS,
            "messages": [{"role": "system", "content": _text(self.prompt)}, {"role": "user", "content": data}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "analysis", "strict": True, "schema": reply_schema()},
            },
        }
        spent = Spent()
        problem = ""
        asked = 0
        for number in count(1):
            key = reply_key(session_id, request, number=number)
            kept = self.paid_replies.stored([key]).get(key)
            if kept is not None:
                completion = _completion(kept)
            elif asked < MAX_REPLIES:
                asked += 1
                completion = self._attempt(
                    batch, lambda timeout: self.client.chat.completions.create(timeout=timeout, **request)
                )
                # Before anything is made of it: whatever goes wrong from here on, it is paid.
                self.paid_replies.keep({key: json.dumps(completion.model_dump(warnings=False))})
            else:
                break
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
                return parse_reply(choice.message.content or "", part.conversation), spent
            except ReplyError as error:
                problem = str(error)
        raise CallError(f"{MAX_REPLIES} replies broke the schema; the last: {problem}")

    def _vectors_of(
        self, sent: Sequence[tuple[str, Sequence[dict[str, str]]]], batch: Batch
    ) -> "Sequence[tuple[Sequence[float], Spent] | CallError]":
        """A vector of each session's turns; empty ones where nobody needs any."""
        if not self.embedding_model:
            return [((), Spent())] * len(sent)
        return self._embeddings([(session_id, self._document(rows)) for session_id, rows in sent], batch)

    def _embeddings(
        self, documents: Sequence[tuple[str, str]], batch: Batch
    ) -> "list[tuple[Sequence[float], Spent] | CallError]":
        """A vector and its price for each session's text, or why there is none; what is refused is refused alone."""
        keys = [self._embedding_key(session_id, text) for session_id, text in documents]
        kept = self.paid_replies.stored(keys)
        results: dict[int, tuple[Sequence[float], Spent] | CallError] = {
            place: self._priced(**json.loads(kept[key])) for place, key in enumerate(keys) if key in kept
        }
        missing = [place for place in range(len(documents)) if place not in results]
        for start in range(0, len(missing), EMBEDDINGS_A_CALL):
            places = missing[start : start + EMBEDDINGS_A_CALL]
            some = [documents[place] for place in places]
            try:
                results |= dict(zip(places, self._vectors(some, batch), strict=True))
            except CallError as error:
                if len(some) == 1:
                    results[places[0]] = error
                else:
                    alone = (self._embeddings([one], batch) for one in some)
                    results |= {place: one for place, (one,) in zip(places, alone, strict=True)}
        return [results[place] for place in range(len(documents))]

    def _vectors(self, documents: Sequence[tuple[str, str]], batch: Batch) -> "list[tuple[Sequence[float], Spent]]":
        texts = [text for _, text in documents]
        answer = self._attempt(
            batch,
            lambda timeout: self.client.embeddings.create(
                timeout=timeout, model=self.embedding_model, input=texts, encoding_format="float"
            ),
        )
        vectors = [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        if len(vectors) != len(texts):
            raise CallError(f"found {len(vectors)} vectors, expected {len(texts)}")
        shares = _shares(answer.usage.total_tokens, [len(text) for text in texts])
        self.paid_replies.keep(
            {
                self._embedding_key(session_id, text): json.dumps({"vector": vector, "tokens": tokens})
                for (session_id, text), vector, tokens in zip(documents, vectors, shares, strict=True)
            }
        )
        return [self._priced(vector, tokens) for vector, tokens in zip(vectors, shares, strict=True)]

    def _attempt(self, batch: Batch, call: Callable[[float], Answer]) -> Answer:
        return attempt(call, batch=batch, wait=self.wait, clock=self.clock, timeout_seconds=self.timeout_seconds)

    def _priced(self, vector: Sequence[float], tokens: int) -> tuple[Sequence[float], Spent]:
        return vector, Spent(tokens, exact_usd(self.embedding_model, Usage(text_input_tokens=tokens)))

    def _embedding_key(self, session_id: str, text: str) -> tuple[str, str]:
        return reply_key(session_id, {"model": self.embedding_model, "input": text})


def prompt_version(prompt: Path = PROMPT) -> str:
    """The first 12 hexadecimal digits of the prompt's sha256."""
    return hashlib.sha256(_text(prompt).encode("utf-8")).hexdigest()[:12]


@cache
def _text(prompt: Path) -> str:
    return prompt.read_text(encoding="utf-8")


def _completion(kept: str) -> "ChatCompletion":
    """A kept reply as the client gave it: built as leniently as the client does, and checked as strictly after."""
    from openai.types.chat import ChatCompletion

    return ChatCompletion.construct(**json.loads(kept))


def _spent(model: str, usage: Any) -> Spent:
    if usage is None:
        return Spent()
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens or 0) if details else 0
    used = Usage(
        text_input_tokens=usage.prompt_tokens, cached_text_tokens=cached, text_output_tokens=usage.completion_tokens
    )
    return Spent(usage.total_tokens, exact_usd(model, used))


def _shares(total: int, lengths: Sequence[int]) -> list[int]:
    """The total split by length, to the last token."""
    whole = sum(lengths) or 1
    bounds = [0]
    for length in lengths:
        bounds.append(bounds[-1] + length)
    return [total * end // whole - total * start // whole for start, end in pairwise(bounds)]
