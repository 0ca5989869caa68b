"""The floor of the REST row: the same JSON from Litestar, msgspec and raw asyncpg; no token, no policies, no scope."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Litestar, get

from backend.catalog.profiles import profile
from backend.lines.schemas import LineList, LineRow, PlanName
from tests.bench.floor.listing import page_and_total

TENANT = UUID(os.environ.get("BENCH_TENANT", "0" * 32))
state: dict[str, Any] = {}


@get("/api/v1/lines")
async def lines(limit: int = 50) -> LineList:
    rows, total = await page_and_total(state["pool"], TENANT, limit=limit)
    names = state["names"]
    return LineList(
        items=[
            LineRow(
                id=row["id"],
                msisdn=row["msisdn"],
                name=row["name"],
                status=row["status"],
                product_type=row["product_type"],
                plan=PlanName(row["plan"], names[row["plan"]]),
                options=row["options"],
                billing_account=row["account"],
                sim_number=row["sim_number"],
                open_order=row["open_order"],
            )
            for row in rows[:limit]
        ],
        total=total,
        first=0,
        next=str(rows[-1]["id"]) if len(rows) > limit else None,
    )


@get("/")
async def ready() -> str:
    return "ready"


@asynccontextmanager
async def database(_: Litestar) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=2, max_size=8) as pool:
        state["pool"] = pool
        state["names"] = {plan.code: plan.name.get("en", "") for plan in profile("mandarine").plans}
        yield


def create() -> Litestar:
    return Litestar([lines, ready], lifespan=[database], openapi_config=None, logging_config=None)
