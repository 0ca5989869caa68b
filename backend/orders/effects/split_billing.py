"""Agreements of split billing: opened when the request is placed, ended or cancelled with it."""

from collections.abc import Sequence
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.catalog.splitting import rule_words
from backend.core.errors import NotFound
from backend.documents.service import ACCESS_CHECKS, own_document
from backend.lines import queries as line_queries
from backend.lines.agreements import cancel_agreements, end_agreements, open_agreement
from backend.lines.lifecycle import AgreementState
from backend.orders.effects.base import Effects
from backend.orders.effects.events import ClosedItem, ItemUpdate, PlacedOrder
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.split_billing import ContractFiles, SplitBilling, SplitChoice, SplitChoices
from tenants.scope import Scope

PURPOSE = "split_contract"


async def _file_name(scope: Scope, document_id: UUID | None) -> str:
    """The name of a scan that the requester may attach; "" for any other id."""
    if document_id is None:
        return ""
    # A planned request on its day: the scan was the requester's when it was placed
    if scope.actor.system:
        found = await scope.fetch_value(
            str, "SELECT file_name FROM document WHERE id = $1 AND purpose = $2", document_id, PURPOSE
        )
        return found or ""
    try:
        return (await own_document(scope, document_id, purpose=PURPOSE)).name
    except NotFound:
        return ""


async def _load_context(
    scope: Scope, request: Sequence[SplitBilling], _lines: Sequence[LineSnapshot]
) -> ContractFiles:
    wanted = {one.document_id for one in request if one.document_id}
    return ContractFiles(frozenset([one for one in wanted if await _file_name(scope, one)]))


def split_choices(catalogue: Catalogue) -> list[SplitChoice]:
    """The carrier's ways to share a bill, for a form."""
    return [
        SplitChoice(code=one.code, name=catalogue.text(one.name), rules=rule_words(one, catalogue.language))
        for one in catalogue.profile.split_profiles
    ]


async def _form_choices(
    scope: Scope, catalogue: Catalogue, request: SplitBilling, lines: Sequence[LineSnapshot]
) -> SplitChoices:
    line = lines[0]
    refused = await scope.fetch_value(
        str,
        "SELECT reason FROM split_agreement WHERE line_id = $1 AND state = $2 AND reason <> ''",
        line.id,
        AgreementState.DOCUMENT_PENDING,
    )
    return SplitChoices(
        profiles=split_choices(catalogue),
        present=line.split_profile,
        user=f"{line.given_name} {line.family_name}".strip(),
        billing_data=catalogue.profile.split_billing_data,
        document=await _file_name(scope, request.document_id),
        refused=refused or "",
    )


async def _on_placed(scope: Scope, order: PlacedOrder) -> None:
    for item_id, item in order.items:
        change = item.change
        if not change["stop"]:
            await open_agreement(
                scope,
                line_id=item.line.id,
                item_id=item_id,
                profile=change["profile"],
                document_id=UUID(change["document_id"]),
                end_user_id=item.line.end_user_id,
                billing=change["billing"],
            )


async def _on_completed(scope: Scope, updates: Sequence[ItemUpdate]) -> None:
    """End the agreements that were stopped; accepted ones were written by the decision."""
    stopped = [update.line_id for update in updates if update.change["stop"]]
    if stopped:
        await end_agreements(scope, stopped)


async def _on_cancelled(scope: Scope, closed: Sequence[ClosedItem]) -> None:
    await cancel_agreements(scope, [one.item_id for one in closed])


async def may_read(scope: Scope, document_id: UUID) -> bool:
    """Whether a scan is about a line within the actor's reach."""
    where = line_queries.SqlFilter()
    where.add("a.document_id = {0}", document_id)
    line_queries.add_reach(scope.actor, where)
    return bool(
        await scope.fetch_value(
            bool,
            "SELECT EXISTS (SELECT FROM split_agreement a JOIN line l ON l.tenant_id = a.tenant_id AND l.id = a.line_id"
            f" WHERE {where.sql})",
            *where.values,
        )
    )


ACCESS_CHECKS[PURPOSE] = may_read
SPLIT_EFFECTS = Effects(
    load_context=_load_context,
    form_choices=_form_choices,
    on_placed=_on_placed,
    on_completed=_on_completed,
    on_cancelled=_on_cancelled,
)
