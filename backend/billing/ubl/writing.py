"""Writes an invoice or credit note as UBL for Peppol BIS Billing 3.0. Reading it back gives the same document.

What it writes passes schema and rules where the document's sums are right. Where a document says how it is paid,
`payment_means` is given too, and every line has its unit.
"""

from lxml import etree

from backend.billing.ubl.building import attach, group, put, put_cents, put_day
from backend.billing.ubl.document import InvoiceDocument
from backend.billing.ubl.peppol_rules.document import BILLING
from backend.billing.ubl.writing_parts import (
    put_allowances,
    put_attachment,
    put_line,
    put_party,
    put_period,
    put_vat,
)
from backend.billing.ubl.xml import (
    CAC_NAMESPACE,
    CBC_NAMESPACE,
    CREDIT_NOTE,
    CREDIT_NOTE_NAMESPACE,
    INVOICE,
    INVOICE_NAMESPACE,
    Element,
)

PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
# Credit transfer (UNTDID 4461), where a document has an account and does not say how it is paid
TRANSFER = "30"


def write_document(document: InvoiceDocument) -> bytes:
    """The document as XML in UTF-8. Raises ValueError for a text with signs that XML cannot hold."""
    credit = document.is_credit_note
    tag, namespace = (CREDIT_NOTE, CREDIT_NOTE_NAMESPACE) if credit else (INVOICE, INVOICE_NAMESPACE)
    kind, quantity = ("CreditNote", "CreditedQuantity") if credit else ("Invoice", "InvoicedQuantity")
    root = etree.Element(tag, nsmap={None: namespace, "cac": CAC_NAMESPACE, "cbc": CBC_NAMESPACE})
    _put_head(root, document, kind)
    _put_references(root, document)
    creditor_id = document.debit.creditor_id if document.debit else ""
    put_party(root, "AccountingSupplierParty", document.seller, creditor_id)
    put_party(root, "AccountingCustomerParty", document.buyer)
    _put_payment(root, document)
    put_allowances(root, document.allowances, document.currency)
    put_vat(root, document.totals.vat, document.vat, document.currency)
    _put_totals(root, document)
    for line in document.lines:
        put_line(root, f"{kind}Line", quantity, line, document.currency)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _put_head(root: Element, document: InvoiceDocument, kind: str) -> None:
    put(root, "CustomizationID", BILLING)
    put(root, "ProfileID", PROCESS)
    put(root, "ID", document.number)
    put_day(root, "IssueDate", document.issued_on)
    if not document.is_credit_note:
        put_day(root, "DueDate", document.due_on)
    put(root, f"{kind}TypeCode", document.type_code)
    put(root, "Note", document.note)
    put(root, "DocumentCurrencyCode", document.currency)
    put(root, "AccountingCost", document.accounting_cost)
    put(root, "BuyerReference", document.buyer_reference)
    put_period(root, document.period_start, document.period_end)


def _put_references(root: Element, document: InvoiceDocument) -> None:
    _put_reference(root, "OrderReference", document.order_reference)
    for number in document.corrects:
        outer = group("BillingReference")
        _put_reference(outer, "InvoiceDocumentReference", number)
        attach(root, outer)
    _put_reference(root, "ContractDocumentReference", document.contract_reference)
    for attachment in document.attachments:
        put_attachment(root, attachment)


def _put_reference(parent: Element, name: str, value: str) -> None:
    outer = group(name)
    put(outer, "ID", value)
    attach(parent, outer)


def _put_payment(root: Element, document: InvoiceDocument) -> None:
    """Who is paid, how, and by what terms. A credit note has its due date with the means of payment."""
    payee, name = group("PayeeParty"), group("PartyName")
    # UBL-SR-19: a payee is another than the seller
    put(name, "Name", document.payee if document.payee != document.seller.name else "")
    attach(payee, name)
    attach(root, payee)
    means = group("PaymentMeans")
    if document.is_credit_note:
        put_day(means, "PaymentDueDate", document.due_on)
    put(means, "PaymentID", document.payment_reference)
    account = group("PayeeFinancialAccount")
    put(account, "ID", document.iban)
    put(account, "Name", document.account_name)
    attach(means, account)
    attach(means, _mandate(document))
    if document.payment_means or len(means):
        code = group("PaymentMeans")
        put(code, "PaymentMeansCode", document.payment_means or TRANSFER)
        means.insert(0, code[0])
    attach(root, means)
    terms = group("PaymentTerms")
    put(terms, "Note", document.terms)
    attach(root, terms)


def _mandate(document: InvoiceDocument) -> Element:
    mandate, account = group("PaymentMandate"), group("PayerFinancialAccount")
    if document.debit is not None:
        put(mandate, "ID", document.debit.mandate_reference)
        put(account, "ID", document.debit.debited_iban)
        attach(mandate, account)
    return mandate


def _put_totals(root: Element, document: InvoiceDocument) -> None:
    totals, outer = document.totals, group("LegalMonetaryTotal")
    for name, cents in (
        ("LineExtensionAmount", totals.lines),
        ("TaxExclusiveAmount", totals.excl_vat),
        ("TaxInclusiveAmount", totals.incl_vat),
        ("AllowanceTotalAmount", totals.allowances),
        ("ChargeTotalAmount", totals.charges),
        ("PrepaidAmount", totals.prepaid),
        ("PayableRoundingAmount", totals.rounding),
        ("PayableAmount", totals.payable),
    ):
        put_cents(outer, name, cents, document.currency)
    attach(root, outer)
