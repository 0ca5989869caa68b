"""The questions about a number that is transferred: where it is, whose it is, who allows it, when (F-084 to F-091)."""

from collections.abc import Sequence
from typing import Any

from reactpy import html

from backend.catalog.profiles import profile
from backend.core import clock
from backend.orders.schemas import DraftView
from frontend.components.forms import check, field, radio_cards, text_field
from frontend.components.orders.draft_form import Errors, Values, one
from frontend.elements import Child, notice
from frontend.page_context import PageContext
from frontend.pages.drafts.new_line.person import optional

# What the present operator checks, by case (domain 3.3): a number at the same carrier, a company's, a person's
OF_CASE = {
    "same": ("donor_sim_number", "donor_account"),
    "professional": ("donor_operator", "donor_account", "vat_number", "contact_person", "company_name"),
    "person": ("donor_operator", "donor_sim_number"),
}
PROOFS = tuple(dict.fromkeys(name for names in OF_CASE.values() for name in names))


def transfer_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """Everything about the number that is transferred; what a case does not ask is hidden."""
    holder = html.div({"class": "form for-holder", "key": "holder"}, *_holder_fields(page, draft, errors))
    return [
        *_case_fields(page, draft, errors),
        holder,
        *_authorisation_fields(page, draft, errors),
        *_date_fields(page, draft, errors),
    ]


def read_transfer(values: Values) -> dict[str, Any]:
    """Fields of another case are emptied: what is not asked is not sent."""
    operator, card = one(values, "operator"), one(values, "card")
    case = "same" if operator == "same" else "professional" if card == "professional" else "person"
    return {
        "operator": operator,
        "card": card,
        "number": one(values, "number"),
        **{name: one(values, name) if name in OF_CASE[case] else "" for name in PROOFS},
        "authorised": bool(values.get("authorised")),
        "authorised_by": one(values, "authorised_by"),
        "port_on": one(values, "port_on") or None,
    }


def _case_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, request = page.text, draft.asked.kind_fields
    carrier = profile(page.profile.carrier).name
    return [
        radio_cards(
            "operator",
            text("With which operator is the number now?"),
            [
                ("same", text("With {carrier}", carrier=carrier), text("Only the holder changes.")),
                (
                    "other",
                    text("With another operator"),
                    text("The number moves to {carrier}.", carrier=carrier),
                ),
            ],
            value=request["operator"],
            error=errors.get("operator", ""),
        ),
        radio_cards(
            "card",
            text("What kind of card is it on now?"),
            [
                ("prepaid", text("Prepaid card"), text("The number of its SIM card is the proof.")),
                ("private", text("Private subscription"), text("In the name of a person.")),
                ("professional", text("Professional subscription"), text("Owned by another company.")),
            ],
            value=request["card"],
            error=errors.get("card", ""),
        ),
    ]


def _holder_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    """The number and its proofs: each stands in the cases that ask for it."""
    text, request = page.text, draft.asked.kind_fields

    def line(name: str, label: Child, cases: str = "", **more: Any) -> Child:
        value = text.sim(request[name]) if name == "donor_sim_number" else request[name]
        asked = text_field(name, label, value=value, error=errors.get(name, ""), **more)
        return html.div({"class": cases, "key": f"of-{name}"}, asked) if cases else asked

    return [
        line("number", text("Phone number"), hint=text("As in 0470 12 34 56."), more={"inputmode": "tel"}),
        line("donor_operator", text("Present operator"), "for-other"),
        html.div(
            {"class": "for-same", "key": "either"},
            notice(text("Give one of the two: it proves that the number is the holder’s.")),
        ),
        line(
            "donor_sim_number",
            text("SIM number of the present card"),
            "for-person",
            hint=text("Printed on the card that is in the device now."),
        ),
        line(
            "donor_account",
            text("Customer number at the present operator"),
            "for-account",
            hint=text("On an invoice of the present operator."),
        ),
        line(
            "vat_number",
            text("VAT number of the company that holds the number"),
            "for-company",
            hint=text("As in BE 0123.456.749."),
        ),
        line("contact_person", text("Contact person there"), "for-company"),
        line("company_name", optional(text, text("Name of that company")), "for-company"),
    ]


def _authorisation_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, request = page.text, draft.asked.kind_fields
    tick = check("authorised", "yes", draft.choices.authorisation, ticked=request["authorised"])
    return [
        notice(
            text(
                "The contract with the present operator ends. Early termination fees may still be due to it."
            ),
            tone="attention",
            mark="alert",
        ),
        text_field(
            "authorised_by",
            text("Who authorises the transfer for the holder?"),
            value=request["authorised_by"],
            hint=text("First name and surname. They are kept with the time and these words."),
            error=errors.get("authorised_by", ""),
        ),
        field(
            "authorised",
            text("Authorisation of the holder"),
            html.div({"key": "tick"}, tick),
            error=errors.get("authorised", ""),
            group=True,
        ),
    ]


def _date_fields(page: PageContext, draft: DraftView, errors: Errors) -> Sequence[Child]:
    text, chosen = page.text, draft.asked.kind_fields["port_on"]
    return [
        text_field(
            "port_on",
            optional(text, text("Day of the transfer")),
            kind="date",
            value=chosen.isoformat() if chosen else "",
            hint=text("A working day. Leave it empty to have the number as soon as possible."),
            error=errors.get("port_on", ""),
            short=True,
            more={"min": clock.today().isoformat()},
        ),
        html.p(
            {"class": "muted small", "key": "later"},
            text("Choose a later day where a contract term runs or a device is still being paid."),
        ),
    ]
