"""Documents that came in: what the parser refuses, what is read, what is refused in which order."""

import pickle
import socket
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from msgspec.structs import replace

from backend.billing.ubl.bundled import bundled
from backend.billing.ubl.checking import RULES_VERSION, check_document, fired_rules, rules_version
from backend.billing.ubl.en16931 import FAILED, STYLESHEET
from backend.billing.ubl.fired import Severity
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.stylesheets import shortened
from backend.billing.ubl.writing import write_document
from backend.billing.ubl.xml import INVOICE_NAMESPACE, LARGEST, Element, cbc, parse
from tests.support.billing_documents import LINE, OFFICIAL, SELLER, a_document

INVOICE = write_document(a_document()).decode()
BODY = INVOICE.partition("?>")[2]


def refusal(content: bytes, **options: Any) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as refused:
        check_document(content, **options)
    return refused.value


def with_prolog(prolog: str, encoding: str = "utf-8") -> bytes:
    return (prolog + BODY).encode(encoding)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "content",
    [
        with_prolog("<!DOCTYPE Invoice>"),
        with_prolog('<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:1/x.dtd">'),
        with_prolog('<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        with_prolog('<!DOCTYPE Invoice [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>'),
        with_prolog(f'<!DOCTYPE Invoice [<!ENTITY l0 "ha">{LAUGHS}]>').replace(b"Business", b"&l9;"),
        with_prolog(
            '<?xml version="1.0"?><!-- a --><?b c?>\n<!DOCTYPE Invoice [<!ATTLIST Invoice a CDATA "b">]>'
        ),
        with_prolog('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE Invoice>', "utf-16"),
        # What it declares is not even read
        b"<!DOCTYPE Invoice [ <!ENTITY broken",
    ],
)
def test_a_document_type_is_refused_before_anything_is_read(content: bytes) -> None:
    assert refusal(content).because is Because.DOCTYPE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain text",
        b"PK\x03\x04",
        INVOICE.encode()[:-20],
        INVOICE.replace("Business", "&undeclared;").encode(),
        INVOICE.encode("latin-1"),
        with_prolog('<?xml version="1.0" encoding="UTF-7"?>'),
        with_prolog('<?xml version="1.0" encoding="no-such-thing"?>'),
        with_prolog('<?xml version="1.0" encoding="UTF-32"?>', "utf-32"),
        INVOICE.replace("Business", "\x01").encode(),
        INVOICE.encode() + b"<more/>",
    ],
)
def test_what_is_no_xml_is_refused_and_never_guessed(content: bytes) -> None:
    refused = refusal(content)
    assert refused.because is Because.NOT_WELL_FORMED
    assert refused.sentence.startswith("The file is not")


@pytest.mark.parametrize(
    "content",
    [
        INVOICE.encode(),
        b"\xef\xbb\xbf" + INVOICE.encode(),
        with_prolog('<?xml version="1.0" encoding="UTF-16"?>', "utf-16"),
        with_prolog('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        with_prolog('<?xml version="1.0" encoding="windows-1252"?>', "cp1252"),
        with_prolog(""),
        INVOICE.replace("cbc:", "b:").replace("xmlns:cbc", "xmlns:b").encode(),
        INVOICE.replace("<cbc:ID>2026-000123", "<cbc:ID>2026-<!-- a --><?b c?>000<![CDATA[123]]>").encode(),
        INVOICE.replace("<cbc:ID>2026-000123<", "<cbc:ID>\n  2026-000123\t<").encode(),
    ],
)
def test_the_same_document_in_another_spelling(content: bytes) -> None:
    assert check_document(content) == a_document()


@pytest.mark.parametrize(
    "content",
    [
        b"x" * (LARGEST + 1),
        b"<a>" * 5000,
        INVOICE.replace("Business", "x" * 11_000_000).encode(),
        INVOICE.replace('"EUR"', f'"{"E" * 11_000_000}"', 1).encode(),
    ],
    ids=["file", "levels", "text", "attribute"],
)
def test_what_is_too_large_or_too_deep_is_refused(content: bytes) -> None:
    assert refusal(content).because is Because.TOO_LARGE


def test_an_inclusion_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words")
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" parse="text" href="{secret.as_uri()}"/>'
    )
    content = INVOICE.replace("Business Unlimited", include).encode()
    assert b"hidden" not in etree.tostring(parse(content))
    assert refusal(content).because is Because.SCHEMA


def test_nothing_is_fetched(socket_enabled: None) -> None:
    """Neither by the parser nor by Saxon, whose own connections no test can block."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        hints = (
            f'<?xml-stylesheet type="text/xsl" href="{address}"?>'
            f'<!-- --><Invoice xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:base="{address}"'
            f' xsi:schemaLocation="{INVOICE_NAMESPACE} {address}.xsd"'
        )
        content = BODY.strip().replace("<Invoice", hints, 1).encode()
        declared = f'<!DOCTYPE Invoice SYSTEM "{address}">'.encode() + content
        assert refusal(declared).because is Because.DOCTYPE
        # `xml:base` is no attribute of UBL
        assert refusal(content).because is Because.SCHEMA
        plain = content.replace(f' xml:base="{address}"'.encode(), b"")
        assert check_document(plain) == a_document()
        assert fired_rules(parse(content)) == {}
        with pytest.raises(TimeoutError):
            server.accept()


def test_nothing_of_another_package_is_imported() -> None:
    check_document(INVOICE.encode())
    assert "facturx" not in sys.modules


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<html/>", "root element is html"),
        (BODY.replace("xsd:Invoice-2", "xsd:Invoice-3").encode(), "root element is Invoice"),
        (INVOICE.replace(">24.79<", ">24,79<", 1).encode(), "Amount at line"),
        (
            INVOICE.replace("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "<x/>").encode(),
            "see x at",
        ),
    ],
)
def test_the_schema_says_where(content: bytes, named: str) -> None:
    refused = refusal(content)
    assert refused.because is Because.SCHEMA
    assert named in refused.sentence
    assert refused.rules == []


def test_broken_rules_are_all_named() -> None:
    refused = refusal(
        INVOICE.replace(">30.00<", ">31.00<", 1).replace("BuyerReference", "AccountingCost").encode()
    )
    assert refused.because is Because.RULES
    assert refused.rules == ["BR-CO-15", "BR-CO-16", "PEPPOL-EN16931-R003"]
    assert refused.sentence.startswith(
        "It breaks BR-CO-15, BR-CO-16, PEPPOL-EN16931-R003. BR-CO-15: Invoice total"
    )


def test_a_long_list_of_rules_is_cut_in_the_sentence_only() -> None:
    fragment = parse(BODY.encode())
    for name in ("CustomizationID", "ProfileID", "IssueDate", "InvoiceTypeCode", "DocumentCurrencyCode"):
        fragment.remove(fragment.find(cbc(name)))
    broken = fired_rules(fragment)
    assert {"BR-01", "BR-03", "BR-04", "BR-05", "PEPPOL-EN16931-R051"} <= set(broken)
    assert broken["PEPPOL-EN16931-R051"].times == 9


def test_another_currency_is_refused_after_the_rules() -> None:
    refused = refusal(INVOICE.replace("EUR", "USD").encode())
    assert (refused.because, refused.sentence) == (
        Because.CURRENCY,
        "The document is in USD: only EUR is taken.",
    )


def test_rules_that_fail_on_a_document_refuse_it() -> None:
    root = parse(INVOICE.replace(">24.79<", ">much<").encode())
    fired = fired_rules(root)
    assert fired[FAILED].severity is Severity.FATAL
    assert "PEPPOL-EN16931-R120" in fired


def test_the_rates_of_a_document_are_bounded() -> None:
    rates = [replace(LINE, percent=Decimal(number)) for number in range(1, 102)]
    refused = refusal(write_document(a_document(rates)))
    assert (refused.because, refused.rules) == (Because.RULES, [])
    assert "more than 100 rates" in refused.sentence
    assert check_document(write_document(a_document(rates[:100]))) == a_document(rates[:100])


def test_a_warning_refuses_nothing() -> None:
    document = a_document(seller=replace(SELLER, identifiers=[("123", "0106")]))
    root = parse(write_document(document))
    assert fired_rules(root)["PEPPOL-COMMON-R054"].severity is Severity.WARNING
    assert check_document(write_document(document)) == document


def test_a_shortened_stylesheet_has_every_fatal_rule() -> None:
    def rules(root: Element) -> set[tuple[str, str, str]]:
        failed = root.iter("{http://purl.oclc.org/dsdl/svrl}failed-assert")
        found = (
            (one.get("test"), *(part.text for part in one if part.get("name") in {"id", "flag"}))
            for one in failed
        )
        return {(test, id_, flag) for test, id_, flag in found}

    whole = rules(etree.parse(bundled(STYLESHEET)).getroot())
    kept = rules(etree.fromstring(shortened(bundled(STYLESHEET))))
    assert kept <= whole
    assert {(flag, id_.startswith("UBL-")) for _, id_, flag in whole - kept} == {("warning", True)}
    assert len(kept) > 250


def test_versions_are_kept() -> None:
    assert RULES_VERSION == "EN 16931 1.3.16, Peppol BIS Billing 3.0 2026.5"
    assert (
        rules_version(Path("/etc/fleetline/PEPPOL-2026.11.xslt")) == f"{RULES_VERSION}, PEPPOL-2026.11.xslt"
    )


def test_the_operators_own_stylesheet_is_run_too(tmp_path: Path) -> None:
    fatal, warning = tmp_path / "fatal.xslt", tmp_path / "warning.xslt"
    fatal.write_text(OFFICIAL.replace("FLAG", "fatal"))
    warning.write_text(OFFICIAL.replace("FLAG", "warning"))
    refused = refusal(INVOICE.encode(), peppol_stylesheet=fatal)
    assert refused.rules == ["PEPPOL-EN16931-R999"]
    assert refused.sentence == "It breaks PEPPOL-EN16931-R999. PEPPOL-EN16931-R999: It is new."
    assert check_document(INVOICE.encode(), peppol_stylesheet=warning) == a_document()


def test_refusals_travel_between_processes() -> None:
    refused = DocumentRefused(Because.RULES, "It breaks BR-01.", ["BR-01"])
    again = pickle.loads(pickle.dumps(refused))  # noqa: S301 - our own
    assert isinstance(again, DocumentRefused)
    assert (again.because, again.sentence, again.rules) == (Because.RULES, "It breaks BR-01.", ["BR-01"])
    assert str(again) == "It breaks BR-01."
