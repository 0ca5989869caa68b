"""Use cases on the proof of an invoice: what is proven of it, what is not, and the charges of a number with their proof."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import HOLDS_CHARGE
from backend.billing.proof.schemas import ProofReason, Verdict
from backend.billing.queries import check_in_reach
from backend.core.facts import JobName
from backend.core.ids import InvoiceId
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

MOST_LISTED = 500
SUMMARY = """
SELECT i.proved_at, i.charges, count(p.charge_id) FILTER (WHERE p.verdict = $2)::int AS proven,
  coalesce(sum(c.net_cents) FILTER (WHERE p.verdict = $2), 0)::bigint AS proven_cents,
  count(p.charge_id) FILTER (WHERE p.verdict = $3)::int AS different,
  coalesce(sum(c.net_cents) FILTER (WHERE p.verdict = $3), 0)::bigint AS different_cents,
  coalesce(sum(c.net_cents - p.expected_cents) FILTER (WHERE p.verdict = $3), 0)::bigint AS difference_cents,
  count(p.charge_id) FILTER (WHERE p.verdict = $4)::int AS unchecked,
  coalesce(sum(c.net_cents) FILTER (WHERE p.verdict = $4), 0)::bigint AS unchecked_cents
FROM invoice i LEFT JOIN charge_proof p ON p.tenant_id = i.tenant_id AND p.invoice_id = i.id
LEFT JOIN invoice_charge c ON c.tenant_id = p.tenant_id AND c.id = p.charge_id
WHERE i.id = $1 GROUP BY i.id, i.proved_at, i.charges
"""
# A dispute that stands, or was credited: the charge is not disputed again
DISPUTED = ", ".join(f"'{state}'" for state in HOLDS_CHARGE)
COLUMNS = f"""
SELECT c.id, c.msisdn, coalesce(l.name, '') AS user_name, c.line_id, c.kind, c.code, c.name, c.description, c.quantity,
  c.unit_price, c.net_cents, c.period_start, c.period_end, c.cost_centre, p.verdict, p.reason, p.expected_cents, p.params,
  coalesce((SELECT max(d.state) FROM invoice_dispute d WHERE d.tenant_id = c.tenant_id AND d.charge_id = c.id
    AND d.state IN ({DISPUTED})), '') AS disputed, (count(*) OVER ())::int AS total
FROM invoice_charge c LEFT JOIN charge_proof p ON p.tenant_id = c.tenant_id AND p.charge_id = c.id
LEFT JOIN line l ON l.tenant_id = c.tenant_id AND l.id = c.line_id
"""
OF_NUMBER = COLUMNS + "WHERE c.invoice_id = $1 AND c.msisdn = $2 ORDER BY c.position LIMIT $3 OFFSET $4"
# The highest difference first; what was not checked by its amount
OF_VERDICT = (
    COLUMNS
    + """WHERE c.invoice_id = $1 AND p.verdict = $2
ORDER BY abs(c.net_cents - coalesce(p.expected_cents, 0)) DESC, c.position LIMIT $3 OFFSET $4
"""
)


class ProofSummary(msgspec.Struct, frozen=True):
    """How much of an invoice is proven, in charges and in cents excluding VAT. `proved_at` None: not looked at yet.

    `difference_cents`: what is charged beyond what follows, negative where it is less.
    """

    proved_at: datetime | None
    charges: int
    proven: int
    proven_cents: int
    different: int
    different_cents: int
    difference_cents: int
    unchecked: int
    unchecked_cents: int


class ProvenCharge(msgspec.Struct, frozen=True):
    """One charge with its proof, excluding VAT. `verdict` None: not looked at yet. `total`: of the list."""

    id: UUID
    msisdn: str
    user_name: str
    line_id: UUID | None
    kind: str
    code: str
    name: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    net_cents: int
    period_start: date | None
    period_end: date | None
    cost_centre: str
    verdict: Verdict | None
    reason: ProofReason | None
    expected_cents: int | None
    params: dict[str, str]
    # The state of its dispute, where one stands or was credited; "" for none
    disputed: str
    total: int

    @property
    def too_much_cents(self) -> int:
        """What is charged beyond what follows; 0 where that is not known."""
        return self.net_cents - self.expected_cents if self.expected_cents is not None else 0


def _charge(*values: Any) -> ProvenCharge:
    """A row; the values of the reason come as JSON."""
    row: dict[str, Any] = dict(zip(ProvenCharge.__struct_fields__, values, strict=True))
    row["verdict"] = Verdict(row["verdict"]) if row["verdict"] else None
    row["reason"] = ProofReason(row["reason"]) if row["reason"] else None
    row["params"] = msgspec.json.decode(row["params"]) if row["params"] else {}
    return ProvenCharge(**row)


@use_case(Permission.INVOICES_READ, read_only=True)
async def proof_of(scope: Scope, invoice_id: InvoiceId | UUID) -> ProofSummary:
    """How much of an invoice is proven. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    found = await scope.fetch_one(
        ProofSummary, SUMMARY, invoice_id, Verdict.PROVEN, Verdict.DIFFERENT, Verdict.UNCHECKED
    )
    return found or ProofSummary(None, 0, 0, 0, 0, 0, 0, 0, 0)


@use_case(Permission.INVOICES_READ, read_only=True)
async def proven_charges(
    scope: Scope, invoice_id: InvoiceId | UUID, verdict: Verdict, *, limit: int = 25, offset: int = 0
) -> list[ProvenCharge]:
    """The charges with one verdict, the highest difference first, 500 at most. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    return await scope.fetch_all(
        _charge, OF_VERDICT, invoice_id, verdict, min(max(limit, 1), MOST_LISTED), max(offset, 0)
    )


@use_case(Permission.INVOICES_READ, read_only=True)
async def number_charges(
    scope: Scope, invoice_id: InvoiceId | UUID, msisdn: str, *, limit: int = MOST_LISTED, offset: int = 0
) -> list[ProvenCharge]:
    """The charges of a number ("": of the customer number as a whole) with their proof, 500 at most. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    return await scope.fetch_all(
        _charge, OF_NUMBER, invoice_id, msisdn, min(max(limit, 1), MOST_LISTED), max(offset, 0)
    )


@use_case(Permission.INVOICES_READ)
async def check_again(scope: Scope, invoice_id: InvoiceId | UUID) -> None:
    """Have an invoice proven again, by what is known now. Raises NotFound."""
    await check_in_reach(scope, invoice_id)
    scope.enqueue(JobName.PROVE_INVOICE, invoice_id=invoice_id)
