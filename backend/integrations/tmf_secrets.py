"""Secrets of SIMs that a carrier may tell in an order, and messages without them. Pure."""

from typing import Any

import msgspec

from backend.integrations.tmf630 import decode

# These belong to the resource inventory. A carrier that tells them in an order must not make us keep them openly.
SECRETS = frozenset(
    {"puk", "puk1", "puk2", "pin", "pin1", "pin2", "activationCode", "matchingId", "confirmationCode"}
)


def without_secrets(body: bytes) -> str:
    """A message as it may be kept to be read again. Raises MalformedError."""
    found = decode(body, Any)
    cleaned = _cleaned(found)
    return body.decode() if cleaned == found else msgspec.json.encode(cleaned).decode()


def _cleaned(value: Any) -> Any:
    match value:
        case dict():
            return {name: _cleaned(each) for name, each in value.items() if name not in SECRETS}
        case list():
            return [_cleaned(each) for each in value if not _secret(each)]
    return value


def _secret(value: object) -> bool:
    name = value.get("name") if isinstance(value, dict) else None
    return isinstance(name, str) and name in SECRETS
