"""Every listed move of a line, and none besides (domain reference 3.2)."""

from itertools import product

import pytest

from backend.core.errors import Conflict
from backend.lines.lifecycle import ENDED, IN_FLEET, LINE_LIFECYCLE, LineStatus

LEFT = "released_prepaid released_private terminated"
LISTED = {
    "ordered": "pending_active active aborted",
    "pending_active": "active aborted",
    "active": f"suspended pending_release pending_termination {LEFT}",
    "suspended": f"active pending_release pending_termination {LEFT}",
    "pending_release": f"active suspended {LEFT}",
    "pending_termination": f"active suspended {LEFT}",
}
PAIRS = list(product(LineStatus, LineStatus))


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_move_is_allowed_exactly_where_it_is_listed(before: LineStatus, after: LineStatus) -> None:
    listed = before == after or after in LISTED.get(before, "").split()
    assert LINE_LIFECYCLE.allows(before, after) == listed
    if not listed:
        with pytest.raises(Conflict) as refused:
            LINE_LIFECYCLE.check(before, after)
        assert refused.value.code == "wrong_state"


def test_the_ends_are_those_of_the_domain_and_leave_the_list() -> None:
    assert {"released_prepaid", "released_private", "terminated", "aborted"} == ENDED
    assert set(IN_FLEET) == set(LineStatus) - ENDED
