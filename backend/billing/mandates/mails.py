"""Mails to whoever signed a mandate: that it is signed, suspended or has ended, and of each debit. Each once."""

from datetime import date
from uuid import UUID

import msgspec

from backend.billing.lifecycle import CollectionMode
from backend.billing.mandates.announcing import ANNOUNCED
from backend.billing.mandates.lifecycle import BackToManual, Ending, MandateState
from backend.billing.mandates.outcomes import RETRY
from backend.billing.mandates.rows import LockedMandate, find_mandate_row
from backend.billing.mandates.words import TEXTS, WITH_REASON, account_words, reason_words
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
DEBIT_PHASES = frozenset({ANNOUNCED, RETRY, *BackToManual})


class MailedInvoice(msgspec.Struct, frozen=True):
    """What a mail says of an invoice."""

    id: UUID
    number: str
    collection: str
    open_cents: int
    disputed_cents: int
    collecting_cents: int

    @property
    def asked_cents(self) -> int:
        """What is debited, or is to be paid: nothing of what is disputed. What is being collected counts as debited."""
        debited = self.collection == CollectionMode.DIRECT_DEBIT
        held = self.disputed_cents + (0 if debited else self.collecting_cents)
        return max(self.open_cents - held, 0)


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
        if mandate is None or invoice is None or not _is_so(invoice, phase):
            return None
        texts = FileTexts(TEXTS, mandate.language)
        amount = format_money(invoice.asked_cents, texts.language)
        values = {"number": invoice.number, "amount": amount, "day": "", "reason": ""}
        facts = [(texts.text("invoice"), invoice.number), (texts.text("amount"), amount)]
        if phase in {ANNOUNCED, RETRY}:
            values["day"] = format_day(date.fromisoformat(reason), texts.language)
            facts.append((texts.text("collected_on"), values["day"]))
        elif phase in WITH_REASON:
            values["reason"] = reason_words(texts, reason)
        facts += _account_facts(texts, mandate)
        title = texts.text(f"{phase}_title", **values)
        return _message(
            mandate, texts, title, texts.text(f"{phase}_text", **values), facts, invoice_id=invoice.id
        )

    await send_once(actor, f"debit/{invoice_id}/{phase}/{reason}", compose)


def _is_so(invoice: MailedInvoice, phase: str) -> bool:
    """Whether it is still so when the mail is written: a later step has a mail of its own, and what is paid needs none."""
    announces = phase in {ANNOUNCED, RETRY}
    return announces == (invoice.collection == CollectionMode.DIRECT_DEBIT) and invoice.asked_cents > 0


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
