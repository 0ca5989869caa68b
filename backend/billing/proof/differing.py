"""Why a monthly charge does not follow from what is known, with what would. Pure."""

from datetime import date

from backend.billing.proof.charge_days import CodeCharges, amounts_of, days_of, period_of_charge
from backend.billing.proof.history import DAY
from backend.billing.proof.schemas import ChargeFact, Proof, ProofReason, Verdict
from backend.catalog.pricing import months_of

R = ProofReason


def differs(of: CodeCharges, one: ChargeFact, most: set[date], taken: dict[date, str]) -> Proof:
    """Why a charge does not follow, with what would: the days left to charge, at most, times the price."""
    days = days_of(one)
    first, last = period_of_charge(one)
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
