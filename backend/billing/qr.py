"""The code that a banking application scans for a transfer (EPC069-12, version 2). Pure."""

import re
from itertools import groupby

import segno
from stdnum import iban

from backend.billing.lifecycle import CollectionMode, payable_now
from backend.billing.schemas import InvoiceDetail

LONGEST_NAME = 70
# Cents, as the code allows
SMALLEST, LARGEST = 1, 99_999_999_999
STRUCTURED = re.compile(r"[0-9]{12}")


def transfer_code(detail: InvoiceDetail) -> str | None:
    """The text of the code for what may be paid of an invoice now; None where no bank would take it.

    That is: nothing to pay, another currency than euro, a debit that the invoice announces, no valid account, no name,
    or no structured communication.
    """
    cents = payable_now(detail.summary.facts)
    account = iban.compact(detail.iban)
    name = " ".join(detail.payee.split())[:LONGEST_NAME]
    if not SMALLEST <= cents <= LARGEST or detail.currency != "EUR" or not name:
        return None
    if detail.summary.collection != CollectionMode.MANUAL or not iban.is_valid(account, check_country=False):
        return None
    if not STRUCTURED.fullmatch(detail.structured):
        return None
    # Service tag, version, UTF-8, SEPA credit transfer, BIC (not needed within the EEA), name, account, amount,
    # purpose, structured reference; no text follows where there is one
    lines = ["BCD", "002", "1", "SCT", "", name, account, f"EUR{cents // 100}.{cents % 100:02d}"]
    return "\n".join([*lines, "", detail.structured])


def code_path(text: str) -> tuple[int, str]:
    """The code as the filled path of a drawing: how many modules wide it is, and the path's data."""
    matrix = segno.make(text, error="m", micro=False).matrix
    parts = []
    for row, cells in enumerate(matrix):
        column = 0
        for dark, run in groupby(cells):
            width = len(list(run))
            if dark:
                parts.append(f"M{column} {row}h{width}v1h-{width}z")
            column += width
    return len(matrix), "".join(parts)
