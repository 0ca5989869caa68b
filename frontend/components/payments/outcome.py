"""What became of a payment, in words that always say what happened to the money."""

from dataclasses import dataclass

from backend.billing.payments.lifecycle import OPEN_PAGE, Cause, PaymentState
from backend.billing.payments.schemas import PaymentInfo
from frontend.components.payments.words import CAME_UNBOOKED, failure_words, method_words
from frontend.i18n import Translator

S = PaymentState


@dataclass(frozen=True, slots=True)
class PaymentOutcome:
    """Words of an outcome. Tones: "", running, attention."""

    title: str
    sentence: str
    note: str = ""
    tone: str = ""
    mark: str = "check"


def outcome_of(text: Translator, payment: PaymentInfo, *, returned: bool) -> PaymentOutcome:
    """What is said of a payment. `returned`: its payer has just come back from its page."""
    amount = text.money(payment.cents)
    if payment.state in OPEN_PAGE:
        return _open(text, payment, returned=returned)
    if payment.state is S.PROCESSING:
        return PaymentOutcome(
            text("Collection in progress"),
            text(
                "{amount} are being collected. The bank usually answers by {usual}, at the latest by {latest}."
                " Do not pay a second time.",
                amount=amount,
                usual=text.date(payment.expected_on) if payment.expected_on else "",
                latest=text.date(payment.latest_on) if payment.latest_on else "",
            ),
            text("Nobody is asked to pay this amount meanwhile. You get an e-mail in either case."),
            "running",
            "half",
        )
    if payment.state is S.UNKNOWN:
        return _unknown(text, payment)
    if payment.state in {S.FAILED, S.CANCELLED} and payment.failure in CAME_UNBOOKED:
        return _unbooked(text, payment)
    if payment.state in {S.FAILED, S.CANCELLED}:
        return PaymentOutcome(
            text("Nothing was taken"),
            failure_words(text, payment.failure),
            # Paid another way since, it is not: the page may be read weeks later
            text("What was to be paid is still to be paid; its due date has not changed.")
            if any(share.open_cents is None or share.open_cents > 0 for share in payment.shares)
            else "",
            "attention",
            "alert",
        )
    return _came(text, payment)


def _open(text: Translator, payment: PaymentInfo, *, returned: bool) -> PaymentOutcome:
    """Nothing is known yet, or the page is open and nobody has paid."""
    if returned and (payment.checked_at is None or not payment.address):
        return PaymentOutcome(
            text("Not known yet"),
            text(
                "The payment service is being asked what became of {amount}.",
                amount=text.money(payment.cents),
            ),
            text("The answer appears here by itself. Do not pay a second time before it does."),
            "running",
            "clock",
        )
    if not payment.address:
        return PaymentOutcome(
            text("The payment page is not open yet"),
            text("Nothing was taken. The payment service has not answered so far."),
            text("The page opens here by itself. You may leave, and pay later."),
            "running",
            "clock",
        )
    return PaymentOutcome(
        text("Not paid yet"),
        text(
            "Nothing was taken. The payment page stays open until {time}.", time=text.time(payment.expires_at)
        ),
        tone="attention",
        mark="clock",
    )


def _unbooked(text: Translator, payment: PaymentInfo) -> PaymentOutcome:
    """Money came, and it is not booked: the operator has to decide, or has decided so."""
    if payment.failure == Cause.DISMISSED:
        return PaymentOutcome(
            text("Money came and was not booked"),
            failure_words(text, payment.failure),
            "",
            "attention",
            "alert",
        )
    return PaymentOutcome(
        text("Your operator is looking at this payment"),
        failure_words(text, payment.failure),
        text("You have nothing to do. Do not pay a second time."),
        "running",
        "half",
    )


def _unknown(text: Translator, payment: PaymentInfo) -> PaymentOutcome:
    amount = text.money(payment.cents)
    if payment.failure == Cause.DIFFERENCE:
        return PaymentOutcome(
            text("Your operator is looking at this payment"),
            text("What came is not what was asked for: {amount}. Nothing is booked yet.", amount=amount),
            text("You have nothing to do. Do not pay a second time."),
            "running",
            "half",
        )
    return PaymentOutcome(
        text("Not known yet whether money was taken"),
        text("The payment service does not answer. {amount} may have been taken, or not.", amount=amount),
        text("It is found out within the hour, and shown here. Do not pay a second time before that."),
        "attention",
        "alert",
    )


def _came(text: Translator, payment: PaymentInfo) -> PaymentOutcome:
    received = text.money(payment.received_cents)
    when = text.moment(payment.paid_at) if payment.paid_at else ""
    how = method_words(text, payment.method)
    sentence = " ".join(
        part for part in (text("{amount} received on {moment}", amount=received, moment=when), how) if part
    )
    if payment.state is S.REVERSED:
        return PaymentOutcome(
            text("The bank took this payment back"),
            text(
                "{amount} had come, and {back} went back. The invoices are to be paid again.",
                amount=received,
                back=text.money(payment.reversed_cents),
            ),
            tone="attention",
            mark="alert",
        )
    if payment.state is S.REFUNDED:
        return PaymentOutcome(
            text("This payment was given back"),
            text("{amount} went back to you.", amount=text.money(payment.refunded_cents)),
            tone="running",
            mark="undo",
        )
    return PaymentOutcome(text("Paid, thank you"), f"{sentence}.", _after_paying(text, payment))


def _after_paying(text: Translator, payment: PaymentInfo) -> str:
    """What follows. Where something of an invoice is still open, it stays due, and may be reminded of."""
    if payment.refunded_cents:
        return text("{amount} of it went back to you.", amount=text.money(payment.refunded_cents))
    if not payment.payer_email:
        return ""
    if any((share.open_cents or 0) > 0 for share in payment.shares):
        return text(
            "The receipt goes to {email}. What is still open stays due on the same day.",
            email=payment.payer_email,
        )
    return text("The receipt goes to {email}. No reminder follows.", email=payment.payer_email)
