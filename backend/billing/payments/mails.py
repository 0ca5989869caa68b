"""Mails to whoever paid: the receipt, that a payment in progress came to nothing, that money went back. Each once."""

from pathlib import Path
from uuid import UUID

import msgspec

from backend.billing.payments import service
from backend.billing.payments.lifecycle import PaymentChannel
from backend.billing.payments.schemas import PaymentInfo
from backend.billing.payments.tables import Payment
from backend.core import clock
from backend.core.facts import JobName
from backend.core.formats import format_day, format_money
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("payment_texts.toml")


class Payer(msgspec.Struct, frozen=True):
    """Who paid, and in which language to write."""

    channel: str
    member_id: UUID | None
    payer_name: str
    payer_email: str
    language: str


@idempotent_job(JobName.MAIL_RECEIPT)
async def mail_receipt(
    actor: Actor,
    *,
    payment_id: str,
    billing_account_id: str,  # noqa: ARG001 - of the fact
    invoice_ids: list[str],  # noqa: ARG001 - of the fact
    cents: int,  # noqa: ARG001 - of the fact
) -> None:
    """Send the receipt of an online payment, one for all its customer numbers. A bank transfer has none."""
    await _send(actor, UUID(payment_id), f"payment/{payment_id}/receipt", "receipt")


@idempotent_job(JobName.MAIL_PAYMENT_FAILED)
async def mail_failed(actor: Actor, *, payment_id: str) -> None:
    """Say that a payment that was in progress came to nothing, and what is to be paid again."""
    await _send(actor, UUID(payment_id), f"payment/{payment_id}/failed", "failed")


@idempotent_job(JobName.MAIL_PAYMENT_RETURNED)
async def mail_returned(actor: Actor, *, payment_id: str, provider_id: str, why: str, cents: int) -> None:
    """Say that money of a payment went back: to the payer (`refund`), or by its bank (`reversal`)."""
    await _send(actor, UUID(payment_id), f"payment/{payment_id}/{why}/{provider_id}", why, cents)


async def _send(actor: Actor, payment_id: UUID, key: str, phase: str, cents: int | None = None) -> None:
    async def compose(scope: Scope) -> Message | None:
        payer = await scope.select_one(Payer, Payment, Payment.id == payment_id)
        # A transfer, or money that nobody asked for: there is nobody to write to
        if payer is None or not payer.payer_email:
            return None
        # Of a debit under a mandate its own mails say what it means for the invoice
        if payer.channel == PaymentChannel.DEBIT and phase in {"failed", "reversal"}:
            return None
        payment = await service.payment(scope, payment_id)
        mail = content(payment, payer, phase, cents, clients().settings.public_url)
        return Message(payer.payer_email, mail, _notice(payment, payer, mail))

    await send_once(actor, key, compose)


def content(
    payment: PaymentInfo, payer: Payer, phase: str, cents: int | None, public_url: str
) -> MailContent:
    """The mail of one phase of a payment. `cents`: what went back; None: the payment as a whole."""
    texts = FileTexts(TEXTS, payer.language)
    amount = format_money(payment.cents if cents is None else cents, texts.language)
    if phase == "receipt":
        amount = format_money(payment.received_cents, texts.language)
    days = [("paid_on", payment.paid_at)] if payment.paid_at else []
    methods = [(texts.text("method"), texts.text(f"method_{payment.method}"))] if payment.method else []
    return MailContent(
        language=texts.language,
        subject=texts.text(f"{phase}_title", amount=amount),
        title=texts.text(f"{phase}_title", amount=amount),
        paragraphs=(
            texts.text("greeting", name=payer.payer_name) if payer.payer_name else texts.text("hello"),
            texts.text(f"{phase}_text", amount=amount),
        ),
        facts=(
            *(
                (
                    texts.text("invoice", number=one.number) if one.number else one.account,
                    format_money(one.cents, texts.language),
                )
                for one in payment.shares
            ),
            (texts.text("amount"), amount),
            *methods,
            *((texts.text(name), format_day(clock.local(at).date(), texts.language)) for name, at in days),
        ),
        strong=texts.text("amount"),
        button=(texts.text("button"), f"{public_url}/app/payments/{payment.id}"),
    )


def _notice(payment: PaymentInfo, payer: Payer, mail: MailContent) -> PortalContent | None:
    """What the portal shows of it; None where its payer is no member."""
    if payer.member_id is None:
        return None
    return PortalContent(
        member_id=payer.member_id,
        portal=Portal.MANAGER,
        language=mail.language,
        title=mail.title,
        text=mail.paragraphs[1],
        path=f"/app/payments/{payment.id}",
    )
