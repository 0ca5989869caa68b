"""Signed callbacks: HMAC-SHA256 over `t.body`, sent as `fleetline-signature: t=…,v1=…`."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

HEADER = "fleetline-signature"
TOLERANCE = timedelta(minutes=5)


def sign(secret: str, body: bytes, at: datetime) -> str:
    """The value of the signature header for a body sent at this instant."""
    if not secret:
        raise ValueError("a callback cannot be signed with an empty secret")
    stamp = int(at.timestamp())
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def verify(secrets: Iterable[str], header: str, body: bytes, now: datetime) -> bool:
    """Whether one of the secrets signed this body within five minutes of now.

    Several secrets, and several `v1`, let a secret be replaced without losing callbacks. An empty secret
    never verifies: a missing setting must not open the door.
    """
    stamp, digests = _parts(header)
    if stamp is None or abs(now.timestamp() - stamp) > TOLERANCE.total_seconds():
        return False
    wanted = [_digest(secret, stamp, body) for secret in secrets if secret]
    # Every pair is compared, so the time taken says nothing about which one matched.
    matches = [hmac.compare_digest(digest.encode(), want.encode()) for digest in digests for want in wanted]
    return any(matches)


def _digest(secret: str, stamp: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _parts(header: str) -> tuple[int | None, list[str]]:
    stamps: list[str] = []
    digests: list[str] = []
    for part in header.split(","):
        key, _, value = part.strip().partition("=")
        if key == "t":
            stamps.append(value)
        elif key == "v1":
            digests.append(value)
    single = stamps[0] if len(stamps) == 1 else ""
    readable = single.isascii() and single.isdecimal() and len(single) <= 12
    return (int(single) if readable else None), digests[:4]
