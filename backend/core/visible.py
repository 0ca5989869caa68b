"""Text without marks that nobody sees. Pure."""

import re

# Marks of the writing direction, of the byte order, and spaces without a width. Contacts, spreadsheets and web pages
# put them round numbers and names.
INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """The text without marks that nobody sees."""
    return text if text.isascii() else INVISIBLE.sub("", text)
