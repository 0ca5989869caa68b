"""Every statement that is written down in the product: it prepares, gives the row that its caller reads, and names only
tables of its own feature or of those beneath it.
"""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import asyncpg
import msgspec

import backend
from backend.lines.intake.inventory_writes import INCOMING
from backend.piccolo_app import APP_CONFIG
from backend.usage.loading import TEMPORARY
from tests.support.database import TestDatabase

ROOT = Path(backend.__file__).parents[1]
# SQLite, commands of the superuser, and the demo's own set-up.
LEFT_OUT = (
    "backend/sandbox/",
    "backend/provision.py",
    "backend/demo/",
    "backend/embedded_postgres.py",
    "backend/api/health.py",
)
READS = {"fetch_one", "fetch_all", "fetch_batches"}
RUNS = READS | {
    "fetch_value",
    "execute",
    "fetch",
    "fetchrow",
    "fetchval",
    "executemany",
    "execute_many",
    "cursor",
}
STATEMENT = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b")


@dataclass(frozen=True)
class Statement:
    """One call that runs SQL: where it stands, its text (None where it is put together at run time), its row."""

    place: str
    module: str
    text: str | None
    row: type[msgspec.Struct] | None


def constant(module: object, node: ast.AST) -> str | None:
    """The value of an expression made of literals and the module's own constants; None for anything else."""
    names = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    if not all(isinstance(getattr(module, name, None), (str, tuple, frozenset, list, int)) for name in names):
        return None
    if any(isinstance(part, (ast.Call, ast.Attribute, ast.Subscript)) for part in ast.walk(node)):
        return None
    found = eval(compile(ast.Expression(node), "<sql>", "eval"), vars(module))  # noqa: S307 - our own source
    return found if isinstance(found, str) else None


def row_of(module: object, node: ast.AST) -> type[msgspec.Struct] | None:
    found = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
    return found if isinstance(found, type) and issubclass(found, msgspec.Struct) else None


@cache
def statements() -> tuple[Statement, ...]:
    return tuple(_statements())


def _statements() -> Iterator[Statement]:
    for path in sorted([*(ROOT / "backend").rglob("*.py"), *(ROOT / "tenants").rglob("*.py")]):
        name = str(path.relative_to(ROOT))
        if name.startswith(LEFT_OUT):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS
        ]
        if not calls:
            continue
        module = import_module(name.removesuffix(".py").replace("/", "."))
        for call in calls:
            typed = call.func.attr in READS | {"fetch_value"}  # type: ignore[attr-defined]
            arguments = call.args[1:] if typed else call.args
            if not arguments:
                continue
            text = constant(module, arguments[0])
            if text is not None and not STATEMENT.match(text):
                continue
            row = row_of(module, call.args[0]) if typed else None
            yield Statement(f"{name}:{call.lineno}", name, text, row)


def test_most_statements_are_written_down() -> None:
    """What is put together at run time is seen by no test here, so it stays the exception."""
    made = [one.place for one in statements() if one.text is None]
    assert len(statements()) > 150
    assert len(made) < len(statements()) / 4, made


async def test_every_statement_prepares_and_gives_the_row_that_is_read(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    transaction = connection.transaction()
    await transaction.start()
    wrong = []
    try:
        for table in (INCOMING, *TEMPORARY.values()):
            await connection.execute(table)
        for one in statements():
            if one.text is None:
                continue
            try:
                async with connection.transaction():
                    prepared = await connection.prepare(one.text)
            except asyncpg.PostgresError as error:
                wrong.append(f"{one.place}: {error}")
                continue
            columns = [attribute.name for attribute in prepared.get_attributes()]
            if one.row is not None and columns != list(one.row.__struct_fields__):
                wrong.append(f"{one.place}: columns {columns}, fields {list(one.row.__struct_fields__)}")
    finally:
        await transaction.rollback()
        await connection.close()
    assert not wrong, "\n".join(wrong)


# Which folder may name which tables: its own, and those of the folders that it may import (pyproject.toml). What
# breaks the order has its reason here.
ALLOWED: dict[tuple[str, str], str] = {}
RANKS = {
    folder: rank
    for rank, row in enumerate(
        (
            "core",
            "integrations catalog",
            "issuer",
            "timeline notifications documents",
            "lines members",
            "orders usage",
            "bulk",
        )
    )
    for folder in row.split()
}
# Tables of everybody: who the tenant is, and what the kit keeps.
SHARED = {"tenant", "outbox", "inbox", "audit_event", "public_link", "recurring_run"}


def folder_of(name: str) -> str:
    return name.split("/")[1].removesuffix(".py")


@cache
def owners() -> dict[str, str]:
    """Table -> the folder whose `tables.py` has it."""
    return {
        table._meta.tablename: inspect.getmodule(table).__name__.split(".")[1]  # type: ignore[union-attr]
        for table in APP_CONFIG.table_classes
        if inspect.getmodule(table).__name__.startswith("backend.")  # type: ignore[union-attr]
    }


def named_tables(text: str) -> set[str]:
    words = set(re.findall(r"(?:FROM|JOIN|INTO|UPDATE|,)\s+(?:ONLY\s+)?([a-z_]+)", text))
    return words & set(owners())


def test_statements_name_tables_of_their_own_folder_or_of_those_beneath() -> None:
    found: dict[tuple[str, str], str] = {}
    for one in statements():
        if one.text is None:
            continue
        own = folder_of(one.module)
        for table in named_tables(one.text) - SHARED:
            owner = owners()[table]
            beneath = RANKS.get(owner, 99) < RANKS.get(own, 99)
            if owner != own and not beneath:
                found[own, table] = one.place
    assert not {pair: place for pair, place in found.items() if pair not in ALLOWED}
    assert set(ALLOWED) == set(found), "an exception that is not needed any more"
