"""Secrets at rest (authenticated encryption with a list of keys), and the random tokens that are stored hashed."""

import secrets
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
NONCE_BYTES = 12
SHORTEST_KEY = 32


class DecryptionError(ValueError):
    """The sealed value was made with other keys, for another record, or was changed."""


class SecretBox:
    """Seals with the first key and opens with any, so that keys can be replaced one at a time (AES-256-GCM).

    The context (`<tenant>/<what>/<record id>`) is bound to the value: moved to another row or tenant, it does
    not open any more.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError(
                "FLEETLINE_SECRET_KEYS is not set: give at least one random text of 32 characters"
            )
        if any(len(key) < SHORTEST_KEY for key in keys):
            raise ValueError(
                "FLEETLINE_SECRET_KEYS holds a key that is too short: 32 random characters at least"
            )
        self._ciphers = [AESGCM(derive_key(key, "secrets at rest")) for key in keys]

    def seal(self, plain: bytes, context: str) -> bytes:
        """Encrypt for one record; never the same twice."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return VERSION + nonce + self._ciphers[0].encrypt(nonce, plain, VERSION + context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt. Raises DecryptionError, with no hint of the reason."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] == VERSION and len(nonce) == NONCE_BYTES:
            for cipher in self._ciphers:
                try:
                    return cipher.decrypt(nonce, body, VERSION + context.encode())
                except InvalidTag:
                    continue
        raise DecryptionError("this sealed value cannot be opened here")


@lru_cache(maxsize=64)
def derive_key(key: str, purpose: str) -> bytes:
    """32 bytes for one purpose, so that one deployment key never serves two (RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=f"fleetline {purpose}".encode()).derive(key.encode())


def new_token(prefix: str = "") -> str:
    """A random text of 256 bits for a cookie, a code or a bearer token."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is stored of a token. The token itself is random, so a plain hash is enough."""
    return sha256(token.encode()).digest()
