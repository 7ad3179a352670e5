"""The conversation a session accumulates: its items in order, their weight in tokens, the usage reported.

Pure. Weights follow the published rules of thumb, not a tokenizer: they exist so that costs, caches and caps have
something believable to count.
"""

import math
from dataclasses import dataclass, field
from typing import Any

WireItem = dict[str, Any]

# A member's audio weighs 600 tokens a minute, the assistant's 1,200; text about a token every four characters.
_MEMBER_AUDIO_TOKENS_PER_SECOND = 10
_ASSISTANT_AUDIO_TOKENS_PER_SECOND = 20
_CHARACTERS_PER_TOKEN = 4
# OpenAI caches whole blocks of a prompt.
_CACHE_BLOCK_TOKENS = 64


@dataclass(frozen=True)
class Tokens:
    """A number of tokens of each modality."""

    text: int = 0
    audio: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.text + other.text, self.audio + other.audio)

    @property
    def total(self) -> int:
        """Text and audio together."""
        return self.text + self.audio


def text_tokens(text: str) -> int:
    """The weight of `text`."""
    return math.ceil(len(text) / _CHARACTERS_PER_TOKEN)


def assistant_audio_tokens(audio_ms: int) -> int:
    """The weight of so much of the assistant's speech."""
    return math.ceil(audio_ms * _ASSISTANT_AUDIO_TOKENS_PER_SECOND / 1000)


@dataclass
class Item:
    """One item and what the wire shape does not say of it."""

    wire: WireItem  # as clients see it
    audio_ms: int = 0  # of speech in it: committed for the member, sent (or kept by a truncation) for the assistant
    is_heard: bool = True  # False while the ears still work on it
    words: str | None = None  # the member's words as the brain knows them; None when not understood

    @property
    def id(self) -> str:
        """The item's id on the wire."""
        return str(self.wire["id"])

    @property
    def role(self) -> str | None:
        """user, assistant or system; None for function calls and their outputs."""
        return self.wire.get("role")

    def tokens(self) -> Tokens:
        """What the item weighs in a later response's input."""
        if self.wire["type"] == "function_call":
            return Tokens(text=text_tokens(self.wire["name"] + self.wire["arguments"]))
        if self.wire["type"] == "function_call_output":
            return Tokens(text=text_tokens(self.wire["output"]))
        parts = self.wire.get("content", [])
        text = sum(text_tokens(part.get("text") or "") for part in parts)
        if self.role == "assistant":
            text += sum(text_tokens(part.get("transcript") or "") for part in parts)
            return Tokens(text=text, audio=assistant_audio_tokens(self.audio_ms))
        return Tokens(text=text, audio=math.ceil(self.audio_ms * _MEMBER_AUDIO_TOKENS_PER_SECOND / 1000))


@dataclass
class Conversation:
    """The items of the default conversation, oldest first."""

    items: list[Item] = field(default_factory=list)
    _cached: Tokens = field(default_factory=Tokens)
    _forgotten: int = 0  # how many of the oldest items are no longer in the context

    def find(self, item_id: object) -> Item | None:
        """The item of that id, if it is there."""
        return next((item for item in self.items if item.id == item_id), None)

    def previous_id(self, item: Item) -> str | None:
        """The id of the item before `item`, None for the first."""
        index = self.items.index(item)
        return self.items[index - 1].id if index else None

    def add(self, item: Item, *, after: str | None = None) -> None:
        """`item` is in the conversation: last, after the item of id `after`, or first when `after` is "root"."""
        if after is None:
            self.items.append(item)
            return
        self.forget_cache()
        index = 0 if after == "root" else next(i for i, known in enumerate(self.items) if known.id == after) + 1
        self.items.insert(index, item)
        self._forgotten += index < self._forgotten

    def remove(self, item: Item) -> None:
        """`item` is no longer part of the conversation."""
        index = self.items.index(item)
        del self.items[index]
        self._forgotten -= index < self._forgotten
        self.forget_cache()

    def forget_cache(self) -> None:
        """The next response reads its whole input anew: something before its end changed."""
        self._cached = Tokens()

    def bill_input(self, prompt: Tokens, truncation: object) -> tuple[Tokens, Tokens]:
        """The input of a response that starts now and the part of it that was cached; remembers it for the next one."""
        self._drop_oldest(truncation)
        whole = sum((item.tokens() for item in self.items[self._forgotten :]), start=prompt)
        cached = Tokens(
            text=min(self._cached.text, whole.text) // _CACHE_BLOCK_TOKENS * _CACHE_BLOCK_TOKENS,
            audio=min(self._cached.audio, whole.audio) // _CACHE_BLOCK_TOKENS * _CACHE_BLOCK_TOKENS,
        )
        self._cached = whole
        return whole, cached

    def _drop_oldest(self, truncation: object) -> None:
        if not isinstance(truncation, dict):
            return
        limit = (truncation.get("token_limits") or {}).get("post_instructions")
        weights = [item.tokens().total for item in self.items[self._forgotten :]]
        if not isinstance(limit, int) or sum(weights) <= limit:
            return
        target = limit * float(truncation.get("retention_ratio", 1.0))
        while weights and sum(weights) > target:
            weights.pop(0)
        self._forgotten = len(self.items) - len(weights)
        self.forget_cache()


def usage(*, whole: Tokens, cached: Tokens, output: Tokens) -> dict[str, Any]:
    """The `usage` of a `response.done`: cached tokens are part of the input, never added to it."""
    return {
        "total_tokens": whole.total + output.total,
        "input_tokens": whole.total,
        "output_tokens": output.total,
        "input_token_details": {
            "text_tokens": whole.text,
            "audio_tokens": whole.audio,
            "image_tokens": 0,
            "cached_tokens": cached.total,
            "cached_tokens_details": {"text_tokens": cached.text, "audio_tokens": cached.audio, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": output.text, "audio_tokens": output.audio},
    }
