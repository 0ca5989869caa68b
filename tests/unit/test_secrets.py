"""Secrets at rest and random tokens."""

import pytest

from backend.core.secrets import DecryptionError, SecretBox, derive_key, new_token, token_hash

OLD, NEW = "o" * 32, "n" * 32
PUK = "tenant-1/puk/line-1"


def test_what_was_sealed_opens_again() -> None:
    assert SecretBox([NEW]).open(SecretBox([NEW]).seal(b"12345678", PUK), PUK) == b"12345678"


def test_nothing_is_sealed_the_same_twice_or_readable() -> None:
    secret_box = SecretBox([NEW])
    first, second = secret_box.seal(b"12345678", PUK), secret_box.seal(b"12345678", PUK)
    assert first != second
    assert b"12345678" not in first


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = SecretBox([OLD]).seal(b"x", PUK)
    both = SecretBox([NEW, OLD])
    assert both.open(before, PUK) == b"x"
    assert SecretBox([NEW]).open(both.seal(b"y", PUK), PUK) == b"y"
    with pytest.raises(DecryptionError):
        SecretBox([NEW]).open(before, PUK)


@pytest.mark.parametrize(
    "context", ["tenant-2/puk/line-1", "tenant-1/puk/line-2", "tenant-1/activation/line-1", ""]
)
def test_a_sealed_value_does_not_open_for_another_record(context: str) -> None:
    sealed = SecretBox([NEW]).seal(b"x", PUK)
    with pytest.raises(DecryptionError):
        SecretBox([NEW]).open(sealed, context)


def test_a_changed_or_shortened_value_does_not_open() -> None:
    secret_box = SecretBox([NEW])
    sealed = secret_box.seal(b"12345678", PUK)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(DecryptionError):
            secret_box.open(bytes(changed), PUK)
        with pytest.raises(DecryptionError):
            secret_box.open(sealed[:position], PUK)


def test_keys_are_asked_for_and_must_be_long() -> None:
    with pytest.raises(ValueError, match="FLEETLINE_SECRET_KEYS is not set"):
        SecretBox([])
    with pytest.raises(ValueError, match="too short"):
        SecretBox([NEW, "short"])


def test_one_key_gives_another_for_each_purpose() -> None:
    assert derive_key(NEW, "a") != derive_key(NEW, "b")
    assert derive_key(NEW, "a") != derive_key(OLD, "a")


def test_tokens_are_random_and_stored_as_their_sha256() -> None:
    assert new_token() != new_token()
    assert new_token("flt_").startswith("flt_")
    assert token_hash("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
