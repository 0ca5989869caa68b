"""The second page of a new line: a card or an eSIM, and the tariff plan."""

from collections.abc import Callable, Sequence
from typing import Any

from reactpy import html

from backend.catalog.profiles import profile
from backend.catalog.rules import option_allowed
from backend.orders.kinds.new_line import ESIM, PHYSICAL
from backend.orders.schemas import DraftView
from frontend.components.forms import check, radio_cards, text_field
from frontend.components.layout import panel
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.components.orders.person_fields import language_field
from frontend.elements import Child, notice
from frontend.i18n import GAP
from frontend.page_context import PageContext
from frontend.pages.drafts.new_line.service import plan_fields


def sim_and_plan_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """The card or the eSIM (F-059 to F-069), each with its own questions, then the plans (F-072, F-073)."""
    text = page.text
    return [
        radio_cards(
            "sim_kind",
            text("SIM card or eSIM?"),
            [
                (PHYSICAL, text("Physical SIM card"), text("I hold a blank SIM card.")),
                (ESIM, text("eSIM"), text("The user scans a QR code. Nothing has to be sent by post.")),
            ],
            value=draft.asked.kind_fields["sim_kind"],
            error=errors.get("sim_kind", ""),
        ),
        html.div({"class": "form for-card", "key": "card"}, *_card_fields(page, draft, errors)),
        html.div({"class": "form for-esim", "key": "esim"}, *_esim_fields(page, draft, errors)),
        *plan_fields(page, draft, errors),
    ]


def _card_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
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


def _esim_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
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
        check(
            "qr_copy",
            "yes",
            text("Send a copy of the QR code to {email}", email=page.actor.email),
            ticked=request["qr_copy"],
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
    return [
        html.div({"class": "for-esim", "key": "advice"}, panel("advice", text("Before you begin"), *parts))
    ]


def read_sim_and_plan(page: PageContext, draft: DraftView) -> Callable[[Values], dict[str, Any]]:
    """What belongs to the other kind of SIM is emptied; options that a new plan cannot have are left out."""
    known = profile(page.profile.carrier)

    def read(values: Values) -> dict[str, Any]:
        esim, request = one(values, "sim_kind") == ESIM, draft.asked.kind_fields
        fields: dict[str, Any] = {"sim_kind": one(values, "sim_kind"), "language": one(values, "language")}
        fields |= {
            "sim_number": "" if esim else one(values, "sim_number"),
            "email": one(values, "email"),
            "qr_copy": esim and bool(values.get("qr_copy")),
        }
        plan = known.plan(one(values, "plan"))
        if plan is None:
            return {**fields, "plan": "", "product_type": ""}
        options = [option for code in request["options"] if (option := known.option(code))]
        kept = [one_.code for one_ in options if option_allowed(one_, plan.code, plan.product_type)]
        return {
            **fields,
            "plan": plan.code,
            "product_type": plan.product_type.value,
            "options": tuple(kept),
            "companion_sim": request["companion_sim"] and plan.companion_sim,
        }

    return read
