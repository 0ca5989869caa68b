"""Who uses the line: the same person corrected, or somebody else."""

from reactpy.types import Component

from backend.orders.schemas import DraftView
from frontend.components.forms import radio_cards, text_field
from frontend.components.orders.draft_form import Errors, one
from frontend.components.orders.light_form import LightForm
from frontend.components.orders.person_fields import language_field, name_fields
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.page_context import PageContext


@component
def UserForm(draft: DraftView) -> Component:
    text = use_page().text
    return LightForm(
        draft,
        text("Who uses this line?"),
        _fields,
        lambda values: {
            **{name: one(values, name) for name in ("given_name", "family_name", "email", "language")},
            "another_person": one(values, "person") == "another",
        },
        text("Save the user"),
        lead=text("The company stays the contract holder."),
    )


def _fields(page: PageContext, draft: DraftView, errors: Errors) -> list[Child]:
    text, kind_fields = page.text, draft.asked.kind_fields
    present = draft.choices or {}

    def value(name: str) -> str:
        return str(kind_fields[name] or present.get(name, ""))

    return [
        radio_cards(
            "person",
            text("Is it another person?"),
            [
                ("same", text("No, the same person"), text("Only the details are corrected.")),
                ("another", text("Yes, somebody else"), text("Shared billing ends, since it is personal.")),
            ],
            value="another" if kind_fields["another_person"] else "same",
        ),
        *name_fields(
            text,
            given=(value("given_name"), errors.get("given_name", "")),
            family=(value("family_name"), errors.get("family_name", "")),
        ),
        text_field(
            "email",
            text("E-mail"),
            kind="email",
            value=value("email"),
            hint=text("For eSIM codes and alerts about this line."),
            error=errors.get("email", ""),
        ),
        language_field(
            text("Language"),
            text("Choose"),
            value=value("language"),
            hint=text("Mails to the user are written in it."),
            error=errors.get("language", ""),
        ),
    ]
