"""Writes the confirmation mails: subject, plain text and HTML in the requester's language. Pure."""

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from html import escape
from pathlib import Path
from uuid import UUID

from babel.dates import format_date
from babel.numbers import format_currency

from backend.catalog.catalogue import Catalogue
from backend.catalog.identifiers import format_msisdn
from backend.core.clock import local, today
from backend.notifications.frame import labelled
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import OrderDetail, OrderItemView
from backend.settings import Settings

TEXTS = Path(__file__).with_name("order_mail.toml")
# What a mail is about
RECEIVED, PLANNED, PRICE, ENDED = "received", "planned", "price", "ended"
# A mail lists so many lines; the page has them all
ROWS = 500
LOCALES = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_BE", "en": "en_BE"}

INK, MUTED, ACCENT, LINE = "#1b2422", "#5b6461", "#0b5c58", "#e6e0d5"
SMALL = "font-size:14px;line-height:20px"


@dataclass(frozen=True, slots=True)
class OrderMail:
    subject: str
    text: str
    html: str


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(TEXTS.read_text("utf-8"))


class OrderMailComposer:
    """One mail being written."""

    def __init__(
        self, order: OrderDetail, catalogue: Catalogue, settings: Settings, accounts: Mapping[UUID, str]
    ) -> None:
        self.order, self.catalogue, self.settings, self.accounts = order, catalogue, settings, accounts
        self.words = _texts().get(catalogue.language, _texts()["en"])
        self.locale = LOCALES.get(catalogue.language, "en_BE")

    def text(self, key: str, **values: object) -> str:
        return self.words[key].format(**values)

    def euros(self, cents: int, *, signed: bool = False) -> str:
        sign = (
            ("+\N{NO-BREAK SPACE}" if cents > 0 else "−\N{NO-BREAK SPACE}" if cents < 0 else "")
            if signed
            else ""
        )
        return sign + format_currency(abs(cents) / 100, self.order.price.currency, locale=self.locale)

    def result(self, item: OrderItemView) -> str:
        if item.state is ItemState.DONE:
            return self.text("result_done")
        if item.state is ItemState.CANCELLED:
            return self.text("result_cancelled")
        why = item.why if item.why == item.detail else item.why[:1].lower() + item.why[1:]
        if item.state is ItemState.FAILED:
            return self.text("result_failed", why=why)
        return self.text("result_skipped", why=why) if item.state is ItemState.SKIPPED else ""

    def facts(self) -> list[tuple[str, str]]:
        order, price = self.order, self.order.price
        request = local(order.requested_at)
        facts = [
            (self.text("reference"), order.reference),
            (
                self.text("requested"),
                self.text(
                    "requested_value",
                    day=f"{request:%d/%m/%Y}",
                    at=f"{request:%H:%M}",
                    name=order.requested_by,
                ),
            ),
            (
                self.text("price"),
                self.text(
                    "price_value",
                    monthly=self.euros(price.monthly_difference, signed=True),
                    incl=self.euros(price.monthly_difference_incl, signed=True),
                ),
            ),
        ]
        if price.one_off:
            facts.append((self.text("once"), self.text("once_value", amount=self.euros(price.one_off))))
        if price.pro_rata:
            start = price.from_day or request.date()
            end = start.replace(day=monthrange(start.year, start.month)[1])
            amount = self.euros(price.pro_rata, signed=price.pro_rata < 0)
            texts = self.text("this_month_value", amount=amount, end=format_date(end, "dd/MM/yyyy"))
            facts.append((self.text("this_month"), texts))
        return facts


def compose_order_mail(
    order: OrderDetail,
    *,
    phase: str,
    catalogue: Catalogue,
    accounts: Mapping[UUID, str],
    tenant_name: str,
    settings: Settings,
) -> OrderMail:
    """One row per number, with its customer number and change; the legal footer names the operator (F-171)."""
    composer, closed = OrderMailComposer(order, catalogue, settings, accounts), phase == ENDED
    title, lead = _opening(composer, order, phase)
    first_name = order.requested_by.split(" ")[0]
    address = f"{settings.public_url}/app/requests/{order.reference}"
    return OrderMail(
        subject=composer.text("subject", kind=order.title),
        text=_text(composer, title, lead, first_name, address, closed=closed),
        html=_html(composer, title, lead, first_name, address, tenant_name, closed=closed),
    )


def _opening(composer: "OrderMailComposer", order: OrderDetail, phase: str) -> tuple[str, str]:
    """Title and first sentence: what has just happened to the request."""
    if phase == ENDED:
        return composer.text(f"{order.state}_title"), composer.text(f"{order.state}_lead")
    if phase == PLANNED:
        day = f"{order.due_on:%d/%m/%Y}" if order.due_on else ""
        return composer.text("planned_title"), composer.text("planned_lead", due=day)
    if phase == PRICE:
        return composer.text("price_title"), composer.text("price_lead")
    due = order.promise.due_at
    lead = _received(composer, due) if due else composer.text("received_lead_open")
    return composer.text("received_title"), lead


def _received(composer: "OrderMailComposer", due: datetime) -> str:
    """Until when: the hour, or another day, with its hour where it is not promised whole."""
    at = local(due)
    if at.date() == today():
        return composer.text("received_lead_today", due=f"{at:%H:%M}")
    return composer.text(
        "received_lead", due=f"{at:%d/%m/%Y}" if at.time() == time() else f"{at:%d/%m/%Y %H:%M}"
    )


def _row(
    composer: OrderMailComposer, item: OrderItemView, *, closed: bool
) -> tuple[str, str, list[str], str]:
    change = item.words or [composer.text("nothing")]
    result = composer.result(item) if closed or item.state is ItemState.SKIPPED else ""
    return format_msisdn(item.msisdn), composer.accounts.get(item.line_id, ""), change, result


def _text(
    composer: OrderMailComposer, title: str, lead: str, name: str, address: str, *, closed: bool
) -> str:
    operator = composer.settings.operator
    parts = [title, "", composer.text("greeting", name=name), lead, ""]
    parts += [labelled(composer.catalogue.language, label, value) for label, value in composer.facts()]
    parts += ["", labelled(composer.catalogue.language, composer.text("lines"), "").rstrip()]
    for item in composer.order.items:
        number, account, change, result = _row(composer, item, closed=closed)
        parts.append("  ".join(part for part in (number, account, ", ".join(change), result) if part))
    if composer.order.items_total > len(composer.order.items):
        parts.append(composer.text("more", count=composer.order.items_total - len(composer.order.items)))
    parts += [
        "",
        labelled(composer.catalogue.language, composer.text("follow"), address),
        "",
        composer.text("footer", support=operator.support_email),
    ]
    parts.append(f"{operator.name}, {operator.address}, {operator.vat_number}")
    return "\n".join(parts) + "\n"


def _html(
    composer: OrderMailComposer, title: str, lead: str, name: str, address: str, tenant: str, *, closed: bool
) -> str:
    operator = composer.settings.operator
    facts = "".join(
        f'<tr><td style="padding:4px 16px 4px 0;{SMALL};color:{MUTED};white-space:nowrap" valign="top">{escape(label)}'
        f'</td><td style="padding:4px 0;{SMALL};color:{INK}">{_value(label, value, composer)}</td></tr>'
        for label, value in composer.facts()
    )
    head = "".join(
        f'<th scope="col" align="{align}" style="border-bottom:1px solid {LINE};padding:8px 0;font-size:13px;'
        f'color:{MUTED};font-weight:400">{escape(words)}</th>'
        for words, align in (
            (f"{composer.text('column_number')} · {composer.text('column_account')}", "left"),
            (
                f"{composer.text('column_change')} · {composer.text('column_result')}"
                if closed
                else composer.text("column_change"),
                "right",
            ),
        )
    )
    rows = "".join(_html_row(composer, item, closed=closed) for item in composer.order.items)
    more = ""
    if composer.order.items_total > len(composer.order.items):
        texts = composer.text("more", count=composer.order.items_total - len(composer.order.items))
        more = f'<p style="{SMALL};color:{MUTED}">{escape(texts)}</p>'
    return f"""<!doctype html>
<html lang="{escape(composer.catalogue.language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light">
<title>{escape(title)}</title></head>
<body style="margin:0;padding:0;background:#faf8f3;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="display:none;max-height:0;overflow:hidden">{escape(title)} {escape(composer.order.reference)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#faf8f3"><tr>
<td align="center" style="padding:32px 12px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="width:100%;max-width:560px">
<tr><td style="padding:0 0 16px;font-size:16px;line-height:24px;font-weight:600;color:{ACCENT}">Fleetline
<span style="font-weight:400;color:{MUTED}">{escape(tenant)}</span></td></tr>
<tr><td bgcolor="#ffffff" style="border:1px solid {LINE};border-radius:8px;padding:28px 24px">
<h1 style="margin:0 0 12px;font-size:20px;line-height:28px;color:{INK}">{escape(title)}</h1>
<p style="margin:0 0 24px;font-size:16px;line-height:24px;color:{INK}">{escape(composer.text("greeting", name=name))}<br>
{escape(lead)}</p>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#f3efe7" style="border-radius:8px">
<tr><td style="padding:12px 20px"><table role="presentation" cellpadding="0" cellspacing="0">{facts}</table></td></tr>
</table>
<h2 style="margin:28px 0 4px;font-size:16px;line-height:24px;color:{INK}">{escape(composer.text("lines"))}</h2>
<table width="100%" cellpadding="0" cellspacing="0"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}
<table role="presentation" cellpadding="0" cellspacing="0" style="margin-top:24px"><tr>
<td bgcolor="{ACCENT}" style="border-radius:8px"><a href="{escape(address)}" style="display:inline-block;padding:12px 20px;
font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">{escape(composer.text("follow"))}</a>
</td></tr></table></td></tr>
<tr><td style="padding:20px 4px 0;font-size:13px;line-height:20px;color:{MUTED}">
{escape(composer.text("footer", support=operator.support_email))}<br><br>
{escape(operator.name)}, {escape(operator.address)}, {escape(operator.vat_number)}</td></tr>
</table></td></tr></table></body></html>
"""


def _value(label: str, value: str, composer: OrderMailComposer) -> str:
    """The reference is what people look for in a mail."""
    return f"<strong>{escape(value)}</strong>" if label == composer.text("reference") else escape(value)


def _html_row(composer: OrderMailComposer, item: OrderItemView, *, closed: bool) -> str:
    """Two columns, so that a telephone shows both: whose line it is, and what becomes of it."""
    number, account, change, result = _row(composer, item, closed=closed)
    cell = f"border-bottom:1px solid {LINE};{SMALL};color:{INK}"
    quiet = f'<span style="font-weight:400;color:{MUTED}">'
    who = "".join(f"<br>{quiet}{escape(part)}</span>" for part in (item.name, account) if part)
    options = "<br>".join(escape(line) for line in change)
    said = f"<br>{quiet}{escape(result)}</span>" if result else ""
    return (
        f'<tr><th scope="row" align="left" valign="top" style="{cell};padding:10px 0;white-space:nowrap">{escape(number)}{who}</th>'
        f'<td align="right" valign="top" style="{cell};padding:10px 0 10px 16px">{options}{said}</td></tr>'
    )
