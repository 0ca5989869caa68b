"""Paying as tests do it: Stripe's official SDK against the payments sandbox, and a listener for its webhooks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import stripe
import uvicorn

from tests.support.sandbox import STRIPE_KEY, WEBHOOK_SECRET
from tests.support.serving import free_port, running

CARD = {"how": "card", "number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123"}
ACCOUNT = {"how": "sepa_debit", "iban": "BE62 5100 0754 7061", "holder": "Delta Logistics", "agree": "on"}


@asynccontextmanager
async def stripe_client(address: str, *, key: str = STRIPE_KEY, retries: int = 2) -> AsyncIterator[Any]:
    """The SDK's calls, as the portal makes them."""
    http: Any = stripe.HTTPXClient(timeout=10)
    client = stripe.StripeClient(
        key, base_addresses={"api": address}, max_network_retries=retries, http_client=http
    )
    try:
        yield client.v1
    finally:
        await http.close_async()


def payment_asked(**more: Any) -> dict[str, Any]:
    """The parameters of a session that pays €123.45."""
    price = {"currency": "eur", "unit_amount": 12_345, "product_data": {"name": "2026-110417"}}
    return {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "allowed_payment_method_types": ["card", "bancontact", "sepa_debit"],
        "success_url": "http://portal.example/app/paid?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://portal.example/app/invoices",
        "metadata": {"payment": "1"},
        "payment_intent_data": {"metadata": {"payment": "1"}},
    } | more


def setup_asked(customer: str, **more: Any) -> dict[str, Any]:
    """The parameters of a session in which a customer signs a mandate."""
    return {
        "mode": "setup",
        "currency": "eur",
        "customer": customer,
        "allowed_payment_method_types": ["sepa_debit"],
        "success_url": "http://portal.example/app/signed",
        "cancel_url": "http://portal.example/app/billing",
        "setup_intent_data": {"metadata": {"mandate": "1"}},
    } | more


class WebhookListener:
    """Takes webhooks as the portal does: checks them with the SDK, and keeps their events."""

    def __init__(self) -> None:
        self.url = ""
        self.events: list[Any] = []
        # So many are answered 503 first
        self.refuse = 0
        self.forged = 0

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    async def __call__(self, scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        signature = dict(scope["headers"]).get(b"stripe-signature", b"").decode()
        status = 503 if self.refuse else 200
        self.refuse = max(0, self.refuse - 1)
        try:
            event = stripe.Webhook.construct_event(body, signature, WEBHOOK_SECRET)  # type: ignore[no-untyped-call]
            if status == 200:
                self.events.append(event)
        except stripe.SignatureVerificationError:
            self.forged, status = self.forged + 1, 400
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def hearing_webhooks() -> AsyncIterator[WebhookListener]:
    """A listener on a free port."""
    listener, port = WebhookListener(), free_port()
    config = uvicorn.Config(listener, port=port, log_level="error", access_log=False, lifespan="off")
    listener.url = f"http://127.0.0.1:{port}/webhooks"
    async with running(uvicorn.Server(config)):
        yield listener
