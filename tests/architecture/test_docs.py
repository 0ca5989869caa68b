"""The documents are true: each file and each name that they give in backticks is there."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from backend.core.permissions import OPERATOR_PERMISSIONS, PERMISSIONS
from backend.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs/decisions").glob("*.md"),
    ]
)
SOURCES = ("backend", "frontend", "tenants", "migrations", "tests")
SUFFIXES = {".py", ".toml", ".sql", ".js", ".css", ".po", ".typ", ".mjs"}
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# `name` in `file.py`, `name`, `other` (`file.py`), `file.py`: `name`
NAMES_THEN_FILE = re.compile(
    r"((?:`\w+`(?:, | and ))*`\w+`)(?: in | of | \()`([\w/.<>*-]+\.(?:py|toml|sql))`"
)
FILE_THEN_NAMES = re.compile(r"`([\w/.<>*-]+\.(?:py|toml|sql))`: ((?:`\w+`(?:, | and ))*`\w+`)")
# `<kind>` and `*` stand for any name
ANY = re.compile(r"<\w+>|\*")
FILE = re.compile(r"^(?:[\w.<>*-]+/)*[\w.<>*-]*[\w>*](?:\.\w+|/)$|^[\w.<>*-]+(?:/[\w.<>*-]+)+$")
ENDINGS = (".py", ".toml", ".sql", ".js", ".css", ".md", ".po", ".typ", ".lock", "/")
NAME = re.compile(r"^@?[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?$")
# What is not in the repository: files of a running product, other packages, words of protocols, a table that is gone.
ELSEWHERE = frozenset(
    {
        "Host",
        "pg_dump",
        ".venv/bin",
        ".fleetline/",
        ".fleetline/database-is-in",
        "csv.Sniffer",
        "text/csv",
        "expectedCompletionDate",
        "order/<id>/ended",
        "order_event",
    }
)
SETTING = re.compile(r"^(?:FLEETLINE)?_[A-Z_]+$")


def text_of(document: Path) -> str:
    return FENCED.sub("", document.read_text("utf-8"))


@cache
def paths() -> tuple[str, ...]:
    """Every file and folder of the repository, folders with a slash behind."""
    found = [path for top in (*SOURCES, "docs") for path in (ROOT / top).rglob("*")]
    found += [*ROOT.glob("*"), *ROOT.glob(".ci/*"), *(ROOT / top for top in SOURCES)]
    known = {path.relative_to(ROOT).as_posix() + ("/" if path.is_dir() else "") for path in found}
    return tuple(sorted(path for path in known if "__pycache__" not in path))


@cache
def to_come() -> frozenset[str]:
    """Folders of features that are not there yet: in parentheses in the import contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = " ".join(layer for contract in contracts for layer in contract.get("layers", []))
    return frozenset(f"{name}/" for name in re.findall(r"\((\w+)\)", layers))


@cache
def words() -> frozenset[str]:
    """Every word of the sources and of the settings of the project's tools."""
    files = [path for top in SOURCES for path in (ROOT / top).rglob("*") if path.suffix in SUFFIXES]
    files += [ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "Procfile", ROOT / ".ci/run"]
    texts = (path.read_text("utf-8") for path in files if path != Path(__file__))
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


@cache
def decorators() -> frozenset[str]:
    """The decorators that the product uses."""
    files = [path for top in ("backend", "frontend", "tenants") for path in (ROOT / top).rglob("*.py")]
    used = re.compile(r"^\s*@(\w+)", re.MULTILINE)
    return frozenset(name for path in files for name in used.findall(path.read_text("utf-8")))


@cache
def settings() -> frozenset[str]:
    """The fields of the settings; those of the operator with and without that word before them."""
    fields = re.findall(r"^    (\w+):", (ROOT / "backend/settings.py").read_text("utf-8"), re.MULTILINE)
    return frozenset([*fields, *(f"operator_{name}" for name in fields)])


def matching(path: str) -> list[str]:
    """The files and folders that a path of a document may mean: from the root, or from any folder."""
    wanted = "[^/]+".join(map(re.escape, ANY.split(path)))
    pattern = re.compile(rf"(?:.*/)?{wanted}/?$")
    return [known for known in paths() if pattern.match(known)]


def is_path(span: str) -> bool:
    return bool(FILE.match(span)) and (span.endswith(ENDINGS) or "/" in span)


def missing_in(text: str) -> Iterator[str]:
    """What a text gives in backticks and the repository does not have."""
    for span in SPAN.findall(text):
        path, _, function = span.partition("::")
        if span in ELSEWHERE or path in to_come():
            continue
        if is_path(path):
            if not matching(path) or (function and function.partition("[")[0] not in words()):
                yield span
        elif NAME.match(span) and not is_known(span):
            yield span


def is_known(name: str) -> bool:
    """Whether a name, or each part of a dotted one, stands in the sources."""
    if SETTING.match(name):
        return name in words() or name.removeprefix("FLEETLINE").lower().lstrip("_") in settings()
    parts = re.findall(r"\w+", name.partition("(")[0])
    if name.startswith("@"):
        return parts[-1] in decorators()
    return set(parts) <= words() or bool(matching(name))


def misplaced_in(text: str) -> Iterator[str]:
    """The names that a text puts into a file which does not have them."""
    pairs = [(file, names) for names, file in NAMES_THEN_FILE.findall(text)]
    pairs += FILE_THEN_NAMES.findall(text)
    for file, names in pairs:
        for name in SPAN.findall(names):
            if not any(
                re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8")) for path in matching(file)
            ):
                yield f"{name} in {file}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_names_of_a_document_exist(document: Path) -> None:
    assert not sorted(set(missing_in(text_of(document))))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_names_stand_in_the_file_that_a_document_names(document: Path) -> None:
    assert not sorted(set(misplaced_in(text_of(document))))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_a_document_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(text_of(document))
    assert not [target for target in targets if not (document.parent / target).exists()]


def test_what_is_not_there_is_found() -> None:
    text = "`backend/nowhere.py`, `kinds/<kind>.xml`, `no_such_name`, `@flow`, `FLEETLINE_NOTHING`"
    assert list(missing_in(text)) == SPAN.findall(text)
    assert not list(
        missing_in("`KINDS`, `kinds/<kind>.toml`, `tests/`, `@use_case(permission)`, `FLEETLINE_HOST`")
    )
    assert list(misplaced_in("`KINDS` in `core/facts.py`, `FactName` in `core/facts.py`")) == [
        "KINDS in core/facts.py"
    ]
    assert list(misplaced_in("`core/facts.py`: `FactName`, `KINDS`")) == ["KINDS in core/facts.py"]


def test_the_roles_of_the_document_are_those_of_the_code() -> None:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    section = text.partition("## Who may what")[2].partition("\n## ")[0]
    said = {
        role.strip(): set(what.strip().split(", "))
        for role, what in re.findall(r"^\| ([a-z' ]+) \| ([a-z_:, ]+) \|$", section, re.MULTILINE)
    }
    said.pop("role")
    held = {role.replace("_", " "): set(permissions) for role, permissions in PERMISSIONS.items()}
    assert said == held | {"the operator's staff": set(OPERATOR_PERMISSIONS)}


def test_every_setting_and_every_decision_is_listed() -> None:
    operations = (ROOT / "docs/operations.md").read_text("utf-8")
    # The parts of `operator` are listed each by itself
    fields = set(Settings.__dataclass_fields__) - {"operator"}
    missing = [name for name in sorted(fields) if f"`{PREFIX}{name.upper()}`" not in operations]
    assert len(fields) > 20
    assert not missing, "not in docs/operations.md"
    index = (ROOT / "docs/decisions/README.md").read_text("utf-8")
    records = sorted(path.name for path in (ROOT / "docs/decisions").glob("0*.md"))
    assert len(records) > 20
    assert [name for name in records if f"]({name})" not in index] == [], "not in the list of decisions"
