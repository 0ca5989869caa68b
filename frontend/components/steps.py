"""The steps of a change of options, the same on every page of the task."""

from reactpy.types import VdomDict

from frontend.components.layout import stepper
from frontend.text import Text, mark

STEPS = (mark("Lines"), mark("Options"), mark("Check"), mark("Confirmation"))


def change_steps(text: Text, at: int, draft: str) -> VdomDict:
    """Where the task stands; earlier steps lead back."""
    back = ("/app/fleet", f"/app/change-options/{draft}", None, None)
    return stepper(text, [(text(name), to) for name, to in zip(STEPS, back, strict=True)], at)
