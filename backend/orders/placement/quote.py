"""Works an order out: what it does to each line and what it costs. Previews and orders come from the same functions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.lead_times import ExpectedCompletion, expected_completion
from backend.catalog.pricing import BillingMonth, Price, price_of
from backend.core import clock
from backend.core.clock import midnight
from backend.core.computing import compute
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import OrderKind, QuoteContext, QuoteItem
from backend.orders.lifecycle import ItemState
from backend.orders.placement.days import day_of, month_of
from backend.orders.placement.file_rows import file_rows, stale_file
from backend.orders.placement.selection import OrderTarget, resolve_targets
from backend.orders.placement.shared_price import share_price
from backend.orders.schemas import OrderRequest
from backend.orders.texts import KindTexts, support_route
from backend.runtime import settings
from tenants.scope import Scope
from tenants.tenant_info import tenant_info


@dataclass(frozen=True, slots=True)
class Quote:
    """An order worked out against the lines and the catalogue of one moment."""

    request: OrderRequest
    kind: OrderKind
    catalogue: Catalogue
    context: QuoteContext
    items: list[QuoteItem]
    price: Price
    expected_completion: ExpectedCompletion
    grace_seconds: int

    @property
    def changing(self) -> list[QuoteItem]:
        """The items that the order will carry out."""
        return [item for item in self.items if item.state is ItemState.WAITING]

    @property
    def missing(self) -> int:
        """How much of what is asked will not be done."""
        return sum(item.missing for item in self.items)

    @property
    def scheduled(self) -> bool:
        """Whether it waits for its day."""
        return self.context.day > clock.local(self.context.now).date()

    @property
    def texts(self) -> KindTexts:
        """The texts of its kind, in the language of the catalogue."""
        return KindTexts(self.catalogue, self.kind.code)

    @property
    def must_confirm(self) -> str:
        """The sentence that has to be ticked; "" where there is none."""
        ask = self.kind.must_confirm
        return ask(self.texts, self.context, self.changing) if ask and self.changing else ""

    @property
    def fingerprint(self) -> str:
        """A digest of what was shown: the price and the effect on each line."""
        # Lines that are made get their ids only when the order is placed
        creates = self.kind.creates is not None
        effect = [
            [
                "" if creates else str(item.line.id),
                item.state,
                item.change,
                item.monthly_before,
                item.monthly_after,
                item.one_off,
            ]
            for item in self.items
        ]
        price = self.price
        shown = [effect, price.one_off, price.monthly_difference, price.pro_rata, price.total]
        return hashlib.sha256(dump(shown).encode()).hexdigest()[:24]


def build_quote(
    request: OrderRequest,
    catalogue: Catalogue,
    context: QuoteContext,
    targets: Sequence[OrderTarget],
    *,
    grace_seconds: int,
) -> Quote:
    """The quote of a request for these lines, by the rules of its kind."""
    kind = KINDS[request.kind]
    items = [kind.quote_line(context, target.request, target.line) for target in targets]
    shared_by = {code for item in items for code in share_price(kind, context.profile, item, context.month)}
    return Quote(
        request=request,
        kind=kind,
        catalogue=catalogue,
        context=context,
        items=items,
        price=price_of(items, context.month, shared_by),
        expected_completion=_expected_completion(kind, context, request),
        grace_seconds=grace_seconds,
    )


async def quote_order(scope: Scope, request: OrderRequest, *, lock: bool = False) -> Quote:
    """Work an order out; `lock` locks its lines and its file.

    Raises NotFound, Conflict and ValidationFailed as the selection, the file and the kind do.
    """
    catalogue, kind = await catalogue_of(scope), KINDS[request.kind]
    profile, now = catalogue.profile, clock.now()
    texts = KindTexts(catalogue, kind.code)
    if route := support_route(catalogue, kind.code):
        raise ValidationFailed(kind=route, code="through_support")
    day = day_of(kind, texts, request)
    targets: list[OrderTarget] = []
    requests = [request]
    if kind.creates is None:
        targets = await resolve_targets(scope, request, lock=lock)
        requests = await compute(len(targets), _distinct, targets)
        if len(targets) > 1 and not kind.bulk:
            raise ValidationFailed(line_ids=texts.text("bad_one_line_only"), code="one_line_only")
    elif request.upload_id is not None:
        requests = [row.request for row in await file_rows(scope, request, lock=lock)]
    lines = await compute(len(targets), lambda: [target.line for target in targets])
    loaded = await effects_of(kind.code).load_context(scope, requests, lines)
    context = QuoteContext(profile, now, day, month_of(kind, request, day), texts, loaded)
    size = max(len(requests), len(targets))
    await compute(size, _check, kind, context, requests, from_file=request.upload_id is not None)
    if kind.creates is not None:
        targets = await compute(size, _new_targets, kind, context, requests)
    at_once = kind.skips_grace is not None and any(map(kind.skips_grace, requests))
    grace_seconds = 0 if at_once else await _grace_seconds(scope)
    return await compute(size, build_quote, request, catalogue, context, targets, grace_seconds=grace_seconds)


async def check_fields(scope: Scope, request: OrderRequest) -> None:
    """Raise ValidationFailed for fields that are wrong for every line. The lines themselves are not read."""
    catalogue, kind = await catalogue_of(scope), KINDS[request.kind]
    texts = KindTexts(catalogue, kind.code)
    day = day_of(kind, texts, request)
    loaded = await effects_of(kind.code).load_context(scope, [request], [])
    context = QuoteContext(catalogue.profile, clock.now(), day, BillingMonth.of(day), texts, loaded)
    kind.check(context, request)


async def check_step(scope: Scope, request: OrderRequest, step: str) -> None:
    """Raise ValidationFailed for the wrong fields of one page of a form; fields of other pages do not count yet."""
    try:
        await check_fields(scope, request)
    except ValidationFailed as invalid:
        on_page = KINDS[request.kind].steps.get(step, ())
        wrong = {name: sentence for name, sentence in invalid.fields.items() if name in on_page}
        if wrong:
            raise ValidationFailed(**wrong) from None


def _check(kind: OrderKind, context: QuoteContext, requests: list[OrderRequest], *, from_file: bool) -> None:
    """Raise ValidationFailed for a wrong field.

    The rows of a file were checked before: only a wrong day is a ValidationFailed there, the rest a Conflict.
    """
    for one in {id(one): one for one in requests}.values():
        try:
            kind.check(context, one)
        except ValidationFailed as invalid:
            if from_file and "on" not in invalid.fields:
                raise stale_file() from invalid
            raise


def _new_targets(
    kind: OrderKind, context: QuoteContext, requests: Sequence[OrderRequest]
) -> list[OrderTarget]:
    """The lines that a kind makes, one for each request, with ids of their own."""
    creates = kind.creates
    if creates is None:
        return []
    return [OrderTarget(one, replace(creates(context, one), id=new_id())) for one in requests]


def _distinct(targets: list[OrderTarget]) -> list[OrderRequest]:
    """The requests of these lines, once each: those of a selection are one and the same."""
    return list({id(target.request): target.request for target in targets}.values())


def _expected_completion(kind: OrderKind, context: QuoteContext, request: OrderRequest) -> ExpectedCompletion:
    """When it will be done; never before the end of a day that was chosen for it."""
    code = kind.expected_completion(context, request) if kind.expected_completion else kind.code
    start = max(context.now, midnight(context.day))
    found = expected_completion(context.profile.promises.get(code), start, context.profile.holidays)
    chosen = kind.effective_date(request) if kind.effective_date else None
    if chosen is None or found.due_at is None:
        return found
    return ExpectedCompletion(code=found.code, due_at=max(found.due_at, midnight(chosen + timedelta(days=1))))


async def _grace_seconds(scope: Scope) -> int:
    """The tenant's own undo time, or the deployment's."""
    own = (await tenant_info(scope)).grace_seconds
    return settings().grace_seconds if own is None else own
