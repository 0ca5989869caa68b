"""Writes changed columns of lines, and the keys that follow from them: how a line is found and sorted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.core import clock
from backend.lines.search_keys import name_key, search_text
from tenants.scope import Scope

FOUND_BY = frozenset({"name", "msisdn", "sim_number", "account"})


async def update_lines(scope: Scope, changes: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> None:
    """Write, for each line (its present columns, locked by the caller), the columns that are now other.

    The present columns are brought up to date, so that a second change of the same line starts from the first.
    """
    writes = defaultdict[tuple[str, ...], list[tuple[Any, ...]]](list)
    now = clock.now()
    for line, columns in changes:
        line |= columns  # noqa: PLW2901 - the caller's own row
        changed = dict(columns)
        if FOUND_BY & set(columns):
            changed["search"] = search_text(
                name=line["name"],
                msisdn=line["msisdn"],
                sim_number=line["sim_number"],
                account=line["account"],
            )
            changed["name_key"] = name_key(line["name"])
        writes[tuple(changed)].append((line["id"], now, *changed.values()))
    for names, values in writes.items():
        columns_sql = "".join(f", {name} = ${index}" for index, name in enumerate(names, start=3))
        await scope.connection.executemany(
            f"UPDATE line SET confirmed_at = $2{columns_sql} WHERE id = $1", values
        )


async def lock_lines(scope: Scope, line_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """All columns of these lines, locked in the order of their ids."""
    rows = await scope.connection.fetch(
        "SELECT * FROM line WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", list(line_ids)
    )
    return {row["id"]: dict(row) for row in rows}
