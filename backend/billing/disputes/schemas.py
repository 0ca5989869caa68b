"""What goes in and out of disputes. Amounts are integer cents."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import DisputeState

LONGEST_WORDS = 1000
MOST_CHARGES = 200


class ContestedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """One charge to dispute. `cents` excludes VAT; null: what it differs by where that is known, else all of it."""

    charge_id: UUID
    cents: Annotated[int, msgspec.Meta(ge=1, le=10**12)] | None = None


class NewDispute(msgspec.Struct, frozen=True, kw_only=True):
    """What is disputed in one step: charges, or, of an invoice without charges per number, an amount with VAT."""

    charges: Annotated[list[ContestedCharge], msgspec.Meta(max_length=MOST_CHARGES)] = []
    amount_cents: Annotated[int, msgspec.Meta(ge=1, le=10**12)] | None = None
    words: Annotated[str, msgspec.Meta(max_length=LONGEST_WORDS)] = ""


class DisputeInfo(msgspec.Struct, frozen=True):
    """One dispute. `net_cents` excludes VAT of `vat_percent` (null: VAT is in it), `gross_cents` includes it."""

    id: UUID
    invoice_id: UUID
    invoice_number: str
    account: str
    charge_id: UUID | None
    msisdn: str
    code: str
    name: str
    net_cents: int
    vat_percent: Decimal | None
    gross_cents: int
    state: DisputeState
    words: str
    # What the proof said, by its code and values
    evidence: dict[str, str]
    was_paid: bool
    opened_by: UUID | None
    opened_name: str
    opened_at: datetime
    decided_at: datetime | None
    decided_by: str
    reason: str
    credit_note: str
    credit_note_id: UUID | None
    ended_at: datetime | None


class InvoiceDisputes(msgspec.Struct, frozen=True, kw_only=True):
    """The disputes of an invoice, the newest first, and what they keep apart of what is open, VAT included."""

    disputes: list[DisputeInfo]
    # Of the disputes that are not over, with VAT rounded once on the sum of each rate
    claimed_cents: int
    # The part of it that is open now: it is not to be paid until the operator decides
    kept_apart_cents: int
    # What may be paid although there is a dispute
    payable_cents: int
    # Whether charges name numbers: then those are disputed, and no free amount
    per_number: bool
    total: int
