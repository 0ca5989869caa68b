"""Change options on lines (F-099 to F-110): which are added and removed on each, and at what price. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.catalog.pricing import BillingMonth, monthly_cost
from backend.catalog.rules import conflicting_options, option_allowed
from backend.catalog.schemas import CarrierProfile, ChargeType
from backend.core.errors import ValidationFailed
from backend.lines.schemas import LockedLine
from backend.orders.kinds.add_remove import AddRemove, added_and_removed
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
    changed_codes,
)
from backend.orders.schemas import SummaryRow


class ChangeOptions(AddRemove, frozen=True, kw_only=True, tag="change_options"):
    """Add options to lines and remove others. Codes are those of `GET /catalog/options`."""


class OptionChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One option card of the page, for a whole selection."""

    code: str
    name: str
    description: str
    zone: str
    family: str
    charge: str
    # Excluding VAT
    price_cents: int
    # Lines of the selection that have it
    active_on: int
    # Lines of the selection whose plan allows it
    allowed_on: int
    # The cap abroad that it is, in cents; None for any other option
    cap_cents: int | None = None
    # Lines of the selection whose cap abroad is that amount
    present_on: int = 0


def _check(context: QuoteContext, request: ChangeOptions) -> None:
    """Raise ValidationFailed for a request that is wrong for every line."""
    profile, say = context.profile, context.texts.text
    for name in ("add", "remove"):
        for code in getattr(request, name):
            if profile.option(code) is None:
                raise ValidationFailed(**{name: say("bad_option", option=code, carrier=profile.name)})
    if both := set(request.add) & set(request.remove):
        raise ValidationFailed(add=say("bad_both", option=context.texts.option(min(both))))
    if not request.add and not request.remove:
        raise ValidationFailed(add=say("bad_none"))
    check_together(context, request.add, "add")


def check_together(context: QuoteContext, codes: Sequence[str], name: str) -> None:
    """Raise ValidationFailed (`option_conflict`) where two of the options exclude each other."""
    for code in codes:
        option = context.profile.option(code)
        clash = set(option.conflicts if option else ()) & set(codes)
        if clash:
            texts = context.texts
            sentence = texts.text("bad_conflict", one=texts.option(code), other=texts.option(min(clash)))
            raise ValidationFailed(code="option_conflict", **{name: sentence})


def quote_line(context: QuoteContext, request: ChangeOptions, line: LineSnapshot) -> QuoteItem:
    """What the request does on one line.

    An option that the line cannot have is left out with a note. A cap takes the place of the line's other cap.
    A line on which nothing changes is skipped.
    """
    profile = context.profile
    before = monthly_cost(profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=before, monthly_after=before)
    if why := CHANGE_OPTIONS.unavailable_reason(line):
        return item.skip(why)
    remove = [code for code in request.remove if code in line.options]
    remove += [code for code in replaced_caps(profile, request.add, line) if code not in remove]
    kept = [code for code in line.options if code not in remove]
    notes = dict.fromkeys((code for code in request.remove if code not in line.options), "already_off")
    add: list[str] = []
    for code in request.add:
        if why := why_not(profile, code, line, [*kept, *add]):
            notes[code] = why
        else:
            add.append(code)
    item.notes = notes
    if not add and not remove:
        blocking = [why for why in ("option_not_on_plan", "option_conflict") if why in notes.values()]
        return item.skip(blocking[0] if blocking else "nothing_to_change")
    item.change = {"add": add, "remove": remove}
    if (cap := profile.cap_of(add)) is not None:
        item.change["cap_cents"] = cap
    item.monthly_after = monthly_cost(profile, line.plan, [*kept, *add])
    charge(profile, item, add, remove, context.month)
    return item


def replaced_caps(profile: CarrierProfile, add: Sequence[str], line: LineSnapshot) -> list[str]:
    """The line's caps that give way to one of these options: a line has one cap."""
    wanted = [option for code in add if (option := profile.option(code)) and option.is_cap]
    if not any(option_allowed(option, line.plan, line.product_type) for option in wanted):
        return []
    present = (option for code in line.options if (option := profile.option(code)))
    return [option.code for option in present if option.is_cap and option.code not in add]


def why_not(profile: CarrierProfile, code: str, line: LineSnapshot, present: Sequence[str]) -> str:
    """Why an option is not added to a line; "" where it is."""
    option = profile.option(code)
    if code in line.options:
        return "already_on"
    if option is None or not option_allowed(option, line.plan, line.product_type):
        return "option_not_on_plan"
    return "option_conflict" if conflicting_options(profile, option, present) else ""


def charge(
    profile: CarrierProfile,
    item: QuoteItem,
    add: Sequence[str],
    remove: Sequence[str],
    month: BillingMonth,
) -> None:
    """Add the charges of options to the item: monthly ones for the days left (credits for removals), one-off in full."""
    for code, sign in (*((code, 1) for code in add), *((code, -1) for code in remove)):
        option = profile.option(code)
        if option is None:
            continue
        if option.charge is ChargeType.MONTHLY:
            item.pro_rata += sign * month.part(option.price_cents)
        elif sign > 0:
            item.one_off += option.price_cents


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    return ServiceOrderItem(
        "changeOptions",
        characteristics={"addOption": change.get("add", []), "removeOption": change.get("remove", [])},
    )


def _confirmed_columns(
    line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    """An option that is a cap sets the line's cap. One that is removed leaves the cap, so that no line is uncapped."""
    confirmed = {"options": reported.get("options", changed_codes(line.options, change))}
    if "cap_cents" in change:
        confirmed["roaming_cap_cents"] = reported.get("roamingCapCents", change["cap_cents"])
    return confirmed


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [f"+ {texts.option(code)}" for code in change.get("add", [])] + [
        f"− {texts.option(code)}" for code in change.get("remove", [])
    ]


def _summary(texts: Texts, request: ChangeOptions) -> list[SummaryRow]:
    return [
        SummaryRow(name=texts.text(key), value=[texts.option_price(code) for code in codes])
        for key, codes in (("to_add", request.add), ("to_remove", request.remove))
        if codes
    ]


CHANGE_OPTIONS = OrderKind(
    priced=True,
    request=ChangeOptions,
    quote_line=quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=_confirmed_columns,
    timeline_params=added_and_removed,
    # A new plan decides which options there are
    excludes=frozenset({"change_plan"}),
)
