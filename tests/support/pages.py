"""Every page of the portal, for tests that look at all of them."""

from uuid import UUID

import msgspec
from playwright.async_api import Page, expect

from backend.billing.disputes.opening import open_disputes
from backend.billing.disputes.schemas import ContestedCharge, NewDispute
from backend.billing.lifecycle import ImportOutcome
from backend.billing.payments.lifecycle import PaymentState
from backend.billing.payments.schemas import PaymentPart
from backend.billing.payments.starting import start_payment
from backend.billing.proof import service as proof
from backend.billing.proof.proving import keep, work_out
from backend.billing.proof.reading import INVOICE
from backend.billing.proof.schemas import ProvenInvoice
from backend.billing.schemas import InvoiceSummary
from backend.catalog.profiles import profile
from backend.core.messaging.jobs import job_scope
from backend.lines.schemas import LineFilter, Selection
from backend.lines.service import list_lines
from backend.orders.kinds import KINDS
from backend.orders.placement import drafts
from backend.saved_views.schemas import FleetQuery
from backend.saved_views.service import save_view
from tenants.transaction import open_scope
from tests.support.bank import make_invoice
from tests.support.billing_documents import DEBIT, LINE
from tests.support.factories import Customer
from tests.support.invoices import credit_for, invoice_for, invoices_of, take
from tests.support.order_steps import place

# No job runs in these tests: what a payment became is written down
AS_IF = """
UPDATE payment SET state = $2, method = 'card', address = 'https://pay.example/1', failure = 'insufficient_funds',
  processing_since = now()::date, received_cents = 100, refunded_cents = 50, paid_at = now(), checked_at = now()
WHERE id = $1
"""


def an_option(customer: Customer) -> str:
    return next(o.code for o in profile(customer.carrier).options if not o.plans)


async def some_invoices(customer: Customer) -> list[InvoiceSummary]:
    """An invoice that is overdue, one that is credited, a credit note, and one that announces its debit."""
    line = (await customer.lines())[0]
    charge = msgspec.structs.replace(LINE, msisdn=line.msisdn)
    documents = [
        invoice_for(customer, "2026-0001", lines=[charge, LINE], note="Thank you."),
        invoice_for(customer, "2026-0002"),
        credit_for(customer, "NC-0001", corrects=["2026-0002"]),
        invoice_for(customer, "2026-0003", payment_means="59", debit=DEBIT),
    ]
    for document in documents:
        taken = await take(document)
        assert taken.outcome is ImportOutcome.BOOKED, taken
    found = await invoices_of(customer.manager, search="2026-0001")
    await prove(customer, found[0].id)
    charges = (await proof.number_charges(customer.manager, found[0].id, line.msisdn))[:1]
    contested = [ContestedCharge(charge_id=one.id) for one in charges]
    await open_disputes(customer.manager, found[0].id, NewDispute(charges=contested, words="-"))
    return found


async def prove(customer: Customer, invoice_id: UUID) -> None:
    """Prove an invoice here and now."""
    async with job_scope(customer.system) as scope:
        invoice = await scope.fetch_one(ProvenInvoice, INVOICE, invoice_id)
        assert invoice is not None
        await keep(scope, invoice.id, await work_out(scope, invoice))


async def payments_in_every_state(customer: Customer) -> dict[str, str]:
    """A page of a payment in each state, and those on which a payment is checked."""
    invoice = await make_invoice(customer, 10_000)
    pages = {
        "pay": "/app/pay",
        "pay a part": f"/app/pay?invoice={invoice.id}&part=x",
        "pay, nothing chosen": "/app/pay?choose=1",
    }
    for state in PaymentState:
        part = PaymentPart(invoice_id=invoice.id, cents=100)
        key = await start_payment(customer.manager, [part], request_key=f"page {state}")
        async with open_scope(customer.system) as scope:
            await scope.connection.execute(AS_IF, key, state)
        pages[f"payment {state}"] = f"/app/payments/{key}"
    return pages


async def addresses(customer: Customer) -> dict[str, str]:
    """One address of every page, in the states that need data."""
    lines = (await list_lines(customer.manager, LineFilter(search="Peeters"))).items
    order = await place(customer, [line.id for line in lines[:3]], add=(an_option(customer),))
    draft = await drafts.start_draft(
        customer.manager, "change_options", Selection(line_ids=(lines[5].id, lines[6].id))
    )
    await drafts.save_draft(customer.manager, draft, {"add": [an_option(customer)]})
    await save_view(
        customer.manager, "Active ones", FleetQuery(filter=LineFilter(status=("active",))), shared=True
    )
    forms = {
        kind: await drafts.start_draft(customer.manager, kind, Selection(line_ids=(lines[7].id,)))
        for kind, effects in KINDS.items()
        if not effects.creates
        and (effects.offered is None or effects.offered(profile(customer.carrier)))
        and "active" in effects.statuses
    }
    return {
        **{f"form of {kind}": f"/app/drafts/{form}" for kind, form in forms.items()},
        "requests, what waits for me": "/app/requests?show=attention",
        "requests, unfinished": "/app/requests?show=drafts",
        "requests, a view that is gone": "/app/requests?kind=no_such_kind",
        "saved views of the fleet": "/app/views/fleet?status=active",
        "saved views of the requests": "/app/views/requests",
        "requests, nothing found": "/app/requests?search=nobody",
        "cannot begin": f"/app/start/reactivate?line={customer.tenant_id}",
        "home": "/app",
        "fleet": "/app/fleet",
        "fleet, nothing found": "/app/fleet?search=personne+ici",
        "line": f"/app/lines/{lines[0].id}",
        "options of a line": f"/app/lines/{lines[0].id}/options",
        "requests of a line": f"/app/lines/{lines[0].id}/requests",
        "history of a line": f"/app/lines/{lines[0].id}/history",
        "change options": f"/app/drafts/{draft}",
        "review": f"/app/drafts/{draft}/review",
        "request": f"/app/requests/{order.reference}",
        "requests": "/app/requests",
        "access tokens": "/app/tokens",
        "invoices": "/app/invoices",
        "invoices, nothing found": "/app/invoices?search=nobody",
        "invoices, a view that is not": "/app/invoices?show=nonsense",
        "access to invoices": "/app/invoices/access",
        "how you pay": "/app/billing",
        "delivery of invoices": "/app/invoices/delivery",
        **await payments_in_every_state(customer),
        "invoice": f"/app/invoices/{(invoice := (await some_invoices(customer))[0]).id}",
        "charges of a number": f"/app/invoices/{invoice.id}/numbers/{lines[0].msisdn.lstrip('+')}",
        "charges of no number": f"/app/invoices/{invoice.id}/numbers/account",
        "analysis": "/app/analysis",
        "analysis of a customer number": f"/app/analysis?by=account&group={invoice.account}",
        "analysis, a view that is not": "/app/analysis?month=nonsense",
        "not found": "/app/nowhere",
    }


async def settled(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_selector("html[data-ready]")
    await expect(page.locator("[data-skeleton]")).to_have_count(0)
