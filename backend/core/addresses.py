"""E-mail addresses: whether one can be written to. Pure."""

from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

LONGEST_EMAIL = 254


@lru_cache(maxsize=4096)
def ascii_email(text: str) -> str:
    """An address as a mail server without SMTPUTF8 takes it: an international domain in its ASCII form.

    Raises ValueError, with the reason, for a text to which no mail can be sent (RFC 5321 and 5322; without quoted and
    literal forms). Whether the mailbox exists is not asked.
    """
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
    if found.ascii_email is None or len(found.ascii_email) > LONGEST_EMAIL:
        raise ValueError("The email address cannot be written in ASCII.")
    return found.ascii_email


def email_valid(text: str) -> bool:
    """Whether mail can be sent to this address."""
    if len(text) > LONGEST_EMAIL:
        return False
    try:
        ascii_email(text)
    except ValueError:
        return False
    return True
