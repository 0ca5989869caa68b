"""Payment methods and mandates: cards, Bancontact, and accounts that may be debited."""

import hashlib
from typing import Any

from backend.sandbox.payments.documents import (
    StripeDocument,
    bad_parameter,
    part,
    without_others,
    wrong_state,
)
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.trial_numbers import AccountTrial, CardTrial

KEPT_FIELDS = ("customer", "customer_account")
ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def _fingerprint(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]


def _method(sandbox: PaymentsSandbox, kind: str, customer: str | None, **more: Any) -> StripeDocument:
    details = {"address": dict(ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None}
    for key in ("name", "email"):
        details[key] = more.pop(key, None) or None
    method = sandbox.book.add("payment_method", type=kind, customer=customer, billing_details=details)
    lean = without_others(method, *KEPT_FIELDS) | {"metadata": {}} | more
    method.clear()
    method.update(lean)
    sandbox.book.save(method)
    return method


def card_method(
    sandbox: PaymentsSandbox, card: CardTrial, customer: str | None, *, month: int, year: int, name: str = ""
) -> StripeDocument:
    """A card that somebody typed."""
    shown = part(
        "payment_method.card",
        brand=card.brand,
        country="BE",
        exp_month=month,
        exp_year=year,
        fingerprint=_fingerprint(card.number),
        funding="credit",
        last4=card.number[-4:],
    )
    return _method(sandbox, "card", customer, name=name, card=shown, _number=card.number)


def bancontact_method(sandbox: PaymentsSandbox, customer: str | None) -> StripeDocument:
    """An account that pays with Bancontact."""
    return _method(sandbox, "bancontact", customer, bancontact={})


def debit_method(
    sandbox: PaymentsSandbox, account: AccountTrial, customer: str | None, *, name: str, email: str = ""
) -> StripeDocument:
    """An account that may be debited, with the name of its holder."""
    iban = account.iban
    shown = part(
        "payment_method.sepa_debit",
        bank_code=iban[4:7],
        branch_code="",
        country=iban[:2],
        fingerprint=_fingerprint(iban),
        last4=iban[-4:],
    )
    return _method(sandbox, "sepa_debit", customer, name=name, email=email, sepa_debit=shown, _iban=iban)


def new_mandate(
    sandbox: PaymentsSandbox, method: StripeDocument, *, base: str, once: StripeDocument | None = None
) -> StripeDocument:
    """The mandate of an account. `once`: amount and currency of the only debit that it is for."""
    reference = f"SANDBOX{_fingerprint(method['id'])[:9].upper()}"
    mandate = sandbox.book.add(
        "mandate",
        payment_method=method["id"],
        status="active",
        type="single_use" if once else "multi_use",
        customer_acceptance={
            "accepted_at": sandbox.book.now(),
            "offline": None,
            "online": {"ip_address": None, "user_agent": None},
            "type": "online",
        },
    )
    if once:
        mandate["single_use"] = {"amount": once["amount"], "currency": once["currency"]}
    else:
        mandate["multi_use"] = {}
    mandate["payment_method_details"] = {
        "type": "sepa_debit",
        "sepa_debit": {"reference": reference, "url": f"{base}/pay/mandates/{mandate['id']}"},
    }
    method["_mandate"] = mandate["id"]
    sandbox.book.save(method)
    sandbox.book.save(mandate)
    return mandate


def active_mandate(sandbox: PaymentsSandbox, method: StripeDocument, named: str | None) -> StripeDocument:
    """The mandate under which an account is debited. Raises StripeError where there is none in force."""
    mandate = sandbox.book.find("mandate", named or method.get("_mandate") or "none", "mandate")
    if mandate["payment_method"] != method["id"]:
        raise bad_parameter(
            "The mandate is of another payment method.", "mandate", "payment_intent_mandate_invalid"
        )
    if mandate["status"] != "active":
        raise wrong_state("The mandate is not active any more.", "payment_intent_mandate_invalid")
    return mandate


def end_mandate(sandbox: PaymentsSandbox, mandate: StripeDocument) -> None:
    """The account may not be debited under it any more."""
    if mandate["status"] == "inactive":
        return
    before = mandate["status"]
    mandate["status"] = "inactive"
    sandbox.book.save(mandate)
    sandbox.emit("mandate.updated", mandate, {"status": before})


def detach(sandbox: PaymentsSandbox, method: StripeDocument) -> StripeDocument:
    """The customer's payment method is theirs no more, and its mandate ends."""
    if method["customer"] is None:
        raise wrong_state(
            "The payment method you provided is not attached to a customer so detachment is impossible.",
            "resource_missing",
        )
    before = method["customer"]
    method["customer"] = None
    sandbox.book.save(method)
    sandbox.emit("payment_method.detached", method, {"customer": before})
    mandate = sandbox.book.of("mandate").get(method.get("_mandate") or "")
    if mandate:
        end_mandate(sandbox, mandate)
    return method
