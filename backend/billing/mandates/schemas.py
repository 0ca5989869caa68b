"""What pages and REST show of direct debit."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from backend.billing.mandates.lifecycle import MandateState


class MandateInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One mandate. `reference` is what invoices name it by; `last4` the end of the account's number.

    `address`: the page on which it is signed, while it is open.
    """

    id: UUID
    account: str
    state: MandateState
    ending: str
    reference: str
    country: str
    last4: str
    holder: str
    signer_name: str
    address: str
    text_address: str
    replaces_id: UUID | None
    created_at: datetime
    signed_at: datetime | None
    collected_on: date | None
    ended_at: datetime | None


class DebitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a customer number pays: `mandate` is the one in force, `draft` one that waits for its signature.

    `announced`: invoices that say that they will be debited, and were not yet.
    """

    billing_account_id: UUID
    account: str
    label: str
    announced: int
    mandate: MandateInfo | None
    draft: MandateInfo | None
    # The last one that ended, where none is in force
    ended: MandateInfo | None
