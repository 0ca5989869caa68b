"""Reads XML that anyone may have written: no document type, no entities, no inclusions, no network, bounded. Pure."""

from typing import Any, TypeAlias
from xml.parsers import expat

from lxml import etree

from backend.billing.ubl.refusals import Because, DocumentRefused

# An element of lxml, which ships no types
Element: TypeAlias = Any

LARGEST = 20 * 1024 * 1024
INVOICE_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
CAC_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
INVOICE = f"{{{INVOICE_NAMESPACE}}}Invoice"
CREDIT_NOTE = f"{{{CREDIT_NOTE_NAMESPACE}}}CreditNote"
# What XML calls white space; a space that does not break is content
WHITE = " \t\r\n"
# What the parser says of a text or a name that is too long, of too many levels, and of too much in all
LIMITS = ("huge", "too long", "depth", "limit")


def cac(name: str) -> str:
    """The full name of an aggregate."""
    return f"{{{CAC_NAMESPACE}}}{name}"


def cbc(name: str) -> str:
    """The full name of a basic element."""
    return f"{{{CBC_NAMESPACE}}}{name}"


class _Prolog(Exception):
    """The root element begins: there was no document type declaration."""


def parse(content: bytes) -> Element:
    """The root element. Raises DocumentRefused for what is too large, declares a document type, or is no XML.

    Comments and processing instructions are left out, so that every reader sees the same text.
    """
    if len(content) > LARGEST:
        raise DocumentRefused(Because.TOO_LARGE, "The document is larger than 20 MB.")
    _refuse_doctype(content)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise _refused(error) from None
    # The same question to the parser whose answer counts
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    return root


def _refuse_doctype(content: bytes) -> None:
    """Read up to the root element, or up to a document type declaration: nothing that it declares is read."""
    prolog = expat.ParserCreate()
    prolog.StartElementHandler = _root
    prolog.StartDoctypeDeclHandler = _declared
    try:
        prolog.Parse(content, True)
    except _Prolog:
        return
    except (expat.ExpatError, LookupError, ValueError):
        # Also an encoding that is not known
        raise DocumentRefused(Because.NOT_WELL_FORMED, "The file is not XML.") from None


def _root(_name: str, _attributes: dict[str, str]) -> None:
    raise _Prolog


def _declared(_name: str, _system: str | None, _public: str | None, _internal: bool) -> None:
    raise _doctype()


def _doctype() -> DocumentRefused:
    return DocumentRefused(
        Because.DOCTYPE, "The document has a document type declaration (DOCTYPE), which is not taken."
    )


def _refused(error: Any) -> DocumentRefused:
    line = error.lineno or 1
    if any(word in str(error).lower() for word in LIMITS):
        return DocumentRefused(
            Because.TOO_LARGE, f"The document has a part that is too long or too deep, at line {line}."
        )
    return DocumentRefused(Because.NOT_WELL_FORMED, f"The file is not well-formed XML: see line {line}.")
