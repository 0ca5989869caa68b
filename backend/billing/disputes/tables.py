"""Disputes of charges, or of an amount of an invoice without charges per number."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Numeric, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.billing.disputes.lifecycle import DisputeState
from tenants.checks import one_of


class InvoiceDispute(Table):
    """One contested charge. In the database, a charge has one dispute whose amount is kept apart."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    # Those that were opened together
    step_id = UUID(default=None)
    # Null: an amount of the invoice as a whole
    charge_id = UUID(null=True, default=None)
    # The charge as it was
    msisdn = Text(default="")
    code = Text(default="")
    name = Text(default="")
    # Contested, excluding VAT of the rate; without a rate VAT is in it
    net_cents = BigInt()
    vat_percent = Numeric(null=True, default=None)
    # The same with VAT, rounded for this dispute alone
    gross_cents = BigInt()
    state = Text()
    # What the proof said, for the operator
    evidence = JSONB(default="{}")
    words = Text(default="")
    # Nothing of the invoice was open then: the money comes back as a credit
    was_paid = Boolean(default=False)
    opened_by = UUID(null=True, default=None)
    opened_name = Text(default="")
    opened_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Text(default="")
    # The operator's, or of whoever withdrew it
    reason = Text(default="")
    credit_note_id = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)

    invoice_dispute_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_dispute_state_check = one_of("state", DisputeState)
    invoice_dispute_check = Check("net_cents > 0 AND gross_cents > 0")
