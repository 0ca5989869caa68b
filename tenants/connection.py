"""The connections of the pool: cleaned up with COMMIT, and with limits of time where the process has some."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from tenants.time_limits import TimeKeeper, Wait


class OutcomeUnknown(ConnectionError):
    """The connection was lost, or nobody answered, while a transaction was committed: it may have been, or not."""


class ScopedConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection which is cleaned up by the same statement as COMMIT and ROLLBACK, so that giving it back costs nothing more.

    Its statements raise TimeoutError where its pool has a limit for them. A limit that a call names itself counts alone.
    """

    __slots__ = ("keeper",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keeper: TimeKeeper | None = None

    def get_reset_query(self) -> str:
        return ""

    async def begin(self, query: str) -> None:
        """Run statements under a limit of the caller's."""
        await super().execute(query)

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - asyncpg's own signature
        if (keeper := self.keeper) is None or timeout is not None:
            return await super().execute(query, *args, timeout=timeout)
        with Wait(keeper, keeper.limits.statement):
            return await super().execute(query, *args)

    async def fetch(self, query: str, *args: object, **options: Any) -> Any:
        if (keeper := self.keeper) is None or options:
            return await super().fetch(query, *args, **options)
        with Wait(keeper, keeper.limits.statement):
            return await super().fetch(query, *args)

    async def fetchrow(self, query: str, *args: object, **options: Any) -> Any:
        if (keeper := self.keeper) is None or options:
            return await super().fetchrow(query, *args, **options)
        with Wait(keeper, keeper.limits.statement):
            return await super().fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object, **options: Any) -> Any:
        if (keeper := self.keeper) is None or options:
            return await super().fetchval(query, *args, **options)
        with Wait(keeper, keeper.limits.statement):
            return await super().fetchval(query, *args)

    async def executemany(self, command: str, args: Sequence[Sequence[object]], **options: Any) -> None:
        if (keeper := self.keeper) is None or options:
            await super().executemany(command, args, **options)
            return
        with Wait(keeper, keeper.limits.statement):
            await super().executemany(command, args)

    async def copy_records_to_table(self, table_name: str, **options: Any) -> Any:
        if (keeper := self.keeper) is None or "timeout" in options:
            return await super().copy_records_to_table(table_name, **options)
        with Wait(keeper, keeper.limits.statement):
            return await super().copy_records_to_table(table_name, **options)
