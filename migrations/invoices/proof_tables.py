"""The tables of proofs and disputes as this migration makes them. Frozen: it imports no class of the product."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Numeric, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class ChargeProof(Table):
    """The verdict on one charge. It goes with the charge where other charges take its place."""

    charge_id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    verdict = Text()
    reason = Text()
    expected_cents = BigInt(null=True, default=None)
    params = JSONB(default="{}")
    proved_at = Timestamptz()
    charge_proof_tenant_id_charge_id_key = Unique(["tenant_id", "charge_id"])
    charge_proof_verdict_check = Check("verdict IN ('proven', 'different', 'unchecked')")
    charge_proof_reason_check = Check(
        "reason IN ('whole_period', 'some_days', 'credit', 'use', 'request', 'shared_bill', 'not_on_line', 'ended',"
        " 'not_active', 'other_days', 'other_price', 'twice', 'other_account', 'other_credit', 'other_use', 'no_request',"
        " 'other_share', 'whole_account', 'unknown_number', 'no_code', 'not_in_catalogue', 'before_known',"
        " 'changed_elsewhere', 'no_period', 'no_use_known', 'use_together', 'agreed_discount', 'unknown_credit',"
        " 'share_changed', 'other_kind', 'credit_note')"
    )
    charge_proof_check = Check("(verdict = 'unchecked') = (expected_cents IS NULL)")


class InvoiceDispute(Table):
    """One contested charge. In the database, a charge has one dispute whose amount is kept apart."""

    id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    billing_account_id = UUID(default=None)
    step_id = UUID(default=None)
    charge_id = UUID(null=True, default=None)
    msisdn = Text(default="")
    code = Text(default="")
    name = Text(default="")
    net_cents = BigInt()
    vat_percent = Numeric(null=True, default=None)
    gross_cents = BigInt()
    state = Text()
    evidence = JSONB(default="{}")
    words = Text(default="")
    was_paid = Boolean(default=False)
    opened_by = UUID(null=True, default=None)
    opened_name = Text(default="")
    opened_at = Timestamptz()
    decided_at = Timestamptz(null=True, default=None)
    decided_by = Text(default="")
    reason = Text(default="")
    credit_note_id = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    invoice_dispute_tenant_id_id_key = Unique(["tenant_id", "id"])
    invoice_dispute_state_check = Check("state IN ('open', 'accepted', 'credited', 'refused', 'withdrawn')")
    invoice_dispute_check = Check("net_cents > 0 AND gross_cents > 0")


TABLES = [
    value for value in list(vars().values()) if isinstance(value, type) and value.__module__ == __name__
]
