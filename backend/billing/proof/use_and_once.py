"""Proves charges for use, by the sums of the company's usage, and one-off charges, by the requests that cost them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from backend.billing.proof.charge_days import readable
from backend.billing.proof.history import History
from backend.billing.proof.schemas import (
    ChargeFact,
    EarlierCharge,
    LineChange,
    MonthUseFact,
    Proof,
    ProofReason,
    Verdict,
)
from backend.billing.schemas import ChargeKind
from backend.catalog.pricing import months_of
from backend.catalog.schemas import CarrierProfile, ChargeType

R = ProofReason
# A one-off charge comes with the next document, or the one after it
LATEST = timedelta(days=95)


def prove_use(
    charges: Sequence[ChargeFact],
    known: Mapping[date, Sequence[MonthUseFact]],
    loaded: frozenset[date],
    earlier: Sequence[EarlierCharge] = (),
) -> Iterator[tuple[ChargeFact, Proof]]:
    """The verdict on the charges for use of one number. `known`: its use by month; `loaded`: months with use at all.

    What earlier documents charged for the same months is not charged again.
    """
    by_months: dict[tuple[date, ...], list[ChargeFact]] = {}
    for one in charges:
        months = _whole_months(one)
        if months is None:
            yield one, Proof(verdict=Verdict.UNCHECKED, reason=R.NO_PERIOD)
        else:
            by_months.setdefault(months, []).append(one)
    for months, together in by_months.items():
        use = [row for month in months for row in known.get(month, ())]
        if not use and not set(months) <= loaded:
            nothing = Proof(verdict=Verdict.UNCHECKED, reason=R.NO_USE_KNOWN, params=_month(months))
            yield from ((one, nothing) for one in together)
        else:
            yield from _of_months(together, use, months, _charged(earlier, months))


def _whole_months(one: ChargeFact) -> tuple[date, ...] | None:
    if one.period_start is None or one.period_end is None or not readable(one.period_start, one.period_end):
        return None
    parts = list(months_of(one.period_start, one.period_end))
    whole = all(start.day == 1 and end.day == days for start, end, days in parts)
    return tuple(start for start, _, _ in parts) if whole else None


def _charged(earlier: Sequence[EarlierCharge], months: Sequence[date]) -> int:
    """What earlier documents charged for use of these months, less what they gave back."""
    return sum(
        one.sign * one.net_cents
        for one in earlier
        if one.kind == ChargeKind.USAGE
        and one.period_start
        and one.period_end
        and one.period_start >= months[0]
        and one.period_end.replace(day=1) <= months[-1]
    )


def _month(months: Sequence[date]) -> dict[str, str]:
    return {"month": f"{months[0]:%Y-%m}"}


def _of_months(
    charges: Sequence[ChargeFact], use: Sequence[MonthUseFact], months: Sequence[date], charged: int
) -> Iterator[tuple[ChargeFact, Proof]]:
    """All of it in one charge, or each kind of use in its own, or all charges together."""
    total = sum(row.cents for row in use) - charged
    left: list[ChargeFact] = list(charges)
    if sum(one.net_cents for one in left) == total:
        yield from ((one, _use(one.net_cents, months)) for one in left)
        return
    whole = next((one for one in left if one.net_cents == total and total), None)
    if whole is not None:
        yield whole, _use(total, months)
        left.remove(whole)
        rest = 0
    else:
        rest = total
        for cents in _kinds(use):
            one = next((one for one in left if one.net_cents == cents), None)
            if one is not None:
                yield one, _use(cents, months)
                left.remove(one)
                rest -= cents
    if not left:
        return
    # Which of several is wrong cannot be known: the highest carries the difference of all of them
    highest = max(left, key=lambda one: one.net_cents)
    others = [one for one in left if one is not highest]
    expected = max(rest - sum(one.net_cents for one in others), 0) if others else rest
    yield (
        highest,
        Proof(verdict=Verdict.DIFFERENT, reason=R.OTHER_USE, expected_cents=expected, params=_month(months)),
    )
    for one in others:
        yield one, Proof(verdict=Verdict.UNCHECKED, reason=R.USE_TOGETHER, params=_month(months))


def _kinds(use: Iterable[MonthUseFact]) -> list[int]:
    """The cents of each kind of use, the highest first."""
    by_kind: dict[tuple[str, bool], int] = {}
    for row in use:
        key = (row.service, row.roaming)
        by_kind[key] = by_kind.get(key, 0) + row.cents
    return sorted((cents for cents in by_kind.values() if cents), reverse=True)


def _use(cents: int, months: Sequence[date]) -> Proof:
    return Proof(verdict=Verdict.PROVEN, reason=R.USE, expected_cents=cents, params=_month(months))


class OnceCost(msgspec.Struct, frozen=True):
    """What a request costs once on a line: an option of that kind, or the request itself ("" as its code)."""

    code: str
    cents: int
    on: date
    reference: str


def once_costs(carrier: CarrierProfile, changes: Sequence[LineChange]) -> list[OnceCost]:
    """Each one-off amount of the requests that are done on a number."""
    found = []
    for change in changes:
        if not change.one_off:
            continue
        asked = msgspec.json.decode(change.change)
        codes = [*asked.get("add", []), *asked.get("options", [])]
        options = [option for code in codes if (option := carrier.option(code))]
        once = [option for option in options if option.charge is ChargeType.ONE_OFF]
        if once and sum(option.price_cents for option in once) == change.one_off:
            found += [
                OnceCost(option.code, option.price_cents, change.done_on, change.reference) for option in once
            ]
        else:
            code = once[0].code if len(once) == 1 else ""
            found.append(OnceCost(code, change.one_off, change.done_on, change.reference))
    return sorted(found, key=lambda one: (one.on, one.reference))


def prove_once(
    charges: Sequence[ChargeFact],
    carrier: CarrierProfile,
    history: History,
    issued_on: date,
    earlier: Sequence[EarlierCharge],
) -> Iterator[tuple[ChargeFact, Proof]]:
    """The verdict on the one-off charges of one number. Each cost of a request is charged once, in any document."""
    left = once_costs(carrier, history.changes)
    for before in earlier:
        if before.sign > 0 and before.kind == ChargeKind.ONE_OFF:
            spent = next(
                (one for one in left if one.cents == before.net_cents and _same(one, before.code)), None
            )
            if spent is not None:
                left.remove(spent)
    waiting: list[ChargeFact] = []
    for one in charges:
        cost = next((it for it in left if it.cents == one.net_cents and _meant(it, one, issued_on)), None)
        if cost is None:
            waiting.append(one)
            continue
        left.remove(cost)
        params = {"code": one.code, "reference": cost.reference, "on": cost.on.isoformat()}
        yield one, Proof(verdict=Verdict.PROVEN, reason=R.REQUEST, expected_cents=cost.cents, params=params)
    for one in waiting:
        cost = next(
            (it for it in left if one.code and it.code == one.code and _meant(it, one, issued_on)), None
        )
        if cost is not None:
            left.remove(cost)
            params = {"code": one.code, "reference": cost.reference, "on": cost.on.isoformat()}
            yield (
                one,
                Proof(
                    verdict=Verdict.DIFFERENT, reason=R.OTHER_PRICE, expected_cents=cost.cents, params=params
                ),
            )
        elif one.net_cents < 0:
            yield one, Proof(verdict=Verdict.UNCHECKED, reason=R.UNKNOWN_CREDIT, params={"code": one.code})
        elif (one.period_start or issued_on) < history.known_on:
            since = {"code": one.code, "since": history.known_on.isoformat()}
            yield one, Proof(verdict=Verdict.UNCHECKED, reason=R.BEFORE_KNOWN, params=since)
        else:
            yield (
                one,
                Proof(
                    verdict=Verdict.DIFFERENT,
                    reason=R.NO_REQUEST,
                    expected_cents=0,
                    params={"code": one.code},
                ),
            )


def _same(cost: OnceCost, code: str) -> bool:
    return not code or not cost.code or cost.code == code


def _meant(cost: OnceCost, charge: ChargeFact, issued_on: date) -> bool:
    """Whether a charge may be for this cost: the same option, done before the document and not long before."""
    if not _same(cost, charge.code):
        return False
    last = max(charge.period_end or issued_on, issued_on)
    return issued_on - LATEST <= cost.on <= last
