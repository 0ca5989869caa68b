"""What the proof says of each charge. Worked out anew whenever what it follows from changes."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from backend.billing.proof.schemas import ProofReason, Verdict
from tenants.checks import one_of


class ChargeProof(Table):
    """The verdict on one charge. It goes with the charge where other charges take its place."""

    charge_id = UUID(primary_key=True, default=None)
    tenant_id = UUID(default=None)
    invoice_id = UUID(default=None)
    verdict = Text()
    reason = Text()
    # What follows from what is known, excluding VAT; null where nothing does
    expected_cents = BigInt(null=True, default=None)
    # Values for the words of the reason
    params = JSONB(default="{}")
    proved_at = Timestamptz()

    charge_proof_tenant_id_charge_id_key = Unique(["tenant_id", "charge_id"])
    charge_proof_verdict_check = one_of("verdict", Verdict)
    charge_proof_reason_check = one_of("reason", ProofReason)
    charge_proof_check = Check("(verdict = 'unchecked') = (expected_cents IS NULL)")
