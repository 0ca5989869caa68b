"""Why an invoice differs from the one before: the causes add up exactly, for any two documents."""

from collections.abc import Sequence
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from backend.billing.differences.causes import CauseKind, ChargePair, ComparedTotals, causes_of, whole_causes
from backend.billing.differences.service import groups_of
from backend.billing.schemas import ChargeKind

PLANS = ("pro-flex-2", "pro-flex-20")
# Number, kind, code, cents
Row = tuple[str, str, str, int]
rows = st.lists(
    st.tuples(
        st.sampled_from(["", "+32470000001", "+32470000002", "+32470000003"]),
        st.sampled_from(list(ChargeKind)),
        st.sampled_from(["", *PLANS, "europe-plus"]),
        st.integers(-5000, 9000),
    ),
    max_size=12,
)


def pairs_of(before: Sequence[Row], now: Sequence[Row]) -> list[ChargePair]:
    """As the statement groups them: by number, kind and code; what is equal is left out."""
    found = []
    keys = sorted({row[:3] for row in (*before, *now)})
    for number, group in groupby(keys, key=lambda key: key[0]):
        was, there = (any(row[0] == number for row in side) for side in (before, now))
        for key in group:
            old, new = ([row[3] for row in side if row[:3] == key] for side in (before, now))
            if sum(old) != sum(new):
                found.append(
                    ChargePair(
                        number, key[1], key[2], "x", sum(old), sum(new), bool(old), bool(new), was, there
                    )
                )
    return found


@given(rows, rows, st.integers(0, 5000), st.integers(0, 5000), st.integers(-500, 500), st.integers(-500, 500))
def test_the_causes_add_up_to_the_difference_for_any_two_documents(
    before: list[Row], now: list[Row], vat_before: int, vat_now: int, rest_before: int, rest_now: int
) -> None:
    net_before, net_now = (sum(row[3] for row in side) for side in (before, now))
    first = ComparedTotals(net_before, vat_before, net_before + vat_before + rest_before)
    second = ComparedTotals(net_now, vat_now, net_now + vat_now + rest_now)
    causes = [*causes_of(pairs_of(before, now), lambda code: code in PLANS), *whole_causes(first, second)]
    difference = second.booked_cents - first.booked_cents
    assert sum(one.cents for one in causes) == difference
    assert sum(one.cents for one in groups_of(causes)) == difference
    assert all(one.cents for one in causes), "a cause of nothing is no cause"
    # A number is added, left, or was in both: never two of these
    for number in {one.msisdn for one in causes if one.msisdn}:
        kinds = {one.kind for one in causes if one.msisdn == number}
        if kinds & {CauseKind.LINE_ADDED, CauseKind.LINE_LEFT}:
            assert len(kinds) == 1
