"""Names of options from the tenant's carrier profile, in the reader's language."""

from collections.abc import Sequence

from backend.catalog.profiles import profile
from frontend.visit import Visit


def option_name(visit: Visit, code: str) -> str:
    option = profile(visit.profile.carrier).option(code)
    return visit.text.pick(option.name, code) if option else code


def names(visit: Visit, codes: Sequence[str]) -> str:
    return ", ".join(option_name(visit, code) for code in codes)
