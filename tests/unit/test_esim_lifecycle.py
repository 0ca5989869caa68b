"""Every listed move of an eSIM profile, and none besides (domain reference 3.5)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from backend.lines.sims.esim_lifecycle import ENDED, ESIM_LIFECYCLE, EsimState, next_state, unusable_reason

LISTED = {
    "requested": "allocated revoked",
    "allocated": "released revoked",
    "released": "downloaded expired error revoked",
    "downloaded": "installed error revoked",
    "installed": "enabled deleted revoked",
    "enabled": "disabled deleted revoked",
    "disabled": "enabled deleted revoked",
    "error": "released downloaded expired revoked",
}
PAIRS = list(product(EsimState, EsimState))
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_is_allowed_exactly_where_it_is_listed(before: EsimState, after: EsimState) -> None:
    assert ESIM_LIFECYCLE.allows(before, after) == (
        before == after or after in LISTED.get(before, "").split()
    )


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_what_is_heard_never_goes_back_and_never_out_of_an_end(before: EsimState, after: EsimState) -> None:
    found = next_state(before, after)
    if before in ENDED or before == after:
        assert found is None
    if after in LISTED.get(before, "").split():
        assert found is after
    order = ["requested", "allocated", "released", "downloaded", "installed", "enabled"]
    if before in order and after in order:
        assert (found is after) == (order.index(after) > order.index(before))


@pytest.mark.parametrize("said", ["", "ENABLED", "unknown", "0"])
def test_an_unknown_state_changes_nothing(said: str) -> None:
    assert next_state(EsimState.RELEASED, said) is None


@pytest.mark.parametrize(
    ("state", "left", "sealed", "why"),
    [
        ("requested", None, False, "esim_not_ready"),
        ("allocated", 1, False, "esim_not_ready"),
        ("released", 1, False, "esim_not_ready"),
        ("released", 1, True, ""),
        ("released", None, True, ""),
        ("error", 1, True, ""),
        ("released", 0, True, "esim_expired"),
        ("expired", None, False, "esim_expired"),
        ("downloaded", 1, True, "esim_spent"),
        ("enabled", -1, True, "esim_spent"),
        ("revoked", 1, False, "esim_spent"),
    ],
)
def test_why_a_code_cannot_be_used(state: str, left: int | None, sealed: bool, why: str) -> None:
    until = None if left is None else NOW + timedelta(days=left)
    assert unusable_reason(state, until, NOW, sealed=sealed) == why
