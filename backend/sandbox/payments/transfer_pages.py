"""The page on which a person plays their bank: a transfer to the operator, and the statement that tells of it."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from backend.catalog.identifiers import structured_communication
from backend.core import clock
from backend.sandbox.console.html import Form
from backend.sandbox.payments.documents import StripeDocument
from backend.sandbox.payments.pay_html import HostedFrame, alert, field, hosted_page
from backend.sandbox.payments.payments import PaymentsSandbox
from backend.sandbox.payments.transfers import TRANSFER, BankTransfer, make_transfer, read_transfer
from backend.sandbox.payments.trial_numbers import iban_valid
from backend.sandbox.sandbox import Sandbox
from backend.web.files import download
from backend.web.html import Markup, element
from backend.web.types import AnyRequest

LARGEST_BODY = 16 * 1024
LONGEST_TEXT = 140
LONGEST = 200
MOST = Decimal("999999.99")
# The names that people know them by
FORMATS = {"cod": "CODA", "xml": "CAMT.053"}
CUSTOMERS_IBAN = "BE71 0961 2345 6769"


class TransferForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields as they were typed."""

    to_iban: str = ""
    amount: str = ""
    communication: str = ""
    from_iban: str = ""
    holder: str = ""


FIELDS = TransferForm.__struct_fields__


def read_transfer_form(fields: Mapping[str, str]) -> TransferForm:
    """The fields of a form; what is too long is cut."""
    return TransferForm(**{name: fields.get(name, "").strip()[:LONGEST] for name in FIELDS})


def cents_of(text: str) -> int | None:
    """An amount with a comma or a point before its cents, and spaces; None where it is none that a bank takes."""
    plain = re.sub(r"[\s€]", "", text).replace(",", ".")
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 < amount <= MOST or amount * 100 % 1:
        return None
    return int(amount * 100)


def transfer_problems(form: TransferForm) -> list[str]:
    """The fields that are wrong, in their order; nothing where all is right."""
    wrong = {
        "to_iban": not iban_valid(_compact(form.to_iban)),
        "amount": cents_of(form.amount) is None,
        "communication": len(form.communication) > LONGEST_TEXT,
        "from_iban": not iban_valid(_compact(form.from_iban)),
        "holder": not form.holder,
    }
    return [name for name in FIELDS if wrong[name]]


def _compact(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


class TransferController(Controller):
    """A transfer: its form, what became of it, its files."""

    path = "/pay/transfer"

    @get()
    async def show(
        self,
        request: AnyRequest,
        sandbox: NamedDependency[Sandbox],
        amount: FromQuery[str] = "",
        communication: FromQuery[str] = "",
    ) -> Response[Any]:
        form = TransferForm(
            to_iban=sandbox.payments.setup.iban,
            amount=amount[:LONGEST],
            communication=communication[:LONGEST],
            from_iban=CUSTOMERS_IBAN,
        )
        return hosted_page(_sheet(_frame(sandbox, request), form, []))

    @post(request_max_body_size=LARGEST_BODY)
    async def send(self, request: AnyRequest, sandbox: NamedDependency[Sandbox], data: Form) -> Response[Any]:
        """Keep a transfer. Sent twice, it is made twice, as at a bank."""
        form = read_transfer_form(data)
        cents = cents_of(form.amount)
        wrong = transfer_problems(form)
        if cents is None or wrong:
            return hosted_page(_sheet(_frame(sandbox, request), form, wrong), 422)
        structured = structured_communication(form.communication) or ""
        made = make_transfer(
            sandbox.payments.book,
            to_iban=_compact(form.to_iban),
            day=clock.today(),
            cents=cents,
            from_iban=_compact(form.from_iban),
            name=form.holder,
            structured=structured,
            text="" if structured else form.communication,
        )
        await sandbox.payments.book.settled()
        return Redirect(f"/pay/transfer/{made.id}", status_code=303)

    @get("/{transfer_id:str}")
    async def made(
        self, request: AnyRequest, sandbox: NamedDependency[Sandbox], transfer_id: FromPath[str]
    ) -> Response[Any]:
        found = _found(sandbox.payments, transfer_id)
        return hosted_page(_made(_frame(sandbox, request), sandbox.payments, found))

    @get("/{transfer_id:str}/{name:str}")
    async def statement(
        self, sandbox: NamedDependency[Sandbox], transfer_id: FromPath[str], name: FromPath[str]
    ) -> Any:
        """The file `statement.cod` or `statement.xml` of a transfer."""
        stem, _, ending = name.partition(".")
        found, write = _found(sandbox.payments, transfer_id), sandbox.payments.setup.bank_files.get(ending)
        if stem != "statement" or write is None:
            raise NotFoundException("The sandbox writes no such file.")
        return download(write(found), f"{found.id}.{ending}", "application/octet-stream")


def _frame(sandbox: Sandbox, request: AnyRequest) -> HostedFrame:
    return HostedFrame(sandbox.payments, None, request.headers.get("accept-language", ""))


def _found(payments: PaymentsSandbox, transfer_id: str) -> BankTransfer:
    document: StripeDocument | None = payments.book.of(TRANSFER).get(transfer_id)
    if document is None:
        raise NotFoundException("The sandbox knows no such transfer.")
    return read_transfer(document)


def _sheet(frame: HostedFrame, form: TransferForm, wrong: list[str]) -> Markup:
    hints = {"communication": frame.text("communication_hint")}
    fields = (
        field(frame, name, getattr(form, name), wrong, hint=hints.get(name, ""), code=name.endswith("iban"))
        for name in FIELDS
    )
    title = frame.text("transfer_title")
    card = element(
        "form",
        {"class": "outcome form", "method": "post", "action": "/pay/transfer", "novalidate": True},
        element("h1", {}, title),
        element("p", {}, frame.text("transfer_lead")),
        *fields,
        element(
            "button",
            {"class": "button button-primary button-wide", "type": "submit"},
            frame.text("transfer_send"),
        ),
    )
    return frame.page(title, alert(frame, wrong), card)


def _made(frame: HostedFrame, payments: PaymentsSandbox, made: BankTransfer) -> Markup:
    endings = [ending for ending in FORMATS if ending in payments.setup.bank_files]
    files = (
        element(
            "li",
            {},
            element(
                "a",
                {"href": f"/pay/transfer/{made.id}/statement.{ending}", "download": True},
                frame.text("transfer_file", name=FORMATS[ending]),
            ),
        )
        for ending in endings
    )
    title = frame.text("transfer_done_title")
    command = f"fleetline billing statements import {made.id}.{endings[0] if endings else 'xml'}"
    card = element(
        "section",
        {"class": "outcome outcome-positive"},
        element("h1", {}, title),
        element("p", {}, frame.text("transfer_done", amount=frame.money(made.cents))),
        element("ul", {"class": "files"}, *files),
        element("p", {}, frame.text("transfer_how")),
        element("p", {"class": "code"}, command),
        element("p", {}, element("a", {"href": "/pay/transfer"}, frame.text("transfer_again"))),
    )
    return frame.page(title, card)
