"""Reads an invoice or credit note that passed schema and rules. Amounts stand as the document gives them."""

from backend.billing.ubl.document import DebitNotice, InvoiceDocument, Totals
from backend.billing.ubl.reading_parts import (
    allowance_of,
    attachments_of,
    creditor_id_of,
    line_of,
    party_of,
    vat_of,
)
from backend.billing.ubl.values import cents, cents_of, day_at, day_of, every, first, identifier, text
from backend.billing.ubl.xml import CREDIT_NOTE, WHITE, Element

SUPPLIER, CUSTOMER = "a:AccountingSupplierParty/a:Party", "a:AccountingCustomerParty/a:Party"
PAYEE, MEANS, TOTALS = "a:PayeeParty", "a:PaymentMeans", "a:LegalMonetaryTotal"
# UNTDID 4461
DIRECT_DEBIT = {"49", "59"}


def read_document(root: Element) -> InvoiceDocument:
    """The facts of a document. Raises DocumentRefused for a value that cannot be kept as it stands."""
    is_credit_note = root.tag == CREDIT_NOTE
    kind = "CreditNote" if is_credit_note else "Invoice"
    quantity = "CreditedQuantity" if is_credit_note else "InvoicedQuantity"
    debit = _debit(root)
    tax_total = _tax_total(root)
    return InvoiceDocument(
        number=identifier(root, "b:ID"),
        type_code=identifier(root, f"b:{kind}TypeCode"),
        is_credit_note=is_credit_note,
        issued_on=day_of(root, "b:IssueDate"),
        # A credit note has it with the means of payment
        due_on=day_at(root, "b:DueDate") or day_at(root, f"{MEANS}/b:PaymentDueDate"),
        terms=_lines(root, "a:PaymentTerms/b:Note"),
        note=_lines(root, "b:Note"),
        currency=identifier(root, "b:DocumentCurrencyCode"),
        period_start=day_at(root, "a:InvoicePeriod/b:StartDate"),
        period_end=day_at(root, "a:InvoicePeriod/b:EndDate"),
        buyer_reference=text(root, "b:BuyerReference"),
        order_reference=text(root, "a:OrderReference/b:ID"),
        contract_reference=text(root, "a:ContractDocumentReference/b:ID"),
        accounting_cost=text(root, "b:AccountingCost"),
        corrects=_corrects(root),
        seller=party_of(first(root, SUPPLIER)),
        buyer=party_of(first(root, CUSTOMER)),
        payee=text(root, f"{PAYEE}/a:PartyName/b:Name"),
        payment_means=_means(root, debit),
        payment_reference=text(root, f"{MEANS}/b:PaymentID"),
        iban=identifier(root, f"{MEANS}/a:PayeeFinancialAccount/b:ID"),
        account_name=text(root, f"{MEANS}/a:PayeeFinancialAccount/b:Name"),
        debit=debit,
        totals=_totals(root, tax_total),
        vat=[vat_of(one) for one in every(tax_total, "a:TaxSubtotal")],
        allowances=[allowance_of(one) for one in every(root, "a:AllowanceCharge")],
        lines=[line_of(one, quantity) for one in every(root, f"a:{kind}Line")],
        attachments=attachments_of(root),
    )


def _lines(root: Element, path: str) -> str:
    """Several texts in lines: German documents may have several notes."""
    return "\n".join(found for one in every(root, path) if (found := (one.text or "").strip(WHITE)))


def _corrects(root: Element) -> list[str]:
    found = (identifier(one, "b:ID") for one in every(root, "a:BillingReference/a:InvoiceDocumentReference"))
    return list(dict.fromkeys(number for number in found if number))


def _debit(root: Element) -> DebitNotice | None:
    """The notice of a direct debit, where that is how the document says it is paid."""
    for means in every(root, MEANS):
        if text(means, "b:PaymentMeansCode") in DIRECT_DEBIT:
            return DebitNotice(
                mandate_reference=identifier(means, "a:PaymentMandate/b:ID"),
                creditor_id=creditor_id_of(first(root, PAYEE)) or creditor_id_of(first(root, SUPPLIER)),
                debited_iban=identifier(means, "a:PaymentMandate/a:PayerFinancialAccount/b:ID"),
            )
    return None


def _means(root: Element, debit: DebitNotice | None) -> str:
    codes = [identifier(means, "b:PaymentMeansCode") for means in every(root, MEANS)]
    debits = [code for code in codes if code in DIRECT_DEBIT]
    return debits[0] if debit is not None else next(iter(codes), "")


def _tax_total(root: Element) -> Element | None:
    """The VAT in the currency of the document: another may stand beside it."""
    totals = list(every(root, "a:TaxTotal"))
    return next((one for one in totals if first(one, "a:TaxSubtotal") is not None), next(iter(totals), None))


def _totals(root: Element, tax_total: Element | None) -> Totals:
    found = first(root, TOTALS)
    return Totals(
        lines=cents_of(found, "b:LineExtensionAmount"),
        allowances=cents(found, "b:AllowanceTotalAmount"),
        charges=cents(found, "b:ChargeTotalAmount"),
        excl_vat=cents_of(found, "b:TaxExclusiveAmount"),
        vat=cents(tax_total, "b:TaxAmount"),
        incl_vat=cents_of(found, "b:TaxInclusiveAmount"),
        prepaid=cents(found, "b:PrepaidAmount"),
        rounding=cents(found, "b:PayableRoundingAmount"),
        payable=cents_of(found, "b:PayableAmount"),
    )
