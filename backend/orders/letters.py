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

from backend.catalog.identifiers import national
from backend.catalog.names import Catalogue
from backend.core.clock import local, today
from backend.letters.frame import labelled
from backend.orders.schemas import ItemState, OrderDetail, OrderItemView
from backend.settings import Settings

TEXTS = Path(__file__).with_name("mail_texts.toml")
RECEIVED, PLANNED, PRICE, ENDED = "received", "planned", "price", "ended"  # what a mail is about
ROWS = 500  # a mail lists so many lines; the page has them all
LOCALES = {"fr": "fr_BE", "nl": "nl_BE", "de": "de_BE", "en": "en_BE"}

INK, MUTED, ACCENT, LINE = "#1b2422", "#5b6461", "#0b5c58", "#e6e0d5"
SMALL = "font-size:14px;line-height:20px"


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(TEXTS.read_text("utf-8"))


class _Writer:
    """One mail being written."""

    def __init__(
        self, order: OrderDetail, catalogue: Catalogue, settings: Settings, accounts: Mapping[UUID, str]
    ) -> None:
        self.order, self.catalogue, self.settings, self.accounts = order, catalogue, settings, accounts
        self.words = _texts().get(catalogue.language, _texts()["en"])
        self.locale = LOCALES.get(catalogue.language, "en_BE")

    def say(self, key: str, **values: object) -> str:
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
            return self.say("result_done")
        if item.state is ItemState.CANCELLED:
            return self.say("result_cancelled")
        why = item.why if item.why == item.detail else item.why[:1].lower() + item.why[1:]
        if item.state is ItemState.FAILED:
            return self.say("result_failed", why=why)
        return self.say("result_skipped", why=why) if item.state is ItemState.SKIPPED else ""

    def facts(self) -> list[tuple[str, str]]:
        order, price = self.order, self.order.price
        asked = local(order.requested_at)
        facts = [
            (self.say("reference"), order.reference),
            (
                self.say("requested"),
                self.say(
                    "requested_value", day=f"{asked:%d/%m/%Y}", at=f"{asked:%H:%M}", name=order.requested_by
                ),
            ),
            (
                self.say("price"),
                self.say(
                    "price_value",
                    monthly=self.euros(price.monthly_difference, signed=True),
                    incl=self.euros(price.monthly_difference_incl, signed=True),
                ),
            ),
        ]
        if price.one_off:
            facts.append((self.say("once"), self.say("once_value", amount=self.euros(price.one_off))))
        if price.pro_rata:
            start = price.from_day or asked.date()
            end = start.replace(day=monthrange(start.year, start.month)[1])
            amount = self.euros(price.pro_rata, signed=price.pro_rata < 0)
            words = self.say("this_month_value", amount=amount, end=format_date(end, "dd/MM/yyyy"))
            facts.append((self.say("this_month"), words))
        return facts


def letter(
    order: OrderDetail,
    *,
    phase: str,
    catalogue: Catalogue,
    accounts: Mapping[UUID, str],
    tenant_name: str,
    settings: Settings,
) -> Letter:
    """One row per number, with its customer number and change; the legal footer names the operator (F-171)."""
    writer, ended = _Writer(order, catalogue, settings, accounts), phase == ENDED
    title, lead = _opening(writer, order, phase)
    first_name = order.requested_by.split(" ")[0]
    address = f"{settings.public_url}/app/requests/{order.reference}"
    return Letter(
        subject=writer.say("subject", kind=order.title),
        text=_text(writer, title, lead, first_name, address, ended=ended),
        html=_html(writer, title, lead, first_name, address, tenant_name, ended=ended),
    )


def _opening(writer: "_Writer", order: OrderDetail, phase: str) -> tuple[str, str]:
    """Title and first sentence: what has just happened to the request."""
    if phase == ENDED:
        return writer.say(f"{order.state}_title"), writer.say(f"{order.state}_lead")
    if phase == PLANNED:
        day = f"{order.due_on:%d/%m/%Y}" if order.due_on else ""
        return writer.say("planned_title"), writer.say("planned_lead", due=day)
    if phase == PRICE:
        return writer.say("price_title"), writer.say("price_lead")
    due = order.promise.due_at
    lead = _received(writer, due) if due else writer.say("received_lead_open")
    return writer.say("received_title"), lead


def _received(writer: "_Writer", due: datetime) -> str:
    """Until when: the hour, or another day, with its hour where it is not promised whole."""
    at = local(due)
    if at.date() == today():
        return writer.say("received_lead_today", due=f"{at:%H:%M}")
    return writer.say(
        "received_lead", due=f"{at:%d/%m/%Y}" if at.time() == time() else f"{at:%d/%m/%Y %H:%M}"
    )


def _row(writer: _Writer, item: OrderItemView, *, ended: bool) -> tuple[str, str, list[str], str]:
    change = item.words or [writer.say("nothing")]
    result = writer.result(item) if ended or item.state is ItemState.SKIPPED else ""
    return national(item.msisdn), writer.accounts.get(item.line_id, ""), change, result


def _text(writer: _Writer, title: str, lead: str, name: str, address: str, *, ended: bool) -> str:
    operator = writer.settings.operator
    parts = [title, "", writer.say("greeting", name=name), lead, ""]
    parts += [labelled(writer.catalogue.language, label, value) for label, value in writer.facts()]
    parts += ["", labelled(writer.catalogue.language, writer.say("lines"), "").rstrip()]
    for item in writer.order.items:
        number, account, change, result = _row(writer, item, ended=ended)
        parts.append("  ".join(part for part in (number, account, ", ".join(change), result) if part))
    if writer.order.items_total > len(writer.order.items):
        parts.append(writer.say("more", count=writer.order.items_total - len(writer.order.items)))
    parts += [
        "",
        labelled(writer.catalogue.language, writer.say("follow"), address),
        "",
        writer.say("footer", support=operator.support_email),
    ]
    parts.append(f"{operator.name}, {operator.address}, {operator.vat_number}")
    return "\n".join(parts) + "\n"


def _html(
    writer: _Writer, title: str, lead: str, name: str, address: str, tenant: str, *, ended: bool
) -> str:
    operator = writer.settings.operator
    facts = "".join(
        f'<tr><td style="padding:4px 16px 4px 0;{SMALL};color:{MUTED};white-space:nowrap" valign="top">{escape(label)}'
        f'</td><td style="padding:4px 0;{SMALL};color:{INK}">{_value(label, value, writer)}</td></tr>'
        for label, value in writer.facts()
    )
    head = "".join(
        f'<th scope="col" align="{align}" style="border-bottom:1px solid {LINE};padding:8px 0;font-size:13px;'
        f'color:{MUTED};font-weight:400">{escape(words)}</th>'
        for words, align in (
            (f"{writer.say('column_number')} · {writer.say('column_account')}", "left"),
            (
                f"{writer.say('column_change')} · {writer.say('column_result')}"
                if ended
                else writer.say("column_change"),
                "right",
            ),
        )
    )
    rows = "".join(_html_row(writer, item, ended=ended) for item in writer.order.items)
    more = ""
    if writer.order.items_total > len(writer.order.items):
        words = writer.say("more", count=writer.order.items_total - len(writer.order.items))
        more = f'<p style="{SMALL};color:{MUTED}">{escape(words)}</p>'
    return f"""<!doctype html>
<html lang="{escape(writer.catalogue.language)}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light">
<title>{escape(title)}</title></head>
<body style="margin:0;padding:0;background:#faf8f3;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<div style="display:none;max-height:0;overflow:hidden">{escape(title)} {escape(writer.order.reference)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#faf8f3"><tr>
<td align="center" style="padding:32px 12px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" style="width:100%;max-width:560px">
<tr><td style="padding:0 0 16px;font-size:16px;line-height:24px;font-weight:600;color:{ACCENT}">Fleetline
<span style="font-weight:400;color:{MUTED}">{escape(tenant)}</span></td></tr>
<tr><td bgcolor="#ffffff" style="border:1px solid {LINE};border-radius:8px;padding:28px 24px">
<h1 style="margin:0 0 12px;font-size:20px;line-height:28px;color:{INK}">{escape(title)}</h1>
<p style="margin:0 0 24px;font-size:16px;line-height:24px;color:{INK}">{escape(writer.say("greeting", name=name))}<br>
{escape(lead)}</p>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" bgcolor="#f3efe7" style="border-radius:8px">
<tr><td style="padding:12px 20px"><table role="presentation" cellpadding="0" cellspacing="0">{facts}</table></td></tr>
</table>
<h2 style="margin:28px 0 4px;font-size:16px;line-height:24px;color:{INK}">{escape(writer.say("lines"))}</h2>
<table width="100%" cellpadding="0" cellspacing="0"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}
<table role="presentation" cellpadding="0" cellspacing="0" style="margin-top:24px"><tr>
<td bgcolor="{ACCENT}" style="border-radius:8px"><a href="{escape(address)}" style="display:inline-block;padding:12px 20px;
font-size:16px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none">{escape(writer.say("follow"))}</a>
</td></tr></table></td></tr>
<tr><td style="padding:20px 4px 0;font-size:13px;line-height:20px;color:{MUTED}">
{escape(writer.say("footer", support=operator.support_email))}<br><br>
{escape(operator.name)}, {escape(operator.address)}, {escape(operator.vat_number)}</td></tr>
</table></td></tr></table></body></html>
"""


def _value(label: str, value: str, writer: _Writer) -> str:
    """The reference is what people look for in a mail."""
    return f"<strong>{escape(value)}</strong>" if label == writer.say("reference") else escape(value)


def _html_row(writer: _Writer, item: OrderItemView, *, ended: bool) -> str:
    """Two columns, so that a telephone shows both: whose line it is, and what becomes of it."""
    number, account, change, result = _row(writer, item, ended=ended)
    cell = f"border-bottom:1px solid {LINE};{SMALL};color:{INK}"
    quiet = f'<span style="font-weight:400;color:{MUTED}">'
    who = "".join(f"<br>{quiet}{escape(part)}</span>" for part in (item.name, account) if part)
    options = "<br>".join(escape(line) for line in change)
    said = f"<br>{quiet}{escape(result)}</span>" if result else ""
    return (
        f'<tr><th scope="row" align="left" valign="top" style="{cell};padding:10px 0;white-space:nowrap">{escape(number)}{who}</th>'
        f'<td align="right" valign="top" style="{cell};padding:10px 0 10px 16px">{options}{said}</td></tr>'
    )
