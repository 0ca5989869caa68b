"""Every requirement of ASVS 5.0, levels 1 and 2, stands once in docs/asvs.md, with evidence that exists."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "asvs.md"
REQUIREMENTS = (Path(__file__).parent / "asvs.txt").read_text("utf-8").split()
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
COUNT = re.compile(r"^\| ([a-z ]+) \| (\d+) \| ", re.MULTILINE)
EVIDENCE = re.compile(r"`((?:backend|frontend|tenants|migrations|tests|docs)/[^`]+|[\w-]+\.(?:lock|toml))`")
STATUSES = {"met", "not met", "later", "deployment", "not applicable"}


def rows() -> list[tuple[str, str, str, str]]:
    return [
        (id_, words, status, evidence)
        for id_, words, status, evidence in ROW.findall(DOCUMENT.read_text("utf-8"))
    ]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def exists(evidence: str) -> bool:
    file, _, name = evidence.partition("::")
    path = ROOT / file
    return path.exists() and (not name or name in names_in(path))


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert len(set(REQUIREMENTS)) == len(REQUIREMENTS) == 253
    assert [id_ for id_, *_ in rows()] == REQUIREMENTS


def test_the_statuses_are_known_and_counted() -> None:
    counted = Counter(status for _, _, status, _ in rows())
    assert set(counted) == STATUSES
    said = {status: int(count) for status, count in COUNT.findall(DOCUMENT.read_text("utf-8"))}
    assert said == dict(counted)


def test_evidence_exists_and_what_is_met_has_some() -> None:
    missing = [
        f"{id_}: {named}"
        for id_, _, _, text in rows()
        for named in EVIDENCE.findall(text)
        if not exists(named)
    ]
    assert not missing
    assert not [id_ for id_, _, status, text in rows() if status == "met" and not EVIDENCE.findall(text)]


def test_what_is_not_there_is_found() -> None:
    assert not exists("tests/unit/test_nothing.py")
    assert not exists("tests/architecture/test_asvs.py::test_nothing")
    assert exists("tests/architecture/test_asvs.py::test_what_is_not_there_is_found")
