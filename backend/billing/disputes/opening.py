"""Opens disputes of an invoice, in one step and line by line; a charge that is disputed already keeps its dispute."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import HOLDS_CHARGE, DisputeState, claimed_cents, gross_of
from backend.billing.disputes.lifecycle import Claim as ClaimOf
from backend.billing.disputes.reading import LOCK, DisputedInvoice, keep_claim
from backend.billing.disputes.schemas import NewDispute
from backend.billing.queries import check_in_reach
from backend.billing.tables import InvoiceVat
from backend.billing.ubl.document import BooksAs
from backend.core import audit, clock
from backend.core.billing_facts import DisputesOpened
from backend.core.errors import Conflict, NotFound, ValidationFailed
from backend.core.ids import InvoiceId, new_id
from backend.core.outbox import dump
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope

CHARGES = """
SELECT c.id, c.msisdn, c.code, c.name, c.net_cents, c.vat_percent, p.verdict, p.reason, p.expected_cents,
  coalesce(p.params::text, '{}') AS params, EXISTS (SELECT FROM invoice_dispute d
    WHERE d.tenant_id = c.tenant_id AND d.charge_id = c.id AND d.state = ANY($3)) AS held
FROM invoice_charge c LEFT JOIN charge_proof p ON p.tenant_id = c.tenant_id AND p.charge_id = c.id
WHERE c.invoice_id = $1 AND c.id = ANY($2) ORDER BY c.position
"""
# Another person's dispute of the same charge stands; the row that is there stays as it is
INSERT = """
INSERT INTO invoice_dispute (id, tenant_id, invoice_id, billing_account_id, step_id, charge_id, msisdn, code, name,
  net_cents, vat_percent, gross_cents, state, evidence, words, was_paid, opened_by, opened_name,
  opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT DO NOTHING RETURNING id
"""
NUMBERS = "SELECT EXISTS (SELECT FROM invoice_charge WHERE invoice_id = $1 AND msisdn <> '')"


class DisputableCharge(msgspec.Struct, frozen=True):
    """A charge with what the proof says of it. `held`: it has a dispute that is not over, or was credited."""

    id: UUID
    msisdn: str
    code: str
    name: str
    net_cents: int
    vat_percent: Decimal | None
    verdict: str | None
    reason: str | None
    expected_cents: int | None
    params: str
    held: bool

    @property
    def suggested_cents(self) -> int:
        """What there is to dispute: what it differs by, where that is known, else all of it."""
        more = self.net_cents - self.expected_cents if self.expected_cents is not None else 0
        return more if 0 < more < self.net_cents else self.net_cents


class TaxRate(msgspec.Struct, frozen=True):
    """A rate of the invoice."""

    percent: Decimal | None


class Contested(msgspec.Struct, frozen=True, kw_only=True):
    """One dispute to write. `vat_percent` None: VAT is in the amount."""

    net_cents: int
    vat_percent: Decimal | None
    charge: DisputableCharge | None = None


@use_case(Permission.INVOICES_DISPUTE)
async def open_disputes(scope: Scope, invoice_id: InvoiceId | UUID, wanted: NewDispute) -> int:
    """Dispute charges of an invoice, or an amount of one without charges per number; returns how many are new.

    Reminders leave the amount out from now on; the rest stays due. Raises NotFound, ValidationFailed (`charges`,
    `amount_cents`) and Conflict (`nothing_to_dispute`) for a credit note and for what was credited or written off.
    """
    await check_in_reach(scope, invoice_id, Permission.INVOICES_DISPUTE)
    invoice = await scope.fetch_one(DisputedInvoice, LOCK, invoice_id)
    if invoice is None:
        raise NotFound
    if invoice.books_as != BooksAs.DEMAND or invoice.credited_cents >= invoice.booked_cents:
        raise Conflict(
            "Nothing of this document is owed: there is nothing to dispute.", code="nothing_to_dispute"
        )
    contested = await _contested(scope, invoice, wanted)
    _check_total(invoice, contested)
    step = new_id()
    made = [one for one in contested if await _write(scope, invoice, step, one, wanted.words.strip())]
    if made:
        cents = await keep_claim(scope, invoice.id)
        await audit.record(
            scope, "invoice.disputed", "invoice", invoice.id, disputes=len(made), claimed_cents=cents
        )
        scope.emit(DisputesOpened(step_id=step, invoice_id=invoice.id))
    return len(made)


async def _contested(scope: Scope, invoice: DisputedInvoice, wanted: NewDispute) -> list[Contested]:
    if bool(wanted.charges) == (wanted.amount_cents is not None):
        raise ValidationFailed(charges="Name the charges to dispute, or an amount.")
    if wanted.amount_cents is not None:
        if await scope.fetch_value(bool, NUMBERS, invoice.id):
            raise ValidationFailed(amount_cents="This invoice has charges: dispute those that are wrong.")
        return [Contested(net_cents=wanted.amount_cents, vat_percent=None)]
    asked = {one.charge_id: one.cents for one in wanted.charges}
    found = await scope.fetch_all(
        DisputableCharge, CHARGES, invoice.id, list(asked), [str(one) for one in HOLDS_CHARGE]
    )
    if len(found) != len(asked):
        raise NotFound
    rate = await _rate_of(scope, invoice.id)
    return [_of_charge(one, asked, rate) for one in found if not one.held]


def _of_charge(one: DisputableCharge, asked: Mapping[UUID, int | None], rate: Decimal | None) -> Contested:
    cents = asked[one.id] or one.suggested_cents
    if one.net_cents <= 0:
        raise ValidationFailed(charges="A credit is in your favour: it cannot be disputed.")
    if cents > one.net_cents:
        raise ValidationFailed(charges="Dispute at most the amount of the charge.")
    percent = one.vat_percent if one.vat_percent is not None else rate
    return Contested(net_cents=cents, vat_percent=percent or Decimal(0), charge=one)


async def _rate_of(scope: Scope, invoice_id: UUID) -> Decimal | None:
    """The rate of charges that name none: the invoice's, and the highest of several."""
    rates = await scope.select_all(TaxRate, InvoiceVat, InvoiceVat.invoice_id == invoice_id)
    return max((one.percent for one in rates if one.percent is not None), default=None)


def _check_total(invoice: DisputedInvoice, contested: Sequence[Contested]) -> None:
    claims = [ClaimOf(one.net_cents, one.vat_percent) for one in contested]
    # A cent for each rate: the document may have rounded another way
    if claimed_cents(claims) > invoice.booked_cents + len({one.vat_percent for one in claims}):
        raise ValidationFailed(amount_cents="Dispute at most the amount of the invoice.")


async def _write(scope: Scope, invoice: DisputedInvoice, step: UUID, one: Contested, words: str) -> bool:
    charge, actor = one.charge, scope.actor
    evidence: dict[str, str] = {}
    if charge is not None and charge.verdict:
        evidence = {
            **msgspec.json.decode(charge.params),
            "verdict": charge.verdict,
            "why": charge.reason or "",
        }
        if charge.expected_cents is not None:
            evidence["expected_cents"] = str(charge.expected_cents)
    made = await scope.fetch_value(
        UUID,
        INSERT,
        new_id(),
        scope.tenant_id,
        invoice.id,
        invoice.billing_account_id,
        step,
        charge.id if charge else None,
        charge.msisdn if charge else "",
        charge.code if charge else "",
        charge.name if charge else "",
        one.net_cents,
        one.vat_percent,
        gross_of(one.net_cents, one.vat_percent),
        DisputeState.OPEN,
        dump(evidence),
        words,
        invoice.open_cents <= 0,
        actor.member_id,
        actor.name,
        clock.now(),
    )
    return made is not None
