"""Payment intents: made, confirmed, answered by the bank, cancelled."""

import secrets

from backend.sandbox.payments.charges import (
    charge_fails,
    charge_succeeds,
    dispute,
    error_of,
    new_charge,
)
from backend.sandbox.payments.documents import (
    CARD_ERROR,
    StripeDocument,
    StripeError,
    bad_parameter,
    public,
    wrong_state,
)
from backend.sandbox.payments.methods import active_mandate, end_mandate
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.trial_numbers import ENDS_MANDATE, account_trial, card_trial

LEAST_CENTS = 50
MOST_CENTS = 99_999_999
# Stripe's late test accounts answer after three minutes
LATE_SECONDS = 180.0
CANCELLABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
MESSAGES = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def check_amount(amount: object, currency: object) -> None:
    """Raises StripeError for an amount that Stripe does not take, or a currency other than the euro."""
    if currency != "eur":
        raise bad_parameter(
            f"Invalid currency: {currency}. The sandbox knows eur.",
            "currency",
            "parameter_invalid_string_empty",
        )
    if type(amount) is not int:
        raise bad_parameter(f"Invalid integer: {amount}", "amount", "parameter_invalid_integer")
    if amount < LEAST_CENTS:
        raise bad_parameter("Amount must be at least €0.50 eur", "amount", "amount_too_small")
    if amount > MOST_CENTS:
        raise bad_parameter("Amount must be no more than €999,999.99", "amount", "amount_too_large")


def create(sandbox: PaymentsSandbox, asked: StripeDocument) -> StripeDocument:
    """A new intent of checked parameters, confirmed where that is asked."""
    check_amount(asked.get("amount"), asked.get("currency"))
    if asked.get("customer"):
        sandbox.book.find("customer", asked["customer"], "customer")
    method = asked.get("payment_method")
    kinds = asked.get("allowed_payment_method_types")
    if method:
        found = sandbox.book.find("payment_method", method, "payment_method")
        kinds = kinds or [found["type"]]
        if found["customer"] != asked.get("customer"):
            raise bad_parameter(
                "The PaymentMethod does not belong to the customer.",
                "payment_method",
                "payment_method_unexpected_state",
            )
        if found["type"] not in kinds:
            raise bad_parameter(
                "The PaymentMethod is not of an allowed type.",
                "payment_method",
                "payment_intent_incompatible_payment_method",
            )
        # A call that cannot be carried out makes no intent
        if asked.get("confirm") and found["type"] == "sepa_debit":
            active_mandate(sandbox, found, asked.get("mandate"))
    intent = sandbox.book.add(
        "payment_intent",
        allowed_payment_method_types=asked.get("allowed_payment_method_types"),
        amount=asked["amount"],
        client_secret=f"pi_{secrets.token_hex(8)}_secret_{secrets.token_hex(8)}",
        currency=asked["currency"],
        customer=asked.get("customer"),
        description=asked.get("description"),
        metadata=asked.get("metadata", {}),
        payment_method=method,
        payment_method_types=kinds or ["card"],
        setup_future_usage=asked.get("setup_future_usage"),
        statement_descriptor=asked.get("statement_descriptor"),
        status="requires_confirmation" if method else "requires_payment_method",
    )
    sandbox.emit("payment_intent.created", intent)
    if asked.get("confirm"):
        confirm(sandbox, intent, mandate=asked.get("mandate"), off_session=bool(asked.get("off_session")))
    return intent


def confirm(
    sandbox: PaymentsSandbox, intent: StripeDocument, *, mandate: str | None = None, off_session: bool = False
) -> None:
    """Try the payment. Raises StripeError 402 for a card that is refused, 400 for a mandate that is not in force."""
    if intent["status"] not in {"requires_confirmation", "requires_payment_method"}:
        raise wrong_state(
            f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed.",
            "payment_intent_unexpected_state",
        )
    if not intent["payment_method"]:
        raise bad_parameter(
            "The PaymentIntent needs a payment method.", "payment_method", "parameter_missing"
        )
    method = sandbox.book.find("payment_method", intent["payment_method"], "payment_method")
    intent["last_payment_error"] = None
    if method["type"] == "sepa_debit":
        _debit(sandbox, intent, method, active_mandate(sandbox, method, mandate))
        return
    card = card_trial(method.get("_number", ""))
    if method["type"] == "bancontact" or (card and card.asks):
        if off_session:
            _refuse(sandbox, intent, method, "authentication_required", "authentication_required")
        _ask(sandbox, intent)
    else:
        finish_card(sandbox, intent)


def _ask(sandbox: PaymentsSandbox, intent: StripeDocument) -> None:
    """The bank wants to hear its customer first."""
    intent["status"] = "requires_action"
    address = intent.get("_page") or ""
    intent["next_action"] = {
        "type": "redirect_to_url",
        "redirect_to_url": {"return_url": address or None, "url": address or None},
    }
    sandbox.book.save(intent)
    sandbox.emit("payment_intent.requires_action", intent)


def finish_card(sandbox: PaymentsSandbox, intent: StripeDocument) -> None:
    """A card or Bancontact is answered at once. Raises StripeError 402 where it is refused."""
    method = sandbox.book.find("payment_method", intent["payment_method"])
    card = card_trial(method.get("_number", ""))
    intent["next_action"] = None
    if card and card.code:
        _refuse(sandbox, intent, method, card.code, card.decline_code)
    new_charge(sandbox, intent, method)
    succeed(sandbox, intent)
    if card and card.disputed:
        sandbox.plan(intent, sandbox.behaviour.return_seconds, "return:fraudulent")


def customer_refuses(sandbox: PaymentsSandbox, intent: StripeDocument) -> None:
    """The customer says no to the bank."""
    intent["next_action"] = None
    method = sandbox.book.find("payment_method", intent["payment_method"])
    code = (
        "payment_intent_authentication_failure"
        if method["type"] == "card"
        else "payment_method_customer_decline"
    )
    _to_failed(sandbox, intent, method, error_of(code, "", "The customer did not approve the payment."), code)


def _refuse(
    sandbox: PaymentsSandbox, intent: StripeDocument, method: StripeDocument, code: str, decline_code: str
) -> None:
    message = MESSAGES.get(code, "The payment was refused.")
    new_charge(sandbox, intent, method)
    error = error_of(code, decline_code, message, charge=intent["latest_charge"])
    _to_failed(sandbox, intent, method, error, decline_code or code)
    raise StripeError(
        402, CARD_ERROR, message, code=code, decline_code=decline_code, payment_intent=public(intent)
    )


def _debit(
    sandbox: PaymentsSandbox, intent: StripeDocument, method: StripeDocument, mandate: StripeDocument
) -> None:
    """Hand a debit to the bank, which answers later."""
    intent["status"] = "processing"
    intent["_mandate"] = mandate["id"]
    charge = new_charge(sandbox, intent, method, mandate)
    sandbox.book.save(charge)
    if mandate["type"] == "single_use":
        mandate["status"] = "inactive"
        sandbox.book.save(mandate)
    account = account_trial(method["_iban"])
    if not sandbox.behaviour.debits_by_hand:
        seconds = LATE_SECONDS if account.late else sandbox.behaviour.debit_seconds
        sandbox.plan(intent, seconds, f"fail:{account.code}" if account.code else "settle")
    sandbox.book.save(intent)
    sandbox.emit("charge.pending", charge)
    sandbox.emit("payment_intent.processing", intent)


def succeed(sandbox: PaymentsSandbox, intent: StripeDocument) -> None:
    """The bank paid."""
    charge = sandbox.book.find("charge", intent["latest_charge"])
    sandbox.book.unplan(intent)
    intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
    sandbox.book.save(intent)
    charge_succeeds(sandbox, charge)
    sandbox.emit("payment_intent.succeeded", intent)
    _tell_session(sandbox, intent, paid=True)
    method = sandbox.book.of("payment_method").get(intent["payment_method"] or "", {})
    if "_iban" in method and (returned := account_trial(method["_iban"]).returned):
        sandbox.plan(intent, sandbox.behaviour.return_seconds, f"return:{returned}")


def fail(sandbox: PaymentsSandbox, intent: StripeDocument, code: str) -> None:
    """The bank does not pay a debit, with Stripe's code of a failed charge."""
    method = sandbox.book.find("payment_method", intent["payment_method"])
    message = f"The debit was not paid ({code})."
    error = error_of("payment_intent_payment_attempt_failed", code, message, charge=intent["latest_charge"])
    _to_failed(sandbox, intent, method, error, code)
    mandate = sandbox.book.of("mandate").get(intent.get("_mandate") or "")
    if mandate and code in ENDS_MANDATE:
        end_mandate(sandbox, mandate)


def _to_failed(
    sandbox: PaymentsSandbox, intent: StripeDocument, method: StripeDocument, error: StripeDocument, code: str
) -> None:
    sandbox.book.unplan(intent)
    intent |= {
        "last_payment_error": error
        | {"payment_method": public(method), "payment_method_type": method["type"]},
        "payment_method": None,
        "status": "requires_payment_method",
    }
    sandbox.book.save(intent)
    charge = sandbox.book.of("charge").get(intent["latest_charge"] or "")
    if charge and charge["status"] == "pending":
        charge_fails(sandbox, charge, code, error["message"])
    sandbox.emit("payment_intent.payment_failed", intent)
    _tell_session(sandbox, intent, paid=False)


def _tell_session(sandbox: PaymentsSandbox, intent: StripeDocument, *, paid: bool) -> None:
    """A session that was completed before the bank answered hears of it."""
    session = sandbox.book.of("checkout.session").get(intent.get("_session") or "")
    if not session or session["status"] != "complete" or session["payment_status"] != "unpaid":
        return
    if paid:
        session["payment_status"] = "paid"
        sandbox.book.save(session)
    sandbox.emit(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def cancel(sandbox: PaymentsSandbox, intent: StripeDocument, reason: str | None) -> None:
    """Nobody wants the payment any more. Raises StripeError where it is under way or has ended."""
    if intent["status"] not in CANCELLABLE:
        raise wrong_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}.",
            "payment_intent_unexpected_state",
        )
    intent |= {
        "status": "canceled",
        "canceled_at": sandbox.book.now(),
        "cancellation_reason": reason,
        "next_action": None,
    }
    sandbox.book.save(intent)
    sandbox.emit("payment_intent.canceled", intent)


def settle_by_itself(sandbox: PaymentsSandbox, intent: StripeDocument, _: str) -> None:
    """A debit is paid."""
    if intent["status"] == "processing":
        succeed(sandbox, intent)


def fail_by_itself(sandbox: PaymentsSandbox, intent: StripeDocument, code: str) -> None:
    """A debit is not paid."""
    if intent["status"] == "processing":
        fail(sandbox, intent, code)


def return_by_itself(sandbox: PaymentsSandbox, intent: StripeDocument, reason: str) -> None:
    """A payment comes back."""
    charge = sandbox.book.find("charge", intent["latest_charge"])
    if charge["status"] == "succeeded" and not charge["disputed"]:
        dispute(sandbox, charge, reason)
