"""Rules of codes, tokens and slugs."""

import pytest

from jarvis.kiosks import (
    CODE_ALPHABET,
    CodeFormatError,
    has_slug,
    new_code,
    new_token,
    slug_of,
    stored_code,
    token_hash,
)


def test_codes_have_six_characters_nobody_confuses() -> None:
    """Every code comes from the alphabet without look-alikes."""
    codes = {new_code() for _ in range(200)}
    assert all(len(code) == 6 and set(code) <= set(CODE_ALPHABET) for code in codes)
    assert len(codes) == 200
    assert not set(CODE_ALPHABET) & set("01OIL2Z5S8BU")


def test_a_code_is_the_same_however_it_is_typed() -> None:
    """Case, spaces and dashes do not change the hash."""
    assert stored_code("acd-efg") == stored_code(" ACD EFG ")
    assert stored_code("acdefg").lookup == "AC"


@pytest.mark.parametrize("code", ["", "ACDEF", "ACDEFGH", "ACDEF0", "ACDEÉF"])
def test_what_cannot_be_a_code_is_refused_with_what_was_expected(code: str) -> None:
    """A typing error is found before it costs a try."""
    with pytest.raises(CodeFormatError, match="expected 6 out of"):
        stored_code(code)


def test_tokens_hold_256_bits_and_hash_to_32_bytes() -> None:
    """Two tokens differ, and so do their hashes."""
    first, second = new_token(), new_token()
    assert first != second
    assert len(first) >= 43
    assert token_hash(first) != token_hash(second)
    assert len(token_hash(first)) == 32


def test_a_name_becomes_a_slug_without_accents() -> None:
    """French names give the slugs the database accepts."""
    assert slug_of("Borne Entrée — n° 2") == "borne-entree-n-2"
    assert has_slug("n° 2")


@pytest.mark.parametrize("name", ["", "—", "北京"])
def test_a_name_without_a_letter_of_ours_gives_no_slug(name: str) -> None:
    """Who asks first is told what `slug_of` would have refused."""
    assert not has_slug(name)
    with pytest.raises(ValueError, match="at least one letter"):
        slug_of(name)
