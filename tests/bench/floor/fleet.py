"""The floor of the browser rows: the fleet's table as a plain Litestar page with server-rendered fragments.

Same rows, columns, style sheets and query as ours; no sign-in, no policies, no live updates, no filters.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.compression import CompressionConfig

from backend.catalog.profiles import profile
from backend.lines.schemas import LineRow, PlanName, Sort
from backend.lines.views import DETAIL
from frontend.assets import STYLES, asset_url, assets
from frontend.components.lines.fleet_view import View, read_view
from frontend.http.shell import sprite
from frontend.i18n import translator_for
from frontend.pages.fleet.rows import rows_html
from tests.bench.floor.listing import page_and_total

TENANT = UUID(os.environ.get("BENCH_TENANT", "0" * 32))
SCRIPT = Path(__file__).with_name("fleet.js").read_text(encoding="utf-8")
CACHED = {"cache-control": "public, max-age=31536000, immutable"}
SORTS = (Sort.NAME, Sort.MSISDN, None, Sort.PLAN, None, Sort.STATUS)
HEADS = ("User", "Number", "Customer no.", "Tariff plan", "Options", "Status")
state: dict[str, Any] = {}


def _line(row: Any) -> LineRow:
    return LineRow(
        id=row["id"],
        msisdn=row["msisdn"],
        name=row["name"],
        status=row["status"],
        product_type=row["product_type"],
        plan=PlanName(row["plan"], state["names"][row["plan"]]),
        options=row["options"],
        billing_account=row["account"],
        sim_number=row["sim_number"],
        open_order=row["open_order"],
    )


async def _table(view: View) -> str:
    rows, total = await page_and_total(
        state["pool"],
        TENANT,
        search=view.filter.search,
        sort=view.sort,
        descending=view.descending,
        page=view.page,
    )
    shown = "".join(
        html for _, html in rows_html(translator_for("en"), "mandarine", [_line(row) for row in rows[:50]])
    )
    heads = "".join(
        f'<th scope="col"><a href="{escape(view.sorted_by(sort).address("/"))}">{head}</a></th>'
        if sort
        else f'<th scope="col">{head}</th>'
        for head, sort in zip(HEADS, SORTS, strict=True)
    )
    return (
        '<div class="table-frame"><table class="table table-hover table-sticky"><caption class="visually-hidden">Lines</caption>'
        f'<thead><tr><th><input type="checkbox"></th>{heads}<th></th></tr></thead><tbody>{shown}</tbody></table></div>'
        f'<div class="panel-footer"><span>{view.first + 1}-{view.first + min(len(rows), 50)} of {total:,}</span>'
        f'<a class="button button-small" id="page-next" href="{escape(view.at(view.page + 1).address("/"))}">Next</a></div>'
    )


@get(["/", "/app/fleet"])
async def page(request: Request[Any, Any, Any]) -> Response[str]:
    """The whole page, or with `X-Part` its table."""
    table = await _table(read_view(request.scope["query_string"].decode()))
    if "x-part" in request.headers:
        return Response(table, media_type=MediaType.HTML)
    styles = f'<link rel="stylesheet" href="{asset_url(STYLES)}">'
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Fleet</title>{styles}'
        f'<script type="module" src="/floor.js"></script></head><body>{sprite()}<main class="page" id="main"><h1>Fleet</h1>'
        '<section class="panel"><div class="toolbar"><input class="input input-compact" type="search" id="fleet-search"></div>'
        f'<div id="table">{table}</div></section></main><div class="menu" id="row-menu" popover="auto"><a href="">See the line</a></div></body></html>'
    )
    return Response(html, media_type=MediaType.HTML, headers={"cache-control": "no-store"})


@get("/app/lines/{line_id:uuid}")
async def line(line_id: UUID) -> Response[str]:
    """What our line page shows first, as one fragment."""
    async with state["pool"].acquire() as connection:
        row = await connection.fetchrow(f"{DETAIL} WHERE l.id = $1 AND l.tenant_id = $2", line_id, TENANT)
    facts = "".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in row.items()
        if value is not None
    )
    html = f'<h1>{escape(row["name"])} {translator_for("en").msisdn(row["msisdn"])}</h1><section class="panel"><dl class="key-values">{facts}</dl></section>'
    return Response(html, media_type=MediaType.HTML)


@get("/assets/{path:path}")
async def asset(request: Request[Any, Any, Any]) -> Response[bytes]:
    encoding, body = assets()[request.url.path].best("br")
    kind = assets()[request.url.path].content_type
    return Response(body, headers={**CACHED, "content-type": kind, "content-encoding": encoding})


@get("/floor.js")
async def script() -> Response[str]:
    return Response(SCRIPT, media_type="text/javascript", headers=CACHED)


@asynccontextmanager
async def database(_: Litestar) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["BENCH_DATABASE"],
        min_size=2,
        max_size=8,
        # For the view `fleet`
        server_settings={"app.tenant_id": str(TENANT)},
    ) as pool:
        state["pool"] = pool
        state["names"] = {plan.code: plan.name.get("en", "") for plan in profile("mandarine").plans}
        yield


def create() -> Litestar:
    return Litestar(
        [page, line, asset, script],
        lifespan=[database],
        openapi_config=None,
        logging_config=None,
        compression_config=CompressionConfig(backend="brotli", brotli_quality=5, exclude=["/assets/"]),
    )
