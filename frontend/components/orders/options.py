"""Names of options from the tenant's carrier profile, in the reader's language."""

from collections.abc import Sequence

from backend.catalog.profiles import profile
from frontend.page_context import PageContext


def option_name(page: PageContext, code: str) -> str:
    option = profile(page.profile.carrier).option(code)
    return page.text.pick(option.name, code) if option else code


def names(page: PageContext, codes: Sequence[str]) -> str:
    return ", ".join(option_name(page, code) for code in codes)
