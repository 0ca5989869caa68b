"""Who uses the line: the same person corrected, or somebody else."""

from reactpy.types import Component

from backend.orders.kinds.change_user import LANGUAGES
from backend.orders.schemas import DraftView
from frontend.components.basics import Child
from frontend.components.draft_form import DraftForm, Errors, one
from frontend.components.forms import radio_cards, select_field, text_field
from frontend.hooks import component, use_visit
from frontend.text import LANGUAGES as LANGUAGE_NAMES
from frontend.visit import Visit


@component
def UserForm(draft: DraftView) -> Component:
    text = use_visit().text
    return DraftForm(
        draft,
        text("Who uses this line?"),
        _fields,
        lambda values: {
            **{name: one(values, name) for name in ("given_name", "family_name", "email", "language")},
            "another_person": one(values, "person") == "another",
        },
        lead=text("The company stays the contract holder."),
    )


def _fields(visit: Visit, draft: DraftView, errors: Errors) -> list[Child]:
    text, wishes = visit.text, draft.asked.wishes
    present = draft.choices or {}

    def value(name: str) -> str:
        return str(wishes[name] or present.get(name, ""))

    return [
        radio_cards(
            "person",
            text("Is it another person?"),
            [
                ("same", text("No, the same person"), text("Only the details are corrected.")),
                ("another", text("Yes, somebody else"), text("Shared billing ends, since it is personal.")),
            ],
            value="another" if wishes["another_person"] else "same",
        ),
        text_field(
            "given_name", text("First name"), value=value("given_name"), error=errors.get("given_name", "")
        ),
        text_field(
            "family_name", text("Surname"), value=value("family_name"), error=errors.get("family_name", "")
        ),
        text_field(
            "email",
            text("E-mail"),
            kind="email",
            value=value("email"),
            hint=text("For eSIM codes and alerts about this line."),
            error=errors.get("email", ""),
        ),
        select_field(
            "language",
            text("Language"),
            [("", text("Choose")), *((code, LANGUAGE_NAMES[code]) for code in LANGUAGES)],
            value=value("language"),
            hint=text("Mails to the user are written in it."),
            error=errors.get("language", ""),
        ),
    ]
