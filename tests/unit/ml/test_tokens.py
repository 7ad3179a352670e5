"""Token counts are tiktoken's own, without a network."""

import gzip

import pytest
from tiktoken_ext import openai_public

from ml.conversations.engine import EngineError
from ml.conversations.tokens import RANKS, packed_ranks, read_ranks, tokens_of


@pytest.mark.parametrize("name", sorted(RANKS))
def test_each_encoding_is_tiktokens_but_for_where_the_ranks_come_from(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hash, pattern and special tokens are what tiktoken would use, had it downloaded the file."""
    asked: list[str] = []

    def instead_of_a_download(url: str, expected_hash: str) -> dict[bytes, int]:
        asked.append(expected_hash)
        return {}

    monkeypatch.setattr(openai_public, "load_tiktoken_bpe", instead_of_a_download)
    theirs = getattr(openai_public, name)()
    assert asked == [RANKS[name].sha256]
    assert (theirs["pat_str"], theirs["special_tokens"]) == (RANKS[name].pattern, RANKS[name].special_tokens)


def test_text_is_counted_as_the_model_reads_it() -> None:
    """Known counts; what looks like a special token is the text it is; each model has its own encoding."""
    chat, embedding = tokens_of("gpt-4o-mini"), tokens_of("text-embedding-3-small")
    assert chat.encoding.encode_ordinary("hello world") == [24912, 2375]
    assert embedding.encoding.encode_ordinary("hello world") == [15339, 1917]
    assert chat.count("<|endoftext|>") > 1
    assert tokens_of("a-model-of-next-year") == chat


def test_ranks_that_were_changed_are_refused() -> None:
    """One byte more, and the engine says so before it counts anything."""
    packed = gzip.compress(gzip.decompress(packed_ranks("cl100k_base")) + b"\n", compresslevel=1)
    with pytest.raises(EngineError, match="sha256"):
        read_ranks(packed, RANKS["cl100k_base"].sha256)


@pytest.mark.parametrize("text", ["mot " * 3_000, "é😀" * 40_000, "a" * 300_000, "日本語の文章です。" * 2_000])
def test_a_long_text_keeps_both_ends_and_says_what_is_left_out(text: str) -> None:
    """No half character at the cut; the number of characters left out is exact."""
    tokens = tokens_of("gpt-4o-mini")
    cut = tokens.both_ends(text, 200)
    head, _, rest = cut.partition(" [… ")
    said, _, tail = rest.partition(" characters left out …] ")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert head
    assert tail
    assert len(head) + int(said) + len(tail) == len(text)
    assert tokens.count(cut) < 240
    assert tokens.both_ends("court", 200) == "court"
