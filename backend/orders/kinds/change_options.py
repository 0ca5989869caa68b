"""Change options on lines (F-099 to F-110): which are added and removed on each, and at what price. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalog.rules import allowed, conflicting
from backend.catalog.schemas import CarrierProfile, Charge
from backend.core.errors import Invalid
from backend.lines.lifecycle import CHANGEABLE
from backend.orders.kinds.plan import Kind, LineNow, Month, Planned, monthly_cost
from backend.orders.schemas import ChangeOptions

CODE = "change_options"
EXCLUDES = frozenset({CODE})  # open orders of these kinds keep a line out


def check(profile: CarrierProfile, asked: ChangeOptions) -> None:
    """Raise Invalid for a request that no line could follow."""
    for field in ("add", "remove"):
        for code in getattr(asked, field):
            if profile.option(code) is None:
                raise Invalid(**{field: f"The option {code!r} does not exist at {profile.name}."})
    if both := set(asked.add) & set(asked.remove):
        raise Invalid(add=f"{min(both)!r} cannot be added and removed in one request.")
    if not asked.add and not asked.remove:
        raise Invalid(add="Choose at least one option to add or to remove.")
    for code in asked.add:
        option = profile.option(code)
        clash = set(option.conflicts if option else ()) & set(asked.add)
        if clash:
            raise Invalid(add=f"{code!r} and {min(clash)!r} exclude each other.", code="option_conflict")


def plan_line(profile: CarrierProfile, asked: ChangeOptions, line: LineNow, month: Month) -> Planned:
    """What the request does on one line. An option that cannot be is left out with a note; a line on which
    nothing remains is skipped with the reason.
    """
    before = monthly_cost(profile, line.plan, line.options)
    planned = Planned(line, monthly_before=before, monthly_after=before)
    if line.status not in CHANGEABLE:
        return planned.skip("line_not_changeable")
    if EXCLUDES & set(line.open_kinds):
        return planned.skip("open_order")
    remove = [code for code in asked.remove if code in line.options]
    kept = [code for code in line.options if code not in remove]
    notes = dict.fromkeys((code for code in asked.remove if code not in remove), "already_off")
    add: list[str] = []
    for code in asked.add:
        if why := _why_not(profile, code, line, [*kept, *add]):
            notes[code] = why
        else:
            add.append(code)
    planned.notes = notes
    if not add and not remove:
        blocking = [why for why in ("option_not_on_plan", "option_conflict") if why in notes.values()]
        return planned.skip(blocking[0] if blocking else "nothing_to_change")
    planned.change = {"add": add, "remove": remove}
    planned.monthly_after = monthly_cost(profile, line.plan, [*kept, *add])
    _charge(profile, planned, add, remove, month)
    return planned


def _why_not(profile: CarrierProfile, code: str, line: LineNow, present: Sequence[str]) -> str:
    """Why an option is not added to a line; "" where it is."""
    option = profile.option(code)
    if code in line.options:
        return "already_on"
    if option is None or not allowed(option, line.plan, line.product_type):
        return "option_not_on_plan"
    return "option_conflict" if conflicting(profile, option, present) else ""


def _charge(
    profile: CarrierProfile, planned: Planned, add: Sequence[str], remove: Sequence[str], month: Month
) -> None:
    """Monthly charges count for the days left, removals as credits; one-off charges in full."""
    for code, sign in (*((code, 1) for code in add), *((code, -1) for code in remove)):
        option = profile.option(code)
        if option is None:
            continue
        if option.charge is Charge.MONTHLY:
            planned.pro_rata += sign * month.part(option.price_cents)
        elif sign > 0:
            planned.one_off += option.price_cents


def confirmed_options(current: Sequence[str], change: Mapping[str, Any]) -> list[str]:
    """A line's options once the change is done, where the carrier does not list them itself."""
    kept = [code for code in current if code not in change.get("remove", [])]
    return [*kept, *(code for code in change.get("add", []) if code not in kept)]


def _confirm(
    line: Mapping[str, Any], change: Mapping[str, Any], told: Sequence[str] | None
) -> dict[str, Any]:
    return {"options": list(told) if told is not None else confirmed_options(line["options"], change)}


def _audit_words(change: Mapping[str, Any]) -> dict[str, str]:
    return {name: ", ".join(codes) for name, codes in change.items() if codes}


KIND = Kind(
    code=CODE,
    promise=CODE,
    check=check,
    plan_line=plan_line,
    confirm=_confirm,
    audit_words=_audit_words,
    done="options.changed",
)
