"""Agreements of split billing: opened with the request, decided by the operator, ended on request."""

from collections.abc import Sequence
from uuid import UUID

from backend.catalog.names import Catalogue
from backend.catalog.splitting import rule_words
from backend.core.errors import NotFound
from backend.documents.service import READERS, own_document
from backend.lines import queries as line_queries
from backend.lines.agreements import drop_agreements, end_agreements, open_agreement
from backend.orders.effects.base import Effects
from backend.orders.kinds.plan import LineNow
from backend.orders.kinds.split_billing import Contracts, SplitBilling, SplitChoice, SplitChoices
from backend.orders.steps import Ended, Placed, Step
from tenants.scope import Scope

PURPOSE = "split_contract"


async def _file_name(scope: Scope, document_id: UUID | None) -> str:
    """The name of a scan that the requester may attach; "" for any other id."""
    if document_id is None:
        return ""
    if scope.actor.system:  # on the day of a dated request: it was the requester's when it was placed
        found = await scope.connection.fetchval(
            "SELECT file_name FROM document WHERE id = $1 AND purpose = $2", document_id, PURPOSE
        )
        return str(found or "")
    try:
        return (await own_document(scope, document_id, purpose=PURPOSE)).name
    except NotFound:
        return ""


async def facts(scope: Scope, asked: Sequence[SplitBilling], _lines: Sequence[LineNow]) -> Contracts:
    wanted = {one.document_id for one in asked if one.document_id}
    return Contracts(frozenset([one for one in wanted if await _file_name(scope, one)]))


async def choices(
    scope: Scope, catalogue: Catalogue, asked: SplitBilling, lines: Sequence[LineNow]
) -> SplitChoices:
    line = lines[0]
    refused = await scope.connection.fetchval(
        "SELECT reason FROM split_agreement WHERE line_id = $1 AND state = 'document_pending' AND reason <> ''",
        line.id,
    )
    return SplitChoices(
        profiles=[
            SplitChoice(
                code=one.code, name=catalogue.text(one.name), rules=rule_words(one, catalogue.language)
            )
            for one in catalogue.profile.split_profiles
        ],
        present=line.split_profile,
        user=f"{line.given_name} {line.family_name}".strip(),
        billing_data=catalogue.profile.split_billing_data,
        document=await _file_name(scope, asked.document_id),
        refused=refused or "",
    )


async def placed(scope: Scope, order: Placed) -> None:
    for item_id, planned in order.items:
        change = planned.change
        if not change["stop"]:
            await open_agreement(
                scope,
                line_id=planned.line.id,
                item_id=item_id,
                profile=change["profile"],
                document_id=UUID(change["document_id"]),
                end_user_id=planned.line.end_user_id,
                billing=change["billing"],
            )


async def done(scope: Scope, steps: Sequence[Step]) -> None:
    """Accepted ones are in force already: whoever decided wrote it. Those that were stopped end here."""
    stopped = [step.line_id for step in steps if step.change["stop"]]
    if stopped:
        await end_agreements(scope, stopped)


async def dropped(scope: Scope, ended: Sequence[Ended]) -> None:
    await drop_agreements(scope, [one.item_id for one in ended])


async def may_read(scope: Scope, document_id: UUID) -> bool:
    """A scan is read by whoever reaches the line that it is about."""
    where = line_queries.Where()
    where.add("a.document_id = {0}", document_id)
    line_queries.reach_of(scope.actor, where)
    return bool(
        await scope.connection.fetchval(
            "SELECT EXISTS (SELECT FROM split_agreement a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id"
            f" WHERE {where.sql})",
            *where.values,
        )
    )


READERS[PURPOSE] = may_read
EFFECTS = Effects(facts=facts, choices=choices, placed=placed, done=done, dropped=dropped)
