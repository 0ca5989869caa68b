"""Reads CODA, the statements of Belgian banks. The fields of movements are read by `febelfin-coda`. Pure."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import coda
import msgspec
from stdnum import iban as iban_number

from backend.billing.statements.coda_records import NO_DAY, records_of, wrong_movements, wrong_records
from backend.billing.statements.statement import (
    LONGEST_TEXT,
    ReadStatement,
    StatementBalance,
    StatementEntry,
    StatementFormat,
    StatementPayment,
    StatementTrailer,
    checked,
)

# What the library needs before a movement, and nothing of which is used
HEADER = f"{'0000001012000005':<127}2"
# Of a communication: a structured one, and a credit whose check digits the bank did not look at
STRUCTURED = {"101", "102"}
# Family and transaction of a code: an earlier movement is taken back
TAKEN_BACK = "49"
# Kinds of details that are payments of a batch; the others say what one amount is made of
PAYMENTS = "567"
# The kind of account: the number as it was before IBAN
NATIONAL = "0"


def read_coda(content: bytes) -> list[ReadStatement]:
    """Every statement of a file. Raises StatementRefused for what is no file in CODA."""
    return [_statement(records) for records in records_of(content)]


def _statement(records: Sequence[str]) -> ReadStatement:
    problems = wrong_records(records)
    if not problems:
        problems = wrong_movements(records)
    if problems:
        return _unread(records, problems)
    old = next((record for record in records if record[0] == "1"), None)
    if old is None:
        return _unread(records, ["It has no old balance."])
    new = next((record for record in records if record[0] == "8"), None)
    read = _library(records, old)
    account, currency = str(read.account), str(read.account_currency).strip()
    opening, opened_on = _amount(old[42:58]), _day(old[58:64])
    closing, closed_on = (None, None) if new is None else (_amount(new[41:57]), _day(new[57:63]))
    balances = [StatementBalance(code="OPBD", amount=opening, currency=currency, on=opened_on)]
    if closing is not None:
        balances.append(StatementBalance(code="CLBD", amount=closing, currency=currency, on=closed_on))
    entries = _entries(records, read.moves, currency)
    trailer = _trailer(records)
    sequence = str(read.old_sequence)
    return checked(
        ReadStatement(
            format=StatementFormat.CODA,
            number=f"{(closed_on or opened_on).year}-{sequence}",
            account=account,
            iban=_iban(account, old[1]),
            currency=currency,
            opening=opening,
            closing=closing,
            opened_on=opened_on,
            closed_on=closed_on,
            balances=balances,
            entries=entries,
            trailer=trailer,
            sequence=sequence,
            duplicate=records[0][16] == "D",
            problems=_disagreements(trailer, entries, old, new),
        )
    )


def _unread(records: Sequence[str], problems: list[str]) -> ReadStatement:
    """A statement whose records cannot be read: it is held under what names it."""
    old = next((record for record in records if record[0] == "1"), "")
    account = old[5:42].split(" ", 1)[0]
    return ReadStatement(
        format=StatementFormat.CODA,
        number=f"{records[0][5:11].strip()}-{old[2:5].strip()}",
        account=account,
        iban=_iban(account, old[1:2]),
        currency="",
        sequence=old[2:5],
        problems=problems,
    )


def _library(records: Sequence[str], old: str) -> Any:
    """The statement with its movements in one list: whose details they are is looked at here, not there."""
    lines = [HEADER, old]
    for record in records:
        if record[0] == "2" and record[1] == "1":
            value_on = record[115:121] if record[47:53] == NO_DAY else record[47:53]
            lines.append(f"{record[:47]}{value_on}0{record[54:]}")
        elif record[0] == "2":
            lines.append(record)
    (read,) = coda.CODA(iter(lines)).statements
    return read


def _entries(records: Sequence[str], moves: Sequence[Any], currency: str) -> list[StatementEntry]:
    """Movements with their details. What the bank breaks down of a single one (costs, VAT) is no payment."""
    entries: list[StatementEntry] = []
    firsts = [record for record in records if record[0] == "2" and record[1] == "1"]
    for record, move in zip(firsts, moves, strict=True):
        kind, payment = record[53], _payment(record, move, currency)
        if kind in "0123":
            entries.append(StatementEntry(payment=payment))
        else:
            entries[-1].details.append(msgspec.structs.replace(payment, part=kind not in PAYMENTS))
    return entries


def _payment(record: str, move: Any, currency: str) -> StatementPayment:
    kind = move.communication_type or ""
    said = move.communication or ""
    amount: Decimal = move.amount
    return StatementPayment(
        amount=amount,
        currency=currency,
        booked_on=move.entry_date,
        value_on=None if record[47:53] == NO_DAY else move.value_date,
        reference=said if kind in STRUCTURED else "",
        reference_kind=kind,
        text="" if kind in STRUCTURED else " ".join(said.split())[:LONGEST_TEXT],
        name=" ".join((move.counterparty_name or "").split()),
        iban=(move.counterparty_account or "")[:34].split(" ", 1)[0],
        bank_reference=move.bank_reference.strip(),
        end_to_end=move.customer_reference or "",
        reversal=record[56:58] == TAKEN_BACK or bool((move.r_transaction or "").strip("0 ")),
    )


def _trailer(records: Sequence[str]) -> StatementTrailer:
    last = records[-1]
    return StatementTrailer(
        records=int(last[16:22]),
        counted=sum(record[0] in "1238" for record in records),
        debit=_amount(f"0{last[22:37]}"),
        credit=_amount(f"0{last[37:52]}"),
    )


def _disagreements(
    trailer: StatementTrailer, entries: Sequence[StatementEntry], old: str, new: str | None
) -> list[str]:
    """Where the records of a statement contradict each other."""
    amounts = [one.payment.amount or Decimal(0) for one in entries]
    credit, debit = (sum((one for one in amounts if (one > 0) is up), Decimal(0)) for up in (True, False))
    found = []
    if trailer.records != trailer.counted:
        found.append(f"Its trailer counts {trailer.records} records, and it has {trailer.counted}.")
    if trailer.credit != credit or trailer.debit != -debit:
        found.append("The sums of its trailer are not those of its movements.")
    if new is not None and new[4:41] != old[5:42]:
        found.append("Its old and its new balance are of two accounts.")
    return found


def _amount(text: str) -> Decimal:
    """A sign and fifteen digits, three of them decimals."""
    value = Decimal(text[1:]) / 1000
    return -value if text[0] == "1" else value


def _day(text: str) -> date:
    return datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007 - a day has no zone


def _iban(account: str, kind: str) -> str:
    """The IBAN of an account. Belgian numbers from before IBAN have their check digits inside."""
    if kind != NATIONAL:
        return account
    digits = account if len(account) == 12 and account.isascii() and account.isdecimal() else ""
    return f"BE{iban_number.calc_check_digits(f'BE00{digits}')}{digits}" if digits else account
