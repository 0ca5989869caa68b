"""The first page of a new line: a new number or one to transfer, for whom, under which customer number."""

from collections.abc import Sequence

from reactpy import html

from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, select_field, text_field
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.elements import Child
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.pages.drafts.move_account import account_field
from frontend.pages.drafts.new_line.way import ADD, PORT


def optional(text: Translator, words: str) -> Child:
    """A label of a field that may be left empty."""
    return html.span(words, " ", html.span({"class": "optional"}, text("(optional)")))


def first_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """Which number, and for whom (F-054 to F-058, F-070)."""
    text, request, choices = page.text, draft.asked.kind_fields, draft.choices
    return [
        radio_cards("kind", text("Which number?"), _ways(text), value=draft.kind),
        _reserved(text, draft, errors),
        text_field(
            "given_name",
            optional(text, text("First name of the user")),
            value=request["given_name"],
            error=errors.get("given_name", ""),
        ),
        text_field(
            "family_name",
            text("Surname of the user"),
            value=request["family_name"],
            error=errors.get("family_name", ""),
        ),
        account_field(text, choices.accounts, value=request["account"], error=errors.get("account", "")),
        select_field(
            "cost_centre",
            optional(text, text("Cost centre")),
            [
                ("", text("None")),
                *((c.code, f"{c.code}, {c.name}" if c.name else c.code) for c in choices.cost_centres),
            ],
            value=request["cost_centre"],
            error=errors.get("cost_centre", ""),
        )
        if choices.cost_centres
        else None,
    ]


def _reserved(text: Translator, draft: DraftView, errors: Errors) -> Child:
    """The reserved numbers, where there are some and the number is a new one."""
    pool = draft.choices.reserved
    if not pool:
        return None
    chosen = draft.asked.kind_fields["number"] if draft.kind == ADD else ""
    choice = select_field(
        "number",
        optional(text, text("Reserved number")),
        [("", text("The carrier chooses")), *((number, text.msisdn(number)) for number in pool)],
        value=chosen,
        error=errors.get("number", ""),
    )
    return html.div({"class": "for-new", "key": "reserved"}, choice)


def read_first(values: Values) -> dict[str, str]:
    """A reserved number belongs to a new number only."""
    kind = one(values, "kind")
    names = ("account", "given_name", "family_name", "cost_centre", *(("number",) if kind == ADD else ()))
    return {"kind": kind, **{name: one(values, name) for name in names if name in values}}


def _ways(text: Translator) -> list[tuple[str, Child, Child]]:
    return [
        (
            ADD,
            text("A new number"),
            text("The carrier chooses it, or you take one of your reserved numbers."),
        ),
        (
            PORT,
            text("Transfer an existing number"),
            text("From another operator, or from another holder. The number stays the same."),
        ),
    ]
