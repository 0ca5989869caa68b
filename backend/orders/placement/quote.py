"""Check answers: what an order would do to each line and cost, from the same functions that place it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.lead_times import ExpectedCompletion, expected_completion
from backend.catalog.pricing import BillingMonth, Price, price_of
from backend.core import clock
from backend.core.clock import midnight
from backend.core.errors import ValidationFailed
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.lines.schemas import PlanName
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import OrderKind, QuoteContext, QuoteItem
from backend.orders.lifecycle import ItemState
from backend.orders.placement.selection import OrderTarget, file_rows, resolve_targets, stale_file
from backend.orders.schemas import ItemPreview, OrderPreview, OrderRequest
from backend.orders.texts import KindTexts, support_route
from backend.runtime import settings
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class Quote:
    """An order worked out against the lines and the catalogue of this moment."""

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
        return [item for item in self.items if item.state is ItemState.WAITING]

    @property
    def scheduled(self) -> bool:
        """Whether it waits for its day."""
        return self.context.day > clock.local(self.context.now).date()

    @property
    def texts(self) -> KindTexts:
        return KindTexts(self.catalogue, self.kind.code)

    @property
    def must_confirm(self) -> str:
        """The sentence that has to be ticked; "" where there is none."""
        ask = self.kind.must_confirm
        return ask(self.texts, self.context, self.changing) if ask and self.changing else ""

    @property
    def fingerprint(self) -> str:
        """Names what was shown: the price and the effect on each line."""
        # Such lines get their ids only when they are placed
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


async def quote_order(scope: Scope, request: OrderRequest, *, lock: bool = False) -> Quote:
    """Work an order out. Raises NotFound and Invalid as its selection and its kind do."""
    catalogue, kind = await catalogue_of(scope), KINDS[request.kind]
    profile, now = catalogue.profile, clock.now()
    texts = KindTexts(catalogue, kind.code)
    if route := support_route(catalogue, kind.code):
        raise ValidationFailed(kind=route, code="through_support")
    day = _day(kind, texts, request, now)
    effects = effects_of(kind.code)
    each, lines = [request], []
    if kind.creates is None:
        targets = await resolve_targets(scope, request, lock=lock)
        each, lines = _distinct(targets), [target.line for target in targets]
        if len(lines) > 1 and not kind.bulk:
            raise ValidationFailed(line_ids=texts.text("bad_one_line_only"), code="one_line_only")
    elif request.upload_id is not None:
        each = list((await file_rows(scope, request, lock=lock)).values())
    facts = await effects.load_context(scope, each, lines)
    context = QuoteContext(profile, now, day, month_of(kind, request, day), texts, facts)
    _check(kind, context, each, from_file=request.upload_id is not None)
    if kind.creates is not None:
        targets = [OrderTarget(one, replace(kind.creates(context, one), id=new_id())) for one in each]
    items = [kind.quote_line(context, target.request, target.line) for target in targets]
    return Quote(
        request=request,
        kind=kind,
        catalogue=catalogue,
        context=context,
        items=items,
        price=price_of(items, context.month),
        expected_completion=expected_completion_of(kind, context, request),
        grace_seconds=0
        if kind.skips_grace and any(map(kind.skips_grace, each))
        else await grace_seconds(scope),
    )


async def check_step(scope: Scope, request: OrderRequest, step: str) -> None:
    """Raise Invalid for what is wrong on one page of a form; what is asked on others does not count yet."""
    catalogue, kind = await catalogue_of(scope), KINDS[request.kind]
    day = clock.today()
    facts = await effects_of(kind.code).load_context(scope, [request], [])
    texts = KindTexts(catalogue, kind.code)
    context = QuoteContext(catalogue.profile, clock.now(), day, BillingMonth.of(day), texts, facts)
    try:
        kind.check(context, request)
    except ValidationFailed as invalid:
        wrong = {name: said for name, said in invalid.fields.items() if name in kind.steps.get(step, ())}
        if wrong:
            raise ValidationFailed(**wrong) from None


def _check(kind: OrderKind, context: QuoteContext, each: list[OrderRequest], *, from_file: bool) -> None:
    """Raises Invalid; of a file, whose rows were checked before, only what concerns all of it (the day) is Invalid."""
    for one in {id(one): one for one in each}.values():
        try:
            kind.check(context, one)
        except ValidationFailed as invalid:
            if from_file and "on" not in invalid.fields:
                raise stale_file() from invalid
            raise


def _distinct(targets: list[OrderTarget]) -> list[OrderRequest]:
    """What is asked, once each: of a selection it is the same for every line."""
    return list({id(target.request): target.request for target in targets}.values())


def _day(kind: OrderKind, texts: KindTexts, request: OrderRequest, now: datetime) -> date:
    """The day on which it happens. Raises Invalid for one in the past, or for a kind that cannot wait."""
    today = clock.local(now).date()
    if request.on is None:
        return today
    if not kind.dated:
        raise ValidationFailed(on=texts.text("bad_no_day"))
    if request.on < today:
        raise ValidationFailed(on=texts.text("bad_day_over"), code="date_in_the_past")
    if (request.on - today).days > LONGEST_WAIT_DAYS:
        raise ValidationFailed(on=texts.text("bad_day_far"), code="date_too_far")
    return request.on


LONGEST_WAIT_DAYS = 366


def month_of(kind: OrderKind, request: OrderRequest, day: date) -> BillingMonth:
    """The billing period in which it takes effect."""
    chosen = kind.effective_date(request) if kind.effective_date else None
    return BillingMonth.of(max(chosen, day) if chosen else day)


def expected_completion_of(
    kind: OrderKind, context: QuoteContext, request: OrderRequest
) -> ExpectedCompletion:
    """When it will be done; never before the end of a day that was chosen for it."""
    code = kind.expected_completion(context, request) if kind.expected_completion else kind.code
    start = max(context.now, midnight(context.day))
    found = expected_completion(context.profile.promises.get(code), start, context.profile.holidays)
    chosen = kind.effective_date(request) if kind.effective_date else None
    if chosen is None or found.due_at is None:
        return found
    return ExpectedCompletion(code=found.code, due_at=max(found.due_at, midnight(chosen + timedelta(days=1))))


async def grace_seconds(scope: Scope) -> int:
    """The tenant's own undo time, or the deployment's."""
    own = await scope.connection.fetchval("SELECT grace_seconds FROM tenant")
    return settings().grace_seconds if own is None else int(own)


def view(quote: Quote, *, listed: int | None = None) -> OrderPreview:
    """What check answers shows. `listed` limits the rows; the sums always cover all."""
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
        must_confirm=quote.must_confirm,
        on=quote.request.on,
        plan=PlanName(plan, quote.catalogue.name("plan", plan)) if plan else None,
        product_type=items[0].line.product_type,
        items=[item_view(kind, texts, item) for item in shown],
        total_lines=len(items),
        changing=len(changing),
        skipped=len(items) - len(changing),
        price=quote.price,
        monthly_before=sum(item.monthly_before for item in items),
        monthly_after=sum(item.monthly_after for item in items),
        promise=quote.expected_completion,
        grace_seconds=quote.grace_seconds,
        fingerprint=quote.fingerprint,
    )


def item_view(kind: OrderKind, texts: KindTexts, item: QuoteItem) -> ItemPreview:
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
        monthly_before=item.monthly_before,
        monthly_after=item.monthly_after,
        one_off=item.one_off,
        pro_rata=item.pro_rata,
    )
