"""Words about debits that mails and pages share, in the reader's language. Pure."""

from pathlib import Path

from backend.billing.mandates.lifecycle import KNOWN_REASONS, BackToManual
from backend.core.i18n import FileTexts

TEXTS = Path(__file__).with_name("mandate_texts.toml")
# Those that give the bank's reason
WITH_REASON = frozenset({BackToManual.FAILED, BackToManual.RETURNED})


def reason_words(texts: FileTexts, reason: str) -> str:
    """A bank's reason in words, by the payment service's code."""
    return texts.text(f"reason_{reason if reason in KNOWN_REASONS else 'other'}")


def not_debited_code(why: BackToManual, reason: str) -> str:
    """How an invoice keeps why it is not debited: the reason, and after a colon the bank's."""
    return f"{why}:{reason}"


def not_debited_words(language: str, code: str, *, number: str, amount: str) -> str:
    """Why an invoice that announced a debit is paid by its customer, and what is to be done; "" for one that is not so."""
    why, _, reason = code.partition(":")
    if why not in set(BackToManual):
        return ""
    texts = FileTexts(TEXTS, language)
    words = reason_words(texts, reason) if why in WITH_REASON else ""
    return texts.text(f"{why}_text", number=number, amount=amount, reason=words, day="")


def account_words(country: str, last4: str) -> str:
    """How an account is shown of which the end is known: "BE•• •••• 7061"."""
    return f"{country}•• •••• {last4}"
