"""The customer numbers within the actor's reach, for requests that put lines under one."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

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


class ReachableAccount(msgspec.Struct, frozen=True):
    """A customer number within reach, and the company that holds it."""

    id: UUID
    number: str
    label: str
    kind: str
    organisation: str


async def _accounts(scope: Scope) -> list[ReachableAccount]:
    """A member whose reach is cost centres only has no customer number to choose: the invoices are not theirs."""
    reach = scope.actor.reach
    return await scope.fetch_all(
        ReachableAccount, WITHIN_REACH, reach.everything, list(reach.billing_accounts or ())
    )


async def accounts_within_reach(scope: Scope) -> AccountAccess:
    """The customer numbers within reach, for the rules of a kind."""
    return AccountAccess({one.number: (one.id, one.kind) for one in await _accounts(scope)})


async def account_choices(scope: Scope, lines: Sequence[LineSnapshot] = ()) -> list[AccountChoice]:
    """Every number within reach, those that serve invoicing only with their reason (F-056); how many `lines` have it."""
    present = Counter(line.account for line in lines)
    return [
        AccountChoice(
            number=one.number,
            label=one.label,
            organisation=one.organisation,
            why_not="" if one.kind == LINE_BEARING else "invoice_only",
            present_on=present[one.number],
        )
        for one in await _accounts(scope)
    ]


async def _load_context(
    scope: Scope, _request: Sequence[Any], _lines: Sequence[LineSnapshot]
) -> AccountAccess:
    return await accounts_within_reach(scope)


async def _form_choices(
    scope: Scope, _catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[AccountChoice]:
    return await account_choices(scope, lines)


ACCOUNTS_EFFECTS = Effects(load_context=_load_context, form_choices=_form_choices)
