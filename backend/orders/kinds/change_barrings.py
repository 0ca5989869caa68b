"""Block services on lines, or open them again (F-111, F-112): free of charge, the plan stays as it is. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from backend.catalog.pricing import monthly_cost
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


class ChangeBarrings(AddRemove, frozen=True, kw_only=True, tag="change_barrings"):
    """Block services on lines (`add`), and open others again (`remove`)."""


class BarringChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One service that can be blocked, for a whole selection."""

    code: str
    name: str
    # Lines of the selection on which it is blocked
    active_on: int


def _check(context: QuoteContext, request: ChangeBarrings) -> None:
    say = context.texts.text
    for name in ("add", "remove"):
        for code in getattr(request, name):
            if context.profile.barring(code) is None:
                raise ValidationFailed(
                    **{name: say("bad_barring", barring=code, carrier=context.profile.name)}
                )
    if both := set(request.add) & set(request.remove):
        raise ValidationFailed(add=say("bad_both", service=context.texts.barring(min(both))))
    if not request.add and not request.remove:
        raise ValidationFailed(add=say("bad_none"))


def _quote_line(context: QuoteContext, request: ChangeBarrings, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := CHANGE_BARRINGS.unavailable_reason(line):
        return item.skip(why)
    fits = {b.code for b in context.profile.barrings if line.product_type in b.product_types}
    add = [code for code in request.add if code in fits and code not in line.barrings]
    remove = [code for code in request.remove if code in line.barrings]
    item.notes = {
        **{code: "barred_already" for code in request.add if code in line.barrings},
        **{code: "barring_not_for_product" for code in request.add if code not in fits},
        **{code: "not_barred" for code in request.remove if code not in line.barrings},
    }
    if not add and not remove:
        return item.skip("nothing_to_change")
    item.change = {"add": add, "remove": remove}
    return item


def _to_carrier(change: Mapping[str, Any]) -> ServiceOrderItem:
    return ServiceOrderItem(
        "changeBarrings",
        characteristics={"addBarring": change.get("add", []), "removeBarring": change.get("remove", [])},
    )


def _confirmed_columns(
    line: LockedLine, change: Mapping[str, Any], reported: Mapping[str, Any]
) -> dict[str, Any]:
    return {"barrings": reported.get("barrings", changed_codes(line.barrings, change))}


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    return [texts.text("blocked", service=texts.barring(code)) for code in change.get("add", [])] + [
        texts.text("opened", service=texts.barring(code)) for code in change.get("remove", [])
    ]


def _summary(texts: Texts, request: ChangeBarrings) -> list[SummaryRow]:
    return [
        SummaryRow(name=texts.text(key), value=[texts.barring(code) for code in codes])
        for key, codes in (("to_block", request.add), ("to_open", request.remove))
        if codes
    ]


CHANGE_BARRINGS = OrderKind(
    request=ChangeBarrings,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    check=_check,
    to_carrier=_to_carrier,
    confirmed_columns=_confirmed_columns,
    timeline_params=added_and_removed,
    light=True,
)
