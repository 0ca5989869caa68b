"""States and moves: what may follow what, which states are final, and that staying is always allowed."""

from enum import StrEnum

import pytest

from backend.core.errors import Conflict
from backend.core.lifecycle import Lifecycle


class Lamp(StrEnum):
    OFF = "off"
    ON = "on"
    BROKEN = "broken"


LAMP = Lifecycle(Lamp, {Lamp.OFF: {Lamp.ON}, Lamp.ON: {Lamp.OFF, Lamp.BROKEN}})


def test_open_and_final_states_follow_from_the_moves() -> None:
    assert {Lamp.OFF, Lamp.ON} == LAMP.open
    assert {Lamp.BROKEN} == LAMP.final


@pytest.mark.parametrize("state", Lamp)
def test_staying_is_always_allowed(state: Lamp) -> None:
    assert LAMP.allows(state, state)


def test_sources_are_the_states_before() -> None:
    assert LAMP.sources(Lamp.OFF) == [Lamp.ON]
    assert LAMP.sources(Lamp.BROKEN) == [Lamp.ON]


def test_a_move_that_is_not_listed_is_a_conflict() -> None:
    LAMP.check(Lamp.ON, Lamp.BROKEN)
    with pytest.raises(Conflict) as refused:
        LAMP.check(Lamp.BROKEN, Lamp.ON)
    assert refused.value.code == "wrong_state"
