"""How a sandbox carrier's script decides what happens to an order."""

import msgspec
import pytest

from backend.sandbox.carrier.behaviour import Behaviour, Outcome, ScriptState

BASE = Behaviour(delay_ms=0, jitter_ms=0)
HELD = {"outcome": "held"}


def test_what_is_not_named_is_as_it_was_started() -> None:
    script = ScriptState(standing=BASE)
    script.change(BASE, {"outcome": "failed"})
    script.change(BASE, {"delay_ms": 5})
    assert script.standing == Behaviour(delay_ms=5, jitter_ms=0)


def test_the_latest_rule_that_fits_wins_and_is_used_up() -> None:
    script = ScriptState(standing=BASE)
    script.change(BASE, {"outcome": "failed", "msisdns": ["+32470000001"]})
    script.change(BASE, HELD | {"orders": 2})
    taken = [
        script.take(number).outcome
        for number in ("+32470000001", "+32470000002", "+32470000001", "+32470000002")
    ]
    assert taken == [Outcome.HELD, Outcome.HELD, Outcome.FAILED, Outcome.COMPLETED]
    assert len(script.rules) == 1


def test_a_rule_for_the_next_orders_of_one_number() -> None:
    script = ScriptState(standing=BASE)
    script.change(BASE, HELD | {"orders": 1, "msisdns": ["+32470000001"]})
    taken = [script.take(number).outcome for number in ("+32470000002", "+32470000001", "+32470000001")]
    assert taken == [Outcome.COMPLETED, Outcome.HELD, Outcome.COMPLETED]


@pytest.mark.parametrize(
    "wish", [{"delay": 1}, {"delay_ms": -1}, {"outcome": "lost"}, {"refuse_status": 200}]
)
def test_a_wish_that_cannot_be_is_refused(wish: dict[str, object]) -> None:
    script = ScriptState(standing=BASE)
    with pytest.raises(msgspec.ValidationError):
        script.change(BASE, wish)
    assert script == ScriptState(standing=BASE)


def test_jitter_only_adds() -> None:
    assert all(0.1 <= Behaviour(delay_ms=100, jitter_ms=50).delay_seconds() <= 0.15 for _ in range(50))
