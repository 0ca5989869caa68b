"""What the forms of options, plans and barrings offer for a selection, from the carrier's profile."""

from collections.abc import Sequence
from typing import Any

from backend.catalog.catalogue import Catalogue
from backend.catalog.rules import option_allowed
from backend.catalog.schemas import CarrierProfile, Option, OptionFamily
from backend.orders.effects.base import Effects
from backend.orders.kinds.base import LineSnapshot
from backend.orders.kinds.change_barrings import BarringChoice
from backend.orders.kinds.change_options import OptionChoice
from backend.orders.kinds.change_plan import PlanChoice, lost_options
from backend.orders.kinds.change_spend_cap import present_cap
from tenants.scope import Scope


async def options(
    _scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[OptionChoice]:
    """Every option of this product type, by family; those that no line may have come with `allowed_on` 0."""
    families = list(OptionFamily)
    offered = [
        option for option in catalogue.profile.options if lines[0].product_type in option.product_types
    ]
    return [
        OptionChoice(
            code=option.code,
            name=catalogue.text(option.name),
            description=catalogue.text(option.description),
            zone=catalogue.text(option.zone),
            family=option.family,
            charge=option.charge,
            price_cents=option.price_cents,
            active_on=sum(option.code in line.options for line in lines),
            allowed_on=sum(option_allowed(option, line.plan, line.product_type) for line in lines),
            cap_cents=option.spend_cap_cents,
            present_on=sum(_is_present_cap(catalogue.profile, option, line) for line in lines),
        )
        for option in sorted(offered, key=lambda option: families.index(option.family))
    ]


def _is_present_cap(profile: CarrierProfile, option: Option, line: LineSnapshot) -> bool:
    """Whether an option is the cap that a line has."""
    return option.is_cap and present_cap(profile, line) == option.spend_cap_cents


async def plans(
    _scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[PlanChoice]:
    """Every plan of this product type, with the options that some line would lose."""
    profile = catalogue.profile
    return [
        PlanChoice(
            code=plan.code,
            name=catalogue.text(plan.name),
            allowance=catalogue.text(plan.allowance),
            monthly_cents=plan.monthly_cents,
            current_on=sum(line.plan == plan.code for line in lines),
            lost_options=sorted(
                {
                    catalogue.name("option", code)
                    for line in lines
                    for code in lost_options(profile, line, plan.code)
                }
            ),
        )
        for plan in profile.plans
        if plan.product_type == lines[0].product_type
    ]


async def barrings(
    _scope: Scope, catalogue: Catalogue, _request: Any, lines: Sequence[LineSnapshot]
) -> list[BarringChoice]:
    """Every service that can be blocked on this product type."""
    return [
        BarringChoice(
            code=barring.code,
            name=catalogue.text(barring.name),
            active_on=sum(barring.code in line.barrings for line in lines),
        )
        for barring in catalogue.profile.barrings
        if lines[0].product_type in barring.product_types
    ]


OPTIONS = Effects(form_choices=options)
PLANS = Effects(form_choices=plans)
BARRINGS = Effects(form_choices=barrings)
