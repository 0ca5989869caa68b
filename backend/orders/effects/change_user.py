"""Corrects the user of a line, or hands the line to another person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.lines.agreements import end_agreements
from backend.lines.notifications import addresses_of, notify_old_address
from backend.lines.users import UserDetails, correct_user, replace_user, users_beyond_reach
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ItemUpdate
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_user import full_name
from tenants.scope import Scope


async def _load_context(
    scope: Scope, _request: Sequence[Any], lines: Sequence[LineSnapshot]
) -> frozenset[UUID]:
    """Lines whose user has others beyond the actor's reach: a correction would change those too."""
    return await users_beyond_reach(scope, [line.id for line in lines])


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    before = await addresses_of(scope, [update.line_id for update in updates])
    for update in updates:
        change = update.change
        if earlier := before.get(update.line_id):
            await notify_old_address(
                scope, update.item_id, update.line_id, earlier=earlier, now=change["email"]
            )
        details = UserDetails(
            given_name=change["given_name"],
            family_name=change["family_name"],
            email=change["email"],
            language=change["language"],
        )
        name = full_name(details.family_name, details.given_name)
        another = change["another_person"]
        if another or not await correct_user(scope, update.line_id, details, name=name):
            await replace_user(scope, update.line_id, details, another_person=another)
        # A contract that is still under review is personal as well
        if another:
            await end_agreements(scope, [update.line_id])


async def _form_choices(
    _scope: Scope, _catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> dict[str, str]:
    """Who uses the line now, to start from."""
    line = lines[0]
    return {
        "given_name": line.given_name,
        "family_name": line.family_name,
        "email": line.email,
        "language": line.language,
    }


USERS_EFFECTS = Effects(load_context=_load_context, on_completed=_on_completed, form_choices=_form_choices)
