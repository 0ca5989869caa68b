"""The printable invoice: right figures, the document inside, the same bytes, and what people write in it stays text."""

import io
import re

import msgspec
import pypdf
import pytest

from backend.billing import charge_views
from backend.billing.charge_views import invoice_to_print
from backend.billing.pdf import invoice_pdf
from backend.billing.ubl.writing import write_document
from backend.core.errors import NotFound
from backend.core.formats import format_money
from tests.support.billing_documents import LINE
from tests.support.database import TestDatabase
from tests.support.factories import make_customer, make_member
from tests.support.invoices import credit_for, invoice_for, invoices_of, take

TYPST = "#panic[x] #set text(red) $1/0$ <b>&amp;"


def words_of(content: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(content))
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
async def test_the_pdf_says_what_the_document_says_and_holds_it(
    database: TestDatabase, language: str
) -> None:
    customer = await make_customer()
    hostile = msgspec.structs.replace(LINE, name=TYPST, msisdn="")
    document = invoice_for(customer, "P-1", lines=[LINE, hostile], note="\u202eemoji 😀 שלום")
    await take(document)
    [summary] = await invoices_of(customer.manager)
    printed = await invoice_to_print(customer.manager, summary.id, language=language)
    content = invoice_pdf(printed)
    assert content == invoice_pdf(printed), "the same facts, the same bytes"
    found = words_of(content)
    digits = re.sub(r"\D", "", found)
    for cents in (document.totals.excl_vat, document.totals.vat, document.totals.incl_vat):
        assert f"{cents}" in digits
    assert "P-1" in found
    assert "+++010/8068/17183+++" in found
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.attachments["invoice.xml"] == [write_document(document)]
    assert "pdfaid:part" in str(reader.metadata) or b"pdfaid" in content


@pytest.mark.parametrize("name", ["Zoë 😀", "李 Łukasz", "N" * 40_000])
async def test_a_name_that_the_font_cannot_show_stops_no_invoice(database: TestDatabase, name: str) -> None:
    customer = await make_customer()
    document = invoice_for(customer, "P-7")
    buyer = msgspec.structs.replace(document.buyer, name=name)
    await take(
        msgspec.structs.replace(
            document, buyer=buyer, seller=msgspec.structs.replace(document.seller, name=name)
        )
    )
    [summary] = await invoices_of(customer.manager)
    content = invoice_pdf(await invoice_to_print(customer.manager, summary.id, language="fr"))
    assert "P-7" in words_of(content)
    for word in ("Zoë", "Łukasz"):
        assert (word in name) == (word in words_of(content))


async def test_numbers_that_are_too_many_to_be_printed_are_counted_with_their_amount(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer()
    low = msgspec.structs.replace(LINE, msisdn="+32470000001")
    high = msgspec.structs.replace(LINE, msisdn="+32470000002")
    await take(invoice_for(customer, "P-9", lines=[low, high, msgspec.structs.replace(LINE, msisdn="")]))
    [summary] = await invoices_of(customer.manager)
    monkeypatch.setattr(charge_views, "MOST_PRINTED", 1)
    printed = await charge_views.invoice_to_print(customer.manager, summary.id, language="fr")
    found = words_of(invoice_pdf(printed))
    left = sum(one.cents for one in printed.detail.by_kind) - printed.numbers[0].cents
    assert f"2 autres numéros {format_money(left, 'fr')}".replace("\u202f", " ").replace("\xa0", " ") in found


async def test_who_may_not_read_the_invoice_gets_no_pdf_and_a_credit_asks_for_nothing(
    database: TestDatabase,
) -> None:
    customer, other = await make_customer(), await make_customer()
    await take(credit_for(customer))
    [summary] = await invoices_of(customer.manager)
    printed = await invoice_to_print(customer.manager, summary.id, language="fr")
    found = words_of(invoice_pdf(printed))
    assert "Note de crédit" in found
    assert "Par virement" not in found
    for actor in (other.manager, await make_member(other.tenant_id)):
        with pytest.raises(NotFound):
            await invoice_to_print(actor, summary.id, language="fr")
