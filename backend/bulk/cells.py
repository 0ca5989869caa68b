"""Parsers of cells of bulk files that need the catalogue. Pure; each raises CellError for a wrong cell."""

from backend.catalog.identifiers import normalise_msisdn
from backend.tabular.cells import SHORTENED
from backend.tabular.problems import CellError


def number(cell: str) -> str:
    """A phone number in international digits."""
    found = normalise_msisdn(cell)
    if found is None:
        raise CellError("number_shortened" if SHORTENED.fullmatch(cell) else "number_wrong")
    return found
