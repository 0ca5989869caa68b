"""The bench runs by hand only: here each of its modules is at least loaded, so that a rename does not break it unseen."""

import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[1] / "bench"
MODULES = sorted(
    f"tests.{path.relative_to(BENCH.parent).with_suffix('').as_posix().replace('/', '.')}"
    for path in BENCH.rglob("*.py")
    if path.stem not in {"__init__", "__main__"}
)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_of_the_bench_loads(name: str) -> None:
    assert importlib.import_module(name)
