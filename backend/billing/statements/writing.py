"""Writes statements as CAMT.053.001.08, as a bank would. Reading them back gives the same statements. Pure.

The demo, the tests and the payments sandbox hand them in through the operator's door.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from backend.billing.statements.statement import ReadStatement, StatementEntry, StatementPayment
from backend.billing.ubl.xml import Element

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


def write_camt(statements: Sequence[ReadStatement], *, message: str, at: datetime) -> bytes:
    """The file of some statements. Raises ValueError for a text with signs that XML cannot hold."""
    root = etree.Element(f"{{{NAMESPACE}}}Document", nsmap={None: NAMESPACE})
    outer = _put(root, "BkToCstmrStmt")
    header = _put(outer, "GrpHdr")
    _put(header, "MsgId", message)
    _put(header, "CreDtTm", at.isoformat())
    for statement in statements:
        _put_statement(outer, statement, at)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _put_statement(outer: Element, statement: ReadStatement, at: datetime) -> None:
    found = _put(outer, "Stmt")
    _put(found, "Id", statement.number)
    _put(found, "CreDtTm", at.isoformat())
    if statement.duplicate:
        _put(found, "CpyDplctInd", "DUPL")
    account = _put(found, "Acct")
    _put(_put(account, "Id"), "IBAN", statement.iban)
    _put(account, "Ccy", statement.currency)
    for balance in statement.balances:
        one = _put(found, "Bal")
        _put(_put(_put(one, "Tp"), "CdOrPrtry"), "Cd", balance.code)
        _put_money(one, balance.amount, balance.currency)
        _put_day(one, "Dt", balance.on)
    for entry in statement.entries:
        _put_entry(found, entry)


def _put_entry(outer: Element, entry: StatementEntry) -> None:
    found, payment = _put(outer, "Ntry"), entry.payment
    _put_money(found, payment.amount or Decimal(0), payment.currency)
    if payment.reversal:
        _put(found, "RvslInd", "true")
    _put(_put(found, "Sts"), "Cd", "BOOK" if entry.booked else "PDNG")
    _put_day(found, "BookgDt", payment.booked_on)
    _put_day(found, "ValDt", payment.value_on)
    _put(found, "AcctSvcrRef", payment.bank_reference)
    _put(_put(_put(found, "BkTxCd"), "Prtry"), "Cd", "NOTPROVIDED")
    details = _put(found, "NtryDtls") if entry.details else None
    for one in entry.details:
        _put_detail(details, one)
    _put(found, "AddtlNtryInf", payment.text)


def _put_detail(outer: Element, payment: StatementPayment) -> None:
    found = _put(outer, "TxDtls")
    references = _put(found, "Refs")
    _put(references, "AcctSvcrRef", payment.bank_reference)
    _put(references, "EndToEndId", payment.end_to_end or "NOTPROVIDED")
    amount = payment.amount
    if amount is not None:
        _put_money(found, amount, payment.currency)
    side = "Cdtr" if amount is not None and amount < 0 else "Dbtr"
    parties = _put(found, "RltdPties")
    if payment.name:
        _put(_put(_put(parties, side), "Pty"), "Nm", payment.name)
    if payment.iban:
        _put(_put(_put(parties, f"{side}Acct"), "Id"), "IBAN", payment.iban)
    remittance = _put(found, "RmtInf")
    _put(remittance, "Ustrd", payment.text)
    if payment.reference:
        information = _put(_put(remittance, "Strd"), "CdtrRefInf")
        kind = _put(information, "Tp")
        _put(_put(kind, "CdOrPrtry"), "Cd", payment.reference_kind or "SCOR")
        _put(kind, "Issr", "BBA")
        _put(information, "Ref", payment.reference)
    if payment.reversal:
        _put(found, "RtrInf")


def _put(parent: Element, name: str, value: str | None = None) -> Element:
    """An element; one with an empty text is not put."""
    if value == "":
        return None
    found = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    found.text = value
    return found


def _put_money(parent: Element, amount: Decimal, currency: str) -> None:
    found = _put(parent, "Amt", f"{abs(amount):.2f}")
    found.set("Ccy", currency)
    _put(parent, "CdtDbtInd", "DBIT" if amount < 0 else "CRDT")


def _put_day(parent: Element, name: str, value: date | None) -> None:
    if value is not None:
        _put(_put(parent, name), "Dt", value.isoformat())
