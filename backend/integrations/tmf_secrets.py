"""Secrets of SIMs that a carrier may tell in any message, and messages without them. Pure."""

import re
from functools import lru_cache
from typing import Any

import msgspec

from backend.integrations.tmf630 import MalformedError, decode

# These belong to the resource inventory. A carrier that tells them in an order must not make us keep them openly.
SECRETS = frozenset(
    {"puk", "puk1", "puk2", "pin", "pin1", "pin2", "activationCode", "matchingId", "confirmationCode"}
)
_EXACT = frozenset(name.casefold() for name in SECRETS)
# Names like `pukCode` and `SIM PUK` are meant too
_PARTS = ("puk", "activationcode", "matchingid", "confirmationcode")
# An activation code within a sentence (GSMA SGP.22, 4.1)
_ACTIVATION_CODE = re.compile(r"(?:LPA:)?1\$[\w.-]+\$\S*", re.IGNORECASE)
# Characters of a name that is remembered
LONGEST_KNOWN = 100
# Bytes of a message that is kept for a person to read
LARGEST_KEPT = 256 * 1024


def is_secret(name: str) -> bool:
    """Whether a value of this name is a secret of a SIM, however its name is written."""
    # A message has the same few names as the one before
    return _known_secret(name) if len(name) <= LONGEST_KNOWN else _means_secret(name)


@lru_cache(maxsize=1024)
def _known_secret(name: str) -> bool:
    return _means_secret(name)


def _means_secret(name: str) -> bool:
    word = re.sub(r"[^a-z0-9]", "", name.casefold())
    return word in _EXACT or any(part in word for part in _PARTS)


def without_secrets(body: bytes) -> str:
    """A message as it may be kept to be read again. Raises MalformedError."""
    found = decode(body)
    try:
        cleaned = _cleaned(found)
    except RecursionError:
        raise MalformedError("the carrier's message is too deep") from None
    unchanged = cleaned == found and rb"\u0000" not in body
    return body.decode() if unchanged else msgspec.json.encode(cleaned).decode()


def kept_text(body: bytes) -> str:
    """The same for a person to read: cut, and empty where nothing of it may be kept."""
    try:
        return without_secrets(body)[:LARGEST_KEPT]
    except MalformedError:
        return ""


def outline(body: bytes) -> str:
    """A message of secrets without any of its values: names of fields and kinds of values."""
    try:
        return msgspec.json.encode(_outlined(decode(body))).decode()[:LARGEST_KEPT]
    except (MalformedError, RecursionError):
        return ""


def _cleaned(value: Any) -> Any:
    match value:
        case dict():
            return {name: _cleaned(each) for name, each in value.items() if not is_secret(name)}
        case list():
            return [_cleaned(each) for each in value if not _tells_secret(each)]
        case str() if "1$" in value:
            return _ACTIVATION_CODE.sub("…", value)
    return value


def _tells_secret(value: object) -> bool:
    name = value.get("name") if isinstance(value, dict) else None
    return isinstance(name, str) and is_secret(name)


def _outlined(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: each
                if name == "name" and isinstance(each, str) and len(each) <= 50
                else _outlined(each)
                for name, each in value.items()
            }
        case list():
            return [_outlined(each) for each in value]
    return type(value).__name__
