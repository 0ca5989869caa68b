"""The charges of one number of an invoice with their proof: what was charged, why it follows, and disputing several at once."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.billing import service as billing
from backend.billing.lifecycle import payable_now
from backend.billing.proof import service as proof
from backend.billing.proof.service import ProvenCharge
from backend.billing.schemas import ChargeKind, InvoiceDetail
from backend.core.permissions import Permission
from frontend.components.actions import button, link_button
from frontend.components.invoices.dispute_form import DisputeForm
from frontend.components.invoices.list_view import INVOICES
from frontend.components.invoices.numbers import number_of
from frontend.components.invoices.proof_words import reason_words, verdict_mark
from frontend.components.invoices.words import KINDS, invoice_title
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import Child, key_values
from frontend.hooks import component, use_page
from frontend.page_context import PageContext
from frontend.pages.invoice.charge_rows import NOBODY, charge_name, dispute_title, disputed_pill
from frontend.queries import use_query


@component
def InvoiceNumberPage(invoice: str, number: str) -> VdomDict:
    page = use_page()
    text, msisdn = page.text, number_of(number)
    topics = (f"invoice:{invoice}", f"proof:{invoice}")
    found = use_query(billing.get_invoice, UUID(invoice), topics=topics)
    charges = use_query(proof.number_charges, UUID(invoice), msisdn, topics=topics)
    if found.data is None:
        return html.div(not_ready(text, found, alone=True))
    detail: InvoiceDetail = found.data
    title = text.msisdn(msisdn) if msisdn else text("Not of one number")
    address = f"{INVOICES}/{invoice}"
    crumbs = breadcrumb(text, (text("Invoices"), INVOICES), (detail.summary.number, address), (title, None))
    rows: Sequence[ProvenCharge] = charges.data or ()
    user = next((one.user_name for one in rows if one.user_name), "")
    words = ", ".join(part for part in (user, invoice_title(text, detail.summary)) if part)
    line_id = next((one.line_id for one in rows if one.line_id), None)
    opens = line_id is not None and page.may(Permission.LINES_READ)
    head = page_header(
        html.h1(text("Charges of {number}", number=title) if msisdn else text("Charges of no number")),
        html.p(words),
        actions=[link_button(text("See the line"), f"/app/lines/{line_id}", mark="phone")] if opens else (),
        crumbs=crumbs,
    )
    if charges.data is None:
        return html.div(head, not_ready(text, charges))
    if not rows:
        nothing = empty(
            text("This invoice charges nothing for this number"),
            action=link_button(text("Back to the invoice"), address),
        )
        return html.div(head, html.section({"class": "panel"}, nothing))
    may = page.may(Permission.INVOICES_DISPUTE) and disputable(detail)
    return html.div(
        head,
        columns(
            [
                ChargesOfNumber(
                    invoice=invoice,
                    charges=tuple(rows),
                    may=may,
                    key=f"{rows[0].verdict} {len(rows)} {sum(1 for one in rows if one.disputed)}",
                )
            ],
            [_kinds(page, rows), _centres(page, rows)],
        ),
    )


def disputable(detail: InvoiceDetail) -> bool:
    """Whether something of an invoice may be disputed: it is a demand that was not credited as a whole."""
    facts = detail.summary.facts
    return not facts.is_credit and facts.credited_cents < facts.payable_cents and payable_now(facts) >= 0


@component
def ChargesOfNumber(invoice: str, charges: tuple[ProvenCharge, ...], may: bool) -> VdomDict:
    """Each charge with its reason; those that are ticked are disputed together."""
    page = use_page()
    text = page.text
    chosen, choose = use_state(NOBODY)
    none_ticked, set_none_ticked = use_state(False)

    async def sent(found: Any) -> None:
        ticked = set(found["target"]["values"].get("charge") or [])
        choose(tuple(one for one in charges if str(one.id) in ticked))
        set_none_ticked(not ticked)

    total = sum(one.net_cents for one in charges)
    table = panel(
        "charges",
        text.plural("{n} charge, excl. VAT", "{n} charges, excl. VAT", len(charges)),
        html.form(
            {"id": "charges-form", "key": "charges", "onSubmit": event(sent, prevent_default=True)},
            html.div({"class": "table-wrap"}, _table(page, charges, total, may=may)),
            html.div(
                {"class": "panel-footer"},
                html.span({"class": "error", "role": "alert"}, text("Tick at least one charge first."))
                if none_ticked
                else html.span(text("Tick what you do not accept.")),
                button(text("Dispute what is ticked"), kind="small", submit=True),
            )
            if may
            else None,
        ),
        bare=True,
    )
    form = (
        DisputeForm(
            invoice=invoice,
            charges=chosen,
            closed=lambda: choose(NOBODY),
            title=dispute_title(page, chosen),
            key=f"dispute {' '.join(str(one.id) for one in chosen)}",
        )
        if chosen
        else None
    )
    return html.div({"class": "stack"}, table, form)


def _table(page: PageContext, charges: Sequence[ProvenCharge], total: int, *, may: bool) -> VdomDict:
    text = page.text
    return html.table(
        {"class": "table"},
        html.caption(
            {"class": "visually-hidden"}, text("Charges with their proof or their difference, excluding VAT")
        ),
        html.thead(
            html.tr(
                html.th({"scope": "col"}, text("Charge")),
                html.th({"scope": "col", "class": "rank-2"}, text("Proof")),
                html.th({"scope": "col", "class": "amount"}, text("Amount")),
            )
        ),
        html.tbody(*(_row(page, one, may=may) for one in charges)),
        html.tfoot(
            html.tr(
                html.th({"scope": "row"}, text("Total")),
                html.td({"class": "rank-2"}),
                html.td({"class": "amount"}, text.money(total)),
            )
        ),
    )


def _row(page: PageContext, one: ProvenCharge, *, may: bool) -> VdomDict:
    text, name = page.text, charge_name(page, one)
    period = (
        text("{first} to {last}", first=text.date(one.period_start), last=text.date(one.period_end))
        if one.period_start and one.period_end
        else ""
    )
    kind = text(KINDS[ChargeKind(one.kind)])
    head: Child = name
    if may and one.net_cents > 0 and not one.disputed:
        head = html.label(
            {"class": "check"},
            html.input({"type": "checkbox", "name": "charge", "value": str(one.id)}),
            html.span({"class": "check-label"}, name),
        )
    why = reason_words(page, one)
    more = html.details({"class": "more"}, html.summary(text("Why")), html.p({"class": "small"}, *why))
    said = more if one.verdict == "proven" else html.span({"class": "cell-sub"}, *why)
    return html.tr(
        {"key": str(one.id)},
        html.th(
            {"scope": "row"},
            head,
            html.span(
                {"class": "cell-sub"}, ", ".join(part for part in (kind, period, one.cost_centre) if part)
            ),
            html.div({"class": "cell-sub cell-narrow"}, verdict_mark(text, one), said if why else None),
        ),
        html.td({"class": "rank-2"}, verdict_mark(text, one), said if why else None),
        html.td(
            {"class": "amount"}, html.strong(text.money(one.net_cents)), html.div(disputed_pill(text, one))
        ),
    )


def _kinds(page: PageContext, charges: Sequence[ProvenCharge]) -> VdomDict:
    text = page.text
    sums: dict[str, int] = defaultdict(int)
    for one in charges:
        sums[one.kind] += one.net_cents
    rows = [(text(KINDS[ChargeKind(kind)]), text.money(cents)) for kind, cents in sums.items()]
    return panel("by-kind", text("By kind"), key_values(rows))


def _centres(page: PageContext, charges: Sequence[ProvenCharge]) -> VdomDict | None:
    text = page.text
    sums: dict[str, int] = defaultdict(int)
    for one in charges:
        sums[one.cost_centre] += one.net_cents
    if set(sums) == {""}:
        return None
    rows = [(code or text("No cost centre"), text.money(cents)) for code, cents in sums.items()]
    return panel("by-centre", text("By cost centre"), key_values(rows))
