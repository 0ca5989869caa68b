"""Fields about a line's user: names and language."""

from collections.abc import Sequence

from reactpy.types import VdomDict

from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
from frontend.components.forms import select_field, text_field
from frontend.i18n import Translator


def name_fields(
    text: Translator, *, given: tuple[str, str], family: tuple[str, str]
) -> tuple[VdomDict, VdomDict]:
    """First name and surname. Each is the value and what is wrong with it."""
    return (
        text_field("given_name", text("First name"), value=given[0], error=given[1]),
        text_field("family_name", text("Surname"), value=family[0], error=family[1]),
    )


def language_field(
    label: str,
    choose: str,
    *,
    value: str,
    error: str,
    hint: str = "",
    languages: Sequence[str] = LANGUAGES,
) -> VdomDict:
    """The language of a person; `choose` is what stands there before one is chosen."""
    return select_field(
        "language",
        label,
        [("", choose), *((code, LANGUAGE_NAMES[code]) for code in languages)],
        value=value,
        hint=hint,
        error=error,
    )
