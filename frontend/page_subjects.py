"""The pages about one thing, and how that thing is looked for."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from reactpy.types import Component

from backend.billing import service as billing
from backend.billing.payments import service as payments
from backend.bulk import service as bulk
from backend.lines import service as lines
from backend.orders import service as orders
from backend.orders.placement import unfinished
from frontend.page_context import PageContext
from frontend.pages.bulk.upload import UploadPage
from frontend.pages.drafts.page import DraftPage
from frontend.pages.invoice.number import InvoiceNumberPage
from frontend.pages.invoice.page import InvoicePage
from frontend.pages.line.page import LinePage
from frontend.pages.payment.page import PaymentPage
from frontend.pages.request.page import RequestPage
from frontend.pages.review.page import ReviewPage

# Of the pages about one thing: raises NotFound where the person has no such thing
LOOKS: dict[Callable[..., Component], Callable[[PageContext, dict[str, str]], Awaitable[object]]] = {
    LinePage: lambda page, values: lines.get_line(page.actor, UUID(values["line"])),
    InvoicePage: lambda page, values: billing.get_invoice(page.actor, UUID(values["invoice"])),
    PaymentPage: lambda page, values: payments.get_payment(page.actor, UUID(values["payment"])),
    InvoiceNumberPage: lambda page, values: billing.get_invoice(page.actor, UUID(values["invoice"])),
    RequestPage: lambda page, values: orders.find_order(page.actor, values["reference"]),
    DraftPage: lambda page, values: unfinished.find_draft(page.actor, UUID(values["draft"])),
    ReviewPage: lambda page, values: unfinished.find_draft(page.actor, UUID(values["draft"])),
    UploadPage: lambda page, values: bulk.get_upload(page.actor, UUID(values["upload_id"])),
}
