"""Which options a new line gets: those chosen, those copied from another line, the companion data SIM (F-075). Pure."""

from collections.abc import Sequence

from backend.catalog.rules import conflicting_options, option_allowed
from backend.catalog.schemas import CarrierProfile, Plan


def copied_onto(
    profile: CarrierProfile, plan: Plan, chosen: Sequence[str], codes: Sequence[str]
) -> tuple[list[str], dict[str, str]]:
    """Options of another line that this plan allows beside those chosen; the others with the reason (F-075)."""
    taken, skipped = list[str](), dict[str, str]()
    for code in codes:
        option = profile.option(code)
        if code in chosen:
            continue
        if option is None or not option_allowed(option, plan.code, plan.product_type):
            skipped[code] = "option_not_on_plan"
        elif option.is_cap:
            skipped[code] = "option_is_cap"
        elif option.companion_sim:
            skipped[code] = "option_is_companion"
        elif conflicting_options(profile, option, [*chosen, *taken]):
            skipped[code] = "option_conflict"
        else:
            taken.append(code)
    return taken, skipped


def chosen_options(
    profile: CarrierProfile, plan: Plan, chosen: Sequence[str], codes: Sequence[str], *, companion_sim: bool
) -> tuple[list[str], dict[str, str]]:
    """The options of the new line, and those of the copied line (`codes`) that it cannot have.

    The companion data SIM is an option with its price, whether it is asked for by `companion_sim` or among the options.
    """
    taken, skipped = copied_onto(profile, plan, chosen, codes)
    companion = profile.companion_option
    second = [companion.code] if companion and companion_sim else []
    return list(dict.fromkeys([*chosen, *second, *taken])), skipped


def has_companion(profile: CarrierProfile, options: Sequence[str]) -> bool:
    """Whether the companion data SIM is among these options."""
    return profile.companion_option is not None and profile.companion_option.code in options
