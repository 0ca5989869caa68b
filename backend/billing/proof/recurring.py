"""Proves monthly charges of one number and code: days on which the line had it, times its price. Pure.

A charge is right where its amount is the price of the days of its period on which the line had the plan or the option and
which were not charged before. Days that were charged and given back in the same document count as had.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.billing.proof.history import DAY, History, Span
from backend.billing.proof.schemas import ChargeFact, Proof, ProofReason, Verdict
from backend.catalog.pricing import months_of
from backend.core.money import pro_rata

R = ProofReason
# Amounts that are compared where a day is uncertain
MOST_AMOUNTS = 400
LONGEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Days:
    """How many days of a charge's period count: at least, at most, and of how many."""

    least: int
    most: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCharges:
    """The charges of one number and code in a document. `taken`: days that earlier documents charged, and which did."""

    code: str
    monthly_cents: int
    history: History
    charges: Sequence[ChargeFact]
    taken: dict[date, str]
    whole_price: Callable[[int, date, date], int]


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
            given_back |= _days(one) - certain
        yield one, proof
    least, most = certain | given_back, possible | given_back
    taken = dict(of.taken)
    later: list[ChargeFact] = []
    # What fits is taken first: of two charges for the same days the wrong one is named
    for one in demands:
        if proof := _fits(of, one, least, most, taken):
            taken |= dict.fromkeys(_days(one), one.name)
            yield one, proof
        else:
            later.append(one)
    for one in later:
        yield one, _differs(of, one, most, taken)
        taken |= dict.fromkeys(_days(one), one.name)


def _whole(of: CodeCharges, one: ChargeFact) -> Proof | None:
    """The usual case: the line had it on every day of the period."""
    first, last = _period(one)
    for span in of.history.spans(of.code):
        if span.first <= first and span.last >= last:
            if one.net_cents != of.whole_price(of.monthly_cents, first, last):
                return None
            return _proven(of, one, Days(0, (last - first).days + 1, (last - first).days + 1), span)
    return None


def readable(first: date, last: date) -> bool:
    """Whether a period can be compared day by day: it ends after it begins, and soon enough."""
    return timedelta() <= last - first <= LONGEST


def _period(one: ChargeFact) -> tuple[date, date]:
    if one.period_start is None or one.period_end is None:
        raise ValueError("a charge without a period is not compared with days")
    return one.period_start, one.period_end


def _days(one: ChargeFact) -> set[date]:
    return set(_each_day(*_period(one)))


def _each_day(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += DAY


def _had(of: CodeCharges) -> tuple[set[date], set[date]]:
    """The days of the charges' periods on which the line had it for certain, and perhaps."""
    wanted: set[date] = set()
    for one in of.charges:
        wanted |= _days(one)
    certain, possible = set[date](), set[date]()
    for span in of.history.spans(of.code):
        certain |= {day for day in wanted if span.first <= day <= span.last}
        possible |= {day for day in wanted if span.early <= day <= span.late}
    return certain, possible


def amounts_of(
    monthly_cents: int, period: tuple[date, date], least: set[date], most: set[date]
) -> dict[int, int]:
    """What the days of a period may cost, each amount with its number of days: from the least to the most of them."""
    found = {0: 0}
    for start, end, of in months_of(*period):
        fewest = sum(1 for day in least if start <= day <= end)
        many = sum(1 for day in most if start <= day <= end)
        parts = {pro_rata(monthly_cents, days, of): days for days in range(fewest, many + 1)}
        found = {amount + part: days + more for amount, days in found.items() for part, more in parts.items()}
        if len(found) > MOST_AMOUNTS:
            found = dict(list(found.items())[-MOST_AMOUNTS:])
    return found


def _fits(
    of: CodeCharges, one: ChargeFact, least: set[date], most: set[date], taken: Iterable[date]
) -> Proof | None:
    gone = set(taken)
    amounts = amounts_of(of.monthly_cents, _period(one), least - gone, most - gone)
    free = _days(one) & (most - gone)
    if one.net_cents not in amounts or not free:
        return None
    first, last = _period(one)
    spans = of.history.spans(of.code)
    span = next((span for span in spans if span.early <= max(free) and span.late >= min(free)), None)
    return _proven(of, one, Days(0, amounts[one.net_cents], (last - first).days + 1), span)


def _proven(of: CodeCharges, one: ChargeFact, days: Days, span: Span | None) -> Proof:
    """In words: how many days of the month, and the request that it began or ended with in this time."""
    first, last = _period(one)
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
    days = _days(one)
    charged = set(of.taken)
    for demand in demands:
        charged |= _days(demand)
    if not days <= charged:
        return Proof(verdict=Verdict.UNCHECKED, reason=R.UNKNOWN_CREDIT, params={"code": of.code})
    unused = days - certain - given_back
    amounts = amounts_of(of.monthly_cents, _period(one), unused, unused)
    ended = next((span for span in of.history.spans(of.code) if span.last < max(days)), None)
    params = {"code": of.code, "days": str(len(unused))}
    if ended is not None and ended.ended_by:
        params["reference"] = ended.ended_by
    expected = -max(amounts)
    if one.net_cents == expected and unused == days:
        return Proof(verdict=Verdict.PROVEN, reason=R.CREDIT, expected_cents=expected, params=params)
    return Proof(verdict=Verdict.DIFFERENT, reason=R.OTHER_CREDIT, expected_cents=expected, params=params)


def _differs(of: CodeCharges, one: ChargeFact, most: set[date], taken: dict[date, str]) -> Proof:
    """Why a charge does not follow, with what would: the days left to charge, at most, times the price."""
    days = _days(one)
    first, last = _period(one)
    had, free = days & most, days & (most - set(taken))
    expected = max(amounts_of(of.monthly_cents, (first, last), free, free))
    params = {"code": of.code, "days": str(len(free)), "of": str(months_in(first, last))}
    if had and not free:
        by = next((taken[day] for day in sorted(had) if day in taken), "")
        reason, params = R.TWICE, {"code": of.code, "by": by}
    elif not had:
        reason, params = _never_had(of, first, last)
    elif one.net_cents in amounts_of(of.monthly_cents, (first, last), set(), days) and free != days:
        reason = R.OTHER_DAYS
        params |= _edges(of, free)
    else:
        reason = R.OTHER_PRICE
    unsure = not had and any(not stretch.sure for stretch in of.history.during(first, last))
    if not had and reason is not R.NOT_ACTIVE and first < of.history.known_on:
        return Proof(
            verdict=Verdict.UNCHECKED,
            reason=R.BEFORE_KNOWN,
            params={"code": of.code, "since": of.history.known_on.isoformat()},
        )
    if unsure:
        return Proof(verdict=Verdict.UNCHECKED, reason=R.CHANGED_ELSEWHERE, params={"code": of.code})
    return Proof(verdict=Verdict.DIFFERENT, reason=reason, expected_cents=expected, params=params)


def months_in(first: date, last: date) -> int:
    """The days of the month that a period is in; of a longer one its own days."""
    parts = list(months_of(first, last))
    return parts[0][2] if len(parts) == 1 else (last - first).days + 1


def _edges(of: CodeCharges, free: set[date]) -> dict[str, str]:
    """Since when or until when the line had it, and the request that says so."""
    for span in of.history.spans(of.code):
        if span.early in free and (span.early - DAY) not in free:
            return _said(since=span.early, reference=span.begun_by)
        if span.late in free:
            return _said(until=span.late, reference=span.ended_by)
    return {}


def _said(*, reference: str, **days: date) -> dict[str, str]:
    said = {name: day.isoformat() for name, day in days.items()}
    return {**said, "reference": reference} if reference else said


def _never_had(of: CodeCharges, first: date, last: date) -> tuple[ProofReason, dict[str, str]]:
    """It ended before, begins later, or was never there: with the plan that the line had instead."""
    before = [span for span in of.history.spans(of.code) if span.late < first]
    if before:
        return R.ENDED, {"code": of.code, **_said(until=before[-1].late, reference=before[-1].ended_by)}
    there = of.history.during(first, last)
    if not there:
        begins = min((one.early for one in of.history.stretches if one.early > last), default=None)
        return R.NOT_ACTIVE, {"code": of.code, **(_said(since=begins, reference="") if begins else {})}
    return R.NOT_ON_LINE, {"code": of.code, "plan": there[-1].plan}
