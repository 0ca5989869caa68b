"""How the invoices of each customer number reach the company: by e-mail and SMS, by post, or by Peppol."""

from collections.abc import Mapping
from typing import Any

from reactpy import event, html
from reactpy.types import VdomDict

from backend.billing.delivery import service
from backend.billing.delivery.lifecycle import DeliveryMethod
from backend.billing.delivery.service import DeliveryInfo, DeliveryWish
from backend.core.permissions import Permission
from frontend.components.actions import button, link_button
from frontend.components.forms import error_summary, radio_cards, text_field
from frontend.components.invoices.list_view import INVOICES
from frontend.components.layout import breadcrumb, columns, empty, page_header, panel
from frontend.components.loading import not_ready
from frontend.elements import Child, icon, notice
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator, translatable
from frontend.page_address import first_values
from frontend.page_context import PageContext
from frontend.queries import use_query

HERE = f"{INVOICES}/delivery"
METHODS = {
    DeliveryMethod.EMAIL: translatable("By e-mail"),
    DeliveryMethod.POST: translatable("By post"),
    DeliveryMethod.PEPPOL: translatable("By Peppol"),
}


@component
def InvoiceDeliveryPage(query: str) -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(service.list_deliveries, topics=(service.TOPIC,))
    head = page_header(
        text("Delivery of invoices"),
        html.p(
            text("Each customer number has its own way. In the portal every invoice is there in any case.")
        ),
        crumbs=breadcrumb(text, (text("Invoices"), INVOICES), (text("Delivery of invoices"), None)),
    )
    if found.data is None:
        return html.div(head, not_ready(text, found))
    every: list[DeliveryInfo] = found.data
    if not every:
        return html.div(head, html.section({"class": "panel"}, empty(text("No customer number yet"))))
    wanted = first_values(query).get("account", "")
    shown = next((one for one in every if one.account == wanted), every[0])
    may = page.may(Permission.DELIVERY_MANAGE)
    form = ChangeDelivery(shown=shown, key=f"{shown.account} {shown.changed_at}") if may else None
    return html.div(head, columns([_list(page, every, shown, may=may)], [form]))


def _list(page: PageContext, every: list[DeliveryInfo], shown: DeliveryInfo, *, may: bool) -> VdomDict:
    text = page.text
    return panel(
        "numbers",
        text.plural("{n} customer number", "{n} customer numbers", len(every)),
        html.ul({"class": "todo"}, *(_entry(text, one, may=may and one is not shown) for one in every)),
        None
        if may
        else html.p({"class": "panel-footer muted"}, text("Only an owner of your company may change it.")),
        bare=True,
    )


def _entry(text: Translator, one: DeliveryInfo, *, may: bool) -> VdomDict:
    action = link_button(
        text("Modify"),
        f"{HERE}?account={one.account}",
        kind="small",
        more={"aria-label": text("Modify the delivery of {account}", account=one.account)},
    )
    return html.li(
        {"key": one.account},
        icon("mail" if one.method == DeliveryMethod.EMAIL else "invoice"),
        html.div(
            html.h3(f"{one.account} {one.label}".strip()),
            html.p(text(METHODS[one.method])),
            html.p({"class": "small muted"}, *_about(text, one)),
        ),
        action if may else None,
    )


def _about(text: Translator, one: DeliveryInfo) -> list[Child]:
    """To whom it goes, and whether the operator has taken the choice over."""
    if one.method == DeliveryMethod.EMAIL:
        others = [*one.emails, *([text.msisdn(one.mobile)] if one.mobile else [])]
        to = (
            text("To the owners and the invoice readers, and to {others}.", others=", ".join(others))
            if others
            else text("To the owners and the invoice readers.")
        )
    elif one.method == DeliveryMethod.PEPPOL:
        to = text("To participant 0208:{number}.", number=one.enterprise_number)
    else:
        to = text("To the address that your operator has of {name}.", name=one.organisation)
    return [to, " ", _standing(text, one)]


def _standing(text: Translator, one: DeliveryInfo) -> str:
    if one.changed_at is None:
        return text("Nothing was chosen here: what else your operator sends is not known to the portal.")
    day = text.date(one.changed_at)
    if one.waits:
        return text(
            "Chosen on {day}. Your operator’s billing system has not confirmed it yet: until then invoices may still come the earlier way.",
            day=day,
        )
    return text("Chosen on {day}, confirmed by your operator.", day=day)


@component
def ChangeDelivery(shown: DeliveryInfo) -> VdomDict:
    """The form of one customer number."""
    page = use_page()
    text = page.text

    async def saved(_nothing: None) -> None:
        await page.push(
            "toast",
            text=text(
                "Saved. It counts from the next invoice that is issued after your operator’s confirmation."
            ),
        )

    change = use_mutation(service.set_delivery, done=saved)
    problem = change.problem
    errors = dict.fromkeys(problem.fields or (), problem.words) if problem else {}

    async def sent(found: Any) -> None:
        values: Mapping[str, list[str]] = found["target"]["values"]
        typed = (values.get("emails") or [""])[0]
        change.run(
            shown.billing_account_id,
            DeliveryWish(
                method=DeliveryMethod((values.get("method") or [shown.method])[0]),
                emails=[one for one in typed.replace(";", ",").split(",") if one.strip()],
                mobile=(values.get("mobile") or [""])[0],
            ),
        )

    title = text("Delivery of {account}", account=f"{shown.account} {shown.label}".strip())
    return panel(
        "change",
        title,
        error_summary(text, errors) if errors else None,
        notice(problem.words, tone="danger", mark="alert", live=True) if problem and not errors else None,
        html.form(
            {
                "class": "form",
                "key": "change",
                "novalidate": True,
                "aria-label": title,
                "onSubmit": event(sent, prevent_default=True),
            },
            *_fields(text, shown, errors, sms=bool(page.settings.sms_url)),
            html.div(
                {"key": "send"},
                button(text("Save the delivery"), kind="primary", submit=True, busy=change.pending),
            ),
        ),
    )


def _fields(text: Translator, shown: DeliveryInfo, errors: Mapping[str, str], *, sms: bool) -> list[Child]:
    return [
        radio_cards(
            "method",
            text("How"),
            [
                (
                    DeliveryMethod.EMAIL,
                    text(METHODS[DeliveryMethod.EMAIL]),
                    text("A message with the amount and the due date; the invoice itself is in the portal."),
                ),
                (
                    DeliveryMethod.POST,
                    text(METHODS[DeliveryMethod.POST]),
                    text("Printed and sent by your operator."),
                ),
                (
                    DeliveryMethod.PEPPOL,
                    text(METHODS[DeliveryMethod.PEPPOL]),
                    text(
                        "As an electronic invoice into your accounting software, to participant 0208:{number}.",
                        number=shown.enterprise_number,
                    ),
                ),
            ],
            value=shown.method,
        ),
        text_field(
            "emails",
            text("Further e-mail addresses"),
            value=", ".join(shown.emails),
            hint=text(
                "For e-mail: five at most, with commas between. The owners and the invoice readers get it in any case."
            ),
            error=errors.get("emails", ""),
            more={"maxlength": "1300", "autocomplete": "off"},
        ),
        text_field(
            "mobile",
            text("SMS to"),
            value=text.msisdn(shown.mobile) if shown.mobile else "",
            hint=text("For e-mail: a mobile number that is told of each invoice."),
            error=errors.get("mobile", ""),
            kind="tel",
            more={"maxlength": "40", "autocomplete": "off"},
        )
        if sms
        else None,
    ]
