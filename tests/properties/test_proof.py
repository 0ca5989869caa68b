"""Proof of charges: one wrong charge in a right document is always found, and a right one is never accused.

Documents are written from invented pasts of lines, in the two ways that billing systems have: each plan and option for its
days, or whole months with what was not used given back.
"""

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID, uuid4

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.billing.proof.history import history_of
from backend.billing.proof.rules import NumberFacts, ProvenDocument, Prover
from backend.billing.proof.schemas import ChargeFact, LineChange, LineFact, MonthUseFact, Verdict
from backend.catalog.profiles import profile
from backend.core.money import pro_rata

CARRIER = profile("mandarine")
PLANS = [one.code for one in CARRIER.plans if one.product_type == "voice_data"]
OPTIONS = ["europe-plus", "voicemail-text", "sms-unlimited", "device-insurance"]
ONCE = "world-3gb"
ACCOUNT = "6012480-01"
PRICES = {one.code: one.monthly_cents for one in CARRIER.plans} | {
    one.code: one.price_cents for one in CARRIER.options
}
DAY = timedelta(days=1)


@dataclass
class Past:
    """A line as it was on each day of a month, and what it is now."""

    msisdn: str
    days: dict[date, tuple[str, frozenset[str]]] = field(default_factory=dict)
    changes: list[LineChange] = field(default_factory=list)
    line: LineFact | None = None
    use: int = 0
    once: int = 0


@st.composite
def pasts(draw: st.DrawFn, number: str, month: date) -> Past:
    """A line that was activated some day, perhaps changed its plan or options, and perhaps left."""
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    line_id = uuid4()
    active = draw(st.dates(month - timedelta(days=60), last))
    plan = draw(st.sampled_from(PLANS))
    options = frozenset(draw(st.sets(st.sampled_from(OPTIONS), max_size=3)))
    past = Past(number, use=draw(st.integers(0, 9000)), once=draw(st.integers(0, 1)))
    found = draw(st.sets(st.dates(active + DAY, last + timedelta(days=20)), max_size=3))
    days = sorted(day for day in found if day > active)
    ends = draw(st.booleans()) and bool(days)
    steps: list[tuple[date, str, frozenset[str]]] = [(active, plan, options)]
    for at, day in enumerate(days):
        reference = f"MND-26{day:%m%d}1200-AB{'CDE'[at]}K"
        if ends and at == len(days) - 1:
            past.changes.append(_change(line_id, "terminate", {"day": day.isoformat()}, reference, day))
            steps.append((day, "", frozenset()))
        elif draw(st.booleans()):
            after = draw(st.sampled_from([one for one in PLANS if one != plan]))
            change = {"plan": after, "before": plan, "remove": []}
            past.changes.append(_change(line_id, "change_plan", change, reference, day))
            plan = after
            steps.append((day, plan, options))
        else:
            add = frozenset(draw(st.sets(st.sampled_from(OPTIONS), max_size=2))) - options
            remove = frozenset(draw(st.sets(st.sampled_from(OPTIONS), max_size=2))) & options
            change = {"add": sorted(add), "remove": sorted(remove)}
            if past.once and month <= day <= last:
                change["add"] = [*change["add"], ONCE]
            past.changes.append(_change(line_id, "change_options", change, reference, day, add=change["add"]))
            options = (options | add) - remove
            steps.append((day, plan, options))
    left = bool(ends)
    past.line = LineFact(
        line_id, number, plan, sorted(options), "", ACCOUNT, "terminated" if left else "active", active, None
    )
    day = month
    while day <= last:
        if day >= active:
            _, now, had = [one for one in steps if one[0] <= day][-1]
            if now:
                past.days[day] = (now, had)
        day += DAY
    past.once = sum(1 for one in past.changes if one.one_off and month <= one.done_on <= last)
    return past


def _change(
    line_id: UUID, kind: str, change: dict, reference: str, day: date, add: list[str] | None = None
) -> LineChange:
    once = sum(PRICES[ONCE] for code in add or [] if code == ONCE)
    return LineChange(line_id, kind, msgspec.json.encode(change).decode(), once, reference, day, day)


def charge(
    number: str, code: str, cents: int, first: date, last: date, kind: str = "recurring"
) -> ChargeFact:
    return ChargeFact(uuid4(), number, kind, code, code, cents, first, last)


def right_charges(past: Past, month: date, style: str) -> list[ChargeFact]:
    """What a billing system charges for a month, from the line's true days."""
    days_in_month = calendar.monthrange(month.year, month.month)[1]
    end = month.replace(day=days_in_month)
    had: dict[str, list[date]] = {}
    for day, (plan, options) in past.days.items():
        for code in {plan, *options}:
            had.setdefault(code, []).append(day)
    charges = []
    for code, days in had.items():
        price = PRICES[code]
        runs = _runs(days)
        if style == "back" and len(runs) == 1 and runs[0][0] == month and runs[0][1] < end:
            unused = days_in_month - len(days)
            charges.append(charge(past.msisdn, code, price, month, end))
            back = -pro_rata(price, unused, days_in_month)
            charges.append(charge(past.msisdn, code, back, runs[0][1] + DAY, end, "credit"))
        elif style == "month" and len(runs) == 1:
            charges.append(charge(past.msisdn, code, pro_rata(price, len(days), days_in_month), month, end))
        else:
            for first, last in runs:
                part = pro_rata(price, (last - first).days + 1, days_in_month)
                charges.append(charge(past.msisdn, code, part, first, last))
    if past.days and past.use:
        charges.append(charge(past.msisdn, "", past.use, month, end, "usage"))
    charges += [charge(past.msisdn, ONCE, PRICES[ONCE], month, end, "one_off") for _ in range(past.once)]
    return charges


def _runs(days: list[date]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and found[-1][1] + DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def verdicts(month: date, lines: list[Past], charges: list[ChargeFact]) -> list[Verdict]:
    end = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    document = ProvenDocument(
        account=ACCOUNT, issued_on=end + timedelta(days=3), period_start=month, period_end=end
    )
    prover = Prover(CARRIER, document, frozenset({month}))
    found = []
    for past in lines:
        mine = [one for one in charges if one.msisdn == past.msisdn]
        if not mine:
            continue
        assert past.line is not None
        use = [MonthUseFact(past.msisdn, month, "data", True, past.use)] if past.use else []
        known = NumberFacts(
            history=history_of([(past.line, date.min, past.changes)], frozenset({ONCE})), use={month: use}
        )
        proofs = list(prover.prove(mine, known))
        assert {one.id for one, _ in proofs} == {one.id for one in mine}, "each charge has one verdict"
        assert len(proofs) == len(mine)
        found += [proof for _, proof in proofs]
    for proof in found:
        assert (proof.expected_cents is None) == (proof.verdict is Verdict.UNCHECKED)
    return [proof.verdict for proof in found]


MONTHS = st.sampled_from([date(2026, 2, 1), date(2026, 9, 1), date(2026, 10, 1)])


@st.composite
def documents(draw: st.DrawFn) -> tuple[date, list[Past], list[ChargeFact]]:
    month = draw(MONTHS)
    lines = [draw(pasts(f"+3247000000{at}", month)) for at in range(draw(st.integers(1, 3)))]
    style = draw(st.sampled_from(["days", "month", "back"]))
    charges = [one for past in lines for one in right_charges(past, month, style)]
    return month, lines, charges


@given(documents())
@settings(max_examples=400, deadline=None)
def test_a_right_charge_is_never_accused(made: tuple[date, list[Past], list[ChargeFact]]) -> None:
    month, lines, charges = made
    assert set(verdicts(month, lines, charges)) <= {Verdict.PROVEN}


@given(documents(), st.data())
@settings(max_examples=600, deadline=None)
def test_a_wrong_charge_is_always_found(
    made: tuple[date, list[Past], list[ChargeFact]], data: st.DataObject
) -> None:
    month, lines, charges = made
    wrong = spoil(month, lines, charges, data)
    if wrong is None:
        return
    found = verdicts(month, lines, wrong)
    assert Verdict.DIFFERENT in found
    # What is right beside it stays right, but for the one that the wrong one contradicts
    assert found.count(Verdict.DIFFERENT) + found.count(Verdict.UNCHECKED) <= 3


Charges = list[ChargeFact]


def spoil(month: date, lines: list[Past], charges: Charges, data: st.DataObject) -> Charges | None:
    """One thing wrong; None where this document has nothing of that sort."""
    how = data.draw(st.sampled_from([*WHOLE, *ONE]))
    if how in WHOLE:
        return WHOLE[how](month, lines, charges, data)
    paid = [one for one in charges if one.net_cents > 0]
    if not paid:
        return None
    one = data.draw(st.sampled_from(paid))
    wrong = ONE[how](lines, one, data)
    return None if wrong is None else [*(other for other in charges if other is not one), *wrong]


def no_credit(month: date, lines: list[Past], charges: Charges, data: st.DataObject) -> Charges | None:
    backs = [one for one in charges if one.net_cents < 0]
    return [one for one in charges if one is not backs[0]] if backs else None


def another_option(month: date, lines: list[Past], charges: Charges, data: st.DataObject) -> Charges | None:
    past = data.draw(st.sampled_from(lines))
    had = {code for _, options in past.days.values() for code in options}
    free = [code for code in OPTIONS if code not in had]
    if not free or not past.days:
        return None
    code = data.draw(st.sampled_from(free))
    return [*charges, charge(past.msisdn, code, PRICES[code], min(past.days), max(past.days))]


def nobody_asked(month: date, lines: list[Past], charges: Charges, data: st.DataObject) -> Charges | None:
    past = data.draw(st.sampled_from(lines))
    end = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    return [*charges, charge(past.msisdn, ONCE, PRICES[ONCE], month, end, "one_off")]


def amount(lines: list[Past], one: ChargeFact, data: st.DataObject) -> Charges | None:
    more = data.draw(st.integers(-one.net_cents + 1, 5000).filter(bool))
    return [msgspec.structs.replace(one, net_cents=one.net_cents + more)]


def twice(lines: list[Past], one: ChargeFact, data: st.DataObject) -> Charges | None:
    return [one, msgspec.structs.replace(one, id=uuid4())]


def number(lines: list[Past], one: ChargeFact, data: st.DataObject) -> Charges | None:
    others = [past for past in lines if past.msisdn != one.msisdn]
    return [msgspec.structs.replace(one, msisdn=others[0].msisdn)] if others else None


def another_plan(lines: list[Past], one: ChargeFact, data: st.DataObject) -> Charges | None:
    mine = next(past for past in lines if past.msisdn == one.msisdn)
    free = [code for code in PLANS if code not in {plan for plan, _ in mine.days.values()}]
    if one.code not in PLANS or one.kind != "recurring" or not free:
        return None
    code = data.draw(st.sampled_from(free))
    return [msgspec.structs.replace(one, code=code, name=code, net_cents=PRICES[code])]


def days(lines: list[Past], one: ChargeFact, data: st.DataObject) -> Charges | None:
    if one.kind != "recurring" or not one.period_start:
        return None
    of = calendar.monthrange(one.period_start.year, one.period_start.month)[1]
    cents = pro_rata(PRICES[one.code], data.draw(st.integers(1, of)), of)
    return [msgspec.structs.replace(one, net_cents=cents)] if cents != one.net_cents else None


WHOLE = {"credit": no_credit, "option": another_option, "once": nobody_asked}
ONE = {"amount": amount, "twice": twice, "number": number, "plan": another_plan, "days": days}
