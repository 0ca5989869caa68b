"""Use cases on the catalogue."""

import msgspec

from backend.catalog.catalogue import catalogue_of
from backend.catalog.rules import option_allowed
from backend.catalog.schemas import ChargeType, OptionFamily
from backend.core.errors import NotFound
from backend.core.permissions import Permission
from backend.core.use_case import use_case
from tenants.scope import Scope


class OptionView(msgspec.Struct, frozen=True, kw_only=True):
    """An option as the API shows it. `price_cents` excludes VAT; `plans` empty means every plan."""

    code: str
    name: str
    description: str
    zone: str
    family: OptionFamily
    charge: ChargeType
    price_cents: int
    currency: str = "EUR"
    vat: str = "excl"
    plans: list[str]
    conflicts: list[str]


@use_case(Permission.CATALOG_READ, read_only=True)
async def list_options(scope: Scope, *, plan: str = "") -> list[OptionView]:
    """Every option of the tenant's carrier, or those that a plan may have. Raises NotFound for an unknown plan."""
    catalogue = await catalogue_of(scope)
    options = list(catalogue.profile.options)
    if plan:
        found = catalogue.profile.plan(plan)
        if found is None:
            raise NotFound
        options = [option for option in options if option_allowed(option, plan, found.product_type)]
    return [
        OptionView(
            code=option.code,
            name=catalogue.text(option.name),
            description=catalogue.text(option.description),
            zone=catalogue.text(option.zone),
            family=option.family,
            charge=option.charge,
            price_cents=option.price_cents,
            plans=list(option.plans),
            conflicts=list(option.conflicts),
        )
        for option in options
    ]
