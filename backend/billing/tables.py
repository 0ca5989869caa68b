"""Invoices and credit notes as they came in, their charges and files, and the ledger that says what is open."""

from piccolo.columns import UUID, Array, BigInt, Boolean, Bytea, Date, Integer, Numeric, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.billing.lifecycle import (
    CollectionMode,
    DocumentState,
    DueBasis,
    ImportOutcome,
    ImportState,
    LedgerKind,
)
from backend.billing.ubl.document import BooksAs
from tenants.checks import one_of


class BillingImport(Table):
    """One file that the operator handed in: a document, an archive of documents, or charges. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    file_name = Text()
    # Null once it was read to its end
    content = Bytea(null=True, default=None)
    check_only = Boolean(default=False)
    state = Text()
    # Why the file as a whole cannot be read
    problem = Text(default="")
    total = Integer(default=0)
    done = Integer(default=0)
    created_by = Text(default="")
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)

    billing_import_tenant_id_id_key = Unique(["tenant_id", "id"])
    billing_import_state_check = one_of("state", ImportState)


class BillingImportItem(Table):
    """What became of one document of a file, or of the charges of one invoice."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    import_id = UUID(default=None)
    position = Integer()
    name = Text()
    outcome = Text()
    # Issuer, type and number, where the document could be read
    issuer = Text(default="")
    type_code = Text(default="")
    number = Text(default="")
    # Rules that it fails, and the sentence that says why it is not taken
    rules = Array(base_column=Text())
    reason = Text(default="")

    billing_import_item_tenant_id_import_id_position_key = Unique(["tenant_id", "import_id", "position"])
    billing_import_item_outcome_check = one_of("outcome", ImportOutcome)


class ReceivedDocument(Table):
    """One document that came in, by its content. In the operator's scope: the buyer may be unknown, or a person.

    In the database, one document of an issuer, type and number holds the number. `content` is here only while no company
    has it.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    issuer = Text()
    # UNTDID 1001
    type_code = Text()
    number = Text()
    content_sha256 = Bytea()
    state = Text()
    # Whose it is, once that is known
    customer_id = UUID(null=True, default=None)
    billing_account_id = UUID(null=True, default=None)
    # Why it is not booked, for the operator's staff
    reason = Text(default="")
    buyer_name = Text(default="")
    buyer_number = Text(default="")
    customer_number = Text(default="")
    # Of a document addressed to a person: the number it is for
    msisdn = Text(default="")
    payable_cents = BigInt()
    issued_on = Date()
    # The version of the rules that it passed
    rules = Text()
    content = Bytea(null=True, default=None)
    pdf = Bytea(null=True, default=None)
    received_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Text(default="")

    received_document_state_check = one_of("state", DocumentState)
    received_document_key = Unique(["tenant_id", "issuer", "type_code", "number", "content_sha256"])


class Invoice(Table):
    """An invoice or credit note of a customer number. Its amounts are those of the document, in cents."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    # Its number
    account = Text()
    document_id = UUID(default=None)
    issuer = Text()
    type_code = Text()
    number = Text()
    books_as = Text()
    issued_on = Date()
    # Null: `due_basis` says from what it follows
    due_on = Date(null=True, default=None)
    due_basis = Text(default=DueBasis.DATE.value)
    terms = Text(default="")
    period_start = Date(null=True, default=None)
    period_end = Date(null=True, default=None)
    currency = Text(default="EUR")
    lines_cents = BigInt()
    allowance_cents = BigInt(default=0)
    charge_cents = BigInt(default=0)
    excl_vat_cents = BigInt()
    vat_cents = BigInt(default=0)
    incl_vat_cents = BigInt()
    prepaid_cents = BigInt(default=0)
    rounding_cents = BigInt(default=0)
    # Positive on a demand, negative on a credit: what it adds to the balance
    booked_cents = BigInt()
    # As in the document
    payment_reference = Text(default="")
    # Twelve digits, where the reference is a right structured communication
    structured = Text(default="")
    iban = Text(default="")
    payee = Text(default="")
    collection = Text(default=CollectionMode.MANUAL.value)
    mandate_reference = Text(default="")
    creditor_id = Text(default="")
    debited_iban = Text(default="")
    # When it is to be debited, and how often that was tried
    collect_on = Date(null=True, default=None)
    debit_attempts = Integer(default=0)
    seller_name = Text(default="")
    buyer_name = Text(default="")
    buyer_number = Text(default="")
    buyer_address = Text(default="")
    note = Text(default="")
    # Numbers of the invoices that it corrects
    corrects = Array(base_column=Text())
    rules = Text()
    received_at = Timestamptz()
    # Kept with every entry of the ledger: the sum of the entries of this invoice
    open_cents = BigInt()
    credited_cents = BigInt(default=0)
    written_off_cents = BigInt(default=0)
    disputed_cents = BigInt(default=0)
    # What is contested with VAT, also of what is not open; `disputed_cents` is the part of it that is open
    claimed_cents = BigInt(default=0)
    collecting_cents = BigInt(default=0)
    charges = Integer(default=0)
    # Of the file that they came from; null: they are the lines of the document
    charges_sha256 = Bytea(null=True, default=None)
    # When its charges were proven last
    proved_at = Timestamptz(null=True, default=None)

    invoice_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_tenant_id_issuer_type_code_number_key = Unique(["tenant_id", "issuer", "type_code", "number"])
    invoice_books_as_check = one_of("books_as", BooksAs)
    invoice_due_basis_check = one_of("due_basis", DueBasis)
    invoice_collection_check = one_of("collection", CollectionMode)
    invoice_check = Check("(books_as = 'credit') = (booked_cents < 0) OR booked_cents = 0")


class InvoiceVat(Table):
    """The VAT of one category and rate, as the document says it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    position = Integer()
    category = Text()
    percent = Numeric(null=True, default=None)
    taxable_cents = BigInt()
    tax_cents = BigInt()
    exemption = Text(default="")

    invoice_vat_tenant_id_invoice_id_position_key = Unique(["tenant_id", "invoice_id", "position"])


class InvoiceCharge(Table):
    """One charge, excluding VAT: a line of the document, or of the file of charges that came with it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    position = Integer()
    # BT-126 where it is a line of the document
    line_number = Text(default="")
    # E.164; "" is of the customer number as a whole
    msisdn = Text(default="")
    line_id = UUID(null=True, default=None)
    kind = Text()
    # A plan or an option of the carrier
    code = Text(default="")
    name = Text()
    description = Text(default="")
    quantity = Numeric()
    unit_price = Numeric()
    net_cents = BigInt()
    vat_category = Text(default="")
    vat_percent = Numeric(null=True, default=None)
    period_start = Date(null=True, default=None)
    period_end = Date(null=True, default=None)
    cost_centre = Text(default="")

    invoice_charge_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_charge_tenant_id_invoice_id_position_key = Unique(["tenant_id", "invoice_id", "position"])


class InvoiceFile(Table):
    """A file of an invoice, byte for byte: the document itself, the operator's PDF, what was attached to it."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    # original, pdf, attachment
    kind = Text()
    position = Integer(default=0)
    name = Text()
    media_type = Text()
    content = Bytea()

    invoice_file_tenant_id_invoice_id_kind_position_key = Unique(
        ["tenant_id", "invoice_id", "kind", "position"]
    )
    invoice_file_kind_check = one_of("kind", ("original", "pdf", "attachment"))


class LedgerEntry(Table):
    """What changed a balance, once, and never altered. The sum of a customer number's entries is its balance."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    kind = Text()
    # Of the provider, or of our own record: unique with the kind and the invoice
    provider_id = Text()
    # Null: it is no invoice's, such as what was paid too much
    invoice_id = UUID(null=True, default=None)
    # Positive: owed by the customer
    cents = BigInt()
    # The day on which it happened: the bank's day of a payment, the date of a document
    value_on = Date()
    # When it was written
    at = Timestamptz()
    detail = Text(default="")

    ledger_entry_kind_check = one_of("kind", LedgerKind)
    ledger_entry_check = Check("cents <> 0")
