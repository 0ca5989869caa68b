"""Where a file of many requests begins: what it is for, its template, and handing it in; and the files of late."""

from typing import Any
from uuid import UUID

from reactpy import html, use_effect
from reactpy.types import Component, VdomDict

from backend.bulk import service as bulk
from backend.bulk.schemas import FileTemplate, Upload
from frontend.components.actions import link_button
from frontend.components.bulk_labels import state_pill
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.lines.line_actions import OFFERS
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.components.upload import Uploaded, bulk_upload
from frontend.elements import Child, hidden, icon, notice, number
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

ICONS = {kind: shape for kind, shape, _ in OFFERS} | {"add_line": "plus"}


@component
def BulkPage(query: str) -> VdomDict | Component:
    page = use_page()
    request = first_values(query)
    found = use_query(bulk.file_forms)
    if found.data is None:
        return html.div(not_ready(page.text, found, alone=True))
    form = next((one for one in found.data if one.kind == request.get("kind")), None)
    if form is not None:
        return HandIn(form=form, document=request.get("document", ""), key=form.kind)
    return FileKindChoice(forms=found.data, key="kinds")


@component
def FileKindChoice(forms: list[FileTemplate]) -> VdomDict:
    text = use_page().text
    return html.div(
        page_header(
            text("Many requests from a file"),
            html.p(
                text(
                    "Take a template, fill in one row per line, and hand it in. Nothing is sent before you confirm."
                )
            ),
            crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (text("From a file"), None)),
        ),
        columns(
            [
                panel(
                    "kinds",
                    text("What is the file for?"),
                    html.ul({"class": "todo"}, *(_kind(text, form) for form in forms)),
                    bare=True,
                )
            ],
            [LatestUploads(key="latest")],
        ),
    )


def _kind(text: Translator, form: FileTemplate) -> VdomDict:
    about = ", ".join(column.label for column in form.columns)
    return html.li(
        {"key": form.kind},
        icon(ICONS.get(form.kind, "requests")),
        html.div(html.h3(form.title), html.p({"class": "muted small"}, form.refused or about)),
        html.div({"class": "row"}, *templates(text, form), _choose(text, form)) if not form.refused else None,
    )


def _choose(text: Translator, form: FileTemplate) -> VdomDict:
    words = html.span(text("Hand in a file"), hidden(f", {form.title}"))
    return link_button(words, f"/app/bulk?kind={form.kind}", kind="small")


def templates(text: Translator, form: FileTemplate) -> list[Child]:
    return [
        link_button(
            html.span(hidden(f"{text('Template')}, {form.title}, "), name),
            f"/app/templates/{form.kind}.{ending}",
            mark="download",
            kind="small quiet",
            more={"download": "", "key": ending},
        )
        for ending, name in FILE_FORMATS.items()
    ]


@component
def HandIn(form: FileTemplate, document: str) -> VdomDict:
    """`document`: a file that a form without script has stored already."""
    page = use_page()
    text = page.text

    async def begun(upload_: Upload) -> None:
        await page.navigate(f"/app/bulk/{upload_.id}", replace=bool(document))

    start = use_mutation(bulk.start_upload, done=begun)

    def at_once() -> Any:
        if document:
            try:
                start.run(kind=form.kind, document_id=UUID(document))
            except ValueError:
                return

    use_effect(at_once, [])

    def stored(file: Uploaded) -> None:
        start.run(kind=form.kind, document_id=file.id)

    own = text("Excel or CSV, at most 20,000 rows and 10 MB.")
    body = (
        notice(form.refused, tone="attention", mark="alert")
        if form.refused
        else bulk_upload(text, text("Your file"), own, form.kind, stored)
    )
    links = html.div({"class": "row"}, *templates(text, form))
    return html.div(
        _header(text, form),
        html.div(
            {"class": "before-columns", "key": "problem"},
            notice(start.problem.words, tone="danger", mark="alert", live=True),
        )
        if start.problem
        else None,
        columns(
            [panel("hand-in", text("Hand in a file"), body)],
            [panel("template", text("Template"), _columns(text, form), links)],
        ),
    )


def _header(text: Translator, form: FileTemplate) -> VdomDict:
    way = ((text("Fleet"), "/app/fleet"), (text("From a file"), "/app/bulk"), (form.title, None))
    return page_header(
        form.title,
        html.p(text("One row per line. Nothing is sent before you confirm.")),
        crumbs=breadcrumb(text, *way),
    )


def _columns(text: Translator, form: FileTemplate) -> VdomDict:
    return html.dl(
        {"class": "key-values key-values-stacked"},
        *(
            html.div(
                {"key": column.code},
                html.dt(column.label, "" if column.required else f" {text('(optional)')}"),
                html.dd(column.hint),
            )
            for column in form.columns
        ),
    )


@component
def LatestUploads() -> VdomDict:
    """The latest files, to be opened again."""
    page = use_page()
    text = page.text
    found = use_query(bulk.list_uploads, topics=("bulk",))
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data.items:
        body = empty(text("No file yet"), text("A file that you hand in shows here with its state."))
    else:
        frame = table_frame(text("Files of late"), [(text("File"), ""), (text("State"), "")])
        body = rows_table(frame, [(str(one.id), _file(page, one)) for one in found.data.items])
    return panel("files", text("Files of late"), body, bare=True)


def _file(page: PageContext, one: Upload) -> VdomDict:
    text = page.text
    return html.tr(
        html.th(
            {"scope": "row"},
            html.a({"href": f"/app/bulk/{one.id}"}, one.file_name),
            html.span({"class": "cell-sub"}, number(text.moment(one.created_at))),
        ),
        html.td({"class": "keep"}, state_pill(text, one.state)),
    )
