"""The list page of a large tenant, through scope, policies and view, against raw asyncpg without any of them."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from backend.lines.queries import SORT_COLUMNS
from backend.lines.schemas import LineFilter, Sort
from backend.lines.search_keys import search_patterns
from backend.lines.service import list_lines
from tenants.scope import Actor, MemberId, TenantId
from tenants.transaction import engine, use_engine
from tests.bench.dataset import Platform
from tests.bench.floor.listing import FLOOR_COLUMNS
from tests.bench.report import quantile, row

ROUNDS = 60
LIVE = ["ordered", "pending_active", "active", "suspended", "pending_release", "pending_termination"]
Work = Callable[[], Awaitable[Any]]


def reader(tenant: UUID) -> Actor:
    return Actor(
        TenantId(tenant),
        member_id=MemberId(UUID(int=1)),
        roles=frozenset({"fleet_manager"}),
        carrier="mandarine",
    )


def raw(
    connection: asyncpg.Connection,
    tenant: UUID,
    *,
    search: str = "",
    status: str = "",
    sort: Sort = Sort.NAME,
    page: int = 1,
) -> Work:
    """Page and exact total as one would write them by hand, with no policy in the way."""
    conditions, values = ["l.tenant_id = $1"], [tenant]
    values.append([status] if status else LIVE)
    conditions.append("l.status = ANY($2)")
    for pattern in search_patterns(search):
        values.append(pattern)
        conditions.append(f"l.search LIKE ${len(values)}")
    where = " AND ".join(conditions)
    order = ", ".join(f"l.{column}" for column in (*SORT_COLUMNS[sort], "id"))
    count = f"SELECT count(*) FROM line l WHERE {where}"
    rows = (
        f"SELECT {FLOOR_COLUMNS} FROM line l WHERE {where} ORDER BY {order} LIMIT 51 OFFSET {(page - 1) * 50}"
    )

    async def work() -> Any:
        await connection.fetchval(count, *values)
        return await connection.fetch(rows, *values)

    return work


async def compare(name: str, ours: Work, floor: Work, *, goal: str = "<= 1.5", rounds: int = ROUNDS) -> None:
    """Both in turn, so that the machine's noise meets both alike."""
    times: dict[Work, list[float]] = {ours: [], floor: []}
    for index in range(rounds + 10):
        for work in (ours, floor):
            began = time.perf_counter()
            await work()
            if index >= 10:  # plans and caches are warm
                times[work].append((time.perf_counter() - began) * 1000)
    for share, word in ((0.5, "p50"), (0.95, "p95")):
        row(
            f"{name}, {word}",
            quantile(times[ours], share),
            "ms",
            floor=quantile(times[floor], share),
            goal=goal,
        )


async def run(platform: Platform, *, quick: bool = False) -> None:
    use_engine(platform.database.logins.app)
    await engine().open(size=2)
    floor = await asyncpg.connect(platform.database.superuser_url)
    actor = reader(platform.big)

    def ours(lines: LineFilter, **kwargs: Any) -> Work:
        return lambda: list_lines(actor, lines, **kwargs)

    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "by name": ({}, {}),
        "by status filter": ({"status": ("suspended",)}, {"status": "suspended"}),
        "deep page (1,500th)": ({}, {"page": 1500}),
        "search, rare": ({"search": "zwaluw"}, {"search": "zwaluw"}),
        "search, common": ({"search": "peeters"}, {"search": "peeters"}),
        "search, none": ({"search": "nobody-here"}, {"search": "nobody-here"}),
    }
    for name, (narrow, plain) in cases.items():
        page = plain.get("page", 1)
        await compare(
            f"list of 100,000 among {platform.lines:,}: {name}",
            ours(LineFilter(**narrow), page=page),
            raw(floor, platform.big, **plain),
            rounds=5 if quick else 20 if page > 1 else ROUNDS,
        )
    await growth(platform)
    await floor.close()
    await engine().close()


async def growth(platform: Platform) -> None:
    """The same first page for fleets of 100 to 100,000 lines."""
    medians: dict[int, float] = {}
    for size, tenant in platform.tenants.items():
        actor, samples = reader(tenant), []
        for index in range(40):
            began = time.perf_counter()
            await list_lines(actor, LineFilter())
            if index >= 10:
                samples.append((time.perf_counter() - began) * 1000)
        medians[size] = quantile(samples, 0.5)
    smallest, largest = min(medians), max(medians)
    row(
        f"page of a fleet of {largest:,} against one of {smallest:,}",
        medians[largest],
        "ms",
        floor=medians[smallest],
        goal="<= 1.5",
    )
