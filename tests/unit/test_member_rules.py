"""Roles, portals and the life of a session."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.core.errors import ValidationFailed
from backend.core.permissions import Portal
from backend.members.lifecycle import check_roles, last_seen_is_stale, portals, roles_in


def test_roles_open_portals() -> None:
    assert portals(["owner", "end_user"]) == (Portal.MANAGER, Portal.USER)
    assert portals(["auditor"]) == (Portal.MANAGER,)
    assert portals(["end_user"]) == (Portal.USER,)
    assert portals(["no such role"]) == ()


def test_only_the_portal_s_roles_count() -> None:
    held = ["owner", "fleet_manager", "end_user"]
    assert roles_in("manager", held) == {"owner", "fleet_manager"}
    assert roles_in("user", held) == {"end_user"}


def test_roles_are_checked() -> None:
    assert check_roles(["end_user", "owner"]) == ["owner", "end_user"]
    for wrong in ([], ["king"], ["owner", "king"]):
        with pytest.raises(ValidationFailed):
            check_roles(wrong)


def test_a_use_is_noted_once_a_minute() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert last_seen_is_stale(None, now)
    assert last_seen_is_stale(now - timedelta(seconds=61), now)
    assert not last_seen_is_stale(now - timedelta(seconds=59), now)
