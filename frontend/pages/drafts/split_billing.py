"""Share the bill with the line's user: profile, contract to print and sign, the signed scan."""

from collections.abc import Mapping
from typing import Any

from reactpy import html, use_state
from reactpy.types import Component, VdomDict

from backend.orders.kinds.split_billing import BILLING
from backend.orders.placement import drafts
from backend.orders.schemas import DraftView
from frontend.components.actions import link_button
from frontend.components.forms import radio_cards, text_field
from frontend.components.layout import panel
from frontend.components.orders.draft_form import DraftForm, Errors, FormSlots, Values, one
from frontend.components.upload import Uploaded, contract_upload
from frontend.elements import Child, icon, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext


@component
def SplitForm(draft: DraftView) -> Component:
    page = use_page()
    text, request = page.text, draft.asked.kind_fields
    scan, set_scan = use_state((request["document_id"], draft.choices.document))
    save = use_mutation(drafts.save_draft)

    async def keep(file: Uploaded) -> None:
        set_scan((file.id, file.name))
        save.run(draft.id, {"document_id": str(file.id)})

    def read(values: Values) -> Mapping[str, Any]:
        return {
            "stop": one(values, "what") == "stop",
            "profile": one(values, "profile"),
            "document_id": str(scan[0]) if scan[0] else None,
            **{name: one(values, name) for name in BILLING},
        }

    def contract(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
        name, wrong = scan[1], errors.get("document_id", "")
        said: Child = notice(text("Signed contract: {name}", name=name), mark="check") if name else None
        signed = panel(
            "scan",
            text("Signed contract"),
            html.div({"key": "said", "role": "status"}, said),
            html.p({"class": "error", "key": "error"}, icon("alert"), wrong) if wrong and not name else None,
            contract_upload(
                text, text("Scan or photo of the signed contract"), f"/app/drafts/{draft.id}", keep
            ),
        )
        panels = html.div(
            {"class": "stack for-sharing", "key": "contract"}, _to_print(page.text, draft), signed
        )
        return [panels]

    return DraftForm(
        draft,
        text("Share the bill with the user"),
        _fields,
        read,
        lead=text("The company pays its part, the user pays the rest. The contract is personal."),
        slots=FormSlots(after=contract),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields, choices = page.text, draft.asked.kind_fields, draft.choices
    what = [
        ("share", text("Share by a profile"), text("A signed contract is needed.")),
        ("stop", text("Stop sharing"), text("The company pays everything again.")),
    ]
    refused = text("The operator refused the last contract: {reason}", reason=choices.refused)
    return [
        html.div({"key": "refused"}, notice(refused, tone="attention", mark="alert"))
        if choices.refused
        else None,
        radio_cards(
            "what", text("What should happen?"), what, value="stop" if kind_fields["stop"] else "share"
        )
        if choices.present
        else None,
        radio_cards(
            "profile",
            text("Profile"),
            [(choice.code, choice.name, " ".join(choice.rules)) for choice in choices.profiles],
            value=kind_fields["profile"],
            error=errors.get("profile", ""),
        ),
        *(_billing(text, kind_fields, errors) if choices.billing_data else []),
        html.div(
            {"key": "warning"},
            notice(
                text("If the user does not pay after a reminder, the operator may turn to the company."),
                tone="attention",
                mark="alert",
            ),
        ),
    ]


def _billing(text: Translator, kind_fields: Mapping[str, Any], errors: Errors) -> list[Child]:
    words = {
        "billing_street": text("Street and number of the user’s home"),
        "billing_postcode": text("Postcode"),
        "billing_town": text("Town"),
    }
    return [
        text_field(
            name,
            label,
            value=kind_fields[name],
            error=errors.get(name, ""),
            short=name == "billing_postcode",
            more={"autocomplete": "off"},
        )
        for name, label in words.items()
    ]


def _to_print(text: Translator, draft: DraftView) -> VdomDict:
    """The contract in each profile, made for this line and this user."""
    choices, line = draft.choices, draft.lines[0]
    if not choices.user:
        about = text("First enter the user of this line: the contract is personal.")
        to = f"/app/start/change_user?line={line.line_id}"
        return panel(
            "print",
            text("Contract to print"),
            notice(about, tone="attention", mark="alert"),
            link_button(text("Change the user"), to),
        )
    return panel(
        "print",
        text("Contract to print"),
        html.p(text("Print it, have {user} sign it, then send the scan.", user=choices.user)),
        html.ul(
            {"class": "stack stack-tight"},
            *(
                html.li(
                    {"key": choice.code},
                    html.a(
                        {"href": f"/app/contracts/{line.line_id}/{choice.code}", "download": ""},
                        f"{choice.name} (PDF)",
                    ),
                )
                for choice in choices.profiles
            ),
        ),
    )
