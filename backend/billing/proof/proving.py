"""Proves a document and keeps the verdicts. May be run again at any time: the verdicts are replaced as a whole."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from backend.billing.proof.reading import INVOICE, Compared, read_compared
from backend.billing.proof.schemas import ChargeFact, Proof, ProofReason, ProvenInvoice
from backend.core import clock
from backend.core.facts import JobName
from backend.core.messaging.jobs import job
from backend.core.outbox import dump
from tenants.scope import Scope

# Charges after which other work gets its turn, and of which the verdicts are written at once
TURN, WRITTEN = 500, 5000
# Documents that new usage may change
MOST_AGAIN = 500
LOCK = "SELECT id FROM invoice WHERE id = $1 FOR NO KEY UPDATE"
FORGET = "DELETE FROM charge_proof WHERE invoice_id = $1"
WRITE = """
INSERT INTO charge_proof (charge_id, tenant_id, invoice_id, verdict, reason, expected_cents, params, proved_at)
SELECT charge_id, $1, $2, verdict, reason, expected_cents, params, $3
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::jsonb[])
  AS t (charge_id, verdict, reason, expected_cents, params)
"""
MARK = "UPDATE invoice SET proved_at = $2 WHERE id = $1"
RECENT = timedelta(days=100)
UNPROVEN = [ProofReason.NO_USE_KNOWN, ProofReason.OTHER_USE, ProofReason.USE_TOGETHER]
# Documents of the last months with charges for use that were not proven
UNPROVEN_USE = """
SELECT DISTINCT p.invoice_id FROM charge_proof p JOIN invoice i ON i.tenant_id = p.tenant_id AND i.id = p.invoice_id
WHERE p.reason = ANY($1) AND i.issued_on >= $2 ORDER BY p.invoice_id LIMIT $3
"""


class UnprovenUse(msgspec.Struct, frozen=True):
    """A document with charges for use that were not proven."""

    invoice_id: UUID


async def work_out(scope: Scope, invoice: ProvenInvoice) -> list[tuple[ChargeFact, Proof]]:
    """The verdict on every charge of a document, number by number."""
    return await prove_each(await read_compared(scope, invoice))


async def prove_each(compared: Compared) -> list[tuple[ChargeFact, Proof]]:
    """The verdicts; other work gets its turn in between."""
    found: list[tuple[ChargeFact, Proof]] = []
    turn = TURN
    for number, charges in compared.by_number.items():
        found += compared.prover.prove(number, charges)
        if len(found) >= turn:
            turn = len(found) + TURN
            await asyncio.sleep(0)
    return found


async def keep(scope: Scope, invoice_id: UUID, found: Sequence[tuple[ChargeFact, Proof]]) -> None:
    """Replace the verdicts of a document."""
    now = clock.now()
    await scope.execute(FORGET, invoice_id)
    for first in range(0, len(found), WRITTEN):
        batch = found[first : first + WRITTEN]
        await scope.execute(
            WRITE,
            scope.tenant_id,
            invoice_id,
            now,
            [charge.id for charge, _ in batch],
            [proof.verdict for _, proof in batch],
            [proof.reason for _, proof in batch],
            [proof.expected_cents for _, proof in batch],
            [dump(proof.params) for _, proof in batch],
        )
    await scope.execute(MARK, invoice_id, now)
    scope.invalidate(f"proof:{invoice_id}")


@job(JobName.PROVE_INVOICE)
async def prove_invoice(scope: Scope, *, invoice_id: str) -> None:
    """Prove a document that came in, or whose charges were replaced, or that somebody wants looked at again."""
    # Charges that are replaced meanwhile wait, and ask for a proof of their own
    invoice = None
    if await scope.fetch_value(UUID, LOCK, UUID(invoice_id)):
        invoice = await scope.fetch_one(ProvenInvoice, INVOICE, UUID(invoice_id))
    if invoice is not None:
        await keep(scope, invoice.id, await work_out(scope, invoice))


@job(JobName.PROVE_USE_AGAIN)
async def prove_use_again(scope: Scope, *, load_id: str) -> None:  # noqa: ARG001 - names the load in the outbox
    """Usage came in: documents whose charges for use did not follow are proven again, one job each."""
    found = await scope.fetch_all(UnprovenUse, UNPROVEN_USE, UNPROVEN, clock.today() - RECENT, MOST_AGAIN)
    for one in found:
        scope.enqueue(JobName.PROVE_INVOICE, invoice_id=one.invoice_id)
