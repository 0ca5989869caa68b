"""What is written is read back the same, and a value that cannot be kept as it stands is refused."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backend.billing.ubl.checking import check_document
from backend.billing.ubl.document import AllowanceCharge, Attachment, BooksAs, DocumentLine, InvoiceDocument
from backend.billing.ubl.reading import read_document
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.stylesheets import text_of
from backend.billing.ubl.writing import write_document
from backend.billing.ubl.xml import Element, cac, cbc, parse
from tests.support.billing_documents import BUYER, DEBIT, EXEMPT, LINE, REDUCED, a_document

INVOICE = write_document(a_document()).decode()
FULL = DocumentLine(
    id="1",
    name="Data <roaming> & more",
    description="Zone 1\nSeptember",
    note="Two words",
    quantity=Decimal("1536.25"),
    unit="E34",
    unit_price=Decimal("1.2345"),
    base_quantity=Decimal(100),
    net_cents=0,
    allowances=[
        AllowanceCharge(cents=-150, reason="Loyalty", reason_code="95"),
        AllowanceCharge(cents=75, reason="Paper"),
    ],
    category="S",
    percent=Decimal(6),
    period_start=date(2026, 9, 1),
    period_end=date(2026, 9, 30),
    cost_centre="CC-9",
    msisdn="+32470100002",
    charge_kind="usage",
    charge_code="roaming-1",
)
EVERYTHING: dict[str, Any] = {
    "lines": [
        LINE,
        FULL,
        DocumentLine(
            id="",
            name="Gift",
            quantity=Decimal(1),
            unit="C62",
            unit_price=Decimal(5),
            net_cents=0,
            category=EXEMPT[0],
            percent=EXEMPT[1],
        ),
    ],
    "allowances": [
        AllowanceCharge(cents=-1000, reason="Volume", reason_code="95", category="S", percent=Decimal(21)),
        AllowanceCharge(cents=250, reason="Paper", category=REDUCED[0], percent=REDUCED[1]),
    ],
    "prepaid": 500,
    "rounding": -3,
    "terms": "30 days",
    "note": "Line one\nLine two",
    "period_start": date(2026, 9, 1),
    "period_end": date(2026, 9, 30),
    "order_reference": "PO-1",
    "contract_reference": "C-1",
    "accounting_cost": "employee-part",
    "corrects": ["2026-000100", "2026-000101"],
    "payee": "Factor NV",
    "attachments": [
        Attachment(
            name="detail.pdf", media_type="application/pdf", content=b"%PDF-1.7", description="Detail"
        ),
        Attachment(
            name="calls.ods",
            media_type="application/vnd.oasis.opendocument.spreadsheet",
            content=bytes(range(256)),
        ),
    ],
}


@pytest.mark.parametrize(
    ("document", "books_as"),
    [
        (a_document(), BooksAs.DEMAND),
        (a_document(**EVERYTHING), BooksAs.DEMAND),
        (a_document(**EVERYTHING, is_credit_note=True, type_code="381"), BooksAs.CREDIT),
        (a_document(payment_means="59", debit=DEBIT, iban="", account_name=""), BooksAs.DEMAND),
        (a_document(payment_means="58"), BooksAs.DEMAND),
        (a_document(due_on=None, terms="On receipt"), BooksAs.DEMAND),
        (a_document(payment_means="", payment_reference="", iban="", account_name=""), BooksAs.DEMAND),
        (a_document(is_credit_note=True, type_code="381", due_on=None), BooksAs.CREDIT),
        (a_document(prepaid=10_000), BooksAs.CREDIT),
        (a_document(prepaid=10_000, is_credit_note=True, type_code="381"), BooksAs.DEMAND),
    ],
)
def test_what_is_written_reads_back(document: InvoiceDocument, books_as: BooksAs) -> None:
    assert check_document(write_document(document)) == document
    assert document.books_as is books_as


def test_an_address_in_lines() -> None:
    assert BUYER.address == [
        "Rue de l'Été 4",
        "Bus 12",
        "t.a.v. boekhouding",
        "9000 Gent",
        "Oost-Vlaanderen",
    ]


def test_signs_that_xml_cannot_hold_are_not_written() -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        write_document(a_document(note="a\x00b"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\a\\invoice.PDF", "invoice.PDF"),
        ("fdp.\u202eexe", "fdp.pdf"),
        ("detail.html", "detail.pdf"),
        ("", "file.pdf"),
    ],
)
def test_an_attached_file_has_a_base_name_that_fits_its_type(given: str, kept: str) -> None:
    attached = Attachment(name="NAME.pdf", media_type="application/pdf", content=b"%PDF")
    content = write_document(a_document(attachments=[attached])).decode()
    root = parse(content.replace('filename="NAME.pdf"', f'filename="{given}"').encode())
    assert [one.name for one in read_document(root).attachments] == [kept]


def test_attached_files_are_kept_from_the_rules_and_stay_in_the_document() -> None:
    attached = Attachment(name="a.pdf", media_type="application/pdf", content=b"%PDF" * 1000)
    root = parse(write_document(a_document(attachments=[attached])))
    assert len(text_of(root)) < 10_000
    assert read_document(root).attachments == [attached]


def change(path: str, value: str) -> Callable[[Element], None]:
    def apply(root: Element) -> None:
        root.find(path).text = value

    return apply


TOTAL = f"{cac('LegalMonetaryTotal')}/{cbc('PayableAmount')}"


@pytest.mark.parametrize(
    ("apply", "rules", "words"),
    [
        (change(TOTAL, "1.005"), ["UBL-DT-01"], "more than two decimals: 1.005"),
        (change(TOTAL, "1E3"), [], "cannot be booked: 1E3"),
        (change(TOTAL, "9" * 14), [], "cannot be booked: 99999999999999"),
        (change(TOTAL, "٣"), [], "cannot be booked"),
        (change(cbc("IssueDate"), "2026-02-30"), ["PEPPOL-EN16931-F001"], "date cannot be read: 2026-02-30"),
        (change(cbc("IssueDate"), "0000-01-01"), ["PEPPOL-EN16931-F001"], "date cannot be read"),
        (change(cbc("ID"), "9" * 201), [], "more than 200 signs"),
        (lambda root: root.remove(root.find(cbc("IssueDate"))), [], "no date at IssueDate"),
        (
            lambda root: root.find(TOTAL).getparent().remove(root.find(TOTAL)),
            [],
            "no amount at PayableAmount",
        ),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused(
    apply: Callable[[Element], None], rules: list[str], words: str
) -> None:
    root = parse(INVOICE.encode())
    apply(root)
    with pytest.raises(DocumentRefused, match=words) as refused:
        read_document(root)
    assert (refused.value.because, refused.value.rules) == (Because.RULES, rules)


@pytest.mark.parametrize(("text", "cents"), [("+1656.25", 165625), ("-.5", -50), (" 7 ", 700), ("-0.00", 0)])
def test_every_way_to_write_an_amount(text: str, cents: int) -> None:
    root = parse(INVOICE.encode())
    change(TOTAL, text)(root)
    assert read_document(root).totals.payable == cents


def test_a_document_has_a_bounded_number_of_attached_files() -> None:
    attached = Attachment(name="a.pdf", media_type="application/pdf", content=b"%PDF")
    root = parse(write_document(a_document(attachments=[attached] * 101)))
    with pytest.raises(DocumentRefused, match="more than 100 attached files"):
        read_document(root)


def test_a_number_of_a_line_is_read_in_any_spelling() -> None:
    root = parse(INVOICE.replace("+32470100001", "0470/10.00.01").encode())
    assert read_document(root).lines[0].msisdn == "+32470100001"
    root = parse(INVOICE.replace("+32470100001", "04").encode())
    assert not read_document(root).lines[0].msisdn


def test_a_belgian_enterprise_is_ten_digits_and_others_stay() -> None:
    root = parse(INVOICE.replace(">0202239951</cbc:CompanyID>", ">BE 0202.239.951</cbc:CompanyID>").encode())
    assert read_document(root).seller.company_id == "0202239951"
    foreign = INVOICE.replace(">BE</", ">SE</").replace(
        'schemeID="0208">0202239951</cbc:CompanyID', ">1234</cbc:CompanyID"
    )
    assert read_document(parse(foreign.encode())).seller.company_id == "1234"
