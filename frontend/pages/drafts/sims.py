"""Another SIM for a line: a card, an eSIM, or the mail with the eSIM's code once more."""

from reactpy import html
from reactpy.types import Component, VdomDict

from backend.orders.schemas import DraftView
from frontend.components.forms import check, radio_cards, text_field
from frontend.components.orders.draft_form import DraftForm, Errors, one
from frontend.components.orders.light_form import LightForm
from frontend.components.orders.person_fields import language_field
from frontend.elements import Child, notice, number
from frontend.hooks import component, use_page
from frontend.i18n import GAP
from frontend.page_context import PageContext


@component
def ReplaceSimForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text("A new SIM card for this number"),
        _card_fields,
        lambda values: {"reason": one(values, "reason"), "sim_number": one(values, "sim_number")},
        lead=text("The present SIM works until the new one is active."),
    )


def _card_fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields, choices = page.text, draft.asked.kind_fields, draft.choices
    return [
        _present(page, choices.present),
        _reasons(page, kind_fields["reason"], errors, smaller=True),
        text_field(
            "sim_number",
            text("Number of the blank SIM card"),
            value=text.sim(kind_fields["sim_number"]),
            hint=text(
                "It is printed on the card, as in {example}. Spaces do not matter.",
                example=text.sim(choices.example).replace(" ", GAP),
            ),
            error=errors.get("sim_number", ""),
            more={"inputmode": "numeric", "autocomplete": "off", "list": "stock"},
        ),
        html.datalist(
            {"id": "stock", "key": "stock"},
            *(html.option({"value": card, "key": card}, text.sim(card)) for card in choices.stock),
        ),
        html.p(
            {"key": "other", "class": "small"},
            text("No blank card at hand?"),
            " ",
            html.a(
                {"href": f"/app/start/request_esim?line={draft.lines[0].line_id}"},
                text("Request an eSIM instead"),
            ),
        ),
    ]


@component
def RequestEsimForm(draft: DraftView) -> Component:
    text = use_page().text
    return DraftForm(
        draft,
        text("An eSIM for this number"),
        _esim_fields,
        lambda values: {
            **{name: one(values, name) for name in ("reason", "email", "language")},
            "qr_copy": bool(values.get("qr_copy")),
        },
        lead=text("The user gets a QR code by e-mail and installs the eSIM with it."),
    )


def _esim_fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields, choices = page.text, draft.asked.kind_fields, draft.choices
    agree = notice(
        text("The user first confirms by e-mail. The number is not active on the eSIM before."), mark="mail"
    )
    return [
        _present(page, choices.present),
        html.div(
            {"key": "compatible"},
            notice(text("The device has to support eSIM and must not be locked to another operator.")),
        ),
        html.div({"key": "agree"}, agree) if choices.confirmation else None,
        _reasons(page, kind_fields["reason"], errors),
        text_field(
            "email",
            text("E-mail of the user"),
            kind="email",
            value=kind_fields["email"] or choices.email,
            hint=text("The QR code is sent to it. Whoever reads it can take over the number."),
            error=errors.get("email", ""),
        ),
        language_field(
            text("Language of the user"),
            text("Choose"),
            value=kind_fields["language"] or choices.language,
            hint=text("The mail is written in it."),
            error=errors.get("language", ""),
        ),
        check("qr_copy", "yes", text("Send me a copy of the QR code"), ticked=kind_fields["qr_copy"]),
        html.p(
            {"key": "other", "class": "small"},
            text("The device cannot use an eSIM?"),
            " ",
            html.a(
                {"href": f"/app/start/replace_sim?line={draft.lines[0].line_id}"},
                text("Use a blank SIM card instead"),
            ),
        ),
    ]


def _present(page: PageContext, sim_number: str) -> VdomDict:
    text = page.text
    return html.p(
        {"key": "present"},
        html.span({"class": "muted"}, text("Present SIM number")),
        html.br(),
        number(text.sim(sim_number)) if sim_number else text("none"),
    )


def _reasons(page: PageContext, value: str, errors: Errors, *, smaller: bool = False) -> VdomDict:
    text = page.text
    lost = text("Suspend the number first if somebody else may be using it.")
    size = text("It needs a SIM of another size.") if smaller else text("The user changes to it.")
    return radio_cards(
        "reason",
        text("Reason"),
        [
            ("lost", text("Lost"), lost),
            ("stolen", text("Stolen"), lost),
            ("defective", text("Defective SIM"), text("It does not work any more.")),
            ("new_device", text("New device"), size),
        ],
        value=value,
        error=errors.get("reason", ""),
    )


@component
def ResendEsimForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text("Send the eSIM mail again"),
        _resend_fields,
        lambda values: {"email": one(values, "email")},
        text("Send the mail"),
    )


def _resend_fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, choices = page.text, draft.choices
    words = text("The user gets the same code again. A code that was used or has expired cannot be sent.")
    refused = text("The mail server refused the mail to {email}.", email=choices.email)
    return [
        html.div({"key": "refused"}, notice(refused, tone="attention", mark="mail"))
        if choices.refused
        else None,
        html.p({"key": "about"}, words),
        text_field(
            "email",
            text("E-mail of the user"),
            kind="email",
            value=draft.asked.kind_fields["email"] or choices.email,
            hint=text("The QR code is sent to it. Whoever reads it can take over the number."),
            error=errors.get("email", ""),
        ),
    ]
