"""What the payment service is asked, and what it says. Amounts are cents; instants are seconds of Unix time. Pure."""

from typing import Any

import msgspec

CURRENCY = "eur"


class CheckoutLine(msgspec.Struct, frozen=True):
    """What the hosted page lists: a name and its amount."""

    name: str
    cents: int


class CheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A hosted page for one payment.

    A request that is repeated has the same `key` and says the same. `metadata` comes back with everything that is about it.
    """

    key: str
    customer: str
    lines: list[CheckoutLine]
    methods: tuple[str, ...]
    success_url: str
    cancel_url: str
    expires_at: int
    language: str
    metadata: dict[str, str]


class OpenedCheckout(msgspec.Struct, frozen=True):
    """A hosted page: where it is, and whether it moves real money."""

    session_id: str
    address: str
    livemode: bool


class SessionFacts(msgspec.Struct, frozen=True):
    """A hosted page as it is now. `status`: open, complete or expired. Complete is not paid."""

    id: str
    status: str
    payment_status: str
    intent_id: str
    metadata: dict[str, str]


class RefundFacts(msgspec.Struct, frozen=True):
    """Money that went back. `status`: pending, requires_action, succeeded, failed or canceled."""

    id: str
    cents: int
    status: str
    metadata: dict[str, str]
    failure: str


class DisputeFacts(msgspec.Struct, frozen=True):
    """A payment that its payer contests, or a debit that came back. `status`: lost where the money is gone."""

    id: str
    cents: int
    status: str
    reason: str


class IntentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is now. `status`: succeeded, processing, canceled or requires_…; `failure`: the last reason."""

    id: str
    status: str
    cents: int
    received_cents: int
    currency: str
    customer: str
    livemode: bool
    metadata: dict[str, str]
    created: int
    method: str
    failure: str
    refunds: list[RefundFacts]
    disputes: list[DisputeFacts]


class PaymentFacts(msgspec.Struct, frozen=True):
    """A payment with its hosted page; either may be missing."""

    session: SessionFacts | None
    intent: IntentFacts | None


class ProviderNotice(msgspec.Struct, frozen=True, kw_only=True):
    """An event: a hint that something changed about an object. What it is now is asked for."""

    event_id: str
    type: str
    created: int
    livemode: bool
    object_kind: str
    object_id: str


def notice_of(event: Any) -> ProviderNotice:
    """What an event is about. Takes the SDK's object, or the JSON of a webhook. Raises KeyError, TypeError, ValueError."""
    about = event["data"]["object"]
    return ProviderNotice(
        event_id=str(event["id"]),
        type=str(event["type"]),
        created=int(event["created"]),
        livemode=bool(event["livemode"]),
        object_kind=str(about["object"]),
        object_id=str(about["id"]),
    )
