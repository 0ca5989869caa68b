"""Checks a document that came in: size, XML, schema, rules, currency, in this order. Pure.

This module loads Saxon: only the process that checks documents imports it.
"""

from pathlib import Path

from backend.billing.ubl.document import InvoiceDocument
from backend.billing.ubl.en16931 import en16931_version, fired_en16931
from backend.billing.ubl.fired import Findings, fatal
from backend.billing.ubl.peppol_rules import VERSION, fired_official, fired_peppol
from backend.billing.ubl.reading import read_document
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.schema import check_schema
from backend.billing.ubl.stylesheets import text_of
from backend.billing.ubl.xml import Element, cac, parse

CURRENCY = "EUR"
# Kept with every document: what is valid changes with the rules
RULES_VERSION = f"EN 16931 {en16931_version()}, Peppol BIS Billing 3.0 {VERSION}"
# Named in the sentence; the list has them all
MOST_NAMED = 10
# Of VAT, by category and rate: the rules count all lines again for each
MOST_RATES = 100


def rules_version(peppol_stylesheet: Path | None = None) -> str:
    """The version of the rules, with the operator's own stylesheet where one is set."""
    return RULES_VERSION if peppol_stylesheet is None else f"{RULES_VERSION}, {peppol_stylesheet.name}"


def check_document(content: bytes, *, peppol_stylesheet: Path | None = None) -> InvoiceDocument:
    """The facts of a document that passes. Raises DocumentRefused for any other.

    `peppol_stylesheet` is the operator's own copy of the official rules of Peppol, which is then run too.
    """
    root = parse(content)
    check_schema(root)
    if len(list(root.iter(cac("TaxSubtotal")))) > MOST_RATES:
        raise DocumentRefused(Because.RULES, f"The document has more than {MOST_RATES} rates of VAT.")
    broken = fired_rules(root, peppol_stylesheet=peppol_stylesheet)
    refusing = fatal(broken)
    if refusing:
        raise DocumentRefused(Because.RULES, _sentence(broken, refusing), refusing)
    document = read_document(root)
    if document.currency != CURRENCY:
        raise DocumentRefused(
            Because.CURRENCY, f"The document is in {document.currency}: only {CURRENCY} is taken."
        )
    return document


def fired_rules(root: Element, *, peppol_stylesheet: Path | None = None) -> Findings:
    """The rules of EN 16931 and of Peppol that a document breaks, by their ids."""
    text = text_of(root)
    found = fired_en16931(text) | fired_peppol(root)
    return found if peppol_stylesheet is None else fired_official(text, peppol_stylesheet) | found


def _sentence(broken: Findings, refusing: list[str]) -> str:
    """Which rules, and what the first asks."""
    named = ", ".join(refusing[:MOST_NAMED])
    more = f" and {len(refusing) - MOST_NAMED} more" if len(refusing) > MOST_NAMED else ""
    return f"It breaks {named}{more}. {refusing[0]}: {broken[refusing[0]].says}"
