"""What the official SDK is handed and hands back, as our structs. A StripeObject is no dictionary."""

from typing import Any

from backend.integrations.payment_facts import (
    CURRENCY,
    CheckoutLine,
    CheckoutRequest,
    DisputeFacts,
    IntentFacts,
    RefundFacts,
    SessionFacts,
)


def id_of(value: Any) -> str:
    """The id of an object that may be there whole, as its id, or not at all."""
    if value is None or isinstance(value, str):
        return value or ""
    return str(value["id"])


def plain_metadata(value: Any) -> dict[str, str]:
    """Metadata as a plain dictionary. A StripeObject is none."""
    return {} if value is None else {str(name): str(one) for name, one in value.to_dict().items()}


def _get(value: Any, name: str) -> Any:
    """A field that may be missing."""
    return value[name] if value is not None and name in value else None


def session_facts(found: Any) -> SessionFacts:
    return SessionFacts(
        id=found["id"],
        status=found["status"] or "",
        payment_status=found["payment_status"] or "",
        intent_id=id_of(found["payment_intent"]),
        metadata=plain_metadata(found["metadata"]),
    )


def intent_facts(found: Any, refunds: list[RefundFacts], disputes: Any) -> IntentFacts:
    charge, failure = found["latest_charge"], _get(found, "last_payment_error")
    method = _get(found, "payment_method")
    return IntentFacts(
        id=found["id"],
        status=found["status"],
        cents=found["amount"],
        received_cents=_get(found, "amount_received") or 0,
        currency=found["currency"],
        customer=id_of(found["customer"]),
        livemode=bool(found["livemode"]),
        metadata=plain_metadata(found["metadata"]),
        created=found["created"],
        method="" if method is None or isinstance(method, str) else method["type"],
        failure=str(
            _get(failure, "decline_code")
            or _get(failure, "code")
            or (_get(charge, "failure_code") if not isinstance(charge, str) else "")
            or ""
        ),
        refunds=refunds,
        disputes=[
            DisputeFacts(id=one["id"], cents=one["amount"], status=one["status"], reason=one["reason"] or "")
            for one in disputes
        ],
    )


def refund_facts(found: Any) -> RefundFacts:
    return RefundFacts(
        id=found["id"],
        cents=found["amount"],
        status=found["status"] or "",
        metadata=plain_metadata(found["metadata"]),
        failure=str(_get(found, "failure_reason") or ""),
    )


def session_params(wanted: CheckoutRequest) -> dict[str, Any]:
    """The parameters of a hosted page."""
    return {
        "mode": "payment",
        "customer": wanted.customer,
        "client_reference_id": wanted.metadata["payment"],
        "line_items": [_line(one) for one in wanted.lines],
        "allowed_payment_method_types": list(wanted.methods),
        "success_url": wanted.success_url,
        "cancel_url": wanted.cancel_url,
        "expires_at": wanted.expires_at,
        "locale": wanted.language,
        "metadata": wanted.metadata,
        # The payment itself has to say whose it is, too: it may be all that an event names
        "payment_intent_data": {"metadata": wanted.metadata},
    }


def _line(line: CheckoutLine) -> dict[str, Any]:
    price = {"currency": CURRENCY, "unit_amount": line.cents, "product_data": {"name": line.name}}
    return {"quantity": 1, "price_data": price}
