"""The address of the charges of one number of an invoice."""

INVOICE = "/app/invoices"
# Of the customer number as a whole
WHOLE = "account"


def number_address(invoice: str, msisdn: str) -> str:
    """Where the charges of a number stand; "": those of the customer number as a whole."""
    return f"{INVOICE}/{invoice}/numbers/{msisdn.lstrip('+') or WHOLE}"


def number_of(part: str) -> str:
    """The number of an address, in E.164."""
    return "" if part == WHOLE else f"+{part}"
