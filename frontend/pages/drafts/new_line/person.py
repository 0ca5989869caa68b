"""Under which customer number, for whom, with which number, on which card."""

from collections.abc import Sequence

from reactpy import html

from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, select_field, text_field
from frontend.components.layout import panel
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.components.orders.person_fields import language_field
from frontend.elements import Child, notice
from frontend.i18n import GAP, Translator
from frontend.page_context import PageContext
from frontend.pages.drafts.move_account import account_field


def optional(text: Translator, words: str) -> Child:
    return html.span(words, " ", html.span({"class": "optional"}, text("(optional)")))


def account_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, request, choices = page.text, draft.asked.kind_fields, draft.choices
    pool = choices.reserved if draft.kind == "add_line" else []
    return [
        account_field(text, choices.accounts, value=request["account"], error=errors.get("account", "")),
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
        select_field(
            "number",
            optional(text, text("Reserved number")),
            [("", text("The carrier chooses")), *((number, text.msisdn(number)) for number in pool)],
            value=request["number"],
            error=errors.get("number", ""),
        )
        if pool
        else None,
    ]


def read_account(values: Values) -> dict[str, str]:
    names = ("account", "given_name", "family_name", "cost_centre", "number")
    return {name: one(values, name) for name in names if name in values}


def sim_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text = page.text
    return [
        radio_cards(
            "sim_kind",
            text("SIM card or eSIM?"),
            [
                ("physical", text("Physical SIM card"), text("I hold a blank SIM card.")),
                ("esim", text("eSIM"), text("The user scans a QR code. Nothing has to be sent by post.")),
            ],
            value=draft.asked.kind_fields["sim_kind"],
            error=errors.get("sim_kind", ""),
        )
    ]


def card_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, choices = page.text, draft.choices
    example = text.sim(choices.sim_example).replace(" ", GAP)
    return [
        text_field(
            "sim_number",
            text("SIM number"),
            value=text.sim(draft.asked.kind_fields["sim_number"]),
            hint=text(
                "The {n} digits printed on the card, such as {example}.",
                n=len(choices.sim_example),
                example=example,
            ),
            error=errors.get("sim_number", ""),
            more={
                "inputmode": "numeric",
                "autocomplete": "off",
                **({"list": "stock"} if choices.stock else {}),
            },
        ),
        html.datalist(
            {"id": "stock", "key": "stock"},
            *(html.option({"value": one_, "key": one_}) for one_ in choices.stock),
        )
        if choices.stock
        else None,
    ]


def esim_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, request, choices = page.text, draft.asked.kind_fields, draft.choices
    return [
        text_field(
            "esim_number",
            text("eSIM number"),
            value=text("Assigned by the carrier"),
            more={"readonly": True},
        ),
        text_field(
            "email",
            text("E-mail of the user"),
            kind="email",
            value=request["email"],
            hint=text("The QR code and the instructions go there."),
            error=errors.get("email", ""),
        ),
        language_field(
            text("Language of the user"),
            text("Choose"),
            languages=choices.languages,
            value=request["language"],
            hint=text("The mail with the QR code is written in it."),
            error=errors.get("language", ""),
        ),
        radio_cards(
            "qr_copy",
            text("Do you want a copy of the QR code?"),
            [
                ("no", text("No"), text("Only the user gets it.")),
                (
                    "yes",
                    text("Yes, to {email}", email=page.actor.email),
                    text("For whoever sets up the devices."),
                ),
            ],
            value="yes" if request["qr_copy"] else "no",
        ),
    ]


def esim_advice(page: PageContext, draft: DraftView) -> Sequence[Child]:
    """What has to be so before the code is scanned (F-068, F-069)."""
    text = page.text
    parts: list[Child] = [
        html.p(text("Check first that the device takes an eSIM: dialling *#06# shows an EID where it does.")),
        html.p(
            text("The device needs a stable internet connection, such as Wi-Fi, while the eSIM is installed.")
        ),
    ]
    if draft.choices.esim_confirmation:
        parts.append(
            notice(text("The user has to confirm the activation by e-mail before the number becomes active."))
        )
    return [panel("advice", text("Before you begin"), *parts)]
