"""Address to page. One root component for every address, so that moving between pages keeps the connection's state."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from reactpy import html, use_connection, use_effect, use_ref, use_state
from reactpy.reactjs import component_from_url
from reactpy.types import Component, VdomDict

from backend.catalog.identifiers import REFERENCE_PATTERN
from backend.core.errors import AppError, NotFound
from backend.core.permissions import Permission, Portal, has_permission
from backend.notifications.content import notification_topic
from backend.notifications.service import count_unread
from backend.orders import service as orders
from frontend.assets import asset_url
from frontend.components.loading import page_elsewhere, page_not_found, page_refused
from frontend.hooks import component, handler, use_page
from frontend.page_address import AddressProblem, address_key, address_problem
from frontend.page_context import PageContext
from frontend.page_subjects import LOOKS
from frontend.pages.analysis.page import AnalysisPage
from frontend.pages.billing.page import BillingPage
from frontend.pages.bulk.choose import BulkPage
from frontend.pages.bulk.upload import UploadPage
from frontend.pages.drafts.page import DraftPage
from frontend.pages.fleet.page import FleetPage
from frontend.pages.home import HomePage
from frontend.pages.invoice.number import InvoiceNumberPage
from frontend.pages.invoice.page import InvoicePage
from frontend.pages.invoice_access import InvoiceAccessPage
from frontend.pages.invoice_delivery import InvoiceDeliveryPage
from frontend.pages.invoices.page import InvoicesPage
from frontend.pages.line.page import LinePage
from frontend.pages.my_mobile import MyMobilePage
from frontend.pages.notifications import NotificationsPage
from frontend.pages.pay.page import PayPage
from frontend.pages.payment.page import PaymentPage
from frontend.pages.request.page import RequestPage
from frontend.pages.requests import RequestsPage
from frontend.pages.review.page import ReviewPage
from frontend.pages.saved_views import SavedViewsPage
from frontend.pages.start import StartPage
from frontend.pages.tokens import TokensPage
from frontend.pages.usage.page import UsagePage

RoutedApp = component_from_url(asset_url("helpers.js"), "App", resolve_imports=False)

ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
P = Permission
# Address, permission, page. Groups of the address are handed to the page by name.
ROUTES: tuple[tuple[re.Pattern[str], Permission, Callable[..., Component]], ...] = tuple(
    (re.compile(f"^/app{pattern}$"), permission, page)
    for pattern, permission, page in (
        ("/?", P.LINES_READ, HomePage),
        ("/fleet", P.LINES_READ, FleetPage),
        (rf"/lines/(?P<line>{ID})(?:/(?P<tab>options|usage|requests|history))?", P.LINES_READ, LinePage),
        (r"/start/(?P<kind>[a-z_]+)", P.ORDERS_PLACE, StartPage),
        (rf"/drafts/(?P<draft>{ID})/review", P.ORDERS_PLACE, ReviewPage),
        (rf"/drafts/(?P<draft>{ID})(?:/(?P<step>[a-z-]+))?", P.ORDERS_PLACE, DraftPage),
        ("/bulk", P.ORDERS_PLACE, BulkPage),
        (rf"/bulk/(?P<upload_id>{ID})", P.ORDERS_READ, UploadPage),
        ("/requests", P.ORDERS_READ, RequestsPage),
        (rf"/requests/(?P<reference>{REFERENCE_PATTERN})", P.ORDERS_READ, RequestPage),
        ("/views/(?P<of>fleet)", P.LINES_READ, SavedViewsPage),
        ("/views/(?P<of>requests)", P.ORDERS_READ, SavedViewsPage),
        ("/usage", P.USAGE_READ, UsagePage),
        ("/invoices", P.INVOICES_READ, InvoicesPage),
        ("/invoices/access", P.MEMBERS_MANAGE, InvoiceAccessPage),
        ("/invoices/delivery", P.INVOICES_READ, InvoiceDeliveryPage),
        (rf"/invoices/(?P<invoice>{ID})", P.INVOICES_READ, InvoicePage),
        ("/billing", P.INVOICES_READ, BillingPage),
        ("/pay", P.INVOICES_PAY, PayPage),
        (rf"/payments/(?P<payment>{ID})", P.INVOICES_READ, PaymentPage),
        (
            rf"/invoices/(?P<invoice>{ID})/numbers/(?P<number>[0-9]{{5,15}}|account)",
            P.INVOICES_READ,
            InvoiceNumberPage,
        ),
        ("/analysis", P.INVOICES_READ, AnalysisPage),
        ("/my", P.OWN_LINES_READ, MyMobilePage),
        ("/notifications", P.SELF, NotificationsPage),
        ("/tokens", P.SELF, TokensPage),
    )
)
WITH_QUERY = (
    AnalysisPage,
    BillingPage,
    BulkPage,
    DraftPage,
    FleetPage,
    InvoiceAccessPage,
    InvoiceDeliveryPage,
    InvoicesPage,
    NotificationsPage,
    PayPage,
    PaymentPage,
    RequestsPage,
    RequestPage,
    ReviewPage,
    SavedViewsPage,
    StartPage,
    UsagePage,
)


# Pages that are drawn when what they show has been read, and so drawn once
READ_FIRST = (LinePage,)
# Longer than that, and the page shows that it is waiting
PATIENCE_SECONDS = 0.2

# The script of the page waits for several of them before it takes the connection for lost
BEAT_SECONDS = 2.5
# What the frame counts, by its name in the page's script
FRAME_COUNTS = {"running": orders.counts_running, "unread": count_unread}


def route(page: PageContext, path: str, query: str, read: Any = None) -> Component:
    """The page at an address; "not found" also for what the person may not see. `read`: by `read_first`."""
    if address_problem(path, query) is AddressProblem.TOO_LONG:
        return RefusedPage(key="refused")
    made, values = find(page, path, query)
    request: dict[str, Any] = {"query": query} if made in WITH_QUERY else {}
    if made in READ_FIRST:
        request["read"] = read
    if made is NotFoundPage:
        return NotFoundPage(path=path, query=query, key="not-found")
    return made(**values, **request, key=address_key(f"{path}{query}"))


def find(page: PageContext, path: str, query: str = "") -> tuple[Callable[..., Component], dict[str, str]]:
    """The page at an address, and what its path names; "not found" where a part of it cannot be read."""
    if address_problem(path, query) is not None:
        return NotFoundPage, {}
    if path in {"/app", "/app/"} and page.profile.portal == "user":
        path = "/app/my"
    elif path in {"/app", "/app/"} and not page.may(P.LINES_READ) and page.may(P.INVOICES_READ):
        # Whoever reads invoices and sees no lines begins with the invoices
        path = "/app/invoices"
    for pattern, permission, made in ROUTES:
        found = pattern.match(path)
        if found and page.may(permission):
            return made, found.groupdict()
    return NotFoundPage, {}


async def read_first(page: PageContext, path: str) -> Any:
    """What the page at an address shows; None where it reads by itself, also where the reading fails or takes long."""
    made, values = find(page, path)
    if made not in READ_FIRST:
        return None
    try:
        return await asyncio.wait_for(LOOKS[made](page, values), PATIENCE_SECONDS)
    except (AppError, TimeoutError):
        return None


async def exists(page: PageContext, path: str, query: str) -> bool:
    """Whether there is a page at an address; where it names a thing, whether the person sees that thing."""
    made, values = find(page, path, query)
    look = LOOKS.get(made)
    if look is not None:
        try:
            await look(page, values)
        except NotFound:
            return False
    return made is not NotFoundPage


def nothing_here(page: PageContext, path: str, query: str) -> VdomDict:
    """What stands where an address has no page: that it is one of the person's other portal, or that there is none."""
    profile = page.profile
    other = next((portal for portal in profile.portals if portal != profile.portal), None)
    if other and any(
        pattern.match(path) and has_permission(profile.roles_elsewhere, permission)
        for pattern, permission, _ in ROUTES
    ):
        return page_elsewhere(page, other, path + (f"?{mark}" if (mark := query.lstrip("?")) else ""))
    return page_not_found(page.text)


@component
def RefusedPage() -> VdomDict:
    return page_refused(use_page().text)


@component
def NotFoundPage(path: str, query: str) -> VdomDict:
    return nothing_here(use_page(), path, query)


@component
def Root() -> VdomDict:
    page, connection = use_page(), use_connection()
    place, set_place = use_state(lambda: (connection.location.path, connection.location.query_string, None))
    wired = use_ref(False)
    if not wired.current:
        wired.current = True
        page.send = connection.carrier.send_json

        async def go(to: str, *, replace: bool = False) -> None:
            """Move to another page of the portal: one answer, the address follows."""
            path, mark, query = to.partition("?")
            await page.push("go", to=to, replace=replace)
            set_place((path, mark + query, await read_first(page, path)))

        page.go = go

    async def moved(event: Any) -> None:
        path, query = str(event["path"]), str(event["query"])
        if page.take_query is not None and path == place[0] and address_problem(path, query) is None:
            # Nothing of the frame changes, so nothing of it is drawn or sent
            page.take_query(query)
        else:
            set_place((path, query, await read_first(page, path)))

    use_effect(lambda: keep_counts(page), [])
    use_effect(lambda: keep_beating(page), [])
    return html.div(
        {"class": "contents"},
        RoutedApp({"onAddress": handler(page, moved), "key": "app"}),
        route(page, *place),
    )


def keep_beating(page: PageContext) -> Callable[[], None]:
    """Say every few seconds that the server is there; returns the ending call.

    A network may be lost without a word: the page's script takes silence for a lost connection.
    """

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await page.push("beat")

    task = asyncio.create_task(beat())

    def stop() -> None:
        task.cancel()

    return stop


def keep_counts(page: PageContext) -> Callable[[], None]:
    """Keep the requests under way and the unread messages in the frame right; returns the unsubscribing call."""
    with_orders = page.profile.portal != Portal.USER and page.may(Permission.ORDERS_READ)
    topics = {"running": "orders"} if with_orders else {}
    if page.actor.member_id is not None:
        topics["unread"] = notification_topic(page.actor.member_id)

    async def count(*names: str) -> None:
        await page.push("frame", **{name: await FRAME_COUNTS[name](page.actor) for name in names})

    def follow(name: str, topic: str) -> Callable[[], None]:
        return page.services.subscribe(
            page.actor.tenant_id, topic, lambda: page.run_in_background(count(name))
        )

    page.run_in_background(count(*topics))
    ends = [follow(name, topic) for name, topic in topics.items()]

    def stop() -> None:
        for end in ends:
            end()

    return stop
