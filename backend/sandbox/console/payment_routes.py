"""The console of the payments: what a person settles, refuses, gives back and revokes, and the same for tests."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Controller, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from backend.sandbox.carrier.callbacks import CallbackTarget
from backend.sandbox.console.html import Form, page
from backend.sandbox.console.payment_behaviour import BEHAVIOUR_FLAGS, BEHAVIOUR_NUMBERS
from backend.sandbox.console.payment_page import payments_page
from backend.sandbox.payments import charges, intents, methods, sessions
from backend.sandbox.payments.documents import StripeDocument, StripeError, public, wrong_state
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.trial_numbers import DEBIT_REASONS
from backend.sandbox.sandbox import Sandbox
from backend.web.types import AnyRequest

LARGEST_BODY = 16 * 1024
PAGE = "/payments"


def _settle(payments: PaymentsSandbox, intent: StripeDocument, _: str) -> None:
    _under_way(intent)
    intents.succeed(payments, intent)


def _fail(payments: PaymentsSandbox, intent: StripeDocument, reason: str) -> None:
    _under_way(intent)
    intents.fail(payments, intent, reason or "insufficient_funds")


def _under_way(intent: StripeDocument) -> None:
    if intent["status"] != "processing":
        raise wrong_state(
            f"This payment is {intent['status']}: the bank has answered.", "payment_intent_unexpected_state"
        )


def _dispute(payments: PaymentsSandbox, intent: StripeDocument, reason: str) -> None:
    if intent["status"] != "succeeded":
        raise wrong_state("Only what was paid can come back.", "payment_intent_unexpected_state")
    charge = payments.book.find("charge", intent["latest_charge"])
    charges.dispute(payments, charge, reason or "fraudulent")


def _win(payments: PaymentsSandbox, found: StripeDocument, _: str) -> None:
    charges.close_dispute(payments, found, won=True)


def _lose(payments: PaymentsSandbox, found: StripeDocument, _: str) -> None:
    charges.close_dispute(payments, found, won=False)


def _revoke(payments: PaymentsSandbox, mandate: StripeDocument, _: str) -> None:
    methods.end_mandate(payments, mandate)


def _refund_done(payments: PaymentsSandbox, found: StripeDocument, _: str) -> None:
    charges.refund_ends(payments, found)


def _refund_fails(payments: PaymentsSandbox, found: StripeDocument, reason: str) -> None:
    charges.refund_ends(payments, found, reason or "expired_or_canceled_card")


def _expire(payments: PaymentsSandbox, session: StripeDocument, _: str) -> None:
    sessions.expire(payments, session)


def _send_again(payments: PaymentsSandbox, event: StripeDocument, _: str) -> None:
    payments.webhooks.send_again(public(event))


ACTIONS: Mapping[tuple[str, str], Callable[[PaymentsSandbox, StripeDocument, str], None]] = {
    ("payment_intent", "settle"): _settle,
    ("payment_intent", "fail"): _fail,
    ("payment_intent", "return"): _dispute,
    ("dispute", "win"): _win,
    ("dispute", "lose"): _lose,
    ("mandate", "revoke"): _revoke,
    ("refund", "done"): _refund_done,
    ("refund", "fail"): _refund_fails,
    ("checkout.session", "expire"): _expire,
    ("event", "again"): _send_again,
}


class PaymentConsole(Controller):
    """The page of the payments and its forms. Tests use the same addresses, and JSON to set the behaviour."""

    path = PAGE

    @get()
    async def console(self, sandbox: NamedDependency[Sandbox], error: FromQuery[str] = "") -> Response[str]:
        return page("Payments", payments_page(sandbox.payments, error), current=PAGE)

    @post("/behaviour", request_max_body_size=LARGEST_BODY)
    async def set_behaviour(self, sandbox: NamedDependency[Sandbox], data: Form) -> Redirect:
        """Set how it behaves, from the form."""
        wish: dict[str, Any] = {name: data.get(name) == "on" for name, _ in BEHAVIOUR_FLAGS}
        for name, label in BEHAVIOUR_NUMBERS:
            text = data.get(name, "").strip().replace(",", ".")
            try:
                wish[name] = float(text) if name.endswith("_seconds") else int(text)
            except ValueError:
                return _back(f"{label}: give a number.")
        try:
            sandbox.payments.behave(**wish)
        except msgspec.ValidationError as error:
            return _back(str(error))
        await sandbox.payments.book.settled()
        return Redirect(PAGE, status_code=303)

    @put("/behaviour")
    async def behave(self, request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> Response[Any]:
        """Set what the JSON names; the rest stays."""
        sandbox.payments.behave(**msgspec.json.decode(await request.body(), type=dict[str, Any]))
        await sandbox.payments.book.settled()
        return Response(msgspec.to_builtins(sandbox.payments.behaviour))

    @put("/webhook")
    async def set_webhook(self, request: AnyRequest, sandbox: NamedDependency[Sandbox]) -> dict[str, str]:
        """Where webhooks go until the sandbox ends; it starts again with what it was given."""
        target = msgspec.json.decode(await request.body(), type=CallbackTarget)
        sandbox.payments.webhooks.url, sandbox.payments.webhooks.secret = target.url, target.secret
        return {"url": target.url}

    @get("/webhooks")
    async def webhooks(self, sandbox: NamedDependency[Sandbox]) -> list[dict[str, Any]]:
        """Deliveries, the oldest first, without what they carry."""
        found = sandbox.payments.webhooks.deliveries.values()
        return [
            {
                "event": one.event_id,
                "type": one.kind,
                "state": one.state,
                "attempts": one.attempts,
                "last": one.last,
            }
            for one in found
        ]

    @delete()
    async def forget(self, sandbox: NamedDependency[Sandbox]) -> None:
        """As if nothing had ever been paid."""
        sandbox.payments.forget_all()
        await sandbox.payments.book.settled()

    @post("/{kind:str}/{document_id:str}/{action:str}", request_max_body_size=LARGEST_BODY)
    async def act(
        self,
        sandbox: NamedDependency[Sandbox],
        kind: FromPath[str],
        document_id: FromPath[str],
        action: FromPath[str],
        data: Form,
    ) -> Redirect:
        """What the bank or the payer does. A refusal is said on the page."""
        payments, reason = sandbox.payments, data.get("reason", "")
        do = ACTIONS.get((kind, action))
        if do is None or (reason and reason not in REASONS):
            raise StripeError(
                HTTPStatus.NOT_FOUND, "invalid_request_error", "The console has no such action."
            )
        try:
            do(payments, payments.book.find(kind, document_id), reason)
        except StripeError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise
            return _back(str(error))
        await payments.book.settled()
        return Redirect(f"{PAGE}#{kind}", status_code=303)


REASONS = frozenset(
    {*DEBIT_REASONS, "fraudulent", "product_not_received", "duplicate", "expired_or_canceled_card"}
)


def _back(error: str) -> Redirect:
    return Redirect(f"{PAGE}?error={quote(error)}", status_code=303)
