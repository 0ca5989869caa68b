"""The printable invoice, where the operator sent none: PDF/A-3b with the electronic invoice inside."""

import re
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import orjson
import typst

from backend.billing.lifecycle import CollectionMode, payable_now
from backend.billing.qr import code_path, transfer_code
from backend.billing.schemas import InvoiceDetail, NumberTotal
from backend.billing.ubl.document import BooksAs
from backend.catalog.identifiers import format_msisdn
from backend.core.formats import format_day, format_money
from backend.core.i18n import load_texts

HERE = Path(__file__).parent
TEXTS = HERE / "invoice_texts.toml"
TEMPLATE = "invoice.typ"
# What is not from outside
OURS = frozenset({"language", "words", "code"})
# Latin, Greek, Cyrillic, punctuation and signs of currencies: the font has them
PLAIN = re.compile(r"[\x20-\u024f\u0370-\u052f\u1e00-\u1eff\u2010-\u2027\u202f-\u2044\u20a0-\u20bf\u2212]")
LONGEST_PRINTED = 2000
STANDARD: Literal["a-3b"] = "a-3b"


class PrintedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """What is printed: the invoice, its charges by number, and the document itself."""

    detail: InvoiceDetail
    numbers: list[NumberTotal]
    document: bytes
    language: str


def invoice_pdf(printed: PrintedInvoice) -> bytes:
    """The invoice as PDF/A-3b; the same facts give the same bytes. Takes a moment: call it outside the event loop."""
    issued = printed.detail.summary.issued_on
    with tempfile.TemporaryDirectory(prefix="fleetline-pdf-") as name:
        folder = Path(name)
        shutil.copyfile(HERE / TEMPLATE, folder / TEMPLATE)
        (folder / "invoice.xml").write_bytes(printed.document)
        moment, data = datetime(issued.year, issued.month, issued.day, tzinfo=UTC), _data(printed)
        try:
            return _compiled(folder, data, moment)
        except typst.TypstError:
            # PDF/A takes no sign that the font lacks, and no text that is endless
            plain = {name: value if name in OURS else _plain(value) for name, value in data.items()}
            return _compiled(folder, plain, moment)


def _compiled(folder: Path, data: dict[str, Any], moment: datetime) -> bytes:
    return typst.compile(
        folder / TEMPLATE,
        root=folder,
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": orjson.dumps(data).decode()},
        pdf_standards=STANDARD,
        timestamp=moment,
    )


def _plain(value: Any) -> Any:
    """The same with a sign of its own for each one that the font may lack, such as an emoji in the name of a user."""
    if isinstance(value, str):
        return "".join(sign if PLAIN.match(sign) else "\ufffd" for sign in value[:LONGEST_PRINTED])
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _data(printed: PrintedInvoice) -> dict[str, Any]:
    """What the template reads, in words."""
    detail, language = printed.detail, printed.language
    words, summary = load_texts(TEXTS)[language], detail.summary

    def money(cents: int) -> str:
        return format_money(cents, language)

    credit = summary.books_as == BooksAs.CREDIT
    due = payable_now(summary.facts) if summary.collection == CollectionMode.MANUAL else 0
    code = transfer_code(detail)
    return {
        "language": language,
        "words": words,
        "title": f"{words['credit_note' if credit else 'invoice']} {summary.number}",
        "made_on": [summary.issued_on.year, summary.issued_on.month, summary.issued_on.day],
        "seller": detail.seller_name,
        "seller_lines": [detail.seller_name, detail.issuer],
        "buyer_lines": [detail.buyer_name, *detail.buyer_address.splitlines(), detail.buyer_number],
        "facts": _facts(detail, words, language),
        "charges": _charges(detail, words, language),
        "vat": [
            [
                f"{one.percent:f} %" if one.percent is not None else one.category,
                money(one.taxable_cents),
                money(one.tax_cents),
            ]
            for one in detail.vat
        ],
        "amount": money(summary.booked_cents),
        "debit": summary.will_be_debited,
        "transfer": [
            [words["account"], detail.iban],
            [words["beneficiary"], detail.payee],
            [words["communication"], detail.payment_reference],
        ]
        if due and detail.iban
        else [],
        "code": _svg(code) if code else "",
        "numbers": _numbers(printed, words),
    }


def _facts(detail: InvoiceDetail, words: Mapping[str, str], language: str) -> list[list[str]]:
    summary = detail.summary
    rows = [
        [words["customer_number"], f"{summary.account} {summary.account_label}".strip()],
        [words["issued_on"], format_day(summary.issued_on, language)],
    ]
    if summary.due_on:
        rows.append([words["due_on"], format_day(summary.due_on, language)])
    if summary.period_start and summary.period_end:
        days = (format_day(summary.period_start, language), format_day(summary.period_end, language))
        rows.append([words["period"], " - ".join(days)])
    return rows


def _charges(detail: InvoiceDetail, words: Mapping[str, str], language: str) -> list[list[str]]:
    rows = [(words[one.kind], one.cents) for one in detail.by_kind]
    rows += [
        (words["total_excl"], detail.excl_vat_cents),
        (words["vat"], detail.vat_cents),
        (words["total_incl"], detail.incl_vat_cents),
    ]
    if detail.prepaid_cents:
        rows.append((words["prepaid"], -detail.prepaid_cents))
    if detail.rounding_cents:
        rows.append((words["rounding"], detail.rounding_cents))
    return [[name, format_money(cents, language)] for name, cents in rows]


def _numbers(printed: PrintedInvoice, words: Mapping[str, str]) -> list[list[str]]:
    """The charges by number; the last row is of the numbers that are too many to be printed."""
    rows = [
        (format_msisdn(one.msisdn) if one.msisdn else words["of_account"], one.name, one.cents)
        for one in printed.numbers
    ]
    if printed.numbers and (left := printed.numbers[0].total_numbers - len(printed.numbers)):
        everything = sum(one.cents for one in printed.detail.by_kind)
        shown = sum(one.cents for one in printed.numbers)
        rows.append((words["further_numbers"].format(count=left), "", everything - shown))
    return [[number, name, format_money(cents, printed.language)] for number, name, cents in rows]


def _svg(code: str) -> str:
    """The transfer's code as a drawing of its own."""
    width, path = code_path(code)
    box = f"-2 -2 {width + 4} {width + 4}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"><path d="{path}"/></svg>'
