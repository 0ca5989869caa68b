"""Check answers: what an order would do to each line and cost, from the same functions that place it."""

import hashlib
from dataclasses import dataclass

from backend.catalog.names import Catalogue, catalogue_of
from backend.context import settings
from backend.core import clock
from backend.core.outbox import dump
from backend.lines.schemas import PlanName
from backend.orders.kinds import KINDS
from backend.orders.kinds.plan import Month, Planned, price_of, promised
from backend.orders.schemas import ChangeOptions, ItemPreview, ItemState, OrderPreview, Price, Promise
from backend.orders.selection import lines_of
from tenants.scope import Scope


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order worked out against the lines and the catalogue of this moment."""

    asked: ChangeOptions
    catalogue: Catalogue
    items: list[Planned]
    price: Price
    promise: Promise
    grace_seconds: int

    @property
    def changing(self) -> list[Planned]:
        return [item for item in self.items if item.state is ItemState.WAITING]

    @property
    def fingerprint(self) -> str:
        """Names what was shown: the price and the effect on each line."""
        effect = [
            [
                str(item.line.id),
                item.state,
                item.change,
                item.monthly_before,
                item.monthly_after,
                item.one_off,
            ]
            for item in self.items
        ]
        shown = [
            effect,
            self.price.one_off,
            self.price.monthly_difference,
            self.price.pro_rata,
            self.price.total,
        ]
        return hashlib.sha256(dump(shown).encode()).hexdigest()[:24]


async def prepare(scope: Scope, asked: ChangeOptions, *, lock: bool = False) -> Prepared:
    """Work an order out. Raises NotFound and Invalid as its selection and its kind do."""
    catalogue = await catalogue_of(scope)
    profile = catalogue.profile
    kind = KINDS[asked.kind]
    kind.check(profile, asked)
    lines = await lines_of(scope, asked, lock=lock)
    now = clock.now()
    month = Month.of(clock.local(now).date())
    items = [kind.plan_line(profile, asked, line, month) for line in lines]
    return Prepared(
        asked=asked,
        catalogue=catalogue,
        items=items,
        price=price_of(items, month),
        promise=promised(profile.promises.get(kind.promise), now, profile.holidays),
        grace_seconds=await grace_seconds(scope),
    )


async def grace_seconds(scope: Scope) -> int:
    """The tenant's own undo time, or the deployment's."""
    own = await scope.connection.fetchval("SELECT grace_seconds FROM tenant")
    return settings().grace_seconds if own is None else int(own)


def view(prepared: Prepared, *, listed: int | None = None) -> OrderPreview:
    """What check answers shows. `listed` limits the rows; the sums always cover all."""
    items = prepared.items
    shown = items if listed is None else items[:listed]
    plans = {item.line.plan for item in items}
    plan = plans.pop() if len(plans) == 1 else None
    return OrderPreview(
        kind=prepared.asked.kind,
        plan=PlanName(plan, prepared.catalogue.name("plan", plan)) if plan else None,
        product_type=items[0].line.product_type,
        items=[
            ItemPreview(
                line_id=item.line.id,
                msisdn=item.line.msisdn,
                name=item.line.name,
                state=item.state,
                reason=item.reason,
                add=item.change.get("add", []),
                remove=item.change.get("remove", []),
                notes=item.notes,
                monthly_before=item.monthly_before,
                monthly_after=item.monthly_after,
                one_off=item.one_off,
                pro_rata=item.pro_rata,
            )
            for item in shown
        ],
        total_lines=len(items),
        changing=len(prepared.changing),
        skipped=len(items) - len(prepared.changing),
        price=prepared.price,
        monthly_before=sum(item.monthly_before for item in items),
        monthly_after=sum(item.monthly_after for item in items),
        promise=prepared.promise,
        grace_seconds=prepared.grace_seconds,
        fingerprint=prepared.fingerprint,
        add=list(prepared.asked.add),
        remove=list(prepared.asked.remove),
    )
