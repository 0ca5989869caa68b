"""The steps of a request, the same on every page of the task."""

from uuid import UUID

from reactpy.types import VdomDict

from backend.orders.kinds import KINDS
from frontend.components.layout import stepper
from frontend.i18n import Translator, translatable

CHANGE = (translatable("Lines"), translatable("Choice"), translatable("Check"), translatable("Confirmation"))
# The pages of a new line; a kind that has no such page leaves it out
NEW_LINE = (
    ("", translatable("Number and person")),
    ("transfer", translatable("Transfer")),
    ("sim", translatable("SIM card and plan")),
    ("options", translatable("Options and limits")),
    ("review", translatable("Check")),
)


def steps(text: Translator, kind: str, draft_id: str, page: str, upload_id: UUID | None = None) -> VdomDict:
    """Where the task stands; earlier steps lead back. `page` is the page of the draft: "review" is check answers.

    `upload_id`: the file that names the lines.
    """
    draft = f"/app/drafts/{draft_id}"
    if KINDS[kind].creates is None:
        back = (f"/app/bulk/{upload_id}" if upload_id else "/app/fleet", draft, None, None)
        named = [(text(name), to) for name, to in zip(CHANGE, back, strict=True)]
        return stepper(text, named, 2 if page == "review" else 1)
    pages = [(code, name) for code, name in NEW_LINE if code in (*KINDS[kind].steps, "review")]
    codes = [code for code, _ in pages]
    named = [(text(name), f"{draft}/{code}" if code else draft) for code, name in pages]
    return stepper(text, named, codes.index(page) if page in codes else 0)
