"""The tables of invoices as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import UUID, Array, BigInt, Boolean, Bytea, Date, Integer, Numeric, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class BillingImport(Table):
    """One file that the operator handed in: a document, an archive of documents, or charges. In the operator's scope."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    file_name = Text()
    content = Bytea(null=True, default=None)
    check_only = Boolean(default=False)
    state = Text()
    problem = Text(default="")
    total = Integer(default=0)
    done = Integer(default=0)
    created_by = Text(default="")
    created_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    billing_import_tenant_id_id_key = Unique(["tenant_id", "id"])
    billing_import_state_check = Check("state IN ('waiting', 'running', 'done', 'failed')")


class BillingImportItem(Table):
    """What became of one document of a file, or of the charges of one invoice."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    import_id = UUID(default=None)
    position = Integer()
    name = Text()
    outcome = Text()
    issuer = Text(default="")
    type_code = Text(default="")
    number = Text(default="")
    rules = Array(base_column=Text())
    reason = Text(default="")
    billing_import_item_tenant_id_import_id_position_key = Unique(["tenant_id", "import_id", "position"])
    billing_import_item_outcome_check = Check(
        "outcome IN ('booked', 'repeated', 'unassigned', 'personal', 'conflict', 'refused', 'valid')"
    )


class ReceivedDocument(Table):
    """One document that came in, by its content. In the operator's scope: the buyer may be unknown, or a person.

    In the database, one document of an issuer, type and number holds the number. `content` is here only while no company
    has it.
    """

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    issuer = Text()
    type_code = Text()
    number = Text()
    content_sha256 = Bytea()
    state = Text()
    customer_id = UUID(null=True, default=None)
    billing_account_id = UUID(null=True, default=None)
    reason = Text(default="")
    buyer_name = Text(default="")
    buyer_number = Text(default="")
    customer_number = Text(default="")
    msisdn = Text(default="")
    payable_cents = BigInt()
    issued_on = Date()
    rules = Text()
    content = Bytea(null=True, default=None)
    pdf = Bytea(null=True, default=None)
    received_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Text(default="")
    received_document_state_check = Check(
        "state IN ('received', 'booked', 'unassigned', 'personal', 'conflict', 'dismissed')"
    )
    received_document_key = Unique(["tenant_id", "issuer", "type_code", "number", "content_sha256"])


class Invoice(Table):
    """An invoice or credit note of a customer number. Its amounts are those of the document, in cents."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    account = Text()
    document_id = UUID(default=None)
    issuer = Text()
    type_code = Text()
    number = Text()
    books_as = Text()
    issued_on = Date()
    due_on = Date(null=True, default=None)
    due_basis = Text(default="date")
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
    booked_cents = BigInt()
    payment_reference = Text(default="")
    structured = Text(default="")
    iban = Text(default="")
    payee = Text(default="")
    collection = Text(default="manual")
    mandate_reference = Text(default="")
    creditor_id = Text(default="")
    debited_iban = Text(default="")
    collect_on = Date(null=True, default=None)
    debit_attempts = Integer(default=0)
    seller_name = Text(default="")
    buyer_name = Text(default="")
    buyer_number = Text(default="")
    buyer_address = Text(default="")
    note = Text(default="")
    corrects = Array(base_column=Text())
    rules = Text()
    received_at = Timestamptz()
    open_cents = BigInt()
    credited_cents = BigInt(default=0)
    written_off_cents = BigInt(default=0)
    disputed_cents = BigInt(default=0)
    claimed_cents = BigInt(default=0)
    collecting_cents = BigInt(default=0)
    charges = Integer(default=0)
    charges_sha256 = Bytea(null=True, default=None)
    proved_at = Timestamptz(null=True, default=None)
    invoice_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_tenant_id_issuer_type_code_number_key = Unique(["tenant_id", "issuer", "type_code", "number"])
    invoice_books_as_check = Check("books_as IN ('demand', 'credit')")
    invoice_due_basis_check = Check("due_basis IN ('date', 'terms', 'receipt')")
    invoice_collection_check = Check("collection IN ('manual', 'direct_debit')")
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
    line_number = Text(default="")
    msisdn = Text(default="")
    line_id = UUID(null=True, default=None)
    kind = Text()
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
    kind = Text()
    position = Integer(default=0)
    name = Text()
    media_type = Text()
    content = Bytea()
    invoice_file_tenant_id_invoice_id_kind_position_key = Unique(
        ["tenant_id", "invoice_id", "kind", "position"]
    )
    invoice_file_kind_check = Check("kind IN ('original', 'pdf', 'attachment')")


class LedgerEntry(Table):
    """What changed a balance, once, and never altered. The sum of a customer number's entries is its balance."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    kind = Text()
    provider_id = Text()
    invoice_id = UUID(null=True, default=None)
    cents = BigInt()
    value_on = Date()
    at = Timestamptz()
    detail = Text(default="")
    ledger_entry_kind_check = Check(
        "kind IN ('invoice', 'credit_note', 'payment', 'refund', 'reversal', 'write_off', 'allocation')"
    )
    ledger_entry_check = Check("cents <> 0")


TABLES = [
    value for value in list(vars().values()) if isinstance(value, type) and value.__module__ == __name__
]
