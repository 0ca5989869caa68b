"""Looks up what the rows of a file name, and checks each by the rules of its kind, as a form is checked."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
import orjson

from backend.bulk.kinds import FileKind, OrderColumn
from backend.bulk.lifecycle import RowStatus
from backend.catalog.catalogue import Catalogue, catalogue_of
from backend.catalog.pricing import BillingMonth
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.errors import ValidationFailed
from backend.lines.lifecycle import IN_FLEET
from backend.lines.queries import SqlFilter, add_reach
from backend.orders.effects import effects_of
from backend.orders.kinds import KINDS
from backend.orders.kinds.base import LineSnapshot, OrderKind, QuoteContext, QuoteItem
from backend.orders.lifecycle import ItemState
from backend.orders.placement.file_rows import row_request
from backend.orders.placement.selection import load_lines
from backend.orders.schemas import OrderRequest
from backend.orders.texts import KindTexts
from backend.tabular.columns import CheckedRow
from tenants.scope import Scope


class ResolvedRow(CheckedRow, kw_only=True):
    """A checked row with the line that it names."""

    line_id: UUID | None = None

    @property
    def status(self) -> RowStatus:
        """What was found in the row."""
        if self.bad:
            return RowStatus.ERROR
        return RowStatus.WARNING if self.problems else RowStatus.OK


class NamedCentre(msgspec.Struct, frozen=True):
    """A cost centre that a row names."""

    id: UUID
    code: str


class NumberedLine(msgspec.Struct, frozen=True):
    """A line that a row names by its number."""

    id: UUID
    msisdn: str


async def resolve(scope: Scope, file: FileKind, rows: Sequence[ResolvedRow]) -> None:
    """Replace names by codes and ids in these rows, and note what is wrong in them. Nothing is written.

    The scope is the requester's, since lines and cost centres have to be within the requester's reach.
    """
    catalogue, kind = await catalogue_of(scope), KINDS[file.kind]
    for row in rows:
        _codes(file.columns, catalogue, row)
    await _cost_centres(scope, rows)
    if file.on_lines:
        await _lines(scope, rows)
    for row in rows:
        if file.finish:
            file.finish(row.fields)
    await _check_requests(scope, kind, catalogue, [row for row in rows if row.status is not RowStatus.ERROR])


@cache
def _names(carrier: str, names: str) -> dict[str, str]:
    """By code and by name in any language: the code. A name that two things share is left out."""
    catalogue = profile(carrier)
    things: Sequence[Any] = {
        "plan": catalogue.plans,
        "option": catalogue.options,
        "barring": catalogue.barrings,
    }[names]
    found: dict[str, str] = {}
    for thing in things:
        for name in {_plain(texts) for texts in thing.name.values()}:
            found[name] = "" if name in found else thing.code
    return found | {_plain(thing.code): thing.code for thing in things}


def _plain(texts: str) -> str:
    return " ".join(texts.casefold().split())


def _codes(columns: Sequence[OrderColumn], catalogue: Catalogue, row: ResolvedRow) -> None:
    for column in columns:
        given = row.fields.get(column.code)
        if not column.names or given is None:
            continue
        known = _names(catalogue.profile.code, column.names)
        parts = [given] if isinstance(given, str) else given
        unknown = [part for part in parts if not known.get(_plain(part))]
        if unknown:
            row.wrong(
                column.code,
                f"{column.names}_unknown",
                values={"given": unknown[0], "carrier": catalogue.profile.name},
            )
            continue
        found = [known[_plain(part)] for part in parts]
        row.fields[column.code] = found[0] if isinstance(given, str) else list(dict.fromkeys(found))


async def _cost_centres(scope: Scope, rows: Sequence[ResolvedRow]) -> None:
    """Note cost centres that do not exist or are out of reach, with one and the same problem."""
    wanted = {code for row in rows if (code := row.fields.get("cost_centre"))}
    if not wanted:
        return
    reach = scope.actor.reach.cost_centres
    found = await scope.fetch_all(
        NamedCentre, "SELECT id, code FROM cost_centre WHERE code = ANY($1::text[])", sorted(wanted)
    )
    known = {one.code for one in found if reach is None or one.id in reach}
    for row in rows:
        if (code := row.fields.get("cost_centre")) and code not in known:
            row.wrong("cost_centre", "cost_centre_unknown")


async def _lines(scope: Scope, rows: Sequence[ResolvedRow]) -> None:
    """Set each row's line by its number. One that is foreign, unknown, ended or out of reach gets the same problem."""
    where = SqlFilter()
    where.add("l.msisdn = ANY({0}::text[])", [row.fields["number"] for row in rows])
    where.add("l.status = ANY({0}::text[])", list(IN_FLEET))
    add_reach(scope.actor, where)
    found = await scope.fetch_all(
        NumberedLine, f"SELECT l.id, l.msisdn FROM line l WHERE {where.sql}", *where.values
    )
    lines = {one.msisdn: one.id for one in found}
    for row in rows:
        row.line_id = lines.get(row.fields["number"])
        if row.line_id is None:
            row.wrong("number", "line_unknown")


async def _check_requests(
    scope: Scope, kind: OrderKind, catalogue: Catalogue, rows: Sequence[ResolvedRow]
) -> None:
    """Note what the rules of the kind refuse in each row, and what the request would leave unchanged."""
    if not rows:
        return
    texts, now = KindTexts(catalogue, kind.code), clock.now()
    shared: dict[bytes, OrderRequest] = {}
    requests = [_request(kind, row.fields, shared) for row in rows]
    lines = await _lines_now(scope, kind, rows)
    loaded = await effects_of(kind.code).load_context(scope, list(shared.values()), list(lines.values()))
    context = QuoteContext(
        catalogue.profile, now, clock.today(), BillingMonth.of(clock.today()), texts, loaded
    )
    refused: dict[int, Mapping[str, str]] = {id(one): _refused(kind, context, one) for one in shared.values()}
    for row, one in zip(rows, requests, strict=True):
        if wrong := refused[id(one)]:
            for field, sentence in wrong.items():
                row.wrong(field, "said", values={"words": sentence})
            continue
        line = kind.creates(context, one) if kind.creates else lines[row.line_id]
        _warn(texts, row, kind.quote_line(context, one, line))


def _request(kind: OrderKind, fields: dict[str, Any], shared: dict[bytes, OrderRequest]) -> OrderRequest:
    """The request of a row; rows with the same fields share one."""
    own = row_request(kind.code, fields)
    key = orjson.dumps(own, option=orjson.OPT_SORT_KEYS)
    if key not in shared:
        shared[key] = msgspec.convert({"kind": kind.code, **own}, kind.request)
    return shared[key]


async def _lines_now(
    scope: Scope, kind: OrderKind, rows: Sequence[ResolvedRow]
) -> dict[UUID | None, LineSnapshot]:
    if kind.creates is not None:
        return {}
    ids = tuple(row.line_id for row in rows if row.line_id)
    found = await load_lines(scope, kind.request(line_ids=ids), together=False)
    return {line.id: line for line in found}


def _refused(kind: OrderKind, context: QuoteContext, request: OrderRequest) -> Mapping[str, str]:
    try:
        kind.check(context, request)
    except ValidationFailed as invalid:
        return dict(invalid.fields) or {"": invalid.message}
    return {}


def _warn(texts: KindTexts, row: ResolvedRow, planned: QuoteItem) -> None:
    """Warn of what the request leaves unchanged: the line, or single codes."""
    if planned.state is ItemState.SKIPPED:
        row.wrong("", "said", warning=True, values={"words": texts.why(planned.reason)})
    else:
        for what, code in planned.notes.items():
            row.wrong("", "said", warning=True, values={"words": texts.note(what, code)})
