"""What is written about one invoice when it came in, and about its reminder: subject, amount, date, and what to do."""

from datetime import date
from pathlib import Path

from backend.billing.delivery.recipients import Recipient
from backend.billing.lifecycle import CollectionMode, payable_now
from backend.billing.schemas import InvoiceSummary
from backend.billing.ubl.document import BooksAs
from backend.catalog.identifiers import format_communication
from backend.core.formats import format_day, format_money
from backend.core.i18n import FileTexts
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, Message, PortalContent, SmsContent
from backend.runtime import clients

TEXTS = Path(__file__).with_name("texts.toml")
PAGE = "/app/invoices"


def what_of(invoice: InvoiceSummary) -> str:
    """Which of the sentences of `texts.toml` is true of an invoice as it stands."""
    if invoice.books_as == BooksAs.CREDIT:
        return "credit"
    if invoice.collection == CollectionMode.DIRECT_DEBIT:
        return "debit" if debit_day(invoice) is not None and invoice.will_be_debited else "nothing"
    if payable_now(invoice.facts) <= 0:
        return "nothing"
    return "pay" if invoice.due_on is not None else "pay_undated"


def debit_day(invoice: InvoiceSummary) -> date | None:
    """The day of the debit: the one that is planned, else the one of the document."""
    return invoice.collect_on or invoice.due_on


def invoice_message(
    recipient: Recipient, invoice: InvoiceSummary, structured: str, *, by_mail: bool
) -> Message:
    """The message that an invoice or a credit note is there. `by_mail`: otherwise it is shown in the portal only."""
    texts = FileTexts(TEXTS, recipient.language)
    what, language = what_of(invoice), texts.language
    owed = invoice.booked_cents if what in {"credit", "nothing"} else invoice.open_cents
    day = debit_day(invoice) if what == "debit" else invoice.due_on
    values = {
        "number": invoice.number,
        "amount": format_money(abs(owed), language),
        "day": format_day(day, language) if day else "",
    }
    title, lead = texts.text(f"{what}_title", **values), texts.text(f"{what}_text", **values)
    if recipient.mobile:
        return Message(recipient.mobile, SmsContent(language, title))
    address = f"{clients().settings.public_url}{PAGE}/{invoice.id}"
    content = MailContent(
        language=language,
        subject=title,
        title=title,
        paragraphs=(lead,),
        facts=_facts(texts, invoice, structured if what.startswith("pay") else ""),
        button=(texts.text("see"), address),
        closing=(texts.text("sign_in"),),
        strong=texts.text("amount"),
        footer=texts.text("why"),
    )
    shown = portal_content(recipient, title, lead, f"{PAGE}/{invoice.id}", language)
    return Message(recipient.email if by_mail else "", content, shown)


def portal_content(
    recipient: Recipient, title: str, text: str, path: str, language: str
) -> PortalContent | None:
    """The same for the portal, where the recipient is a member."""
    if recipient.member_id is None:
        return None
    return PortalContent(
        member_id=recipient.member_id,
        portal=Portal.MANAGER,
        language=language,
        title=title,
        text=text,
        path=path,
    )


def _facts(texts: FileTexts, invoice: InvoiceSummary, structured: str) -> tuple[tuple[str, str], ...]:
    language = texts.language
    facts = [
        (texts.text("account"), f"{invoice.account} {invoice.account_label}".strip()),
        (texts.text("issued"), format_day(invoice.issued_on, language)),
        (texts.text("amount"), format_money(abs(invoice.booked_cents), language)),
    ]
    if invoice.due_on is not None and what_of(invoice) in {"pay", "debit"}:
        facts.append((texts.text("due"), format_day(invoice.due_on, language)))
    if structured:
        facts.append((texts.text("communication"), format_communication(structured)))
    return tuple(facts)
