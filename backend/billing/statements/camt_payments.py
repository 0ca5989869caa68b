"""Reads the entries of CAMT.053 and the payments inside them. Pure."""

from decimal import Decimal

from backend.billing.statements.camt_parts import DEBIT, child, children, day, money, signed, text
from backend.billing.statements.statement import (
    LONGEST_NUMBER,
    LONGEST_TEXT,
    StatementEntry,
    StatementPayment,
)
from backend.billing.ubl.xml import Element

# A status is text up to version 02 and a code after it; where there is none, the entry is in the balance
BOOKED = {"", "BOOK"}
TRUE = {"true", "1"}
# What banks write where nobody gave a text
NONE_GIVEN = "NOTPROVIDED"


def entry_of(element: Element, problems: list[str]) -> StatementEntry:
    """One entry with its payments. What cannot be read stands among the problems of the statement."""
    amount, currency = money(child(element, "Amt"))
    if amount is None:
        problems.append("An entry has no amount that can be read.")
    indicator = text(element, "CdtDbtInd")
    if indicator not in {"CRDT", DEBIT}:
        problems.append("An entry does not say whether it is a credit or a debit.")
    status = text(element, "Sts") or text(element, "Sts/Cd") or text(element, "Sts/Prtry")
    payment = StatementPayment(
        amount=signed(amount or Decimal(0), indicator),
        currency=currency,
        booked_on=day(element, "BookgDt"),
        value_on=day(element, "ValDt"),
        text=_plain(text(element, "AddtlNtryInf")),
        bank_reference=_short(text(element, "AcctSvcrRef") or text(element, "NtryRef")),
        reversal=text(element, "RvslInd") in TRUE,
    )
    details = [
        _detail(one, currency, indicator)
        for block in children(element, "NtryDtls")
        for one in children(block, "TxDtls")
    ]
    return StatementEntry(payment=payment, details=details, booked=status in BOOKED)


def _detail(element: Element, currency: str, indicator: str) -> StatementPayment:
    """One payment. `currency` and `indicator` are of its entry."""
    debit = (text(element, "CdtDbtInd") or indicator) == DEBIT
    parties, side = child(element, "RltdPties"), "Cdtr" if debit else "Dbtr"
    account = child(parties, f"{side}Acct/Id")
    reference, kind = _reference(element)
    return StatementPayment(
        amount=_amount(element, currency, DEBIT if debit else ""),
        currency=currency,
        reference=_short(reference),
        reference_kind=_short(kind),
        text=_plain(" ".join(text(one) for one in children(child(element, "RmtInf"), "Ustrd"))),
        # From version 08 a party is inside `Pty`
        name=_short(text(parties, f"{side}/Pty/Nm") or text(parties, f"{side}/Nm")),
        iban=_short("".join((text(account, "IBAN") or text(account, "Othr/Id")).split())),
        bank_reference=_short(text(element, "Refs/AcctSvcrRef") or text(element, "Refs/TxId")),
        end_to_end=_short(_plain(text(element, "Refs/EndToEndId"))),
        # Of a payment that comes back
        reversal=child(element, "RtrInf") is not None,
    )


def _amount(element: Element, currency: str, indicator: str) -> Decimal | None:
    """What the account moves by this payment; None where it is not said in the currency of the account."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        amount, other = money(child(element, path))
        if amount is not None and other in {"", currency}:
            return signed(amount, indicator)
    return None


def _reference(element: Element) -> tuple[str, str]:
    """The structured reference and its kind; none where there are several, since no amount says which is which."""
    found = {}
    for block in children(child(element, "RmtInf"), "Strd"):
        one = child(block, "CdtrRefInf")
        if reference := text(one, "Ref"):
            kinds = ("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd")
            found[reference] = next((kind for path in kinds if (kind := text(one, path))), "")
    return next(iter(found.items())) if len(found) == 1 else ("", "")


def _plain(found: str) -> str:
    return "" if found == NONE_GIVEN else found[:LONGEST_TEXT]


def _short(found: str) -> str:
    return found[:LONGEST_NUMBER]
