"""Proves the fees of a number whose bill is shared: the company's part by the profile, all fees together. Pure.

Nothing of the employee's part is in a verdict (domain 4.6).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from backend.billing.proof.history import DAY, History
from backend.billing.proof.schemas import ChargeFact, Proof, ProofReason, Verdict
from backend.catalog.pricing import price_of_period
from backend.catalog.schemas import CarrierProfile
from backend.catalog.splitting import split_amount

R = ProofReason
MonthlyPrice = Callable[[str], int | None]


def prove_shared(
    carrier: CarrierProfile,
    price: MonthlyPrice,
    monthly: Mapping[str, Sequence[ChargeFact]],
    history: History,
) -> Iterator[tuple[ChargeFact, Proof]] | None:
    """The verdicts where the bill is shared in the period of these charges; None where it is not."""
    charges = [one for together in monthly.values() for one in together]
    if not charges:
        return None
    first = min(one.period_start for one in charges if one.period_start)
    last = max(one.period_end for one in charges if one.period_end)
    profiles = {one.split_profile for one in history.during(first, last)}
    if profiles <= {""}:
        return None
    profile = carrier.split_profile(next(iter(profiles))) if len(profiles) == 1 else None
    if profile is None:
        return ((one, _changed(one)) for one in charges)
    full = sum(_had_price(code, price(code) or 0, together, history) for code, together in monthly.items())
    return _compared(charges, split_amount(profile, full).employer_cents, profile.code)


def _changed(one: ChargeFact) -> Proof:
    return Proof(verdict=Verdict.UNCHECKED, reason=R.SHARE_CHANGED, params={"code": one.code})


def _compared(charges: Sequence[ChargeFact], part: int, profile: str) -> Iterator[tuple[ChargeFact, Proof]]:
    """All together: how a document spreads the company's part over its charges is not said. The highest differs."""
    total = sum(one.net_cents for one in charges)
    highest = max(charges, key=lambda one: one.net_cents)
    for one in charges:
        params = {"profile": profile, "code": one.code}
        if total == part:
            yield (
                one,
                Proof(
                    verdict=Verdict.PROVEN, reason=R.SHARED_BILL, expected_cents=one.net_cents, params=params
                ),
            )
        elif one is highest:
            expected = part - (total - one.net_cents)
            yield (
                one,
                Proof(
                    verdict=Verdict.DIFFERENT, reason=R.OTHER_SHARE, expected_cents=expected, params=params
                ),
            )
        else:
            yield one, _changed(one)


def _had_price(code: str, cents: int, charges: Sequence[ChargeFact], history: History) -> int:
    """The price of the days of the charges' periods on which the line had it; a day counts once."""
    found, counted = 0, date.min
    periods = sorted(
        (one.period_start, one.period_end) for one in charges if one.period_start and one.period_end
    )
    for first, last in periods:
        begins = max(first, counted + DAY)
        counted = max(counted, last)
        for span in history.spans(code):
            start, end = max(span.early, begins), min(span.late, last)
            if start <= end:
                found += price_of_period(cents, start, end)
    return found
