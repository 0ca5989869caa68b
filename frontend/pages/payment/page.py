"""One payment: what happened to the money. Whoever comes back from the payment page lands here."""

from collections.abc import Callable
from uuid import UUID

from reactpy import html, use_effect
from reactpy.types import VdomDict

from backend.billing.payments import service
from backend.billing.payments.lifecycle import OPEN_PAGE, PENDING
from backend.billing.payments.schemas import PaymentInfo, RefundInfo, ShareInfo
from backend.core.permissions import Permission
from frontend.components.actions import button, link_button
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import breadcrumb, page_header, panel
from frontend.components.loading import not_ready
from frontend.components.payments.outcome import PaymentOutcome, outcome_of
from frontend.components.payments.pay import choose_address
from frontend.components.payments.words import payment_pill
from frontend.elements import Child, classes, icon, key_values, pill
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

LEFT, DONE = "left", "done"
REFUND_STATES = {
    "requested": translatable("asked for"),
    "pending": translatable("on its way"),
    "succeeded": translatable("given back"),
    "failed": translatable("not given back"),
}


@component
def PaymentPage(payment: str, query: str) -> VdomDict:
    page = use_page()
    text, payment_id = page.text, UUID(payment)
    back = first_values(query).get("back", "")
    may_pay = page.may(Permission.INVOICES_PAY)
    found = use_query(service.get_payment, payment_id, topics=(f"payment:{payment}",))
    use_effect(lambda: _ask(page, payment_id, back if may_pay else ""), [])
    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    detail: PaymentInfo = found.data
    shown = outcome_of(text, detail, returned=back in {LEFT, DONE})
    return html.div(
        page_header(
            text("Payment of {amount}", amount=text.money(detail.cents)),
            html.p(
                text("{name}, {moment}", name=detail.payer_name or "-", moment=text.moment(detail.created_at))
            ),
            beside=payment_pill(text, detail.state, detail.failure),
            crumbs=breadcrumb(text, (text("Invoices"), INVOICES), (text("Payment"), None)),
        ),
        html.div({"class": "narrow stack"}, _outcome(page, detail, shown), _refunds(text, detail)),
    )


def _ask(page: PageContext, payment_id: UUID, back: str) -> Callable[[], None] | None:
    """Have the service asked once, where somebody comes back from its page."""
    if back in {LEFT, DONE}:
        page.run_in_background(
            service.ask_about_payment(page.actor, payment_id, leave=back == LEFT),  # type: ignore[arg-type]
        )
    return None


def _outcome(page: PageContext, detail: PaymentInfo, shown: PaymentOutcome) -> VdomDict:
    text = page.text
    return html.div(
        {
            "class": classes("outcome", f"outcome-{shown.tone}" if shown.tone else None),
            # Read out when the answer comes
            "role": "status",
        },
        html.span({"class": "outcome-icon"}, icon(shown.mark)),
        html.div(html.h2({"class": "big"}, shown.title), html.p({"class": "muted"}, shown.sentence)),
        html.dl({"class": "total"}, *(_share(text, one, str(at)) for at, one in enumerate(detail.shares))),
        html.p({"class": "small muted"}, shown.note) if shown.note else None,
        _actions(page, detail),
    )


def _share(text: Translator, share: ShareInfo, key: str) -> VdomDict:
    """An invoice, what of the payment is for it, and how it stands now."""
    name: Child = (
        html.a({"href": f"{INVOICES}/{share.invoice_id}", "class": "number"}, share.number)
        if share.invoice_id
        else text("customer no. {number}", number=share.account)
    )
    return html.div(
        {"key": key},
        html.dt(name, " ", html.span({"class": "small muted"}, _open_words(text, share))),
        html.dd(text.money(share.cents)),
    )


def _open_words(text: Translator, share: ShareInfo) -> str:
    if share.open_cents is None:
        return ""
    if share.open_cents <= 0:
        return text("nothing open")
    return text("{amount} open", amount=text.money(share.open_cents))


def _actions(page: PageContext, detail: PaymentInfo) -> VdomDict:
    text = page.text
    see = link_button(text("See the invoices"), INVOICES, more={"key": "see"})
    if not page.may(Permission.INVOICES_PAY):
        return html.div({"class": "actions"}, see)
    if detail.state in OPEN_PAGE and detail.address:
        go_on = link_button(
            text("Go on to the payment page"), detail.address, kind="primary", more={"key": "on"}
        )
        return html.div({"class": "actions"}, go_on, LeaveButton(payment=str(detail.id), key="leave"))
    still = [one.invoice_id for one in detail.shares if one.invoice_id and (one.open_cents or 0) > 0]
    if detail.state not in PENDING and still and page.settings.stripe_key:
        again = link_button(
            text("Pay what is open"), choose_address(still), kind="primary", more={"key": "again"}
        )
        return html.div({"class": "actions"}, again, see)
    return html.div({"class": "actions"}, see)


@component
def LeaveButton(payment: str) -> VdomDict:
    """Close the payment page without paying."""
    page = use_page()
    text = page.text

    async def leave(actor: object, payment_id: UUID) -> None:
        await service.ask_about_payment(actor, payment_id, leave=True)  # type: ignore[arg-type]

    closing = use_mutation(
        leave, done=lambda _nothing: page.push("toast", text=text("The page is being closed."))
    )
    return button(
        text("Do not pay"),
        kind="quiet",
        busy=closing.pending,
        on_click=lambda _event: closing.run(UUID(payment)),
    )


def _refunds(text: Translator, detail: PaymentInfo) -> VdomDict | None:
    if not detail.refunds:
        return None
    rows: list[tuple[Child, Child]] = [
        (
            text("{amount}, {date}", amount=text.money(one.cents), date=text.date(one.created_at)),
            _refund(text, one),
        )
        for one in detail.refunds
    ]
    return panel("refunds", text("What goes back to you"), key_values(rows, stacked=True))


def _refund(text: Translator, refund: RefundInfo) -> VdomDict:
    words = pill(text(REFUND_STATES[refund.state]))
    return html.span(words, " ", refund.reason)
