"""What a person typed on the hosted page: read, checked, and made into a payment method."""

import re
from collections.abc import Mapping
from datetime import datetime

import msgspec

from backend.core.clock import local
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.methods import bancontact_method, card_method, debit_method
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.trial_numbers import account_trial, card_trial, iban_valid

EXPIRY = re.compile(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*")
LONGEST = 100


class PayForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as they were typed."""

    how: str = ""
    number: str = ""
    expiry: str = ""
    cvc: str = ""
    iban: str = ""
    holder: str = ""
    agree: bool = False


def read_form(fields: Mapping[str, str]) -> PayForm:
    """The fields of a form; what is too long is cut."""
    texts = {
        name: fields.get(name, "").strip()[:LONGEST]
        for name in ("how", "number", "expiry", "cvc", "iban", "holder")
    }
    return PayForm(**texts, agree=fields.get("agree") == "on")


def first_form(methods: list[str], holder: str) -> PayForm:
    """The form as it is shown first: the first method chosen, the name of the customer filled in."""
    return PayForm(how=methods[0], holder=holder)


def _compact(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def _expires(text: str) -> tuple[int, int] | None:
    found = EXPIRY.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= 12:
        return None
    return int(found[1]), 2000 + int(found[2])


def problems(form: PayForm, methods: list[str], now: datetime) -> list[str]:
    """The fields that are wrong, in their order; nothing where all is right."""
    if form.how not in methods:
        return ["how"]
    wrong = []
    if form.how == "card":
        expires, today = _expires(form.expiry), local(now)
        if card_trial(_compact(form.number)) is None:
            wrong.append("number")
        if expires is None or (expires[1], expires[0]) < (today.year, today.month):
            wrong.append("expiry")
        if not re.fullmatch(r"\d{3,4}", form.cvc):
            wrong.append("cvc")
    if form.how == "sepa_debit":
        if not iban_valid(_compact(form.iban)):
            wrong.append("iban")
        if not form.holder:
            wrong.append("holder")
        if not form.agree:
            wrong.append("agree")
    return wrong


def make_method(sandbox: PaymentsSandbox, session: StripeDocument, form: PayForm) -> StripeDocument:
    """The payment method of a form without problems."""
    customer = session["customer"]
    if form.how == "card":
        card, expires = card_trial(_compact(form.number)), _expires(form.expiry)
        if card is None or expires is None:
            raise ValueError("This form has problems.")
        return card_method(sandbox, card, customer, month=expires[0], year=expires[1])
    if form.how == "bancontact":
        return bancontact_method(sandbox, customer)
    known = sandbox.book.of("customer").get(customer or "", {})
    account = account_trial(_compact(form.iban))
    return debit_method(sandbox, account, customer, name=form.holder, email=known.get("email") or "")
