"""One line: everything about a number, on four tabs."""

from typing import Any
from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.schemas import HistoryEntry, LineDetail, Selection
from backend.orders import drafts
from backend.orders import service as orders
from frontend.components.actions import button, link_button
from frontend.components.basics import Child, hidden, icon, key_values, notice, number
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel, tabs, timeline
from frontend.components.loading import not_ready
from frontend.components.options import names
from frontend.components.requests import requests_table
from frontend.hooks import component, use_action, use_query, use_visit
from frontend.labels import FAMILIES, action_words, line_state
from frontend.text import LANGUAGES, Text
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


def person(detail: LineDetail) -> str:
    """The user's name as people say it."""
    return f"{detail.given_name} {detail.family_name}".strip() or detail.name


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
            return _options(visit, detail)
        case "requests" if visit.may(Permission.ORDERS_READ):
            return LineRequests(line_id=detail.id, key="requests")
        case "history" if visit.may(Permission.HISTORY_READ):
            return LineHistory(line_id=detail.id, key="history")
        case _:
            return _overview(visit, detail)


def _overview(visit: Visit, detail: LineDetail) -> VdomDict:
    text = visit.text
    none = html.span({"class": "muted"}, text.context("options", "none"))
    options = names(visit, detail.options) or none
    barrings = [
        visit.text.pick(b.name, b.code)
        for b in profile(visit.profile.carrier).barrings
        if b.code in detail.barrings
    ]
    cap = (
        text("{amount} a month excl. VAT", amount=text.money(detail.roaming_cap_cents))
        if detail.roaming_cap_cents is not None
        else html.span({"class": "muted"}, text("No cap chosen"))
    )
    account = f"{detail.billing_account} {detail.billing_account_label}".strip()
    subscription = key_values(
        [
            (text("User"), person(detail) or html.span({"class": "muted"}, text("No name"))),
            (text("Holder"), [detail.holder, html.br(), html.span({"class": "muted"}, detail.address)]),
            (text("Customer number"), account),
            *([(text("Cost centre"), detail.cost_centre)] if detail.cost_centre else []),
            (text("Number type"), text("Mobile")),
            (
                text("Tariff plan"),
                [
                    detail.plan.name,
                    html.br(),
                    html.span(
                        {"class": "muted"},
                        text("{amount} a month excl. VAT", amount=text.money(detail.plan_monthly_cents)),
                    ),
                ],
            ),
            (
                text("Options"),
                options,
                html.a(
                    {"href": f"/app/lines/{detail.id}/options"},
                    text("See"),
                    hidden(f" {text('the options')}"),
                )
                if detail.options
                else None,
            ),
            (text("Barrings"), ", ".join(barrings) or html.span({"class": "muted"}, text("No barring"))),
            (
                text("Split billing"),
                detail.split_profile or html.span({"class": "muted"}, text("No profile defined")),
            ),
            (text("Cap abroad"), cap),
            (text("Active since"), text.date(detail.activated_on) if detail.activated_on else none),
        ]
    )
    contact = [(text("E-mail"), detail.email)] if detail.email else []
    if detail.language in LANGUAGES:
        contact.append((text("Language"), LANGUAGES[detail.language]))
    return columns(
        [panel("subscription", text("Subscription"), subscription)],
        [
            panel("sim", text("SIM card"), _sim(visit, detail)),
            panel("contact", text("Contact"), key_values(contact, stacked=True)) if contact else None,
            html.p(
                {"class": "small muted"},
                text(
                    "Read from the network on {moment}. A change that ended since may be missing.",
                    moment=text.moment(detail.refreshed_at),
                ),
            )
            if detail.refreshed_at
            else None,
        ],
    )


def _sim(visit: Visit, detail: LineDetail) -> VdomDict:
    text = visit.text
    return html.div(
        {"class": "stack stack-tight"},
        key_values(
            [
                (text("SIM number"), number(text.sim(detail.sim_number))),
                (text("Format"), text("eSIM") if detail.sim_kind == "esim" else text("Physical card")),
                (
                    text("Companion data SIM"),
                    text.sim(detail.companion_sim)
                    if detail.companion_sim
                    else html.span({"class": "muted"}, text("None linked")),
                ),
            ],
            stacked=True,
        ),
        Puk(line_id=detail.id, key="puk") if detail.has_puk and visit.may(Permission.PUK_REVEAL) else None,
    )


@component
def Puk(line_id: UUID) -> VdomDict:
    """The PUK behind "show": a recent sign-in is asked for, every showing is recorded."""
    text = use_visit().text
    code, set_code = use_state("")

    async def show(found: str) -> None:
        set_code(found)

    reveal = use_action(lines.reveal_puk, done=show)
    shown = (
        number(code)
        if code
        else html.span(html.span({"aria-hidden": "true"}, "•••• ••••"), hidden(text("hidden")))
    )
    return html.div(
        {"class": "puk", "aria-live": "polite"},
        html.div(
            html.span({"class": "muted"}, text("PUK code")),
            html.br(),
            shown,
            html.br(),
            html.span({"class": "small muted"}, text("Every showing is recorded.")),
        ),
        None
        if code
        else button(
            text("Show"),
            kind="small",
            on_click=lambda _event: reveal.run(line_id),
            busy=reveal.pending,
            more={"aria-label": text("Show the PUK code")},
        ),
        notice(reveal.problem.words, tone="danger", mark="alert", live=True) if reveal.problem else None,
    )


def _options(visit: Visit, detail: LineDetail) -> VdomDict:
    text, known = visit.text, profile(visit.profile.carrier)
    if not detail.options:
        return html.section(
            {"class": "panel"},
            empty(
                text("No option on this line"), text("Roaming, data or other options will be listed here.")
            ),
        )
    entries = [option for code in detail.options if (option := known.option(code))]
    return panel(
        "options",
        text("Active options"),
        html.ul(
            {"class": "todo"},
            *(
                html.li(
                    {"key": option.code},
                    icon(FAMILIES[option.family][1]),
                    html.div(
                        html.h3(text.pick(option.name)),
                        html.p(
                            {"class": "muted"},
                            text.pick(option.description) or text(FAMILIES[option.family][0]),
                        ),
                    ),
                    html.span(
                        {"class": "option-price"},
                        html.span({"class": "price"}, text.money(option.price_cents)),
                        html.span(
                            {"class": "price-note"},
                            text("a month excl. VAT")
                            if option.charge == "monthly"
                            else text("once excl. VAT"),
                        ),
                    ),
                )
                for option in entries
            ),
        ),
        bare=True,
    )


@component
def LineRequests(line_id: UUID) -> VdomDict:
    text = use_visit().text
    found = use_query(orders.list_orders, topics=("orders",), line_id=line_id)
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data:
        return html.section(
            {"class": "panel"},
            empty(
                text("No request on this line"),
                text("Every change will be here, with its promised time and its result."),
            ),
        )
    return panel(
        "requests",
        text("Requests on this line"),
        requests_table(text, text("Requests on this line, the newest first"), found.data),
        bare=True,
    )


@component
def LineHistory(line_id: UUID) -> VdomDict:
    text = use_visit().text
    found = use_query(lines.line_history, line_id, topics=(f"line:{line_id}",))
    if found.data is None:
        return html.div(not_ready(text, found))
    if not found.data:
        return html.section(
            {"class": "panel"},
            empty(
                text("Nothing has happened yet"), text("Changes and looks at secrets will be listed here.")
            ),
        )
    return panel("history", text("History"), timeline([_event(text, entry) for entry in found.data]))


def _event(text: Text, entry: HistoryEntry) -> dict[str, Any]:
    who = text("by {name}", name=entry.actor) if entry.actor else text("by the product or the carrier")
    title: Any = action_words(text, entry)
    if entry.reference:
        title = [
            title,
            " ",
            html.a({"class": "number", "href": f"/app/requests/{entry.reference}"}, entry.reference),
        ]
        title = html.span(*title)
    return {"state": "done", "title": title, "time": text.moment(entry.at), "note": who}
