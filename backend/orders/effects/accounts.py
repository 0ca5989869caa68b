"""The customer numbers within the actor's reach, for requests that put lines under one."""

from collections.abc import Sequence
from typing import Any

from backend.catalog.catalogue import Catalogue
from backend.orders.effects.base import Effects
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.move_account import LINE_BEARING, AccountAccess, AccountChoice
from tenants.scope import Scope

WITHIN_REACH = """
SELECT a.id, a.number, a.label, a.kind, o.name AS organisation FROM billing_account a
JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
WHERE $1 OR a.id = ANY($2::uuid[]) ORDER BY a.number
"""


async def rows_within_reach(scope: Scope) -> list[Any]:
    """A member restricted to cost centres only has no customer number to choose: whose invoice is not theirs to say."""
    reach = scope.actor.reach
    return await scope.connection.fetch(WITHIN_REACH, reach.everything, list(reach.billing_accounts or ()))


async def accounts_within_reach(scope: Scope) -> AccountAccess:
    return AccountAccess({row["number"]: (row["id"], row["kind"]) for row in await rows_within_reach(scope)})


async def account_choices(scope: Scope) -> list[AccountChoice]:
    """Every number within reach, those that serve invoicing only with their reason (F-056)."""
    return [
        AccountChoice(
            number=row["number"],
            label=row["label"],
            organisation=row["organisation"],
            why_not="" if row["kind"] == LINE_BEARING else "invoice_only",
        )
        for row in await rows_within_reach(scope)
    ]


async def _load_context(scope: Scope, _asked: Sequence[Any], _lines: Sequence[LineSnapshot]) -> AccountAccess:
    return await accounts_within_reach(scope)


async def _form_choices(
    scope: Scope, _catalogue: Catalogue, _asked: Any, _lines: Sequence[LineSnapshot]
) -> list[AccountChoice]:
    return await account_choices(scope)


ACCOUNTS_EFFECTS = Effects(load_context=_load_context, form_choices=_form_choices)
