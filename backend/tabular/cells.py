"""Parsers of cells that need nothing but the cell. Pure; each raises CellError for a wrong cell."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.tabular.problems import CellError

NONE = frozenset({"none", "aucun", "aucune", "geen", "kein", "keine", "keines"})
NO_AMOUNT = "none"
AMOUNT = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,2})?")
# Not the comma of an amount: "Data 2,5 GB" is one name
SEPARATORS = re.compile(r"[|;\n]|,(?!\d)")
# What a spreadsheet makes of a long number: 4,70E+08
SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)


def list_of(cell: str) -> list[str]:
    """The parts of a cell that names several things, each once."""
    return list(dict.fromkeys(part.strip() for part in SEPARATORS.split(cell) if part.strip()))


def cents(cell: str) -> int | str:
    """An amount of euros in cents, or NO_AMOUNT for a word that means none."""
    # A hyphen alone is how spreadsheets show a zero: it is refused
    if cell.casefold() in NONE:
        return NO_AMOUNT
    plain = re.sub(r"[\s€]|EUR", "", cell)
    if not AMOUNT.fullmatch(plain):
        raise CellError("amount_wrong")
    euros, _, part = plain.replace(",", ".").partition(".")
    return int(euros) * 100 + int(part.ljust(2, "0") or 0)


def optional(cell: str) -> str:
    """A code; "" for a word or a hyphen that means none."""
    return "" if cell == "-" or cell.casefold() in NONE else cell


def digits(cell: str) -> str:
    """Without the separators that people write, so that one number is not two."""
    return re.sub(r"[\s.\-]", "", cell)


def short(most: int) -> Callable[[str], str]:
    """A parser of text of at most so many characters."""

    def parse(cell: str) -> str:
        if len(cell) > most:
            raise CellError("cell_too_long", most=most)
        return cell

    return parse


def one_of(
    texts: Mapping[str, Sequence[str]], meaning: Mapping[str, Any] | None = None
) -> Callable[[str], Any]:
    """A parser of cells that choose among codes by any word for them; `meaning` gives a code's value."""
    known = {word.casefold(): code for code, each in texts.items() for word in (code, *each)}

    def parse(cell: str) -> Any:
        code = known.get(" ".join(cell.casefold().split()))
        if code is None:
            choices = ", ".join(each[0] if each else name for name, each in texts.items())
            raise CellError("choice_wrong", choices=choices)
        return meaning[code] if meaning else code

    return parse
