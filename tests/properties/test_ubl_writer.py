"""What we write passes schema and rules, and reads back as it was, whatever it charges."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.billing.ubl.checking import check_document
from backend.billing.ubl.document import AllowanceCharge, Attachment, DocumentLine, InvoiceDocument, Party
from backend.billing.ubl.writing import write_document
from tests.support.billing_documents import DEBIT, EXEMPT, REDUCED, STANDARD, a_document

SIGNS = "aZ5 .,;<&>\"'éßœ€\u0301\u00a0\u200b\u202e\u2067א١中😀\ufffd"
# A thousand in about 20 s of one core
EXAMPLES = 1000


def is_text(text: str) -> bool:
    return text == text.strip() != ""


TEXT = st.text(SIGNS, min_size=1, max_size=12).filter(is_text)
NOTE = st.lists(TEXT, max_size=3).map("\n".join)
CODE = st.integers(0, 10**9).map(lambda number: f"A {number}/é")
OPTIONAL = st.just("") | TEXT
RATES = st.sampled_from([STANDARD, REDUCED, EXEMPT])
ENTERPRISE = st.integers(2_000_000, 19_999_999).map(lambda base: f"{base:08d}{97 - base % 97:02d}")
MSISDN = st.just("") | st.integers(50_000_000, 99_999_999).map(lambda rest: f"+324{rest}")
DAYS = st.dates(date(2026, 1, 1), date(2035, 12, 31))
KINDS = st.sampled_from(["", "recurring", "one_off", "usage", "discount", "credit", "other"])
QUANTITIES = st.decimals(Decimal(-500), Decimal(500), places=3)
PRICES = st.decimals(Decimal(0), Decimal(2000), places=4)


# UBL-SR-16: a buyer has one at most
CUSTOMER_NUMBERS = st.lists(st.tuples(CODE, st.just("")), max_size=1)


@st.composite
def parties(draw: st.DrawFn) -> Party:
    number = draw(ENTERPRISE)
    return Party(
        name=draw(TEXT),
        company_id=number,
        vat_number=f"BE{number}",
        endpoint=number,
        endpoint_scheme="0208",
        identifiers=draw(CUSTOMER_NUMBERS),
        street=draw(OPTIONAL),
        street_more=draw(OPTIONAL),
        address_line=draw(OPTIONAL),
        postal_zone=draw(OPTIONAL),
        city=draw(OPTIONAL),
        region=draw(OPTIONAL),
        country="BE",
    )


def amounts(*, rated: bool) -> st.SearchStrategy[AllowanceCharge]:
    """Allowances and charges: of the document with a rate, of a line without."""

    def build(cents: int, reason: str, rate: tuple[str, Decimal]) -> AllowanceCharge:
        code = "95" if cents < 0 else "FC"
        category, percent = rate if rated else ("", None)
        return AllowanceCharge(
            cents=cents, reason=reason, reason_code=code, category=category, percent=percent
        )

    return st.builds(build, st.integers(-50_000, 50_000), TEXT, RATES)


LINE_AMOUNTS, DOCUMENT_AMOUNTS = amounts(rated=False), amounts(rated=True)
PROPERTIES = st.tuples(MSISDN, KINDS, st.just("") | CODE)


@st.composite
def lines(draw: st.DrawFn) -> DocumentLine:
    """A line without a number; its period is that of the document, where that has one."""
    category, percent = draw(RATES)
    msisdn, kind, code = draw(PROPERTIES)
    return DocumentLine(
        id="",
        name=draw(TEXT),
        description=draw(OPTIONAL),
        note=draw(NOTE),
        quantity=draw(QUANTITIES),
        unit=draw(st.sampled_from(["C62", "MON", "E34", "MIN"])),
        unit_price=draw(PRICES),
        base_quantity=draw(st.sampled_from([Decimal(1), Decimal(100), Decimal("0.5")])),
        net_cents=0,
        allowances=draw(st.lists(LINE_AMOUNTS, max_size=2)),
        category=category,
        percent=percent,
        cost_centre=draw(OPTIONAL),
        msisdn=msisdn,
        charge_kind=kind,
        charge_code=code,
    )


LINES = st.lists(lines(), min_size=1, max_size=3)
FILES = st.lists(
    st.builds(
        lambda number, content, words: Attachment(
            name=f"detail-{number}.pdf", media_type="application/pdf", content=content, description=words
        ),
        st.integers(0, 99),
        st.binary(min_size=1, max_size=60),
        OPTIONAL,
    ),
    max_size=2,
)
PARTIES = parties()
NUMBERS = st.lists(CODE, max_size=3, unique=True)
CENTS, ROUNDING = st.none() | st.integers(0, 100_000), st.none() | st.integers(-99, 99)


@st.composite
def documents(draw: st.DrawFn) -> InvoiceDocument:
    issued_on, credit = draw(DAYS), draw(st.booleans())
    period = (issued_on - timedelta(days=31), issued_on) if draw(st.booleans()) else None
    debit = draw(st.booleans())
    changes: dict[str, Any] = {
        "number": draw(CODE),
        "type_code": "381" if credit else "380",
        "is_credit_note": credit,
        "issued_on": issued_on,
        "due_on": draw(st.none() | st.just(issued_on + timedelta(days=30))),
        "terms": draw(NOTE),
        "note": draw(NOTE),
        "period_start": period[0] if period else None,
        "period_end": period[1] if period else None,
        "buyer_reference": draw(TEXT),
        "order_reference": draw(OPTIONAL),
        "contract_reference": draw(OPTIONAL),
        "accounting_cost": draw(st.sampled_from(["", "employee-part"])),
        "corrects": draw(NUMBERS),
        "seller": draw(PARTIES),
        "buyer": draw(PARTIES),
        "payee": draw(OPTIONAL),
        "payment_means": "59" if debit else draw(st.sampled_from(["30", "58"])),
        "payment_reference": draw(st.just("+++010/8068/17183+++") | CODE),
        "debit": DEBIT if debit else None,
        "attachments": draw(FILES),
    }
    # The rules know no payee who is the seller
    assume(changes["payee"] != changes["seller"].name)
    charged = draw(LINES)
    if period:
        # Days of the document's period, also its first and its last
        spread = draw(st.integers(0, 15))
        days = {"period_start": period[0] + timedelta(days=spread), "period_end": period[1]}
        charged[0] = msgspec.structs.replace(charged[0], **days)
    return a_document(
        charged, draw(st.lists(DOCUMENT_AMOUNTS, max_size=2)), draw(CENTS), draw(ROUNDING), **changes
    )


@settings(max_examples=EXAMPLES)
@given(documents())
def test_what_is_written_is_valid_and_reads_back(document: InvoiceDocument) -> None:
    assert check_document(write_document(document)) == document
