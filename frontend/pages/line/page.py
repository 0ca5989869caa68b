"""One line: everything about a number, on four tabs."""

from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.schemas import LineDetail, Selection
from backend.orders import drafts
from frontend.components.actions import button, link_button
from frontend.components.basics import Child, notice
from frontend.components.layout import breadcrumb, page_header, tabs
from frontend.components.loading import not_ready
from frontend.hooks import component, use_action, use_query, use_visit
from frontend.labels import line_state
from frontend.pages.line.overview import overview, person
from frontend.pages.line.tabs import LineHistory, LineRequests, options
from frontend.text import Text
from frontend.visit import Visit


@component
def LinePage(line: str, tab: str | None = None) -> VdomDict:
    visit = use_visit()
    text, line_id = visit.text, UUID(line)
    found = use_query(lines.get_line, line_id, topics=(f"line:{line}", "orders"))

    async def follow(draft: UUID) -> None:
        await visit.move(f"/app/change-options/{draft}")

    change = use_action(drafts.start_change, done=follow)
    if found.data is None:
        return html.div(not_ready(text, found))
    detail = found.data
    return html.div(
        _header(visit, detail, change.pending, lambda _event: change.run(Selection(line_ids=(line_id,)))),
        notice(change.problem.words, tone="danger", mark="alert", live=True) if change.problem else None,
        _tabs(visit, detail, tab),
        _running(text, detail),
        _body(visit, detail, tab),
    )


def _header(visit: Visit, detail: LineDetail, pending: bool, on_change: Any) -> VdomDict:
    text = visit.text
    actions: list[Child] = []
    if visit.may(Permission.ORDERS_PLACE):
        more = {"disabled": True, "aria-describedby": "running"} if detail.open_orders else None
        actions = [
            button(
                text("Change options"),
                mark="options",
                kind="primary",
                on_click=on_change,
                busy=pending,
                more=more,
            )
        ]
    shown = text.msisdn(detail.msisdn)
    return page_header(
        html.h1({"class": "number"}, shown),
        html.p(
            ", ".join(
                part
                for part in (
                    person(detail),
                    detail.plan.name,
                    text("customer no. {number}", number=detail.billing_account),
                )
                if part
            )
        ),
        beside=line_state(text, detail.status),
        actions=actions,
        crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (shown, None)),
    )


def _tabs(visit: Visit, detail: LineDetail, tab: str | None) -> VdomDict:
    text, base = visit.text, f"/app/lines/{detail.id}"
    entries: list[tuple[str, str, int | None]] = [
        (text("Overview"), base, None),
        (text("Options"), f"{base}/options", len(detail.options)),
    ]
    if visit.may(Permission.ORDERS_READ):
        entries.append((text("Requests"), f"{base}/requests", len(detail.open_orders) or None))
    if visit.may(Permission.HISTORY_READ):
        entries.append((text("History"), f"{base}/history", None))
    return tabs(text, text("Parts of the line"), entries, f"{base}/{tab}" if tab else base)


def _running(text: Text, detail: LineDetail) -> VdomDict | None:
    if not detail.open_orders:
        return None
    return html.div(
        {"id": "running", "class": "before-columns"},
        notice(
            html.strong(text("A change is under way on this line.")),
            " ",
            text("Other changes are possible as soon as it is done."),
            mark="clock",
            action=link_button(text("Follow"), f"/app/requests/{detail.open_orders[0]}", kind="small"),
        ),
    )


def _body(visit: Visit, detail: LineDetail, tab: str | None) -> Any:
    match tab:
        case "options":
            return options(visit, detail)
        case "requests" if visit.may(Permission.ORDERS_READ):
            return LineRequests(line_id=detail.id, key="requests")
        case "history" if visit.may(Permission.HISTORY_READ):
            return LineHistory(line_id=detail.id, key="history")
        case _:
            return overview(visit, detail)
