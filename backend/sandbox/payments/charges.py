"""What moves money: charges, refunds, disputes, and their entries in the balance."""

from datetime import UTC, datetime, timedelta
from typing import Any

from backend.sandbox.payments.documents import (
    StripeDocument,
    bad_parameter,
    part,
    without_others,
    wrong_state,
)
from backend.sandbox.payments.methods import end_mandate
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.trial_numbers import ENDS_MANDATE

CARD_FEE_CENTS = 25
DEBIT_FEE_CENTS = 35
DISPUTE_FEE_CENTS = 1500
# Until the money is on the merchant's account
AVAILABLE_SECONDS = 5 * 86_400
# What the sandbox says of when a debit reaches the account
DEBIT_DAYS = 5
# A refund of anything but a card takes its time
REFUND_SECONDS = 2.0


def _entry(sandbox: PaymentsSandbox, source: str, kind: str, amount: int, fee: int) -> StripeDocument:
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": "eur",
            "description": "Sandbox fee",
            "type": "stripe_fee",
        }
    ]
    return sandbox.book.add(
        "balance_transaction",
        amount=amount,
        available_on=sandbox.book.now() + AVAILABLE_SECONDS,
        balance_type="payments",
        currency="eur",
        fee=fee,
        fee_details=fees if fee else [],
        net=amount - fee,
        reporting_category=kind,
        source=source,
        status="pending",
        type=kind,
    )


def _details(
    intent: StripeDocument, method: StripeDocument, mandate: StripeDocument | None, day: str
) -> StripeDocument:
    kind = method["type"]
    if kind == "sepa_debit":
        shown = {key: value for key, value in method["sepa_debit"].items() if key != "generated_from"}
        filled = part(
            "charge.sepa_debit", **shown, expected_debit_date=day, mandate=mandate and mandate["id"]
        )
    elif kind == "card":
        shown = {key: method["card"][key] for key in ("brand", "country", "exp_month", "exp_year", "last4")}
        filled = part("charge.card", **shown, amount_authorized=intent["amount"], funding="credit")
    else:
        filled = part("charge.bancontact", bank_name="Sandbox bank", iban_last4="7061")
    return {"type": kind, kind: filled}


def new_charge(
    sandbox: PaymentsSandbox,
    intent: StripeDocument,
    method: StripeDocument,
    mandate: StripeDocument | None = None,
) -> StripeDocument:
    """A charge of an intent that the bank has not answered yet."""
    day = datetime.fromtimestamp(sandbox.book.now(), UTC) + timedelta(days=DEBIT_DAYS)
    charge = sandbox.book.add(
        "charge",
        amount=intent["amount"],
        billing_details=method["billing_details"],
        captured=True,
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        metadata=dict(intent["metadata"]),
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=_details(intent, method, mandate, f"{day:%Y-%m-%d}"),
        status="pending",
    )
    intent["latest_charge"] = charge["id"]
    return charge


def charge_succeeds(sandbox: PaymentsSandbox, charge: StripeDocument) -> None:
    """The money came."""
    fee = CARD_FEE_CENTS if "card" in charge["payment_method_details"] else DEBIT_FEE_CENTS
    kind = "charge" if "card" in charge["payment_method_details"] else "payment"
    entry = _entry(sandbox, charge["id"], kind, charge["amount"], fee)
    entry["reporting_category"] = "charge"
    sandbox.book.save(entry)
    charge |= {
        "amount_captured": charge["amount"],
        "balance_transaction": entry["id"],
        "outcome": part("charge.outcome", network_status="approved_by_network", type="authorized"),
        "paid": True,
        "status": "succeeded",
    }
    sandbox.book.save(charge)
    sandbox.emit("charge.succeeded", charge)


def charge_fails(sandbox: PaymentsSandbox, charge: StripeDocument, code: str, message: str) -> None:
    """The bank refused."""
    charge |= {
        "captured": False,
        "failure_code": code,
        "failure_message": message,
        "outcome": part(
            "charge.outcome", network_status="declined_by_network", reason=code, type="issuer_declined"
        ),
        "paid": False,
        "status": "failed",
    }
    sandbox.book.save(charge)
    sandbox.emit("charge.failed", charge)


def refund(sandbox: PaymentsSandbox, asked: StripeDocument) -> StripeDocument:
    """Give back a payment or a part of it. Raises StripeError where more is asked than is left, or it is disputed."""
    charge = _charge_of(sandbox, asked)
    left = charge["amount"] - charge["amount_refunded"]
    amount = asked.get("amount", left)
    if charge["status"] != "succeeded" or charge["disputed"]:
        code = "charge_disputed" if charge["disputed"] else "charge_not_refundable"
        raise wrong_state(f"Charge {charge['id']} cannot be refunded.", code)
    if left == 0:
        raise wrong_state(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if not 0 < amount <= left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise bad_parameter(message, "amount", "charge_invalid_parameter")
    at_once = "card" in charge["payment_method_details"]
    made = sandbox.book.add(
        "refund",
        amount=amount,
        charge=charge["id"],
        currency=charge["currency"],
        customer=charge["customer"],
        metadata=asked.get("metadata", {}),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        reason=asked.get("reason"),
        status="succeeded" if at_once else "pending",
    )
    made["balance_transaction"] = _entry(sandbox, made["id"], "refund", -amount, 0)["id"]
    sandbox.book.save(made)
    _change_refunded(sandbox, charge, amount)
    sandbox.emit("refund.created", made)
    sandbox.emit("charge.refunded", charge, {"amount_refunded": charge["amount_refunded"] - amount})
    if not at_once:
        sandbox.plan(made, REFUND_SECONDS, "refund_done")
    return made


def _charge_of(sandbox: PaymentsSandbox, asked: StripeDocument) -> StripeDocument:
    if asked.get("charge"):
        return sandbox.book.find("charge", asked["charge"], "charge")
    if not asked.get("payment_intent"):
        raise bad_parameter(
            "One of the following params should be provided: payment_intent or charge.", "charge"
        )
    intent = sandbox.book.find("payment_intent", asked["payment_intent"], "payment_intent")
    if not intent["latest_charge"]:
        raise wrong_state(
            "This PaymentIntent does not have a successful charge to refund.", "charge_not_refundable"
        )
    return sandbox.book.find("charge", intent["latest_charge"], "charge")


def _change_refunded(sandbox: PaymentsSandbox, charge: StripeDocument, by: int) -> None:
    charge["amount_refunded"] += by
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    sandbox.book.save(charge)


def refund_ends(sandbox: PaymentsSandbox, made: StripeDocument, failure: str = "") -> None:
    """A refund reaches the account, or comes back for a reason: `failure`, in Stripe's words."""
    if made["status"] not in {"pending", "succeeded"} or (not failure and made["status"] == "succeeded"):
        raise wrong_state("The refund has ended.", "status_transition_invalid")
    sandbox.book.unplan(made)
    before = made["status"]
    made["status"] = "failed" if failure else "succeeded"
    if failure:
        made["failure_reason"] = failure
        made["failure_balance_transaction"] = _entry(
            sandbox, made["id"], "refund_failure", made["amount"], 0
        )["id"]
        _change_refunded(sandbox, sandbox.book.find("charge", made["charge"]), -made["amount"])
    sandbox.book.save(made)
    sandbox.emit("refund.failed" if failure else "refund.updated", made, {"status": before})


def dispute(sandbox: PaymentsSandbox, charge: StripeDocument, reason: str) -> StripeDocument:
    """The payer complains, or the bank gives a debit back: then it is lost at once."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise wrong_state(f"Charge {charge['id']} cannot be disputed.", "charge_disputed")
    debit = "sepa_debit" in charge["payment_method_details"]
    made = sandbox.book.add(
        "dispute",
        amount=charge["amount"],
        charge=charge["id"],
        currency=charge["currency"],
        payment_intent=charge["payment_intent"],
        reason=reason,
        status="lost" if debit else "needs_response",
    )
    entry = _entry(sandbox, made["id"], "adjustment", -charge["amount"], DISPUTE_FEE_CENTS)
    entry["reporting_category"] = "dispute"
    sandbox.book.save(entry)
    made["balance_transactions"] = [entry]
    sandbox.book.save(made)
    charge["disputed"] = True
    sandbox.book.save(charge)
    sandbox.emit("charge.dispute.created", made)
    sandbox.emit("charge.dispute.funds_withdrawn", made)
    if debit:
        sandbox.emit("charge.dispute.closed", made)
        mandate = sandbox.book.of("mandate").get(
            charge["payment_method_details"]["sepa_debit"]["mandate"] or ""
        )
        if mandate and reason in ENDS_MANDATE:
            end_mandate(sandbox, mandate)
    return made


def close_dispute(sandbox: PaymentsSandbox, made: StripeDocument, *, won: bool) -> None:
    """The bank decides. A dispute that is won gives the money back."""
    if made["status"] in {"won", "lost"}:
        raise wrong_state("The dispute is closed.", "status_transition_invalid")
    before = made["status"]
    made["status"] = "won" if won else "lost"
    if won:
        entry = _entry(sandbox, made["id"], "adjustment", made["amount"], 0)
        entry["reporting_category"] = "dispute_reversal"
        sandbox.book.save(entry)
        made["balance_transactions"] = [*made["balance_transactions"], entry]
    sandbox.book.save(made)
    if won:
        sandbox.emit("charge.dispute.funds_reinstated", made)
    sandbox.emit("charge.dispute.closed", made, {"status": before})


def error_of(code: str, decline_code: str, message: str, **more: Any) -> StripeDocument:
    """Why a payment did not work, as the intent keeps it."""
    found = part(
        "last_payment_error", type="card_error", code=code, decline_code=decline_code or None, message=message
    )
    return without_others(found | more)
