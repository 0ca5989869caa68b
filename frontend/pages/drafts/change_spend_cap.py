"""At which amount data abroad stops, for every month or for this one."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from reactpy.types import Component

from backend.orders.kinds.change_spend_cap import SUGGESTED, PresentCap
from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, text_field
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.components.orders.light_form import LightForm
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext

NONE, OTHER = "none", "other"
# Of many different caps of a selection, so many are named
SHOWN = 5


def cents_of(typed: str) -> int | None:
    """Euros as people write them, in cents; None for anything else."""
    cleaned = typed.replace("€", "").replace(" ", "").replace("\u00a0", "").replace(",", ".")
    try:
        amount = Decimal(cleaned)
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount != amount.quantize(Decimal("0.01")) or abs(amount) > 10**7:
        return None
    return int(amount * 100)


def cap_fields(
    text: Translator,
    *,
    cents: int | None,
    no_cap: bool,
    errors: Errors,
    present: Sequence[PresentCap] = (),
) -> list[Child]:
    """The suggested amounts, another one, or none; where all lines have the same `present` one, it is chosen."""
    if cents is None and not no_cap and len(present) == 1:
        cents, no_cap = present[0].cents, present[0].cents is None
    known = cents in SUGGESTED
    chosen = NONE if no_cap else "" if cents is None else str(cents) if known else OTHER
    error = errors.get("cap_cents", "")
    cards: list[tuple[str, Child, Child]] = [
        (
            str(amount),
            text.money(amount),
            text("No data outside the bundle") if not amount else text("A month, excl. VAT"),
        )
        for amount in SUGGESTED
    ]
    cards += [
        (OTHER, text("Another amount"), text("Enter it below")),
        (NONE, text("No cap"), text("Data abroad is never cut")),
    ]
    return [
        radio_cards(
            "cap",
            text("Data abroad stops at"),
            cards,
            value=chosen,
            hint=_present(text, present),
            error=error,
        ),
        text_field(
            "cap_other",
            text("Another amount in euros, excl. VAT"),
            value="" if known or cents is None else f"{cents / 100:.2f}",
            short=True,
            more={"inputmode": "decimal"},
        ),
    ]


def _present(text: Translator, present: Sequence[PresentCap]) -> str | None:
    """The present caps in words: "Now: 50,00 €", or how many lines have which."""
    names = [text("No cap") if one.cents is None else text.money(one.cents) for one in present]
    if len(names) == 1:
        return text("Now: {amount}", amount=names[0])
    counted = [
        text.plural("{amount} on {n} line", "{amount} on {n} lines", one.lines, amount=name)
        for one, name in zip(present[:SHOWN], names, strict=False)
    ]
    return text("Now: {amount}", amount=", ".join(counted)) if counted else None


def read_cap(values: Values) -> dict[str, Any]:
    chosen = one(values, "cap")
    if chosen == NONE:
        return {"cap_cents": None, "no_cap": True}
    if chosen == OTHER or (not chosen and one(values, "cap_other")):
        return {"cap_cents": cents_of(one(values, "cap_other")), "no_cap": False}
    return {"cap_cents": int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None, "no_cap": False}


@component
def CapForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text.plural(
            "Which cap abroad for this line?", "Which cap abroad for these {n} lines?", draft.total_lines
        ),
        _fields,
        lambda values: {**read_cap(values), "period": one(values, "period") or "standing"},
        text("Set the cap abroad"),
        lead=text("Free of charge. What the bundle covers does not count."),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields = page.text, draft.asked.kind_fields
    return [
        *cap_fields(
            text,
            cents=kind_fields["cap_cents"],
            no_cap=kind_fields["no_cap"],
            errors=errors,
            present=draft.choices or (),
        ),
        radio_cards(
            "period",
            text("For how long?"),
            [
                ("standing", text("Every month"), text("Until you choose another cap.")),
                ("current", text("This month only"), text("Next month the present cap counts again.")),
            ],
            value=kind_fields["period"],
            error=errors.get("period", ""),
        ),
    ]
