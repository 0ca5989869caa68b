"""How each customer number pays: by its owner, or by direct debit; setting that up, changing the account, ending it."""

from collections.abc import Callable
from uuid import UUID

from reactpy import html, use_effect
from reactpy.types import VdomDict

from backend.billing.mandates import service
from backend.billing.mandates.schemas import DebitSettings
from backend.core.permissions import Permission
from frontend.components.actions import link_button
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import breadcrumb, empty, page_header
from frontend.components.loading import not_ready
from frontend.elements import notice
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.pages.billing.account import AccountPanel
from frontend.queries import use_query

SIGNED, LEFT = "signed", "left"


@component
def BillingPage(query: str) -> VdomDict:
    page = use_page()
    text, back = page.text, first_values(query)
    found = use_query(service.debit_settings, topics=("mandates", "invoices"))
    use_effect(lambda: _ask(page, back), [])
    head = page_header(
        text("How you pay"),
        html.p(
            text(
                "For each customer number: you pay its invoices yourself, or they are collected from your account."
            )
        ),
        crumbs=breadcrumb(text, (text("Invoices"), INVOICES), (text("How you pay"), None)),
    )
    if found.data is None:
        return html.div(head, not_ready(text, found))
    accounts: list[DebitSettings] = found.data
    if not accounts:
        nothing = empty(
            text("No customer number"),
            text("There is no customer number whose invoices you may see."),
            action=link_button(text("Go to the home page"), "/app", kind="primary"),
        )
        return html.div(head, html.section({"class": "panel"}, nothing))
    may = page.may(Permission.MANDATES_MANAGE) and bool(page.settings.stripe_key)
    return html.div(
        head,
        html.div(
            {"class": "narrow stack"},
            _returned(text, back, accounts),
            None if may else notice(_who(text, page), mark="info"),
            *(AccountPanel(account=one, may=may, key=str(one.billing_account_id)) for one in accounts),
        ),
    )


def _ask(page: PageContext, back: dict[str, str]) -> Callable[[], None] | None:
    """Have the service asked once, where somebody comes back from its page."""
    for name in (SIGNED, LEFT):
        try:
            mandate_id = UUID(back.get(name, ""))
        except ValueError:
            continue
        if page.may(Permission.MANDATES_MANAGE):
            page.run_in_background(
                service.ask_about_mandate(page.actor, mandate_id, leave=name == LEFT),  # type: ignore[arg-type]
            )
    return None


def _returned(text: Translator, back: dict[str, str], accounts: list[DebitSettings]) -> VdomDict | None:
    """While it is not known yet whether the mandate was signed from whose page somebody comes back."""
    waits = any(one.draft and str(one.draft.id) == back.get(SIGNED) for one in accounts)
    if not waits:
        return None
    return notice(
        text("You come back from the page of the mandate. Whether it is signed is being asked."), live=True
    )


def _who(text: Translator, page: PageContext) -> str:
    if not page.settings.stripe_key:
        return text("Direct debit is not offered here: your operator can tell you more.")
    return text("An owner of your company sets up direct debit, changes its account and ends it.")
