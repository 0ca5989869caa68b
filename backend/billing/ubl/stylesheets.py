"""Runs rules that are a stylesheet (Schematron compiled to XSLT 2.0) with Saxon, and reads what they report.

Saxon reads only text that lxml parsed and wrote anew. Loaded by the process that checks documents, and by no other.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonApiError, PySaxonProcessor

from backend.billing.ubl.fired import Findings, Fired, Severity
from backend.billing.ubl.xml import Element, cbc

XSL = "{http://www.w3.org/1999/XSL/Transform}"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
# What a report says beside the rules that are broken: which patterns and contexts were met, and where
REPORTED = (f"{SVRL}active-pattern", f"{SVRL}fired-rule")
# Elements that UBL knows and EN 16931 does not
ELEMENT_RULES = "UBL-"
# The published sentences begin with their rule in brackets
LABEL = re.compile(r"^\s*\[[^\]]*\]\s*-?\s*")
LONGEST_SENTENCE = 300


class Stylesheet:
    """Compiled rules. `failed` names the rule that is reported where the stylesheet itself fails on a document.

    Its report is made shorter, its tests are as published. Only warnings of `UBL-…` are left out: seven hundred elements
    that a document need not have, of which nothing follows. Without these and without the places a document takes half
    of the time, and the stylesheet a fifth to compile.
    """

    def __init__(self, path: Path, failed: str) -> None:
        self._failed = failed
        self._processor: Any = _processor()
        compiler = self._processor.new_xslt30_processor()
        self._rules: Any = compiler.compile_stylesheet(stylesheet_text=shortened(path))

    def fired(self, text: str) -> Findings:
        """The broken rules of a document that `text_of` wrote."""
        try:
            node = self._processor.parse_xml(xml_text=text)
            report = self._rules.transform_to_string(xdm_node=node)
        except PySaxonApiError:
            # Such as a value that is no number where the rules count with it
            report = None
        if report is None:
            says = "The rules can be applied to the document."
            return {self._failed: Fired(rule=self._failed, severity=Severity.FATAL, times=1, says=says)}
        return _read(report)


@cache
def _processor() -> Any:
    return PySaxonProcessor(license=False)


def text_of(root: Element) -> str:
    """The document as text for Saxon. Attached files are left out: they are large, and no rule reads them."""
    files = [(element, element.text) for element in root.iter(cbc("EmbeddedDocumentBinaryObject"))]
    for element, content in files:
        element.text = "AA==" if (content or "").strip() else content
    try:
        text: str = etree.tostring(root, encoding="unicode")
    finally:
        for element, content in files:
            element.text = content
    return text


def shortened(path: Path) -> str:
    """The stylesheet with a report of broken rules only."""
    root = etree.parse(
        path, etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    ).getroot()
    spare = [*root.iter(*REPORTED)]
    spare += [one for one in root.iter(f"{XSL}attribute") if one.get("name") == "location"]
    spare += [one for one in root.iter(f"{XSL}choose") if _is_spare(one)]
    for one in spare:
        one.getparent().remove(one)
    written: str = etree.tostring(root, encoding="unicode")
    return written


def _is_spare(choice: Element) -> bool:
    """Whether it is the test of one rule, and that rule only warns of an element."""
    failed = choice.find(f"{XSL}otherwise/{SVRL}failed-assert")
    if failed is None or len(choice) != 2:
        return False
    said = {one.get("name"): one.text or "" for one in failed.iter(f"{XSL}attribute")}
    return said.get("flag") == Severity.WARNING and said.get("id", "").startswith(ELEMENT_RULES)


def _read(report: str) -> Findings:
    found: Findings = {}
    for failed in etree.fromstring(report.encode()).iter(f"{SVRL}failed-assert"):
        rule = failed.get("id", "")
        known = found.get(rule)
        found[rule] = Fired(
            rule=rule,
            # A rule without a flag is an error, as in Schematron itself
            severity=Severity.WARNING if failed.get("flag") == Severity.WARNING else Severity.FATAL,
            times=known.times + 1 if known else 1,
            says=_sentence(failed),
        )
    return found


def _sentence(failed: Element) -> str:
    words = " ".join("".join(failed.itertext()).split())
    sentence = LABEL.sub("", words)
    if len(sentence) > LONGEST_SENTENCE:
        return f"{sentence[:LONGEST_SENTENCE]}…"
    return sentence if sentence.endswith(".") else f"{sentence}."
