"""Check answers: what an order would do to each line and cost, from the same functions that place it."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from backend.catalog.names import Catalogue, catalogue_of
from backend.context import settings
from backend.core import clock
from backend.core.errors import Invalid
from backend.core.ids import new_id
from backend.core.outbox import dump
from backend.lines.schemas import PlanName
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.kinds.plan import Ground, Kind, Month, Planned, price_of, promised
from backend.orders.schemas import Asked, ItemPreview, ItemState, OrderPreview, Price, Promise
from backend.orders.selection import Target, file_rows, stale_file, targets_of
from backend.orders.words import KindWords, support_route
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order worked out against the lines and the catalogue of this moment."""

    asked: Asked
    kind: Kind
    catalogue: Catalogue
    ground: Ground
    items: list[Planned]
    price: Price
    promise: Promise
    grace_seconds: int

    @property
    def changing(self) -> list[Planned]:
        return [item for item in self.items if item.state is ItemState.WAITING]

    @property
    def scheduled(self) -> bool:
        """Whether it waits for its day."""
        return self.ground.day > clock.local(self.ground.now).date()

    @property
    def words(self) -> KindWords:
        return KindWords(self.catalogue, self.kind.code)

    @property
    def must_confirm(self) -> str:
        """The sentence that has to be ticked; "" where there is none."""
        ask = self.kind.must_confirm
        return ask(self.words, self.ground, self.changing) if ask and self.changing else ""

    @property
    def fingerprint(self) -> str:
        """Names what was shown: the price and the effect on each line."""
        creates = self.kind.creates is not None  # such lines get their ids only when they are placed
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


async def prepare(scope: Scope, asked: Asked, *, lock: bool = False) -> Prepared:
    """Work an order out. Raises NotFound and Invalid as its selection and its kind do."""
    catalogue, kind = await catalogue_of(scope), KINDS[asked.kind]
    profile, now = catalogue.profile, clock.now()
    words = KindWords(catalogue, kind.code)
    if route := support_route(catalogue, kind.code):
        raise Invalid(kind=route, code="through_support")
    day = _day(kind, words, asked, now)
    effects = effects_of(kind.code)
    each, lines = [asked], []
    if kind.creates is None:
        targets = await targets_of(scope, asked, lock=lock)
        each, lines = _distinct(targets), [target.line for target in targets]
        if len(lines) > 1 and not kind.bulk:
            raise Invalid(line_ids=words.say("bad_one_line_only"), code="one_line_only")
    elif asked.upload_id is not None:
        each = list((await file_rows(scope, asked, lock=lock)).values())
    facts = await effects.facts(scope, each, lines)
    ground = Ground(profile, now, day, month_of(kind, asked, day), words, facts)
    _check(kind, ground, each, from_file=asked.upload_id is not None)
    if kind.creates is not None:
        targets = [Target(one, replace(kind.creates(ground, one), id=new_id())) for one in each]
    items = [kind.plan_line(ground, target.asked, target.line) for target in targets]
    return Prepared(
        asked=asked,
        kind=kind,
        catalogue=catalogue,
        ground=ground,
        items=items,
        price=price_of(items, ground.month),
        promise=promise_of(kind, ground, asked),
        grace_seconds=0 if kind.urgent and any(map(kind.urgent, each)) else await grace_seconds(scope),
    )


async def check_step(scope: Scope, asked: Asked, step: str) -> None:
    """Raise Invalid for what is wrong on one page of a form; what is asked on others does not count yet."""
    catalogue, kind = await catalogue_of(scope), KINDS[asked.kind]
    day = clock.today()
    facts = await effects_of(kind.code).facts(scope, [asked], [])
    words = KindWords(catalogue, kind.code)
    ground = Ground(catalogue.profile, clock.now(), day, Month.of(day), words, facts)
    try:
        kind.check(ground, asked)
    except Invalid as invalid:
        wrong = {name: said for name, said in invalid.fields.items() if name in kind.steps.get(step, ())}
        if wrong:
            raise Invalid(**wrong) from None


def _check(kind: Kind, ground: Ground, each: list[Asked], *, from_file: bool) -> None:
    """Raises Invalid; of a file, whose rows were checked before, only what concerns all of it (the day) is Invalid."""
    for one in {id(one): one for one in each}.values():
        try:
            kind.check(ground, one)
        except Invalid as invalid:
            if from_file and "on" not in invalid.fields:
                raise stale_file() from invalid
            raise


def _distinct(targets: list[Target]) -> list[Asked]:
    """What is asked, once each: of a selection it is the same for every line."""
    return list({id(target.asked): target.asked for target in targets}.values())


def _day(kind: Kind, words: KindWords, asked: Asked, now: datetime) -> date:
    """The day on which it happens. Raises Invalid for one in the past, or for a kind that cannot wait."""
    today = clock.local(now).date()
    if asked.on is None:
        return today
    if not kind.dated:
        raise Invalid(on=words.say("bad_no_day"))
    if asked.on < today:
        raise Invalid(on=words.say("bad_day_over"), code="date_in_the_past")
    if (asked.on - today).days > LONGEST_WAIT_DAYS:
        raise Invalid(on=words.say("bad_day_far"), code="date_too_far")
    return asked.on


LONGEST_WAIT_DAYS = 366


def midnight(day: date) -> datetime:
    """When a day begins in Belgium."""
    return datetime.combine(day, time(), clock.BRUSSELS)


def month_of(kind: Kind, asked: Asked, day: date) -> Month:
    """The billing period in which it takes effect."""
    chosen = kind.effective(asked) if kind.effective else None
    return Month.of(max(chosen, day) if chosen else day)


def promise_of(kind: Kind, ground: Ground, asked: Asked) -> Promise:
    """When it will be done; never before the end of a day that was chosen for it."""
    code = kind.promise(ground, asked) if kind.promise else kind.code
    start = max(ground.now, midnight(ground.day))
    found = promised(ground.profile.promises.get(code), start, ground.profile.holidays)
    chosen = kind.effective(asked) if kind.effective else None
    if chosen is None or found.due_at is None:
        return found
    return Promise(code=found.code, due_at=max(found.due_at, midnight(chosen + timedelta(days=1))))


async def grace_seconds(scope: Scope) -> int:
    """The tenant's own undo time, or the deployment's."""
    own = await scope.connection.fetchval("SELECT grace_seconds FROM tenant")
    return settings().grace_seconds if own is None else int(own)


def view(prepared: Prepared, *, listed: int | None = None) -> OrderPreview:
    """What check answers shows. `listed` limits the rows; the sums always cover all."""
    items, words, kind = prepared.items, prepared.words, prepared.kind
    shown = items if listed is None else items[:listed]
    plans = {item.line.plan for item in items}
    plan = plans.pop() if len(plans) == 1 else None
    changing = prepared.changing
    return OrderPreview(
        kind=kind.code,
        title=words.title,
        asked=[] if prepared.asked.upload_id else kind.summary(words, prepared.asked),
        warnings=kind.warnings(words, prepared.ground, changing) if changing else [],
        must_confirm=prepared.must_confirm,
        on=prepared.asked.on,
        plan=PlanName(plan, prepared.catalogue.name("plan", plan)) if plan else None,
        product_type=items[0].line.product_type,
        items=[item_view(kind, words, item) for item in shown],
        total_lines=len(items),
        changing=len(changing),
        skipped=len(items) - len(changing),
        price=prepared.price,
        monthly_before=sum(item.monthly_before for item in items),
        monthly_after=sum(item.monthly_after for item in items),
        promise=prepared.promise,
        grace_seconds=prepared.grace_seconds,
        fingerprint=prepared.fingerprint,
    )


def item_view(kind: Kind, words: KindWords, item: Planned) -> ItemPreview:
    present = {*item.line.options, *item.change.get("add", ())}
    return ItemPreview(
        line_id=item.line.id,
        msisdn=item.line.msisdn,
        name=item.line.name,
        state=item.state,
        change=item.change,
        words=kind.describe(words, item.change) if item.change else [],
        reason=item.reason,
        why=words.why(item.reason),
        notes=item.notes,
        noted=[words.note(what, code, present) for what, code in item.notes.items()],
        monthly_before=item.monthly_before,
        monthly_after=item.monthly_after,
        one_off=item.one_off,
        pro_rata=item.pro_rata,
    )
