"""Which plan, up to which amount abroad, a second SIM, who pays: the questions about the service of a new line."""

from collections.abc import Sequence
from typing import Any

from reactpy import html

from backend.orders.kinds.new_line import BILLING
from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, text_field
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.elements import Child
from frontend.i18n import translatable
from frontend.page_context import PageContext
from frontend.pages.drafts.change_spend_cap import cap_fields, read_cap

TYPES = {
    "voice_data": translatable("Mobile: calls and data"),
    "data_only": translatable("Mobile data: for tablets and laptops"),
}
NO_SPLIT = "none"


def plan_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """The plans of each type of subscription under its name (F-072, F-073)."""
    text, error = page.text, errors.get("plan", "")
    fields: list[Child] = []
    for code, words in TYPES.items():
        plans = draft.choices.plans.get(code, [])
        cards: list[tuple[str, Child, Child]] = [
            (
                plan.code,
                plan.name,
                html.span(
                    {"class": "muted"},
                    plan.allowance,
                    html.br(),
                    text("{amount} a month excl. VAT", amount=text.money(plan.monthly_cents)),
                ),
            )
            for plan in plans
        ]
        if cards:
            first = not fields
            field = radio_cards(
                "plan",
                text(words),
                cards,
                value=draft.asked.kind_fields["plan"],
                error=error if first else "",
            )
            # One id each: an error leads to the first
            if not first:
                field["attributes"] = {**field["attributes"], "id": f"plan-{code}"}
            fields.append(html.div({"key": code}, field))
    return fields


def limit_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """The cap abroad, the second SIM and who pays (F-076 to F-081)."""
    text, request = page.text, draft.asked.kind_fields
    fields = cap_fields(text, cents=request["cap_cents"], no_cap=request["no_cap"], errors=errors)
    if draft.choices.companion:
        price = text("{amount} a month excl. VAT", amount=text.money(draft.choices.companion_cents))
        about = text("A tablet or laptop uses the data of this line.")
        fields.append(
            radio_cards(
                "companion",
                text("A companion data SIM?"),
                [
                    ("no", text("No"), text("The line alone.")),
                    ("yes", text("Yes"), html.span({"class": "muted"}, about, html.br(), price)),
                ],
                value="yes" if request["companion_sim"] else "no",
                error=errors.get("companion_sim", ""),
            )
        )
    return [*fields, *_split_fields(page, draft, errors)]


def read_limits(values: Values) -> dict[str, Any]:
    """The answers of the third page."""
    chosen = one(values, "split")
    return {
        **read_cap(values),
        "companion_sim": one(values, "companion") == "yes",
        "split_profile": "" if chosen in {"", NO_SPLIT} else chosen,
        **{name: one(values, name) for name in BILLING if name in values},
    }


def _split_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text = page.text

    def about(rules: list[str]) -> Child:
        return html.span({"class": "muted"}, *(html.span({"key": rule}, rule, html.br()) for rule in rules))

    return [
        radio_cards(
            "split",
            text("Is the bill shared with the user?"),
            [
                (NO_SPLIT, text("No"), text("The company pays all of it.")),
                *((one_.code, one_.name, about(one_.rules)) for one_ in draft.choices.split_profiles),
            ],
            value=draft.asked.kind_fields["split_profile"] or NO_SPLIT,
            error=errors.get("split_profile", ""),
        ),
        *_billing_fields(page, draft, errors),
    ]


def _billing_fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    """Where the user lives, where the carrier bills them (F-081)."""
    text, request = page.text, draft.asked.kind_fields
    if not draft.choices.split_billing_data:
        return []
    labels = {
        "billing_street": text("Street and number of the user"),
        "billing_postcode": text("Postcode"),
        "billing_town": text("Town"),
    }
    return [
        html.div(
            {"class": "form for-split", "key": "billing"},
            html.p(
                {"key": "why"}, text("The carrier sends the user’s part to them: it needs their address.")
            ),
            *(
                text_field(name, labels[name], value=request[name], error=errors.get(name, ""))
                for name in BILLING
            ),
        )
    ]
