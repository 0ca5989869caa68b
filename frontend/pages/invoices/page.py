"""The invoices of the company: what is to be paid, by customer number, and the list with its filters."""

from reactpy import html
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.queries import GroupCounts
from backend.billing.schemas import Balance, InvoiceGroup
from frontend.components.actions import link_button
from frontend.components.invoices.list_view import GROUPS, INVOICES, InvoiceView
from frontend.components.layout import columns, empty, page_header, tabs
from frontend.components.loading import not_ready
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import FILE_FORMATS
from frontend.page_context import PageContext
from frontend.pages.invoices.balance import balance_panels
from frontend.pages.invoices.filters import filters
from frontend.pages.invoices.listed import TOPICS, InvoicesListed
from frontend.pages.invoices.settings import settings_panel
from frontend.queries import use_query


@component
def InvoicesPage(query: str) -> VdomDict:
    page = use_page()
    text, view = page.text, InvoiceView.read(query)
    found = use_query(billing.balance, topics=TOPICS)
    if found.data is None:
        return html.div(page_header(text("Invoices")), not_ready(text, found))
    balance: Balance = found.data
    head = page_header(
        text("Invoices"),
        html.p(text("What your operator charges the company, per customer number.")),
        actions=_exports(page, view) if balance.accounts else (),
    )
    if view.unknown:
        return html.div(head, _unknown(text, view.unknown))
    if not balance.accounts and not view.narrowed:
        return html.div(head, html.section({"class": "panel"}, _none(text)))
    return html.div(
        head,
        columns(
            [
                InvoiceGroups(view=view, key="groups"),
                filters(text, view, balance),
                InvoicesListed(view=view, key=f"listed {view.address()}"),
            ],
            [*balance_panels(page, balance), settings_panel(page)],
        ),
    )


@component
def InvoiceGroups(view: InvoiceView) -> VdomDict:
    """The groups as tabs, each with its count."""
    text = use_page().text
    counts: GroupCounts | None = use_query(billing.counts_by_group, view.filter, topics=TOPICS).data
    numbers = {
        InvoiceGroup.ALL: counts.everything if counts else None,
        InvoiceGroup.TO_PAY: counts.to_pay if counts else None,
        InvoiceGroup.COLLECTING: counts.collecting if counts else None,
        InvoiceGroup.PAID: counts.paid if counts else None,
        InvoiceGroup.CREDITS: counts.credits if counts else None,
    }
    entries = [
        (text(words), view.in_group(group).address(), numbers[group]) for group, words in GROUPS.items()
    ]
    return tabs(text, text("Invoices by state"), entries, view.in_group(view.filter.group).address())


def _exports(page: PageContext, view: InvoiceView) -> list[VdomDict]:
    text = page.text
    return [
        link_button(
            text("Export as {kind}", kind=name),
            view.at(1).address(f"/app/export/invoices.{kind}"),
            mark="download",
        )
        for kind, name in FILE_FORMATS.items()
    ]


def _unknown(text: Translator, value: str) -> VdomDict:
    """In place of the list: without what does not exist it would show more than was meant."""
    words = text("This address filters by something that does not exist: {value}.", value=value)
    action = link_button(text("See all invoices"), INVOICES)
    return html.section(
        {"class": "panel"}, empty(text("This view cannot be shown"), words, action=action, mark="alert")
    )


def _none(text: Translator) -> VdomDict:
    return empty(
        text("No invoice yet"),
        text("Every invoice of your customer numbers will be here, with what is to be paid and until when."),
    )
