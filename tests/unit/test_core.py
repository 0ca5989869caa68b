from datetime import UTC, datetime, timedelta

import pytest

from backend.core import clock
from backend.core.errors import Conflict, NotAuthenticated, NotFound, ValidationFailed
from backend.core.ids import new_id
from backend.core.permissions import Permission, Role, has_permission
from backend.orders.lifecycle import ITEM_LIFECYCLE, ORDER_LIFECYCLE, ItemState, OrderState
from backend.schedule import PERIODIC_TASKS, slot_of
from backend.settings import Operator, read_settings
from tenants.row_security import isolate

KEY = "k" * 43
DATABASE = {"FLEETLINE_DATABASE_URL": "postgresql://app@db/fleetline", "FLEETLINE_SECRET_KEYS": KEY}


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(3)]
    assert {one.version for one in made} == {7}
    assert made[0].int >> 80 <= made[-1].int >> 80


def test_the_calendar_day_is_the_one_of_brussels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    assert clock.today().isoformat() == "2026-07-01"


def test_refusals_carry_their_code_and_sentence() -> None:
    assert NotFound().status == 404
    assert NotAuthenticated().code == "signed_out"
    wrong = ValidationFailed(add="No such option.", remove="Nor this.")
    assert wrong.message == "No such option.; Nor this."
    assert wrong.fields == {"add": "No such option.", "remove": "Nor this."}
    assert ValidationFailed("Words.", code="mixed_selection").code == "mixed_selection"


def test_unknown_roles_hold_nothing() -> None:
    assert not has_permission(frozenset({"root", ""}), Permission.LINES_READ)
    assert has_permission(frozenset({Role.AUDITOR, "root"}), Permission.LINES_READ)


def test_item_moves_are_those_listed() -> None:
    for state in ItemState:
        for other in ItemState:
            assert ITEM_LIFECYCLE.allows(state, other) == (
                state == other or other in ITEM_LIFECYCLE.moves[state]
            )


def test_an_unlisted_move_is_a_conflict() -> None:
    ORDER_LIFECYCLE.check(OrderState.GRACE, OrderState.SUBMITTED)
    with pytest.raises(Conflict) as refusal:
        ORDER_LIFECYCLE.check(OrderState.COMPLETED, OrderState.GRACE)
    assert refusal.value.code == "not_in_this_state"


def test_a_slot_is_the_same_for_every_scheduler() -> None:
    sweep = PERIODIC_TASKS[0]
    at = datetime(2026, 11, 21, 12, 0, 3, 999, tzinfo=UTC)
    assert slot_of(sweep, at) == slot_of(sweep, at.replace(second=0, microsecond=0))
    assert slot_of(sweep, at + sweep.every) - slot_of(sweep, at) == timedelta(seconds=5)


def test_settings_are_read_once_and_whole() -> None:
    settings = read_settings(
        DATABASE
        | {
            "FLEETLINE_PUBLIC_URL": "https://portal.example/",
            "FLEETLINE_CARRIER_URLS": "mandarine=https://a.example, lynx=https://b.example",
            "FLEETLINE_SECRET_KEYS": f"{KEY}, {KEY}2",
            "FLEETLINE_OPERATOR_NAME": "Réseau Sud",
            "FLEETLINE_PORT": "9000",
            "FLEETLINE_METRICS_TOKEN": "",
            "OTHER": "x",
        }
    )
    assert settings.secure
    assert settings.issuer == "https://portal.example/id"
    assert settings.carrier_urls == {"mandarine": "https://a.example", "lynx": "https://b.example"}
    assert settings.secret_keys == (KEY, f"{KEY}2")
    assert settings.operator == Operator(name="Réseau Sud")
    assert settings.port == 9000
    assert KEY not in repr(settings)


def test_policies_bind_reading_and_writing() -> None:
    sql = isolate("line")
    assert "FORCE ROW LEVEL SECURITY" in sql
    assert sql.count("current_setting('app.tenant_id')::uuid") == 2
