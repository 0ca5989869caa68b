"""Proves the charges of one number of a document: monthly, one-off, for use, credits. Pure.

Three verdicts and never a fourth: proven, different with what would follow, not checked with the reason.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from backend.billing.proof.charge_days import CodeCharges, readable
from backend.billing.proof.history import DAY, History
from backend.billing.proof.recurring import prove_recurring
from backend.billing.proof.schemas import ChargeFact, EarlierCharge, MonthUseFact, Proof, ProofReason, Verdict
from backend.billing.proof.shared_bill import prove_shared
from backend.billing.proof.use_and_once import prove_once, prove_use
from backend.billing.schemas import ChargeKind
from backend.catalog.pricing import price_of_period
from backend.catalog.schemas import CarrierProfile, ChargeType

R = ProofReason
MONTHLY = frozenset({ChargeKind.RECURRING, ChargeKind.CREDIT})
NOT_COMPARED = {ChargeKind.DISCOUNT: R.AGREED_DISCOUNT, ChargeKind.OTHER: R.OTHER_KIND}


class ProvenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says of all its charges."""

    account: str
    issued_on: date
    period_start: date | None
    period_end: date | None
    is_credit: bool = False


class NumberFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one number."""

    history: History | None
    # By the first day of the month
    use: Mapping[date, Sequence[MonthUseFact]] = {}
    earlier: Sequence[EarlierCharge] = ()


@dataclass(frozen=True, slots=True)
class _Sorts:
    """The charges of a number by how they are compared; monthly ones by code."""

    monthly: dict[str, list[ChargeFact]] = field(default_factory=lambda: defaultdict(list))
    once: list[ChargeFact] = field(default_factory=list)
    use: list[ChargeFact] = field(default_factory=list)


class Prover:
    """Proves numbers of one document; prices of whole periods are worked out once."""

    def __init__(self, carrier: CarrierProfile, document: ProvenDocument, loaded: frozenset[date]) -> None:
        self.carrier, self.document, self.loaded = carrier, document, loaded
        self.once = frozenset(one.code for one in carrier.options if one.charge is ChargeType.ONE_OFF)
        self._prices: dict[tuple[int, date, date], int] = {}
        self._monthly: dict[str, int | None] = {}
        # Of several things with one name none is meant
        named: dict[str, set[str]] = defaultdict(set)
        things = [(one.code, one.name) for one in carrier.plans] + [
            (one.code, one.name) for one in carrier.options
        ]
        for code, name in things:
            for words in name.values():
                named[words.casefold()].add(code)
        self._codes = {words: min(codes) for words, codes in named.items() if len(codes) == 1}

    def prove(self, charges: Sequence[ChargeFact], known: NumberFacts) -> Iterator[tuple[ChargeFact, Proof]]:
        """The verdict on each charge of one number ("": of the customer number as a whole)."""
        history = known.history
        if self.document.is_credit:
            yield from self._all(charges, R.CREDIT_NOTE)
        elif not charges[0].msisdn:
            yield from self._all(charges, R.WHOLE_ACCOUNT)
        elif history is None:
            yield from self._all(charges, R.UNKNOWN_NUMBER)
        else:
            yield from self._compared(charges, history, known)

    def _compared(
        self, charges: Sequence[ChargeFact], history: History, known: NumberFacts
    ) -> Iterator[tuple[ChargeFact, Proof]]:
        sorts = _Sorts()
        for one in map(self._with_facts, charges):
            if (verdict := self._sort(one, history, sorts)) is not None:
                yield one, verdict
        shared = self._shared(sorts.monthly, history)
        if shared is not None:
            yield from shared
        else:
            for code, together in sorts.monthly.items():
                yield from self._monthly_of(code, together, history, known.earlier)
        if sorts.once:
            yield from prove_once(sorts.once, self.carrier, history, self.document.issued_on, known.earlier)
        if sorts.use:
            yield from prove_use(sorts.use, known.use, self.loaded, known.earlier)

    def _sort(self, one: ChargeFact, history: History, sorts: "_Sorts") -> Proof | None:
        """Put a charge with those that are compared in the same way; or why it cannot be compared."""
        if one.kind in NOT_COMPARED:
            return _unchecked(NOT_COMPARED[ChargeKind(one.kind)])
        if one.kind == ChargeKind.USAGE:
            sorts.use.append(one)
        elif one.kind == ChargeKind.ONE_OFF or (one.code and one.code in self.once):
            sorts.once.append(one)
        elif (verdict := self._not_comparable(one, history)) is not None:
            return verdict
        else:
            sorts.monthly[one.code].append(one)
        return None

    @staticmethod
    def _all(charges: Sequence[ChargeFact], reason: ProofReason) -> Iterator[tuple[ChargeFact, Proof]]:
        proof = _unchecked(reason)
        yield from ((one, proof) for one in charges)

    def _with_facts(self, one: ChargeFact) -> ChargeFact:
        """The charge with its code, where only its name says what it is for, and with a period, where it names none."""
        code = one.code or (self._codes.get(one.name.strip().casefold(), "") if one.kind in MONTHLY else "")
        first, last = one.period_start, one.period_end
        if (first is None or last is None) and one.kind != ChargeKind.ONE_OFF:
            first, last = self.document.period_start, self.document.period_end
        if code == one.code and first is one.period_start and last is one.period_end:
            return one
        return msgspec.structs.replace(one, code=code, period_start=first, period_end=last)

    def monthly_cents(self, code: str) -> int | None:
        """The monthly price of a plan or an option; None where the catalogue has neither."""
        if code not in self._monthly:
            plan, option = self.carrier.plan(code), self.carrier.option(code)
            self._monthly[code] = plan.monthly_cents if plan else option.price_cents if option else None
        return self._monthly[code]

    def whole_price(self, monthly_cents: int, first: date, last: date) -> int:
        """The price of every day of a period."""
        key = (monthly_cents, first, last)
        if key not in self._prices:
            self._prices[key] = price_of_period(*key)
        return self._prices[key]

    def _not_comparable(self, one: ChargeFact, history: History) -> Proof | None:
        """Why a monthly charge cannot be compared, or that it stands on another customer number's document."""
        if not one.code:
            return _unchecked(R.NO_CODE)
        if self.monthly_cents(one.code) is None:
            return _unchecked(R.NOT_IN_CATALOGUE, code=one.code)
        if (
            one.period_start is None
            or one.period_end is None
            or not readable(one.period_start, one.period_end)
        ):
            return _unchecked(R.NO_PERIOD)
        stretches = history.during(one.period_start, one.period_end)
        if not stretches or any(each.account == self.document.account for each in stretches):
            return None
        if one.period_start < history.known_on:
            return _unchecked(R.BEFORE_KNOWN, code=one.code, since=history.known_on.isoformat())
        return Proof(
            verdict=Verdict.DIFFERENT,
            reason=R.OTHER_ACCOUNT,
            expected_cents=0,
            params={"code": one.code, "account": stretches[-1].account},
        )

    def _monthly_of(
        self, code: str, charges: Sequence[ChargeFact], history: History, earlier: Sequence[EarlierCharge]
    ) -> Iterator[tuple[ChargeFact, Proof]]:
        yield from prove_recurring(
            CodeCharges(
                code=code,
                monthly_cents=self.monthly_cents(code) or 0,
                history=history,
                charges=charges,
                taken=_taken(code, earlier) if earlier else {},
                whole_price=self.whole_price,
            )
        )

    def _shared(
        self, monthly: Mapping[str, Sequence[ChargeFact]], history: History
    ) -> Iterator[tuple[ChargeFact, Proof]] | None:
        return prove_shared(self.carrier, self.monthly_cents, monthly, history)


def _unchecked(reason: ProofReason, **params: str) -> Proof:
    return Proof(verdict=Verdict.UNCHECKED, reason=reason, params=params)


def _taken(code: str, earlier: Sequence[EarlierCharge]) -> dict[date, str]:
    """The days that earlier documents charged for this code and did not give back, each with the document's number."""
    count: dict[date, int] = defaultdict(int)
    by: dict[date, str] = {}
    for one in earlier:
        if one.code != code or one.period_start is None or one.period_end is None:
            continue
        if not readable(one.period_start, one.period_end):
            continue
        sign = one.sign if one.net_cents >= 0 else -one.sign
        day = one.period_start
        while day <= one.period_end:
            count[day] += sign
            if sign > 0:
                by[day] = one.invoice
            day += DAY
    return {day: by.get(day, "") for day, times in count.items() if times > 0}
