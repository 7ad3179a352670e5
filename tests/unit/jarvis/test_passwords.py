"""Passwords are kept as argon2id at the cost OWASP asks for."""

import pytest

from jarvis.passwords import PasswordRefused, decoy_hash, hash_password, verify_password


def test_a_hash_says_its_parameters() -> None:
    """Argon2id, 19 MiB, two passes, one lane: OWASP's minimum."""
    assert hash_password("douze-lettres").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_only_the_right_password_verifies() -> None:
    """The one that was hashed, and no other."""
    kept = hash_password("douze-lettres")
    assert verify_password(kept, "douze-lettres")
    assert not verify_password(kept, "douze-lettre")


@pytest.mark.parametrize("password", ["", "court", "x" * 257])
def test_a_password_of_bad_length_is_refused_unseen(password: str) -> None:
    """The message gives the length and never the password."""
    with pytest.raises(PasswordRefused, match="expected 12 to 256") as refused:
        hash_password(password)
    assert not password or password not in str(refused.value)


def test_a_long_guess_does_not_match_by_its_beginning() -> None:
    """The bound on what is hashed makes no two passwords equal."""
    assert not verify_password(hash_password("x" * 256), "x" * 5000)


def test_a_hash_we_cannot_read_is_a_wrong_one() -> None:
    """A damaged row closes the account; it doesn't break the page."""
    assert not verify_password("not a hash", "douze-lettres")


def test_the_decoy_is_a_real_hash() -> None:
    """Checking an unknown account costs the same work."""
    assert decoy_hash().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not verify_password(decoy_hash(), "douze-lettres")
