"""The rows of one file, those with something wrong first."""

from reactpy import html
from reactpy.types import VdomDict

from backend.bulk import service as bulk
from backend.bulk.lifecycle import RowStatus
from backend.bulk.schemas import BulkRows, BulkRowView, RowProblemView, Upload
from frontend.components.bulk_labels import row_pill
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.elements import Child, number
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.queries import use_query

SHOWN = 200


@component
def UploadRows(file: Upload) -> VdomDict:
    """The first rows, those with something wrong before the others."""
    page = use_page()
    text = page.text
    found = use_query(bulk.upload_rows, file.id, limit=SHOWN, errors_first=True)
    if found.data is None:
        return html.div(not_ready(text, found))
    rows: BulkRows = found.data
    frame = table_frame(
        text("Rows of the file, those with something wrong first"),
        [(text("Row"), "amount"), (text("State"), ""), (text("What to do"), "")],
        hover=False,
    )
    more = rows.total - len(rows.items)
    return panel(
        "rows",
        text.plural("{n} row", "{n} rows", rows.total),
        rows_table(frame, [(str(row.row), _row(text, row)) for row in rows.items]),
        html.p(
            {"class": "panel-footer"},
            text.plural("and {n} more row in the download", "and {n} more rows in the download", more),
        )
        if more > 0
        else None,
        bare=True,
    )


def _where(text: Translator, problem: RowProblemView) -> list[Child]:
    """The column and what stood there, on a line of their own above what is wrong with it."""
    if not problem.label:
        return []
    shown = problem.given and problem.given not in problem.message
    given = html.span({"class": "muted"}, text("“{reason}”", reason=problem.given)) if shown else None
    return [html.strong(problem.label), " ", given, html.br()]


def _row(text: Translator, row: BulkRowView) -> VdomDict:
    problems: list[Child] = [
        html.div(
            {"key": f"{index}"},
            *_where(text, problem),
            problem.message,
        )
        for index, problem in enumerate(row.problems)
    ]
    named = row.fields.get("number") or row.fields.get("family_name") or ""
    return html.tr(
        {"class": "is-skipped"} if row.status is RowStatus.SKIPPED else {},
        html.th({"scope": "row", "class": "amount"}, number(text.number(row.row))),
        html.td({"class": "keep"}, row_pill(text, row.status)),
        html.td(*problems or [text.msisdn(str(named)) if str(named).startswith("+") else str(named)]),
    )
