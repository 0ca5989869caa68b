"""Which options a line may have, and which exclude each other. Pure."""

from collections.abc import Sequence

from backend.catalog.schemas import CarrierProfile, Option, ProductType


def option_allowed(option: Option, plan: str, product_type: str) -> bool:
    """Whether a line of this plan may have the option."""
    return ProductType(product_type) in option.product_types and (not option.plans or plan in option.plans)


def conflicting_options(profile: CarrierProfile, option: Option, present: Sequence[str]) -> bool:
    """Whether the option and one of those present exclude each other; either may say so."""
    return any(
        code in option.conflicts
        or ((other := profile.option(code)) is not None and option.code in other.conflicts)
        for code in present
    )
