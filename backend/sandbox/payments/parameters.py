"""Parameters of calls: read from a form or a query, and checked against what each call takes. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from backend.sandbox.payments.documents import StripeDocument, bad_parameter

MOST_PARAMETERS = 2_000
DEEPEST = 6
KEY = re.compile(r"[^\[\]]+")
WHOLE = re.compile(r"-?\d{1,15}")
INTEGERS = frozenset({"amount", "unit_amount", "quantity", "expires_at", "limit", "gt", "gte", "lt", "lte"})
FLAGS = frozenset({"confirm", "off_session", "error_on_requires_action"})
CUSTOMER = frozenset({"address", "description", "email", "metadata", "name", "phone", "preferred_locales"})
PAGE = frozenset({"limit", "starting_after", "ending_before"})
# What each call takes, by its kind and its verb; a test compares them with the SDK's types
TAKES: Mapping[tuple[str, str], frozenset[str]] = {
    ("customer", "create"): CUSTOMER,
    ("customer", "modify"): CUSTOMER,
    ("customer", "list"): PAGE | {"created", "email"},
    ("checkout.session", "create"): frozenset(
        {
            "allowed_payment_method_types",
            "cancel_url",
            "client_reference_id",
            "currency",
            "customer",
            "customer_email",
            "expires_at",
            "line_items",
            "locale",
            "metadata",
            "mode",
            "payment_intent_data",
            "payment_method_options",
            "setup_intent_data",
            "submit_type",
            "success_url",
        }
    ),
    ("checkout.session", "expire"): frozenset(),
    ("checkout.session", "list"): PAGE | {"created", "customer", "payment_intent", "status"},
    ("payment_intent", "create"): frozenset(
        {
            "allowed_payment_method_types",
            "amount",
            "confirm",
            "currency",
            "customer",
            "description",
            "error_on_requires_action",
            "mandate",
            "metadata",
            "off_session",
            "payment_method",
            "return_url",
            "setup_future_usage",
            "statement_descriptor",
        }
    ),
    ("payment_intent", "confirm"): frozenset(
        {"error_on_requires_action", "mandate", "off_session", "payment_method", "return_url"}
    ),
    ("payment_intent", "cancel"): frozenset({"cancellation_reason"}),
    ("payment_intent", "list"): PAGE | {"created", "customer"},
    ("setup_intent", "list"): PAGE | {"created", "customer", "payment_method"},
    ("payment_method", "detach"): frozenset(),
    ("payment_method", "list"): PAGE | {"customer", "type"},
    ("charge", "list"): PAGE | {"created", "customer", "payment_intent"},
    ("refund", "create"): frozenset({"amount", "charge", "metadata", "payment_intent", "reason"}),
    ("refund", "list"): PAGE | {"charge", "created", "payment_intent"},
    ("dispute", "list"): PAGE | {"charge", "created", "payment_intent"},
    ("event", "list"): PAGE | {"created", "type", "types"},
    ("balance_transaction", "list"): PAGE | {"created", "source", "type"},
}


def read_pairs(body: bytes) -> list[tuple[str, str]]:
    """The pairs of a form. Raises StripeError for one that cannot be read."""
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise bad_parameter("The body cannot be read as a form.", "", "parameter_unknown") from None


def nested(pairs: Iterable[tuple[str, str]]) -> StripeDocument:
    """Names such as `line_items[0][quantity]` as objects and lists, with whole numbers and flags read."""
    root: StripeDocument = {}
    for name, text in pairs:
        keys = KEY.findall(name)
        if not 1 <= len(keys) <= DEEPEST:
            raise bad_parameter(f"Invalid parameter name: {name[:80]}", name[:80], "parameter_unknown")
        inner = root
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
            if not isinstance(inner, dict):
                raise bad_parameter(f"Invalid object: {key}", key, "parameter_invalid_empty")
        # A list may come as `types[]` several times
        if name.endswith("[]"):
            last = inner.setdefault(keys[-1], {})
            last[str(len(last))] = text
        else:
            inner[keys[-1]] = text
    return {key: _value(key, value) for key, value in root.items()}


def _value(key: str, value: Any) -> Any:
    if key == "metadata":
        return value if isinstance(value, dict) else {}
    if isinstance(value, dict):
        if value and all(name.isdigit() for name in value):
            return [_value(key, value[name]) for name in sorted(value, key=int)]
        return {name: _value(name, inner) for name, inner in value.items()}
    if key in INTEGERS or key == "created":
        if not WHOLE.fullmatch(value):
            raise bad_parameter(f"Invalid integer: {value[:40]}", key, "parameter_invalid_integer")
        return int(value)
    if key in FLAGS:
        if value not in {"true", "false"}:
            raise bad_parameter(f"Invalid boolean: {value[:40]}", key)
        return value == "true"
    return value


def checked(kind: str, verb: str, asked: StripeDocument) -> StripeDocument:
    """The parameters of a call. Raises StripeError for one that the call does not take."""
    for name in asked:
        if name not in TAKES[kind, verb]:
            raise bad_parameter(f"Received unknown parameter: {name[:80]}", name[:80], "parameter_unknown")
    return asked
