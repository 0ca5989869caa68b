"""The price of a request on lines whose bill is shared: the company's part of it, by the line's split profile. Pure.

What a request costs is fees: plan, options, one-off charges. Usage is shared by the same rules and is not known here.
What the user pays is never in a price (domain 4.6, 5): the rule says in words who pays what.
"""

from backend.catalog.pricing import BillingMonth
from backend.catalog.schemas import CarrierProfile, SplitProfile
from backend.catalog.splitting import split_amount
from backend.orders.kinds.base import OrderKind, QuoteItem


def company_part(profile: SplitProfile | None, cents: int) -> int:
    """What the company pays of the fees of one period; all of it where the bill is not shared."""
    return cents if profile is None or cents <= 0 else split_amount(profile, cents).employer_cents


def share_price(
    kind: OrderKind, carrier: CarrierProfile, item: QuoteItem, month: BillingMonth
) -> tuple[str, ...]:
    """Leave the company's part in an item's price; returns the codes of the profiles by which it is shared.

    A contribution counts once a period: the part of this month is what the whole month costs the company more, with
    what it is charged already.
    """
    codes = _profiles(kind, item)
    before, after = (carrier.split_profile(code) if code else None for code in codes)
    if before is None and after is None:
        return ()
    charged, due = item.monthly_before, item.monthly_before + item.pro_rata
    ends = charged > 0 and item.monthly_after == 0
    once = item.one_off
    item.monthly_before = company_part(before, item.monthly_before)
    item.monthly_after = company_part(after, item.monthly_after)
    if charged and codes[0] != codes[1]:
        # The rule itself changes: from that day on the company pays the other part
        item.pro_rata = month.part(item.monthly_after) - month.part(item.monthly_before)
        return tuple(dict.fromkeys(code for code in codes if code))
    item.pro_rata = company_part(after, due) - company_part(after, charged)
    # What ends the contract is the company's, who holds it
    item.one_off = once if ends else company_part(after, due + once) - company_part(after, due)
    return tuple(dict.fromkeys(code for code in codes if code))


def _profiles(kind: OrderKind, item: QuoteItem) -> tuple[str, str]:
    """The split profiles of the line, before and after the request."""
    before = item.line.split_profile
    return before, kind.split_after(before, item.change) if item.change else before
