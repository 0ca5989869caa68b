"""The steps of a request, the same on every page of the task."""

from reactpy.types import VdomDict

from backend.orders.schemas import DraftView
from frontend.components.layout import stepper
from frontend.i18n import Translator, translatable

CHANGE = (translatable("Lines"), translatable("Choice"), translatable("Check"), translatable("Confirmation"))
NEW = (translatable("Request"), translatable("Choice"), translatable("Check"), translatable("Confirmation"))


def change_steps(text: Translator, at: int, draft: DraftView) -> VdomDict:
    """Where the task stands; earlier steps lead back."""
    return steps(text, at, str(draft.id), creates=draft.creates)


def steps(text: Translator, at: int, draft_id: str, *, creates: bool = False) -> VdomDict:
    names = NEW if creates else CHANGE
    back = (None if creates else "/app/fleet", f"/app/drafts/{draft_id}", None, None)
    return stepper(text, [(text(name), to) for name, to in zip(names, back, strict=True)], at)
