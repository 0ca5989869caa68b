"""Usage of one line: bundles, the cap abroad, months, and single records behind a reason that the user will read."""

from datetime import date
from typing import Any
from uuid import UUID

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.usage import service as usage
from backend.usage.schemas import LineUsage, UsageDetail
from frontend.components.actions import button
from frontend.components.forms import described, error_summary
from frontend.components.layout import columns, panel
from frontend.components.loading import not_ready
from frontend.components.usage.details import access_log, detail_panel, no_detail
from frontend.components.usage.meters import bundle_meters, cap_meter, provisional
from frontend.components.usage.months import months_chart
from frontend.components.usage.services import services_table
from frontend.components.usage.words import month_words
from frontend.elements import Child, icon, notice
from frontend.hooks import component, handler, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query


@component
def LineUsageTab(line_id: UUID) -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(usage.line_usage, line_id, topics=(f"usage:{line_id}", f"line:{line_id}"))
    if found.data is None:
        return html.div(not_ready(text, found))
    shown: LineUsage = found.data
    main: list[Child] = [_meters(page, shown)]
    if shown.services:
        paid = text("Paid by the company")
        main.append(
            panel(
                "services",
                text("Used in {month}", month=month_words(text, shown.period)),
                services_table(text, shown.services, paid, shown.cents),
                bare=True,
            )
        )
    aside = [panel("looks", text("Who looked"), AccessLog(line_id=line_id, key="looks"))]
    below: list[Child] = []
    if shown.history:
        below.append(
            panel(
                "months",
                text("Month by month"),
                months_chart(text, "line-months", shown.history, shown.period),
                beside=[html.span({"class": "small muted"}, text("Mobile data"))],
            )
        )
    if page.may(Permission.USAGE_DETAIL):
        below.append(DetailForm(line_id=line_id, period=shown.period, split=shown.split, key="detail"))
    return html.div({"class": "stack"}, columns(main, aside), *below)


def _meters(page: PageContext, shown: LineUsage) -> VdomDict:
    text = page.text
    split = (
        html.p(
            {"class": "small muted"},
            text("The bill of this line is split: only the company's part is shown."),
        )
        if shown.split
        else None
    )
    title = text("Usage in {month}", month=month_words(text, shown.period))
    meters = (bundle_meters(page, shown.buckets), html.hr(), cap_meter(text, shown.cap))
    return panel("usage", title, *meters, split, provisional(text, shown.until))


@component
def AccessLog(line_id: UUID) -> VdomDict:
    text = use_page().text
    found = use_query(usage.detail_accesses, line_id, topics=(f"usage:{line_id}",))
    return access_log(text, found.data) if found.data is not None else not_ready(text, found)


@component
def DetailForm(line_id: UUID, period: date, split: bool) -> VdomDict:
    """Asks for the reason first; what is typed stays when it does not do."""
    page = use_page()
    text = page.text
    detail, set_detail = use_state(no_detail)

    async def show(found: UsageDetail) -> None:
        set_detail(found)

    look = use_mutation(usage.line_detail, done=show)

    async def submit(sent: Any) -> None:
        look.run(line_id, reason=_typed(sent), period=period)

    if detail is not None:
        return detail_panel(text, "detail", text("Detail"), detail, own=False)
    problem = look.problem
    wrong = _fields(page, problem.fields if problem else None)
    lead = (
        text("The bill is split, so days are shown, not single calls. Called numbers are never shown.")
        if split
        else text("Called numbers are never shown.")
    )
    return panel(
        "detail",
        text("Detail"),
        notice(problem.words, tone="danger", mark="alert", live=True) if problem and not wrong else None,
        error_summary(text, wrong) if wrong else None,
        html.p({"key": "lead"}, text("Look at the detail only when the sums are not enough."), " ", lead),
        html.form(
            {
                "class": "form",
                "id": "form",
                "key": "form",
                "onSubmit": event(handler(page, submit), prevent_default=True),
            },
            _reason_field(text, wrong.get("reason", "")),
            html.div(
                {"class": "form-actions"},
                button(text("Show the detail"), kind="primary", submit=True, busy=look.pending),
            ),
        ),
    )


def _reason_field(text: Translator, error: str) -> VdomDict:
    return html.div(
        {"class": "field"},
        html.label({"class": "label", "for": "reason", "key": "label"}, text("Why do you need the detail?")),
        html.span(
            {"class": "hint", "id": "reason-hint", "key": "hint"},
            text("Your reason is recorded, and the line's user will read it with your name."),
        ),
        html.span({"class": "error", "id": "reason-error", "key": "error"}, icon("alert"), error)
        if error
        else None,
        html.textarea(
            {
                "class": "input",
                "id": "reason",
                "name": "reason",
                "key": "input",
                "maxLength": 500,
                **described("reason", hint=True, error=error),
            }
        ),
    )


def _fields(page: PageContext, fields: object) -> dict[str, str]:
    if not fields:
        return {}
    return {"reason": page.text("Say why in 10 to 500 characters: the line's user will read it.")}


def _typed(sent: Any) -> str:
    """The reason out of a form that was sent: `{name: [values]}`."""
    values = sent["target"]["values"].get("reason", [""])
    return str(values[0])
