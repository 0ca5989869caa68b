"""Parsers of a cell of a bulk file. Pure; each raises BulkCellError for a wrong cell."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.bulk.columns import BulkCellError
from backend.catalog.identifiers import normalise_msisdn

NONE = frozenset({"none", "aucun", "aucune", "geen", "kein", "keine", "keines", "-"})
NO_CAP = "none"
AMOUNT = re.compile(r"[0-9]{1,7}(?:[.,][0-9]{1,2})?")
SEPARATORS = re.compile(r"[|;\n]")


def number(cell: str) -> str:
    """A phone number in international digits."""
    found = normalise_msisdn(cell)
    if found is None:
        raise BulkCellError("number_wrong")
    return found


def list_of(cell: str) -> list[str]:
    """The parts of a cell that names several things, each once."""
    return list(dict.fromkeys(part.strip() for part in SEPARATORS.split(cell) if part.strip()))


def cents(cell: str) -> int | str:
    """An amount of euros in cents, or NO_CAP."""
    if cell.casefold() in NONE:
        return NO_CAP
    plain = re.sub(r"[\s€]|EUR", "", cell)
    if not AMOUNT.fullmatch(plain):
        raise BulkCellError("amount_wrong")
    euros, _, part = plain.replace(",", ".").partition(".")
    return int(euros) * 100 + int(part.ljust(2, "0") or 0)


def optional(cell: str) -> str:
    """A code; "" for a word that means none."""
    return "" if cell.casefold() in NONE else cell


def digits(cell: str) -> str:
    """Without the separators that people write, so that one number is not two."""
    return re.sub(r"[\s.\-]", "", cell)


def one_of(
    texts: Mapping[str, Sequence[str]], meaning: Mapping[str, Any] | None = None
) -> Callable[[str], Any]:
    """A parser of cells that choose among codes by any word for them; `meaning` gives a code's value."""
    known = {word.casefold(): code for code, each in texts.items() for word in (code, *each)}

    def parse(cell: str) -> Any:
        code = known.get(" ".join(cell.casefold().split()))
        if code is None:
            raise BulkCellError("choice_wrong", choices=", ".join(each[0] for each in texts.values()))
        return meaning[code] if meaning else code

    return parse
