"""The order machine and the sums of prices, for anything that can happen."""

from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from backend.catalog.catalogue import Catalogue
from backend.catalog.pricing import BillingMonth, price_of
from backend.catalog.profiles import load_profiles
from backend.catalog.rules import conflicting_options, option_allowed
from backend.core import clock
from backend.core.money import pro_rata, round_half_away, vat_on
from backend.orders.kinds import change_options
from backend.orders.kinds.base import LineSnapshot, QuoteContext, changed_codes
from backend.orders.kinds.change_options import ChangeOptions
from backend.orders.lifecycle import ORDER_LIFECYCLE, ItemState, OrderState, derive_order_state
from backend.orders.texts import KindTexts

PROFILE = load_profiles()["mandarine"]
CODES = [option.code for option in PROFILE.options]
cents = st.integers(-10_000_000, 10_000_000)


@given(st.fractions(-1000, 1000))
def test_rounding_is_to_the_nearest_cent_with_halves_away_from_zero(amount: Fraction) -> None:
    rounded = round_half_away(amount)
    assert abs(amount - rounded) <= Fraction(1, 2)
    assert round_half_away(-amount) == -rounded
    if abs(amount - int(amount)) == Fraction(1, 2):
        assert abs(rounded) > abs(amount)


@given(cents)
def test_vat_of_a_credit_mirrors_that_of_a_charge(amount: int) -> None:
    assert vat_on(-amount) == -vat_on(amount)
    assert abs(vat_on(amount) * 100 - amount * 21) <= 50


def test_the_references_own_examples() -> None:
    assert vat_on(2479) + 2479 == 3000  # 24.79 excluding VAT is 30.00 including (domain 4.5)
    assert pro_rata(1653, 11, 30) == 606


@given(st.integers(0, 100_000), st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_a_whole_month_costs_the_month_and_never_more(monthly: int, day: date) -> None:
    month = BillingMonth.of(day)
    assert 0 <= month.part(monthly) <= monthly
    assert BillingMonth.of(day.replace(day=1)).part(monthly) == monthly


@given(
    st.dictionaries(st.sampled_from(list(ItemState)), st.integers(0, 5)),
    st.sampled_from(list(OrderState)),
    st.booleans(),
)
def test_the_derived_state_is_always_reachable_by_listed_moves(
    counts: dict[ItemState, int], current: OrderState, accepted: bool
) -> None:
    target = derive_order_state(current, counts, accepted=accepted)
    via = OrderState.IN_PROGRESS
    allows = ORDER_LIFECYCLE.allows
    assert allows(current, target) or (allows(current, via) and allows(via, target))
    if current in ORDER_LIFECYCLE.final:
        assert target == current


def test_ended_states_have_no_way_out() -> None:
    for state in ("completed", "partial", "failed", "rejected", "cancelled"):
        assert state in ORDER_LIFECYCLE.final
        assert not ORDER_LIFECYCLE.moves[OrderState(state)]


@st.composite
def lines(draw: st.DrawFn) -> LineSnapshot:
    plan = draw(st.sampled_from(PROFILE.plans))
    return LineSnapshot(
        id=draw(st.uuids()),
        msisdn="+32470000000",
        name="",
        status=draw(st.sampled_from(["active", "suspended", "pending_release"])),
        product_type=plan.product_type,
        plan=plan.code,
        options=tuple(draw(st.lists(st.sampled_from(CODES), unique=True, max_size=5))),
        open_kinds=tuple(draw(st.sampled_from([(), ("change_options",)]))),
    )


kind_fields = st.lists(st.sampled_from(CODES), unique=True, max_size=3).map(tuple)


@given(
    st.lists(lines(), min_size=1, max_size=6),
    kind_fields,
    kind_fields,
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_a_planned_change_is_what_it_says_and_the_sum_is_the_sum_of_its_lines(
    fleet: list[LineSnapshot], add: tuple[str, ...], remove: tuple[str, ...], day: date
) -> None:
    request = ChangeOptions(add=add, remove=tuple(code for code in remove if code not in add))
    ground = QuoteContext(
        PROFILE, clock.now(), day, BillingMonth.of(day), KindTexts(Catalogue(PROFILE, "en"), "change_options")
    )
    items = [change_options.quote_line(ground, request, line) for line in fleet]
    for item in items:
        wanted, gone = item.change.get("add", []), item.change.get("remove", [])
        if item.state is ItemState.SKIPPED:
            assert item.reason
            assert not wanted
            assert not gone
            assert item.monthly_after == item.monthly_before
            assert (item.one_off, item.pro_rata) == (0, 0)
            continue
        assert wanted or gone
        assert not set(wanted) & set(item.line.options)
        assert set(gone) <= set(item.line.options)
        after = changed_codes(item.line.options, item.change)
        for code in wanted:
            option = PROFILE.option(code)
            assert option is not None
            assert option_allowed(option, item.line.plan, item.line.product_type)
            others = [other for other in after if other != code]
            assert not conflicting_options(PROFILE, option, others)
        # Every option asked for is either done or explained.
        assert set(add) == set(wanted) | (set(item.notes) & set(add))
    price = price_of(items, BillingMonth.of(day))
    assert price.monthly_difference == sum(item.monthly_after - item.monthly_before for item in items)
    assert price.total == price.one_off + price.pro_rata + sum(vat.amount for vat in price.vat)
