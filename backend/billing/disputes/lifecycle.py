"""States of a dispute, and which amount of an invoice they keep apart. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from backend.core.lifecycle import Lifecycle
from backend.core.money import round_half_away


class DisputeState(StrEnum):
    """What became of a dispute.

    OPEN: the operator has to decide. ACCEPTED: the operator owes a credit note. CREDITED: it came. REFUSED: the amount is
    due again, with the operator's reason. WITHDRAWN: whoever disputed it, or a colleague, took it back.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    CREDITED = "credited"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


D = DisputeState
DISPUTE_LIFECYCLE = Lifecycle(
    D, {D.OPEN: {D.ACCEPTED, D.REFUSED, D.WITHDRAWN}, D.ACCEPTED: {D.CREDITED}}, code="dispute_decided"
)
# Their amount is kept apart
KEPT_APART = (D.OPEN, D.ACCEPTED)
# A charge in one of these is not disputed again
HOLDS_CHARGE = (D.OPEN, D.ACCEPTED, D.CREDITED)


class Claim(msgspec.Struct, frozen=True):
    """What one dispute contests: `net_cents` excludes VAT of `vat_percent`; None: `net_cents` includes VAT already."""

    net_cents: int
    vat_percent: Decimal | None


def gross_of(net_cents: int, vat_percent: Decimal | None) -> int:
    """An amount with its VAT, rounded once."""
    return round_half_away(Fraction(net_cents) * (100 + Fraction(vat_percent or 0)) / 100)


def claimed_cents(claims: Iterable[Claim]) -> int:
    """What the claims of one invoice come to with VAT: rounded once on the sum of each rate, as an invoice is."""
    by_rate: dict[Decimal | None, int] = defaultdict(int)
    for one in claims:
        by_rate[one.vat_percent] += one.net_cents
    return sum(gross_of(cents, rate) for rate, cents in by_rate.items())


def kept_apart(claimed: int, open_cents: int) -> int:
    """How much of what is open is disputed: never more than is open, so what was paid is not kept apart."""
    return max(min(claimed, open_cents), 0)
