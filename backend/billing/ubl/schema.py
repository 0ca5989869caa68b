"""The XML schema of UBL 2.1: invoice and credit note."""

import re
from functools import cache
from typing import Any

from lxml import etree

from backend.billing.ubl.bundled import bundled
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.xml import CREDIT_NOTE, INVOICE, Element

SCHEMAS = {INVOICE: "maindoc/UBL-Invoice-2.1.xsd", CREDIT_NOTE: "maindoc/UBL-CreditNote-2.1.xsd"}
# A message of libxml2 begins with the full name of the element in quotes
NAMED = re.compile(r"Element '(?:\{[^}']*\})?([^']+)'")


def check_schema(root: Element) -> None:
    """Raises DocumentRefused where the document is no invoice or credit note of UBL 2.1."""
    if root.tag not in SCHEMAS:
        name = etree.QName(root).localname
        raise DocumentRefused(
            Because.SCHEMA, f"It is no invoice or credit note of UBL 2.1: its root element is {name[:80]}."
        )
    schema = _schema(root.tag)
    if not schema.validate(root):
        raise DocumentRefused(Because.SCHEMA, _sentence(schema.error_log))


@cache
def _schema(tag: str) -> Any:
    return etree.XMLSchema(etree.parse(bundled(SCHEMAS[tag]), etree.XMLParser(no_network=True)))


def _sentence(errors: Any) -> str:
    for error in errors:
        found = NAMED.search(error.message)
        if found:
            return f"It does not follow the schema of UBL 2.1: see {found[1][:80]} at line {error.line}."
    return "It does not follow the schema of UBL 2.1."
