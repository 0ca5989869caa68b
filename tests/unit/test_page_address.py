"""The query of a page's address: read within bounds, refused where a part of it would be left out."""

import ast
import time

import pytest

from frontend.page_address import (
    LONGEST_ADDRESS,
    MOST_VALUES,
    AddressProblem,
    address_key,
    address_problem,
    first_values,
    read_query,
)
from frontend.pages.usage.view import unknown_values
from tests.support.messages import ROOT


def test_what_is_within_the_bounds_is_read_whole() -> None:
    query = "&".join(f"plan=p{number}" for number in range(MOST_VALUES))
    assert address_problem("/app/fleet", query) is None
    assert len(read_query(f"?{query}")["plan"]) == MOST_VALUES
    assert first_values("?a=1&b=&a=2&c=%C3%A9") == {"a": "1", "b": "", "c": "é"}


@pytest.mark.parametrize(
    ("path", "query", "problem"),
    [
        ("/app/fleet", "?search=" + "x" * LONGEST_ADDRESS, AddressProblem.TOO_LONG),
        ("/app/" + "x" * LONGEST_ADDRESS, "", AddressProblem.TOO_LONG),
        ("/app/fleet", "&" * MOST_VALUES, AddressProblem.TOO_LONG),
        ("/app/fleet", "?search=a%00", AddressProblem.UNREADABLE),
        ("/app/fleet", "?search=\0", AddressProblem.UNREADABLE),
        ("/app/\0", "", AddressProblem.UNREADABLE),
    ],
)
def test_what_is_beyond_them_is_no_page(path: str, query: str, problem: AddressProblem) -> None:
    assert address_problem(path, query) is problem


def test_a_wide_address_takes_no_time() -> None:
    wide = "a=&" * 300_000
    began = time.process_time()
    for _ in range(50):
        assert address_problem("/app/fleet", wide) is AddressProblem.TOO_LONG
        assert len(read_query(wide)) == 1
    # Read whole, it would take many times as long
    assert time.process_time() - began < 2


def test_the_name_of_a_page_is_short_and_its_own() -> None:
    assert address_key("/app/fleet?a=b") == "/app/fleet?a=b"
    keys = {address_key("/app/fleet?" + "a" * 1000 + str(number)) for number in range(100)}
    assert len(keys) == 100
    assert max(map(len, keys)) == 64


def test_what_a_page_of_usage_does_not_know_is_named() -> None:
    assert unknown_values("?month=2026-11&by=account&measure=data&group=any") == []
    assert unknown_values("?month=2026-13&by=moon&measure=") == ["2026-13", "moon"]


def test_no_page_reads_a_query_past_the_bounds() -> None:
    readers = {"parse_qs", "parse_qsl"}
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "frontend").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and readers & {alias.name for alias in node.names}
    }
    # The second reads so many fields and no more
    assert found == {"frontend/page_address.py", "frontend/http/address_checks.py"}
