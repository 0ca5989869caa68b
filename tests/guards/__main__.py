"""`make guards`: takes each guard away in a copy of the tree and runs the tests that should notice.

`python -m tests.guards WORD …` tries only guards whose name or file has one of the words. Exit code 0: every guard was
noticed. 1: one survived, or its change broke the program. 2: the list does not fit the source.
"""

# ruff: noqa: T201 - a tool prints

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.guards.guard import ROOT, Guard, OutdatedList
from tests.guards.listed import GUARDS
from tests.guards.verdict import TestRun, Verdict, failing_tests, read_report

# Seconds of one run: what was taken away may leave a test waiting
LONGEST_RUN = 1200


def copy_tree(target: Path) -> None:
    """Copy what git knows of the tree, and what is new and not ignored."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def run_tests(tree: Path, tests: Sequence[str], *options: str) -> Path:
    """Run tests in the copy; returns the report."""
    report = tree / "report.xml"
    report.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # Without a report the run counts as broken
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *options, *tests],
            cwd=tree,
            env=environment,
            check=False,
            timeout=LONGEST_RUN,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return report


def try_without(tree: Path, guard: Guard) -> TestRun:
    """Take the guard away, run its tests, and put it back."""
    path = tree / guard.file
    changed = guard.changed(tree)
    if path.suffix == ".py":
        compile(changed, guard.file, "exec")
    before = path.read_bytes(), path.stat()
    try:
        path.write_text(changed, "utf-8")
        return read_report(run_tests(tree, guard.tests, "-x"))
    finally:
        path.write_bytes(before[0])
        # Bytecode is told apart by this time: it must be the one that the unchanged source had
        os.utime(path, ns=(before[1].st_atime_ns, before[1].st_mtime_ns))


def chosen(words: Sequence[str]) -> list[Guard]:
    """The guards whose name or file has one of the words; all of them without any."""
    return [
        guard for guard in GUARDS if not words or any(word in f"{guard.name} {guard.file}" for word in words)
    ]


def check_list(guards: Sequence[Guard]) -> None:
    """Raise OutdatedList where a piece or a test is not there any more."""
    for guard in guards:
        guard.changed()
        if missing := guard.missing_tests():
            raise OutdatedList(f"{guard.name}: there is no {', '.join(missing)}")


def main(words: Sequence[str]) -> int:
    guards = chosen(words)
    try:
        check_list(guards)
    except OutdatedList as outdated:
        print(outdated, file=sys.stderr)
        return 2
    rows: list[tuple[Guard, TestRun]] = []
    with tempfile.TemporaryDirectory(prefix="fleetline-guards-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        # What fails with every guard in its place notices nothing
        report = run_tests(tree, sorted({test for guard in guards for test in guard.tests}))
        if failing := failing_tests(report):
            print(f"These tests fail as they are: {', '.join(failing)}", file=sys.stderr)
            return 2
        for guard in guards:
            began = time.monotonic()
            rows.append((guard, try_without(tree, guard)))
            print(f"{rows[-1][1].verdict:9} {time.monotonic() - began:4.0f} s  {guard.name}", flush=True)
    print_table(rows)
    return int(any(run.verdict is not Verdict.NOTICED for _, run in rows))


def print_table(rows: Sequence[tuple[Guard, TestRun]]) -> None:
    """Print every guard with its verdict and the test that noticed, and the counts."""
    wide = max((len(guard.name) for guard, _ in rows), default=0)
    print()
    for guard, run in rows:
        print(f"{guard.name:{wide}}  {run.verdict:9}  {run.why}")
    counts = {verdict: sum(run.verdict is verdict for _, run in rows) for verdict in Verdict}
    print("\n" + ", ".join(f"{count} {verdict.lower()}" for verdict, count in counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
