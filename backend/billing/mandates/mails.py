"""Mails to whoever signed a mandate: that it is signed, suspended or has ended, and of each debit. Each once."""

from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from backend.billing.mandates.announcing import ANNOUNCED
from backend.billing.mandates.lifecycle import KNOWN_REASONS, BackToManual, Ending, MandateState
from backend.billing.mandates.outcomes import RETRY
from backend.billing.mandates.rows import LockedMandate, find_mandate_row
from backend.billing.tables import Invoice
from backend.core.facts import JobName
from backend.core.formats import format_day, format_money
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, Message, PortalContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("mandate_texts.toml")
SETTINGS = "/app/billing"
ACCOUNT = "SELECT number FROM billing_account WHERE id = $1"
# What is said of a mandate, by its state and the reason; of anything else nothing is
MANDATE_PHASES = {
    (MandateState.SIGNED, ""): "signed",
    (MandateState.SUSPENDED, Ending.FAILURES): "suspended_failures",
    (MandateState.SUSPENDED, Ending.PAYER): "suspended_payer",
    (MandateState.REVOKED, Ending.CANCELLED): "revoked_cancelled",
    (MandateState.REVOKED, Ending.BANK): "revoked_bank",
    (MandateState.EXPIRED, Ending.LAPSED): "expired_lapsed",
}
# Those whose invoice is to be paid by its customer, and those that give a reason
DEBIT_PHASES = frozenset({ANNOUNCED, RETRY, *BackToManual})
WITH_REASON = frozenset({BackToManual.FAILED, BackToManual.RETURNED})


class MailedInvoice(msgspec.Struct, frozen=True):
    """What a mail says of an invoice."""

    id: UUID
    number: str
    booked_cents: int
    open_cents: int


@idempotent_job(JobName.MAIL_MANDATE)
async def mail_mandate(actor: Actor, *, mandate_id: str, before: str, state: str, why: str, at: str) -> None:
    """Say what became of a mandate. What its owner sees on the page at the same moment is not mailed."""
    phase = MANDATE_PHASES.get((MandateState(state), why), "")
    if state == MandateState.ACTIVE and before == MandateState.SUSPENDED:
        phase = "active"
    if not phase:
        return

    async def compose(scope: Scope) -> Message | None:
        mandate = await _signer(scope, UUID(mandate_id))
        if mandate is None:
            return None
        texts = FileTexts(TEXTS, mandate.language)
        number = await scope.fetch_value(str, ACCOUNT, mandate.billing_account_id) or ""
        facts = [(texts.text("account"), number), *_account_facts(texts, mandate)]
        words = texts.text(f"{phase}_text", account=number)
        return _message(mandate, texts, texts.text(f"{phase}_title"), words, facts)

    await send_once(actor, f"mandate/{mandate_id}/{phase}/{at}", compose)


@idempotent_job(JobName.MAIL_DEBIT)
async def mail_debit(actor: Actor, *, invoice_id: str, mandate_id: str, phase: str, reason: str) -> None:
    """Say what becomes of the debit of an invoice: its day, a second attempt, or that its customer pays."""
    if phase not in DEBIT_PHASES:
        return

    async def compose(scope: Scope) -> Message | None:
        mandate = await _signer(scope, UUID(mandate_id))
        invoice = await scope.select_one(MailedInvoice, Invoice, Invoice.id == UUID(invoice_id))
        if mandate is None or invoice is None:
            return None
        texts = FileTexts(TEXTS, mandate.language)
        amount = format_money(invoice.open_cents or invoice.booked_cents, texts.language)
        values = {"number": invoice.number, "amount": amount, "day": "", "reason": ""}
        facts = [(texts.text("invoice"), invoice.number), (texts.text("amount"), amount)]
        if phase in {ANNOUNCED, RETRY}:
            values["day"] = format_day(date.fromisoformat(reason), texts.language)
            facts.append((texts.text("collected_on"), values["day"]))
        elif phase in WITH_REASON:
            values["reason"] = texts.text(f"reason_{reason if reason in KNOWN_REASONS else 'other'}")
        facts += _account_facts(texts, mandate)
        title = texts.text(f"{phase}_title", **values)
        return _message(
            mandate, texts, title, texts.text(f"{phase}_text", **values), facts, invoice_id=invoice.id
        )

    await send_once(actor, f"debit/{invoice_id}/{phase}/{reason}", compose)


async def _signer(scope: Scope, mandate_id: UUID) -> LockedMandate | None:
    """The mandate, where there is somebody to write to."""
    found = await find_mandate_row(scope, mandate_id)
    return found if found is not None and found.signer_email else None


def _account_facts(texts: FileTexts, mandate: LockedMandate) -> list[tuple[str, str]]:
    if not mandate.reference:
        return []
    return [
        (texts.text("debited"), account_words(mandate.country, mandate.last4)),
        (texts.text("reference"), mandate.reference),
    ]


def account_words(country: str, last4: str) -> str:
    """How an account is shown of which the end is known: "BE•• •••• 7061"."""
    return f"{country}•• •••• {last4}"


def _message(
    mandate: LockedMandate,
    texts: FileTexts,
    title: str,
    words: str,
    facts: list[tuple[str, str]],
    *,
    invoice_id: UUID | None = None,
) -> Message:
    path = f"/app/invoices/{invoice_id}" if invoice_id else SETTINGS
    button = texts.text("button_invoice" if invoice_id else "button_settings")
    mail = MailContent(
        language=texts.language,
        subject=title,
        title=title,
        paragraphs=(
            texts.text("greeting", name=mandate.signer_name) if mandate.signer_name else texts.text("hello"),
            words,
        ),
        facts=tuple(facts),
        strong="",
        button=(button, f"{clients().settings.public_url}{path}"),
    )
    shown = None
    if mandate.member_id is not None:
        shown = PortalContent(
            member_id=mandate.member_id,
            portal=Portal.MANAGER,
            language=mail.language,
            title=title,
            text=words,
            path=path,
        )
    return Message(mandate.signer_email, mail, shown)
