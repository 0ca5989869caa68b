"""The objects that the payments sandbox returns, and its errors. Pure.

`shapes.json` has every field of every object, made from the installed SDK's types by `tests/support/stripe_shapes.py`;
a test compares both. A key that begins with "_" is the sandbox's own and never leaves it.
"""

import json
import secrets
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

# One object, as JSON has it
StripeDocument = dict[str, Any]
API_VERSION = "2026-10-28.endive"
SHAPES = Path(__file__).parent / "shapes.json"
PREFIXES = {
    "balance_transaction": "txn",
    "charge": "ch",
    "checkout.session": "cs_test",
    "customer": "cus",
    "dispute": "du",
    "event": "evt",
    "mandate": "mandate",
    "payment_intent": "pi",
    "payment_method": "pm",
    "refund": "re",
    "setup_intent": "seti",
}
CARD_ERROR = "card_error"
INVALID_REQUEST = "invalid_request_error"


class StripeError(Exception):
    """A refusal in Stripe's shape: an HTTP status and `{"error": {…}}`.

    A refusal for what the parameters are (`kept=False`) is worked out again when its idempotency key comes back; any
    other is answered again as it was.
    """

    def __init__(self, status: int, kind: str, message: str, *, kept: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.body: StripeDocument = {"error": {"type": kind, "message": message, **more}}


def bad_parameter(message: str, param: str, code: str = "parameter_invalid_empty") -> StripeError:
    """A parameter that is missing or wrong."""
    return StripeError(400, INVALID_REQUEST, message, kept=False, code=code, param=param)


def wrong_state(message: str, code: str) -> StripeError:
    """What is asked does not fit the state of the object."""
    return StripeError(400, INVALID_REQUEST, message, code=code)


@cache
def _shapes() -> dict[str, StripeDocument]:
    found: dict[str, StripeDocument] = json.loads(SHAPES.read_text("utf-8"))
    return found


def part(name: str, **values: Any) -> StripeDocument:
    """A part of an object, such as `charge.card`, with every field; `values` are filled in."""
    return deepcopy(_shapes()[name]) | values


def new_document(kind: str, created: int, **values: Any) -> StripeDocument:
    """A new object with an id of its own and every field that the SDK knows; `values` are filled in."""
    found = deepcopy(_shapes()[kind])
    found["id"] = f"{PREFIXES[kind]}_{secrets.token_hex(12)}"
    if "created" in found:
        found["created"] = created
    return found | values


def public(document: StripeDocument) -> StripeDocument:
    """A copy of what a caller may see."""
    return deepcopy({key: value for key, value in document.items() if not key.startswith("_")})


def without_others(document: StripeDocument, *kept: str) -> StripeDocument:
    """A copy without its empty fields, but for those that are named: Stripe leaves out the other payment methods."""
    return {key: value for key, value in document.items() if value is not None or key in kept}
