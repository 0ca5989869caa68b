"""The signature of the payment service's webhooks: `t=…,v1=…`, HMAC-SHA-256 over time and raw body.

The SDK has the same check. It is written here because the web process would need half a second and 30 MB to load the SDK.
A test compares both.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

HEADER = "stripe-signature"
# Older or newer than this is refused: a message that somebody kept
TOLERANCE_SECONDS = 300
# A header has one signature, or two while a secret is replaced
MOST_PARTS = 20


def verify_webhook(secrets: Sequence[str], header: str, body: bytes, now: datetime) -> bool:
    """Whether one of the secrets signed these bytes within five minutes. Never, where there is no secret."""
    stamp, signatures = "", []
    for part in header.split(",", MOST_PARTS)[:MOST_PARTS]:
        name, _, value = part.strip().partition("=")
        if name == "t":
            stamp = value
        elif name == "v1":
            signatures.append(value)
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        return False
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{stamp}.".encode() + body
    right = [hmac.new(one.encode(), signed, sha256).hexdigest().encode() for one in secrets if one]
    # In bytes: a comparison of texts refuses signs outside ASCII with an error
    given = [one.encode() for one in signatures]
    return any(hmac.compare_digest(one, made) for one in given for made in right)
