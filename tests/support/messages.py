"""`python -m tests.support.messages`: brings the catalogues in line with the strings in the code, keeping translations."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[2]
LOCALES = ROOT / "frontend" / "locales"
STILL = datetime(2026, 1, 1, tzinfo=UTC)  # dates in catalogues only make noise between branches


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _strings(node: ast.Call) -> list[str]:
    return [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]


def _messages(path: Path) -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    """Context and message of every call of text(), translatable(), plural() and context(), f-strings included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not (said := _strings(node)):
            continue
        match _called(node):
            case "text" | "translatable":
                yield None, said[0]
            case "plural":
                yield None, (said[0], said[1])
            case "context":
                yield said[0], said[1]


def in_code() -> Catalog:
    """Every string of the pages that is translated."""
    catalog = Catalog(charset="utf-8")
    for path in sorted((ROOT / "frontend").rglob("*.py")):
        for context, message in _messages(path):
            catalog.add(message, context=context)
    return catalog


def update(language: str) -> None:
    path = LOCALES / f"{language}.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, project="Fleetline", charset="utf-8")
    catalog.update(in_code(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    catalog.header_comment = f"# Fleetline in {catalog.locale.english_name if catalog.locale else language}."
    catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = "Fleetline"
    catalog.revision_date = catalog.creation_date = STILL
    with path.open("wb") as file:
        write_po(file, catalog, width=110, no_location=True, sort_output=True)


if __name__ == "__main__":
    for code in ("fr", "nl", "de"):
        update(code)
