"""One line: everything about a number, on four tabs."""

from typing import Any
from uuid import UUID

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.schemas import LineDetail
from backend.notifications.content import REFUSED_TOPIC, Channel
from frontend.components.actions import link_button
from frontend.components.layout import breadcrumb, page_header, tabs
from frontend.components.lines.line_actions import line_actions, start
from frontend.components.loading import not_ready
from frontend.elements import Child, notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import line_state
from frontend.page_context import PageContext
from frontend.pages.line.overview import overview, person
from frontend.pages.line.tabs import LineHistory, LineRequests, options
from frontend.pages.line.usage import LineUsageTab
from frontend.queries import use_query


@component
def LinePage(line: str, tab: str | None = None, read: LineDetail | None = None) -> VdomDict:
    page = use_page()
    text, line_id = page.text, UUID(line)
    found = use_query(lines.get_line, line_id, topics=(f"line:{line}", "orders", REFUSED_TOPIC), initial=read)

    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    detail = found.data
    return html.div(
        _header(page, detail),
        _tabs(page, detail, tab),
        _undelivered(page, detail),
        _unreached(page, detail),
        _running(text, detail),
        _body(page, detail, tab),
    )


def _header(page: PageContext, detail: LineDetail) -> VdomDict:
    text = page.text
    actions: list[Child] = line_actions(page, detail) if page.may(Permission.ORDERS_PLACE) else []
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


def _tabs(page: PageContext, detail: LineDetail, tab: str | None) -> VdomDict:
    text, base = page.text, f"/app/lines/{detail.id}"
    entries: list[tuple[str, str, int | None]] = [
        (text("Overview"), base, None),
        (text("Options"), f"{base}/options", len(detail.options)),
    ]
    if page.may(Permission.USAGE_READ):
        entries.append((text("Usage"), f"{base}/usage", None))
    if page.may(Permission.ORDERS_READ):
        entries.append((text("Requests"), f"{base}/requests", len(detail.open_orders) or None))
    if page.may(Permission.HISTORY_READ):
        entries.append((text("History"), f"{base}/history", None))
    return tabs(text, text("Parts of the line"), entries, f"{base}/{tab}" if tab else base)


def _running(text: Translator, detail: LineDetail) -> VdomDict | None:
    if not detail.open_orders:
        return None
    return html.div(
        {"id": "running", "class": "before-columns"},
        notice(
            html.strong(text("A change is under way on this line.")),
            " ",
            text("Some other changes are possible only when it is done."),
            mark="clock",
            action=link_button(text("Follow"), f"/app/requests/{detail.open_orders[0]}", kind="small"),
        ),
    )


def _undelivered(page: PageContext, detail: LineDetail) -> VdomDict | None:
    """That the user has not got the mail of the eSIM, and who has to act."""
    text, esim = page.text, detail.esim
    if esim is None or not esim.mail_refused:
        return None
    may = page.may(Permission.ORDERS_PLACE)
    who = (
        text("Correct the address and send it again.")
        if may
        else text("A fleet manager has to correct the address.")
    )
    said = text("The eSIM mail could not be delivered to {email}.", email=esim.email)
    correct = link_button(text("Correct the address"), start("resend_esim", detail.id), kind="small")
    return _not_reached("undelivered", said, who, correct if may else None)


def _unreached(page: PageContext, detail: LineDetail) -> VdomDict | None:
    """That the last message to the user was refused, and who has to act."""
    text, esim = page.text, detail.esim
    # Said already, with the eSIM
    if not detail.refused_channel or (esim and esim.mail_refused and esim.email == detail.email):
        return None
    may = page.may(Permission.ORDERS_PLACE)
    if detail.refused_channel == Channel.MAIL:
        said = text("The last mail to {email} could not be delivered.", email=detail.email)
        who = text("Correct the address.") if may else text("A fleet manager has to correct the address.")
    else:
        said = text("The last SMS to {number} could not be delivered.", number=text.msisdn(detail.msisdn))
        who = (
            text("Give an e-mail address of the user.")
            if may
            else text("A fleet manager can give an e-mail address of the user.")
        )
    change = link_button(text("Change the user"), start("change_user", detail.id), kind="small")
    return _not_reached("unreached", said, who, change if may else None)


def _not_reached(name: str, said: str, who: str, action: VdomDict | None) -> VdomDict:
    """What has not reached the user, who has to act, and the way to it for who may."""
    words = notice(html.strong(said), " ", who, tone="attention", mark="mail", action=action)
    return html.div({"id": name, "class": "before-columns"}, words)


def _body(page: PageContext, detail: LineDetail, tab: str | None) -> Any:
    match tab:
        case "options":
            return options(page, detail)
        case "usage" if page.may(Permission.USAGE_READ):
            return LineUsageTab(line_id=detail.id, key="usage")
        case "requests" if page.may(Permission.ORDERS_READ):
            return LineRequests(line_id=detail.id, key="requests")
        case "history" if page.may(Permission.HISTORY_READ):
            return LineHistory(line_id=detail.id, key="history")
        case _:
            return overview(page, detail)
