"""What a preview (check answers) shows of a quote."""

from collections import Counter
from uuid import UUID

import msgspec

from backend.core import clock
from backend.core.computing import compute
from backend.lines.schemas import PlanName
from backend.orders.asked import with_contract_name
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import OrderKind, QuoteItem
from backend.orders.lifecycle import ITEM_LIFECYCLE, ItemState
from backend.orders.outcome import LeftOutCount, is_missing
from backend.orders.placement.days import possible_days
from backend.orders.placement.quote import Quote
from backend.orders.queries import visible
from backend.orders.schemas import ItemPreview, OrderPreview, SkippedCount
from backend.orders.texts import KindTexts
from tenants.scope import Scope

OPEN_ON_LINES = """
SELECT DISTINCT ON (i.line_id) i.line_id, o.reference FROM change_order_item i
JOIN change_order o ON o.tenant_id = i.tenant_id AND o.id = i.order_id WHERE {where}
ORDER BY i.line_id, o.created_at DESC, o.id DESC
"""


class OrderOnLine(msgspec.Struct, frozen=True):
    """A line, and a request that is under way on it."""

    line_id: UUID
    reference: str


async def preview_of(scope: Scope, quote: Quote, *, listed: int | None = None) -> OrderPreview:
    """The preview of a quote. `listed` limits the rows; the sums always cover all."""
    preview = await compute(len(quote.items), _preview, quote, listed)
    asked = await with_contract_name(scope, preview.asked, quote.request)
    return await _with_open_orders(scope, msgspec.structs.replace(preview, asked=asked))


async def _with_open_orders(scope: Scope, preview: OrderPreview) -> OrderPreview:
    """The preview with the request that is under way on each line that stays as it is because of it, where it may be seen."""
    blocked = [item.line_id for item in preview.items if item.reason == "open_order"]
    if not blocked:
        return preview
    where, kind = visible(scope), KINDS[preview.kind]
    where.add(
        "i.line_id = ANY({0}::uuid[]) AND i.kind = ANY({1}::text[]) AND i.state = ANY({2}::text[])",
        blocked,
        [kind.code, *sorted(kind.excludes)],
        sorted(ITEM_LIFECYCLE.open),
    )
    rows = await scope.fetch_all(OrderOnLine, OPEN_ON_LINES.format(where=where.sql), *where.values)
    found = {row.line_id: row.reference for row in rows}
    items = [
        msgspec.structs.replace(item, open_order=found.get(item.line_id, ""))
        if item.reason == "open_order"
        else item
        for item in preview.items
    ]
    return msgspec.structs.replace(preview, items=items)


def _preview(quote: Quote, listed: int | None) -> OrderPreview:
    items, texts, kind = quote.items, quote.texts, quote.kind
    shown = items if listed is None else items[:listed]
    plans = {item.line.plan for item in items}
    plan = plans.pop() if len(plans) == 1 else None
    changing = quote.changing
    return OrderPreview(
        kind=kind.code,
        title=texts.title,
        asked=[] if quote.request.upload_id else kind.summary(texts, quote.request),
        warnings=kind.warnings(texts, quote.context, changing) if changing else [],
        information=kind.information(texts, quote.context, changing) if changing else [],
        must_confirm=quote.must_confirm,
        on=quote.request.on,
        days=possible_days(kind, texts, quote.request, clock.local(quote.context.now).date()),
        plan=PlanName(plan, quote.catalogue.name("plan", plan)) if plan else None,
        product_type=items[0].line.product_type,
        items=[_item(kind, texts, item) for item in shown],
        total_lines=len(items),
        changing=len(changing),
        skipped=len(items) - len(changing),
        missing=sum(item.missing for item in items),
        left_out=[
            LeftOutCount(reason=reason, wishes=wishes)
            for reason, wishes in Counter(why for item in changing for why in item.left_out.values()).items()
        ],
        skipped_by=[
            SkippedCount(reason=reason, why=texts.why(reason), lines=lines, missing=is_missing(reason))
            for reason, lines in Counter(
                item.reason for item in items if item.state is ItemState.SKIPPED
            ).most_common()
        ],
        price=quote.price,
        monthly_before=sum(item.monthly_before for item in items),
        monthly_after=sum(item.monthly_after for item in items),
        promise=quote.expected_completion,
        grace_seconds=quote.grace_seconds,
        fingerprint=quote.fingerprint,
        upload_id=quote.request.upload_id,
    )


def _item(kind: OrderKind, texts: KindTexts, item: QuoteItem) -> ItemPreview:
    present = {*item.line.options, *item.change.get("add", ())}
    return ItemPreview(
        line_id=item.line.id,
        msisdn=item.line.msisdn,
        name=item.line.name,
        state=item.state,
        change=item.change,
        words=kind.describe(texts, item.change) if item.change else [],
        reason=item.reason,
        why=texts.why(item.reason),
        notes=item.notes,
        noted=[texts.note(what, code, present) for what, code in item.notes.items()],
        left_out={} if item.state is ItemState.SKIPPED else item.left_out,
        monthly_before=item.monthly_before,
        monthly_after=item.monthly_after,
        one_off=item.one_off,
        pro_rata=item.pro_rata,
    )
