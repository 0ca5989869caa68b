"""Reads CAMT.053, the statements of ISO 20022, by the local names of its elements: versions 02 to 13 differ little. Pure."""

import re

from backend.billing.statements.camt_parts import child, children, day, money, signed, text
from backend.billing.statements.camt_payments import entry_of
from backend.billing.statements.statement import (
    LONGEST_NUMBER,
    ReadStatement,
    StatementBalance,
    StatementFormat,
    StatementRefused,
    checked,
)
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.xml import Element, parse

MESSAGE = re.compile(
    r"\{urn:iso:std:iso:20022:tech:xsd:(?P<kind>[a-z]{4}\.[0-9]{3})\.001\.(?P<version>[0-9]{2})\}Document"
)
FIRST_VERSION, LAST_VERSION = 2, 13
STATEMENT = "camt.053"
# What looks alike, and books nothing
OTHERS = {
    "camt.052": "an intraday report (camt.052), which is not a statement",
    "camt.054": "a notification (camt.054), which is not a statement",
}
# The balance before, under the two names that banks give it, and the balance after
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read_camt(content: bytes) -> list[ReadStatement]:
    """Every statement of a file. Raises StatementRefused for anything else than CAMT.053."""
    root = _root(content)
    message = MESSAGE.fullmatch(root.tag)
    kind = message["kind"] if message else ""
    if kind in OTHERS:
        raise StatementRefused(f"The file is {OTHERS[kind]}: nothing is booked.")
    if message is None or kind != STATEMENT:
        raise StatementRefused("The file is XML, and no CAMT.053.")
    if not FIRST_VERSION <= int(message["version"]) <= LAST_VERSION:
        raise StatementRefused(f"The file is CAMT.053 of version {message['version']}, which is not read.")
    found = children(child(root, "BkToCstmrStmt"), "Stmt")
    if not found:
        raise StatementRefused("The file holds no statement.")
    return [_statement(one) for one in found]


def _root(content: bytes) -> Element:
    try:
        return parse(content)
    except DocumentRefused as refused:
        what = "The file is larger than 20 MB." if refused.because is Because.TOO_LARGE else refused.sentence
        raise StatementRefused(what) from None


def _statement(element: Element) -> ReadStatement:
    problems: list[str] = []
    balances = [one for each in children(element, "Bal") if (one := _balance(each, problems)) is not None]
    opening, closing = _balance_of(balances, OPENING, problems), _balance_of(balances, CLOSING, problems)
    known = [one for one in (closing, opening, *balances) if one is not None]
    account = text(element, "Acct/Id/IBAN") or text(element, "Acct/Id/Othr/Id")
    iban = "".join(account.split()).upper()
    return checked(
        ReadStatement(
            format=StatementFormat.CAMT_053,
            number=text(element, "Id")[:LONGEST_NUMBER],
            account=account[:LONGEST_NUMBER],
            iban=iban[:LONGEST_NUMBER],
            currency=text(element, "Acct/Ccy") or next((one.currency for one in known), ""),
            opening=opening.amount if opening else None,
            closing=closing.amount if closing else None,
            opened_on=opening.on if opening else None,
            closed_on=closing.on if closing else None,
            balances=balances,
            entries=[entry_of(one, problems) for one in children(element, "Ntry")],
            duplicate=text(element, "CpyDplctInd") in {"DUPL", "CODU"},
            problems=problems,
        )
    )


def _balance(element: Element, problems: list[str]) -> StatementBalance | None:
    amount, currency = money(child(element, "Amt"))
    if amount is None:
        problems.append("A balance has no amount that can be read.")
        return None
    return StatementBalance(
        code=text(element, "Tp/CdOrPrtry/Cd") or text(element, "Tp/CdOrPrtry/Prtry"),
        # Without the indicator a balance is in favour of the account
        amount=signed(amount, text(element, "CdtDbtInd")),
        currency=currency,
        on=day(element, "Dt"),
    )


def _balance_of(
    balances: list[StatementBalance], codes: tuple[str, ...], problems: list[str]
) -> StatementBalance | None:
    for code in codes:
        found = [one for one in balances if one.code == code]
        if len({(one.amount, one.currency) for one in found}) > 1:
            problems.append(f"It has several balances {code}.")
        if found:
            return found[0]
    return None
