"""Every numbered feature of the fleet stands in docs/features.md with a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

from backend.orders.kinds import KINDS
from backend.orders.texts import kind_texts

FIELD = re.compile(r"\{(\w+)\}")
ROOT = Path(__file__).parents[2]
# Those that work today
EARLIER, INVOICES = (13,), tuple(range(145, 156))
ROW = re.compile(r"\| F-(\d{3}) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|")


def rows() -> list[tuple[int, str, str, str]]:
    text = (ROOT / "docs" / "features.md").read_text("utf-8")
    return [(int(n), what, where, test) for n, what, where, test in ROW.findall(text)]


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def test_every_number_is_there_once_and_in_order() -> None:
    assert [number for number, *_ in rows()] == [*EARLIER, *range(20, 145), *INVOICES]


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for number, _, _, test in rows():
        file, _, name = test.partition("::")
        path = ROOT / file
        if not path.is_file() or name.partition("[")[0] not in names_in(path):
            missing.append(f"F-{number:03d}: {test}")
    assert not missing


def test_every_message_is_listed() -> None:
    """The jobs of each module that sends messages stand in the list of messages."""
    text = (ROOT / "docs" / "features.md").read_text("utf-8")
    senders = [
        path for path in (ROOT / "backend").rglob("*.py") if "await send_once(" in path.read_text("utf-8")
    ]
    jobs = {
        (node.name, path)
        for path in senders
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef)
        and any("idempotent_job" in ast.dump(decorator) for decorator in node.decorator_list)
    }
    assert len(jobs) > 10
    listed = {job: f"`{job}` in `{path.relative_to(ROOT / 'backend')}`" for job, path in jobs}
    assert not [row for row in listed.values() if row not in text]


# Port-ins, departures and contracts are objects of one kind each, with a life of their own.
KIND_PARTS = ("kinds", "effects", "port_ins.py", "departures.py", "contracts.py")


def test_the_pipeline_names_no_kind() -> None:
    """A new order kind costs the others nothing: whoever places, carries out and shows requests asks the kind."""
    orders = ROOT / "backend" / "orders"
    for path in sorted(orders.rglob("*.py")):
        name = path.relative_to(orders)
        if name.parts[0] in KIND_PARTS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        named = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and node.value in set(KINDS)
        }
        assert not named, f"{name} names {named}"


def test_every_kind_has_its_words_in_every_language() -> None:
    for name in [*KINDS, "common"]:
        said = kind_texts(name)
        assert set(said) == {"en", "fr", "nl", "de"}, name
        for language, texts in said.items():
            assert set(texts) == set(said["en"]), (name, language, set(texts) ^ set(said["en"]))
            for key, sentence in texts.items():
                assert sentence.strip(), (name, language, key)
                assert set(FIELD.findall(sentence)) == set(FIELD.findall(said["en"][key])), (
                    name,
                    language,
                    key,
                )
