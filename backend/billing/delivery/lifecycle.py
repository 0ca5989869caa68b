"""Ways in which invoices are delivered (F-152), and what a company may ask of each. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from backend.catalog.identifiers import normalise_msisdn
from backend.core.addresses import email_valid
from backend.core.errors import ValidationFailed

MOST_EMAILS = 5
LONGEST_EMAIL = 254


class DeliveryMethod(StrEnum):
    """EMAIL: the portal writes to people, by mail and SMS. POST and PEPPOL: the operator's billing system sends it."""

    EMAIL = "email"
    POST = "post"
    PEPPOL = "peppol"


def clean_emails(emails: Sequence[str]) -> list[str]:
    """The addresses, each once and in order. Raises ValidationFailed for too many and for one that cannot be written to."""
    wanted = list(dict.fromkeys(one.strip().lower() for one in emails[: MOST_EMAILS * 2] if one.strip()))
    if len(wanted) > MOST_EMAILS:
        raise ValidationFailed(code="too_many_emails", emails=f"Enter at most {MOST_EMAILS} addresses.")
    for one in wanted:
        if len(one) > LONGEST_EMAIL or not email_valid(one):
            raise ValidationFailed(
                code="email_wrong", emails="No mail can be sent to one of these addresses."
            )
    return wanted


def clean_mobile(mobile: str) -> str:
    """A mobile number in E.164, or "". Raises ValidationFailed."""
    if not mobile.strip():
        return ""
    found = normalise_msisdn(mobile[:40])
    if found is None:
        raise ValidationFailed(code="mobile_wrong", mobile="Enter a mobile number, such as 0470 12 34 56.")
    return found
