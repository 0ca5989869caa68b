"""Proves monthly charges of one number and code: days on which the line had it, times its price. Pure.

A charge is right where its amount is the price of the days of its period on which the line had the plan or the option and
which were not charged before. Days that were charged and given back in the same document count as had.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from backend.billing.proof.charge_days import CodeCharges, Days, amounts_of, days_of, period_of_charge
from backend.billing.proof.differing import differs
from backend.billing.proof.history import Span
from backend.billing.proof.schemas import ChargeFact, Proof, ProofReason, Verdict
from backend.catalog.pricing import months_of

R = ProofReason


def prove_recurring(of: CodeCharges) -> Iterator[tuple[ChargeFact, Proof]]:
    """The verdict on each charge. Every charge has a period."""
    only = of.charges[0]
    if len(of.charges) == 1 and not of.taken and only.net_cents >= 0 and (proof := _whole(of, only)):
        yield only, proof
        return
    refunds = [one for one in of.charges if one.net_cents < 0]
    demands = [one for one in of.charges if one.net_cents >= 0]
    certain, possible = _had(of)
    given_back: set[date] = set()
    for one in refunds:
        proof = _credit(of, one, certain, given_back, demands)
        if proof.verdict is not Verdict.UNCHECKED:
            # A wrong amount of a credit is the credit's difference, not the charge's
            given_back |= days_of(one) - certain
        yield one, proof
    least, most = certain | given_back, possible | given_back
    taken = dict(of.taken)
    later: list[ChargeFact] = []
    # What fits is taken first: of two charges for the same days the wrong one is named
    for one in demands:
        if proof := _fits(of, one, least, most, taken):
            taken |= dict.fromkeys(days_of(one), one.name)
            yield one, proof
        else:
            later.append(one)
    for one in later:
        yield one, differs(of, one, most, taken)
        taken |= dict.fromkeys(days_of(one), one.name)


def _whole(of: CodeCharges, one: ChargeFact) -> Proof | None:
    """The usual case: the line had it on every day of the period."""
    first, last = period_of_charge(one)
    for span in of.history.spans(of.code):
        if span.first <= first and span.last >= last:
            if one.net_cents != of.whole_price(of.monthly_cents, first, last):
                return None
            return _proven(of, one, Days(0, (last - first).days + 1, (last - first).days + 1), span)
    return None


def _had(of: CodeCharges) -> tuple[set[date], set[date]]:
    """The days of the charges' periods on which the line had it for certain, and perhaps."""
    wanted: set[date] = set()
    for one in of.charges:
        wanted |= days_of(one)
    certain, possible = set[date](), set[date]()
    for span in of.history.spans(of.code):
        certain |= {day for day in wanted if span.first <= day <= span.last}
        possible |= {day for day in wanted if span.early <= day <= span.late}
    return certain, possible


def _fits(
    of: CodeCharges, one: ChargeFact, least: set[date], most: set[date], taken: Iterable[date]
) -> Proof | None:
    gone = set(taken)
    amounts = amounts_of(of.monthly_cents, period_of_charge(one), least - gone, most - gone)
    free = days_of(one) & (most - gone)
    if one.net_cents not in amounts or not free:
        return None
    first, last = period_of_charge(one)
    spans = of.history.spans(of.code)
    span = next((span for span in spans if span.early <= max(free) and span.late >= min(free)), None)
    return _proven(of, one, Days(0, amounts[one.net_cents], (last - first).days + 1), span)


def _proven(of: CodeCharges, one: ChargeFact, days: Days, span: Span | None) -> Proof:
    """In words: how many days of the month, and the request that it began or ended with in this time."""
    first, last = period_of_charge(one)
    parts = list(months_of(first, last))
    month = parts[0][2] if len(parts) == 1 else days.of
    reference = ""
    if span is not None:
        if span.early > first or (span.early == first and span.begun_by and first.day > 1):
            reference = span.begun_by
        elif span.last < last:
            reference = span.ended_by
    params = {"code": of.code, "days": str(days.most), "of": str(month)}
    if reference:
        params["reference"] = reference
    whole = days.most >= month
    return Proof(
        verdict=Verdict.PROVEN,
        reason=R.WHOLE_PERIOD if whole else R.SOME_DAYS,
        expected_cents=one.net_cents,
        params=params,
    )


def _credit(
    of: CodeCharges, one: ChargeFact, certain: set[date], given_back: set[date], demands: Sequence[ChargeFact]
) -> Proof:
    """Days that were charged and not used are given back."""
    days = days_of(one)
    charged = set(of.taken)
    for demand in demands:
        charged |= days_of(demand)
    if not days <= charged:
        return Proof(verdict=Verdict.UNCHECKED, reason=R.UNKNOWN_CREDIT, params={"code": of.code})
    unused = days - certain - given_back
    amounts = amounts_of(of.monthly_cents, period_of_charge(one), unused, unused)
    ended = next((span for span in of.history.spans(of.code) if span.last < max(days)), None)
    params = {"code": of.code, "days": str(len(unused))}
    if ended is not None and ended.ended_by:
        params["reference"] = ended.ended_by
    expected = -max(amounts)
    if one.net_cents == expected and unused == days:
        return Proof(verdict=Verdict.PROVEN, reason=R.CREDIT, expected_cents=expected, params=params)
    return Proof(verdict=Verdict.DIFFERENT, reason=R.OTHER_CREDIT, expected_cents=expected, params=params)
