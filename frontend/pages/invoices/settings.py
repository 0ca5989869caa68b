"""What can be set about invoices, as links beside the list."""

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import panel
from frontend.elements import icon
from frontend.page_context import PageContext


def settings_panel(page: PageContext) -> VdomDict:
    """The links that the person may follow."""
    text = page.text
    entries = [(f"{INVOICES}/delivery", "mail", text("Delivery of invoices"))]
    if page.may(Permission.MEMBERS_MANAGE):
        entries.append((f"{INVOICES}/access", "people", text("Access to invoices")))
    return panel(
        "settings",
        text("Settings"),
        html.div(
            {"class": "links"},
            html.ul(*(html.li(html.a({"href": to}, icon(mark), name)) for to, mark, name in entries)),
        ),
    )
