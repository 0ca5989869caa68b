"""The hosted pages over HTTP: pay, answer to the bank, read a mandate."""

from datetime import UTC, datetime
from typing import Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from backend.core import clock
from backend.core.formats import format_day
from backend.sandbox.console.html import Form
from backend.sandbox.payments import sessions
from backend.sandbox.payments.documents import StripeDocument, StripeError
from backend.sandbox.payments.pay_form import PayForm, first_form, make_method, problems, read_form
from backend.sandbox.payments.pay_html import HostedFrame, hosted_page, key_values
from backend.sandbox.payments.pay_sheet import mandate_text, pay_sheet, spaced
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.sandbox import Sandbox
from backend.web.html import Markup, element
from backend.web.types import AnyRequest

LARGEST_BODY = 16 * 1024


class PayController(Controller):
    """The pages that a person sees after the portal sent them here."""

    path = "/pay"

    @get("/{session_id:str}")
    async def show(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], session_id: FromPath[str]
    ) -> Response[Any]:
        return _page(sandbox.payments, request, session_id)

    @post("/{session_id:str}", request_max_body_size=LARGEST_BODY)
    async def pay(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], session_id: FromPath[str], data: Form
    ) -> Response[Any]:
        """Pay or sign. Sent twice, it happens once: the second time leads on to where the first one led."""
        payments = sandbox.payments
        session = payments.book.of("checkout.session").get(session_id)
        if (
            session is None
            or sessions.open_session(payments, session_id)["status"] != "open"
            or _asking(payments, session)
        ):
            return _page(payments, request, session_id)
        form = read_form(data)
        if wrong := problems(form, session["payment_method_types"], clock.now()):
            return _page(payments, request, session_id, form, wrong=wrong)
        base = str(request.base_url).rstrip("/")
        method = make_method(payments, session, form)
        refused = ""
        try:
            if session["mode"] == "setup":
                sessions.set_up(payments, session, method, base)
            else:
                sessions.pay(payments, session, method, base)
        except StripeError as error:
            refused = sessions.refused_message(error) or "other"
        await payments.book.settled()
        if refused:
            return _page(payments, request, session_id, form, refused=refused)
        return _onward(session)

    @post("/{session_id:str}/bank", request_max_body_size=LARGEST_BODY)
    async def answer(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], session_id: FromPath[str], data: Form
    ) -> Response[Any]:
        """The customer approves or refuses at the bank that the sandbox plays."""
        payments = sandbox.payments
        session = payments.book.of("checkout.session").get(session_id)
        if session is None or not _asking(payments, session):
            return _page(payments, request, session_id)
        approved, refused = data.get("answer") == "yes", ""
        try:
            sessions.answer_bank(payments, session, approved=approved)
        except StripeError as error:
            refused = sessions.refused_message(error) or "other"
        await payments.book.settled()
        if session["status"] == "complete":
            return _onward(session)
        return _page(payments, request, session_id, refused=refused or "not_approved")

    @get("/mandates/{mandate_id:str}")
    async def mandate(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], mandate_id: FromPath[str]
    ) -> Response[Any]:
        payments = sandbox.payments
        frame = HostedFrame(payments, None, request.headers.get("accept-language", ""))
        mandate = payments.book.of("mandate").get(mandate_id)
        if mandate is None:
            return hosted_page(
                frame.result(frame.text("unknown_title"), frame.text("unknown"), tone="attention"), 404
            )
        return hosted_page(_mandate(payments, frame, mandate))


def _asking(payments: PaymentsSandbox, session: StripeDocument) -> bool:
    """Whether the bank waits for its customer."""
    intent = payments.book.of("payment_intent").get(session["payment_intent"] or "")
    return session["status"] == "open" and intent is not None and intent["status"] == "requires_action"


def _onward(session: StripeDocument) -> Response[Any]:
    """On to the bank's question, or back to the portal."""
    if session["status"] == "open":
        return Redirect(f"/pay/{session['id']}", status_code=303)
    return Redirect(_return_address(session), status_code=303, headers={"referrer-policy": "no-referrer"})


def _return_address(session: StripeDocument) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _page(
    payments: PaymentsSandbox,
    request: AnyRequest,
    session_id: str,
    form: PayForm | None = None,
    *,
    wrong: list[str] | None = None,
    refused: str = "",
) -> Response[Any]:
    session = payments.book.of("checkout.session").get(session_id)
    frame = HostedFrame(payments, session, request.headers.get("accept-language", ""))
    if session is None:
        return hosted_page(
            frame.result(frame.text("unknown_title"), frame.text("unknown"), tone="attention"), 404
        )
    sessions.open_session(payments, session_id)
    if session["status"] == "expired":
        ended = frame.result(
            frame.text("expired_title"),
            frame.text("expired"),
            tone="attention",
            onward=session["cancel_url"] or "",
        )
        return hosted_page(ended, 410)
    if session["status"] == "complete":
        return hosted_page(_completed(frame, session))
    if _asking(payments, session):
        return hosted_page(_bank(frame, session), leads_to=_return_address(session))
    customer = payments.book.of("customer").get(session["customer"] or "", {})
    shown = form or first_form(session["payment_method_types"], customer.get("name") or "")
    status = 422 if wrong else 402 if refused else 200
    sheet = pay_sheet(frame, session, shown, wrong or [], refused)
    return hosted_page(sheet, status, _return_address(session))


def _completed(frame: HostedFrame, session: StripeDocument) -> Markup:
    onward = _return_address(session)
    if session["mode"] == "setup":
        return frame.result(frame.text("signed_title"), frame.text("signed"), tone="positive", onward=onward)
    if session["payment_status"] == "unpaid":
        return frame.result(frame.text("pending_title"), frame.text("pending"), tone="running", onward=onward)
    words = frame.text("paid", amount=frame.money(session["amount_total"]))
    return frame.result(frame.text("paid_title"), words, tone="positive", onward=onward)


def _bank(frame: HostedFrame, session: StripeDocument) -> Markup:
    def button(answer: str, style: str) -> Markup:
        send = {"class": f"button {style}", "type": "submit", "name": "answer", "value": answer}
        return element("button", send, frame.text(f"bank_{answer}"))

    card = element(
        "form",
        {"class": "outcome outcome-attention", "method": "post", "action": f"/pay/{session['id']}/bank"},
        element("h1", {}, frame.text("bank_title")),
        element("p", {}, frame.text("bank_lead", amount=frame.money(session["amount_total"]))),
        element("div", {"class": "form-actions"}, button("yes", "button-primary"), button("no", "")),
    )
    return frame.page(frame.text("bank_title"), card)


def _mandate(payments: PaymentsSandbox, frame: HostedFrame, mandate: StripeDocument) -> Markup:
    method = payments.book.of("payment_method").get(mandate["payment_method"], {})
    reference = mandate["payment_method_details"]["sepa_debit"]["reference"]
    signed = clock.local(datetime.fromtimestamp(mandate["customer_acceptance"]["accepted_at"], UTC))
    state = frame.text("mandate_active" if mandate["status"] == "active" else "mandate_inactive")
    rows = (
        (frame.text("account"), spaced(method.get("_iban", ""))),
        (frame.text("holder"), (method.get("billing_details") or {}).get("name") or ""),
        (frame.text("signed_on"), format_day(signed.date(), frame.language)),
    )
    card = element(
        "section",
        {"class": "outcome"},
        element("h1", {}, frame.text("mandate")),
        element("p", {}, element("span", {"class": "pill"}, state)),
        key_values(rows),
        mandate_text(frame, once=mandate["type"] == "single_use", reference=reference),
    )
    return frame.page(frame.text("mandate"), card)
