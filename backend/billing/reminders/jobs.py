"""Writes a reminder to the readers of its customer number: a job for each, with what is still to be paid then."""

from datetime import date
from uuid import UUID

import msgspec

from backend.billing.delivery.messages import PAGE, portal_content
from backend.billing.delivery.recipients import Recipient, find_recipient, recipients_of
from backend.billing.queries import PAYABLE
from backend.billing.reminders.tables import InvoiceReminder
from backend.billing.reminders.words import ReminderTexts
from backend.core.facts import JobName
from backend.core.formats import format_day, format_money
from backend.core.messaging.jobs import idempotent_job, job
from backend.notifications.content import MailContent, MailTable, MailTableRow, Message, SmsContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

MOST_LISTED = 20
STILL_OPEN = f"""
SELECT i.number, i.account, i.due_on, {PAYABLE} AS cents FROM invoice i WHERE i.id = ANY($1) AND {PAYABLE} > 0
ORDER BY i.due_on, i.id
"""


class ReminderRow(msgspec.Struct, frozen=True):
    """A reminder."""

    billing_account_id: UUID
    step: int
    invoice_ids: list[UUID]
    blocked_line_ids: list[UUID]


class OpenInvoice(msgspec.Struct, frozen=True):
    """An overdue invoice and what may be paid of it."""

    number: str
    account: str
    due_on: date
    cents: int


@job(JobName.ANNOUNCE_REMINDER)
async def announce_reminder(scope: Scope, *, reminder_id: str) -> None:
    """Ask for a message to each reader."""
    row = await scope.select_one(ReminderRow, InvoiceReminder, InvoiceReminder.id == UUID(reminder_id))
    if row is None:
        return
    for one in await recipients_of(scope, row.billing_account_id):
        scope.enqueue(JobName.MAIL_REMINDER, reminder_id=reminder_id, recipient=one.key)


@idempotent_job(JobName.MAIL_REMINDER)
async def mail_reminder(actor: Actor, *, reminder_id: str, recipient: str) -> None:
    """Write to one recipient. What was paid, disputed or is being collected meanwhile is not asked for any more."""

    async def compose(scope: Scope) -> Message | None:
        row = await scope.select_one(ReminderRow, InvoiceReminder, InvoiceReminder.id == UUID(reminder_id))
        if row is None:
            return None
        to = await find_recipient(scope, row.billing_account_id, recipient)
        found = await scope.fetch_all(OpenInvoice, STILL_OPEN, row.invoice_ids)
        return _message(to, row, found) if to is not None and found else None

    await send_once(actor, f"reminder/{reminder_id}/{recipient}", compose)


def _message(to: Recipient, row: ReminderRow, found: list[OpenInvoice]) -> Message:
    texts = ReminderTexts(to.language)
    language, account = texts.language, found[0].account
    amount = format_money(sum(one.cents for one in found), language)
    values = {"amount": amount, "account": account}
    title, lead = (
        texts.text(f"step_{row.step}_title", **values),
        texts.text(f"step_{row.step}_text", **values),
    )
    if to.mobile:
        return Message(to.mobile, SmsContent(language, title))
    path = f"{PAGE}?show=to_pay&account={account}"
    paragraphs = [lead, texts.text("blocked", **values)] if row.blocked_line_ids else [lead]
    listed = tuple(
        MailTableRow(
            texts.text("invoice", number=one.number),
            notes=(texts.text("since", day=format_day(one.due_on, language)),),
            value=(format_money(one.cents, language),),
        )
        for one in found[:MOST_LISTED]
    )
    rest = len(found) - len(listed)
    content = MailContent(
        language=language,
        subject=title,
        title=title,
        paragraphs=tuple(paragraphs),
        table=MailTable(
            texts.text("overdue"),
            (texts.text("what"), texts.text("amount")),
            listed,
            more=texts.text("more", count=rest) if rest else "",
        ),
        button=(texts.text("see"), f"{clients().settings.public_url}{path}"),
        closing=(texts.text("crossed"),),
        footer=texts.text("why"),
    )
    return Message(to.email, content, portal_content(to, title, lead, path, language))
