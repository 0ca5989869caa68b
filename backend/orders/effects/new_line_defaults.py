"""What the form of a new line is filled in with: what its requester chose the last time, or what there is only one of."""

from collections.abc import Mapping
from typing import Any

from backend.catalog.catalogue import catalogue_of
from backend.orders.effects.move_account import account_choices
from backend.orders.kinds import decode_request
from backend.orders.kinds.change_spend_cap import DEFAULT_CENTS
from backend.orders.kinds.new_line import NewLineRequest
from backend.orders.lifecycle import OrderState
from tenants.scope import Scope

LAST_ORDERED = """
SELECT body::text FROM change_order WHERE requester_id = $1 AND kind = ANY($2) AND state <> $3
  AND body->>'account' <> '' ORDER BY created_at DESC LIMIT 1
"""
KINDS_OF_NEW_LINES = ("add_line", "port_in")


async def draft_defaults(scope: Scope, _request: NewLineRequest) -> Mapping[str, Any]:
    """Customer number, plan and cap of the last new line; the reader's language, where the carrier writes in it."""
    profile = (await catalogue_of(scope)).profile
    body = await scope.fetch_value(
        str, LAST_ORDERED, scope.actor.member_id, list(KINDS_OF_NEW_LINES), OrderState.DRAFT
    )
    last = decode_request(body) if body else None
    own = scope.actor.language
    found: dict[str, Any] = {
        "account": await _account(scope, last.account if isinstance(last, NewLineRequest) else ""),
        "language": own if own in profile.languages else profile.languages[0],
        "cap_cents": DEFAULT_CENTS,
    }
    if isinstance(last, NewLineRequest):
        plan = profile.plan(last.plan)
        found |= {"cap_cents": last.cap_cents, "no_cap": last.no_cap}
        found |= {"plan": plan.code, "product_type": plan.product_type.value} if plan else {}
    return found


async def _account(scope: Scope, last: str) -> str:
    """The last one, where it can still be chosen; else the only one; "" where there are several."""
    able = [one.number for one in await account_choices(scope) if not one.why_not]
    if last in able:
        return last
    return able[0] if len(able) == 1 else ""
