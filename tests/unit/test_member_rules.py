"""Roles, portals and the life of a session."""

import pytest

from backend.core.errors import Invalid
from backend.members.lifecycle import Portal, check_roles, portals, roles_in


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
        with pytest.raises(Invalid):
            check_roles(wrong)
