"""Lists as files: lines, the results of a request, usage of a month, invoices, spend of a month."""

from collections.abc import AsyncIterator
from functools import partial
from typing import IO

from litestar import get
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Stream

from backend.billing.analysis.export import export_spend
from backend.billing.export import export_invoices
from backend.core.errors import NotFound
from backend.lines.export import export_lines
from backend.orders.export import export_items
from backend.tabular.formats import CSV, XLSX, FileFormat
from backend.usage.export import export_usage
from backend.web.types import AnyRequest
from frontend.components.invoices.list_view import InvoiceView
from frontend.components.invoices.spend_view import SpendView
from frontend.components.invoices.words import state_words
from frontend.components.lines.fleet_view import read_view
from frontend.http.pages import NOT_KEPT, SignedIn, query_of
from frontend.labels import LINE_STATES, line_state_words
from frontend.page_address import AddressProblem, address_problem
from frontend.page_context import PageContext
from frontend.pages.usage.view import UsageView, unknown_values

EXPORT_TYPES = {"csv": f"{CSV}; charset=utf-8", "xlsx": XLSX}
CHUNK = 64 * 1024


@get("/app/export/{file_name:str}")
async def export(request: AnyRequest, page: SignedIn, file_name: FromPath[str]) -> Stream:
    """The list of an address as a file, with all its pages."""
    list_name, _, ending = file_name.partition(".")
    if ending not in EXPORT_TYPES:
        raise HTTPException(status_code=404, detail="not found")
    query = query_of(request)
    if address_problem("", query) is AddressProblem.TOO_LONG:
        raise HTTPException(status_code=414)
    kind: FileFormat = "csv" if ending == "csv" else "xlsx"
    if list_name.startswith("request-"):
        return await _items(page, list_name.removeprefix("request-"), kind)
    match list_name:
        case "lines":
            return await _lines(page, query, kind)
        case "usage":
            return await _usage(page, query, kind)
        case "invoices":
            return await _invoices(page, query, kind)
        case "analysis":
            return await _analysis(page, query, kind)
    raise HTTPException(status_code=404, detail="not found")


def _stream(file: IO[bytes], name: str, kind: FileFormat) -> Stream:
    headers = {**NOT_KEPT, "content-disposition": f'attachment; filename="{name}.{kind}"'}
    return Stream(_chunks(file), media_type=EXPORT_TYPES[kind], headers=headers)


async def _lines(page: PageContext, query: str, kind: FileFormat) -> Stream:
    """The lines of a view, all its pages."""
    # A file of the whole fleet is not what a search asks for, however short
    text, view = page.text, read_view(query, short_search=True)
    headings = [
        text("Surname, first name"),
        text("Number"),
        text("Customer number"),
        text("Product type"),
        text("Tariff plan"),
        text("Options"),
        text("Status"),
        text("SIM number"),
    ]
    file = await export_lines(
        page.actor,
        view.filter,
        format=kind,
        sort=view.sort,
        descending=view.descending,
        headings=headings,
        statuses={
            **{code: line_state_words(text, code) for code in LINE_STATES},
            "voice_data": text("Voice and data"),
            "data_only": text("Data only"),
        },
    )
    return _stream(file, text("fleet"), kind)


async def _items(page: PageContext, reference: str, kind: FileFormat) -> Stream:
    """The result of every line of a request."""
    text = page.text
    headings = [
        text("Reference"),
        text("Number"),
        text("User"),
        text("Change"),
        text("Status"),
        text("Reason"),
        text("Words of the carrier"),
    ]
    file = await export_items(page.actor, reference, format=kind, headings=headings, worded=True)
    return _stream(file, reference, kind)


async def _usage(page: PageContext, query: str, kind: FileFormat) -> Stream:
    """Usage of a month, one row a line."""
    if unknown_values(query):
        # No file of another month than the one that was asked for
        raise NotFound
    text, month = page.text, UsageView.read(query).month
    headings = [
        text("Surname, first name"),
        text("Number"),
        text("Customer number"),
        text("Cost centre"),
        text("Tariff plan"),
        text("Month"),
        text("Mobile data (bytes)"),
        text("Calls (seconds)"),
        text("Messages"),
        text("Paid by the company, excl. VAT"),
    ]
    file = await export_usage(page.actor, period=month, format=kind, headings=headings, sheet=text("Usage"))
    return _stream(file, text("usage"), kind)


async def _invoices(page: PageContext, query: str, kind: FileFormat) -> Stream:
    """The invoices of a view, all its pages."""
    text, view = page.text, InvoiceView.read(query)
    if view.unknown:
        raise NotFound
    headings = [
        text("Invoice"),
        text("Customer number"),
        text("Name of the customer number"),
        text("Date"),
        text("Due date"),
        text("From"),
        text("Until"),
        text("Amount incl. VAT"),
        text("Still open"),
        text("Status"),
    ]
    file = await export_invoices(
        page.actor,
        view.filter,
        format=kind,
        headings=headings,
        sheet=text("Invoices"),
        states=partial(state_words, text),
    )
    return _stream(file, text("invoices"), kind)


async def _analysis(page: PageContext, query: str, kind: FileFormat) -> Stream:
    """What each number costs in the month of a view, of all groups or of one."""
    text, view = page.text, SpendView.read(query)
    if view.unknown or view.month is None:
        raise NotFound
    headings = [
        text("Number"),
        text("Surname, first name"),
        text("Customer number"),
        text("Cost centre"),
        text("Tariff plan"),
        text("Month"),
        text("Excl. VAT"),
        text("Month before, excl. VAT"),
        text("Difference"),
    ]
    file = await export_spend(
        page.actor,
        view.month,
        grouping=view.grouping if view.group is not None else None,
        group=view.group or "",
        format=kind,
        headings=headings,
        sheet=text("Analysis"),
    )
    return _stream(file, text("analysis"), kind)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part
