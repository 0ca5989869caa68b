"""The list of guards is true, and a run is read rightly: only a failing test has noticed that a guard is missing."""

from pathlib import Path

import pytest

from tests.guards.guard import Guard, OutdatedList
from tests.guards.listed import GUARDS
from tests.guards.verdict import Verdict, failing_tests, read_report

CASE = '<testsuites><testsuite><testcase name="test_it">{}</testcase></testsuite></testsuites>'


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_every_guard_stands_where_the_list_says_and_its_tests_exist(guard: Guard) -> None:
    changed = guard.changed()
    if guard.file.endswith(".py"):
        compile(changed, guard.file, "exec")
    assert guard.piece != guard.without
    assert guard.tests
    assert not guard.missing_tests()


def test_guards_have_names_of_their_own_and_are_many() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) >= 30


@pytest.mark.parametrize("text", ["", "guard guard"])
def test_a_piece_that_is_not_there_once_is_an_outdated_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "module.py").write_text(text)
    with pytest.raises(OutdatedList, match="out of date"):
        Guard("a guard", "module.py", "guard", "", ("tests/unit/test_guards.py",)).changed(tmp_path)


def test_a_test_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_one() -> None: ...\n")
    tests = ("test_it.py", "test_it.py::test_one", "test_it.py::test_two", "test_other.py")
    assert Guard("a guard", "", "", "", tests).missing_tests(tmp_path) == [
        "test_it.py::test_two",
        "test_other.py",
    ]


@pytest.mark.parametrize(
    ("inside", "verdict"),
    [
        ("", Verdict.SURVIVED),
        ('<failure message="AssertionError: assert 200 == 403"/>', Verdict.NOTICED),
        ("<failure message=\"NameError: name 'x' is not defined\"/>", Verdict.BROKEN),
        ('<error message="collection failure"/>', Verdict.BROKEN),
    ],
)
def test_only_a_failing_test_has_noticed(tmp_path: Path, inside: str, verdict: Verdict) -> None:
    report = tmp_path / "report.xml"
    report.write_text(CASE.format(inside))
    assert read_report(report).verdict is verdict
    assert failing_tests(report) == (["test_it"] if inside else [])


def test_a_run_without_tests_or_without_a_report_has_noticed_nothing(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert read_report(report).verdict is Verdict.BROKEN
    report.write_text("<testsuites/>")
    assert read_report(report).verdict is Verdict.BROKEN
