"""Words for online payments: their state, how they were paid, why no money came."""

from reactpy.types import VdomDict

from backend.billing.payments.lifecycle import Cause, PaymentState
from frontend.elements import pill
from frontend.i18n import Translator, translatable

# State -> words, tone, shape
PAYMENT_STATES = {
    PaymentState.CREATED: (translatable("Not made yet"), "", "ring"),
    PaymentState.REQUIRES_ACTION: (translatable("Waits for the bank's check"), "running", "half"),
    PaymentState.PROCESSING: (translatable("Collection in progress"), "running", "half"),
    PaymentState.UNKNOWN: (translatable("Not known yet"), "attention", "alert"),
    PaymentState.SUCCEEDED: (translatable("Money received"), "active", "check"),
    PaymentState.FAILED: (translatable("Nothing was taken"), "", "minus"),
    PaymentState.CANCELLED: (translatable("Nothing was taken"), "", "minus"),
    PaymentState.REFUNDED: (translatable("Given back"), "", "undo"),
    PaymentState.PARTLY_REFUNDED: (translatable("Partly given back"), "active", "undo"),
    PaymentState.REVERSED: (translatable("Taken back by the bank"), "attention", "undo"),
}
NOT_BOOKED = (translatable("Not booked"), "attention", "alert")
PAYMENT_METHODS = {
    "card": translatable("by card"),
    "bancontact": translatable("by Bancontact"),
    "sepa_debit": translatable("by SEPA debit"),
}
REFUSED = translatable("The bank refused the payment.")
# Codes of the payment service, and our own reasons
FAILURES = {
    "insufficient_funds": translatable("The bank refused the payment: there was not enough money."),
    "expired_card": translatable("The bank refused the payment: the card has expired."),
    "incorrect_cvc": translatable("The bank refused the payment: the code of the card was wrong."),
    "account_closed": translatable("The bank refused the payment: the account is closed."),
    "no_account": translatable("The bank refused the payment: there is no such account."),
    "debit_not_authorized": translatable("The bank refused the payment: the account may not be debited."),
    Cause.LEFT: translatable("You came back without paying."),
    Cause.EXPIRED: translatable("The payment page was open too long, and nobody paid on it."),
    Cause.REPLACED: translatable("Another payment of the same invoice was begun in place of this one."),
    Cause.OVERTAKEN: translatable(
        "The invoice did not need this amount any more: somebody else paid, or is paying."
    ),
    Cause.REFUSED: translatable("The payment service did not take this payment."),
    Cause.NOT_OPENED: translatable("The payment service could not be reached in time."),
    Cause.DISMISSED: translatable("Money came, and your operator did not book it: ask them about it."),
    Cause.LATE: translatable("The money came after this payment had ended. Nothing is booked yet."),
}
# Money came: that nothing was taken would be false
CAME_UNBOOKED = (Cause.LATE, Cause.DISMISSED)


def payment_pill(text: Translator, state: PaymentState, failure: str) -> VdomDict:
    """The state of a payment. `failure`: why no money is booked."""
    unbooked = state in {PaymentState.FAILED, PaymentState.CANCELLED} and failure in CAME_UNBOOKED
    words, tone, mark = NOT_BOOKED if unbooked else PAYMENT_STATES[state]
    return pill(text(words), tone, mark)


def method_words(text: Translator, method: str) -> str:
    """How it was paid: "by card"; "" where that is not known."""
    words = PAYMENT_METHODS.get(method)
    return text(words) if words else ""


def failure_words(text: Translator, failure: str) -> str:
    """Why no money came."""
    return text(FAILURES.get(failure, REFUSED))
