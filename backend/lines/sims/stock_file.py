"""Delivered blank SIM cards from a file: one SIM number a row, without a header."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from backend.lines.sims.stock import add_sims
from backend.tabular.problems import RowProblem, said
from backend.tabular.reading import media_type_of_table, read_table
from tenants.scope import Actor

MOST_CARDS = 100_000
COLUMN = "sim_number"


@dataclass(frozen=True, slots=True)
class StockFileResult:
    """How many cards were taken in, and what is wrong with those that were not."""

    added: int
    problems: list[RowProblem]


async def add_sims_of_file(actor: Actor, content: bytes) -> StockFileResult:
    """Take the cards of a CSV or XLSX file into stock, as `add_sims` does.

    Raises FileRejected for a file that cannot be read.
    """
    rows = await asyncio.to_thread(_read, content)
    taken = await add_sims(actor, list(rows))
    problems = [_problem(rows, text, "not valid") for text in taken.wrong]
    problems += [_problem(rows, text, "in use") for text in taken.in_use]
    return StockFileResult(taken.added, sorted(problems, key=lambda problem: problem.row))


def _read(content: bytes) -> dict[str, int]:
    """Each number as it came, with the row where it stands first."""
    table = read_table(content, media_type_of_table(content), most_rows=MOST_CARDS)
    found: dict[str, int] = {}
    for row, cells in table.rows:
        found.setdefault(table.delimiter.join(cells), row)
    return found


def _problem(rows: Mapping[str, int], text: str, words: str) -> RowProblem:
    return said(rows[text], COLUMN, f"{words}: {text}")
