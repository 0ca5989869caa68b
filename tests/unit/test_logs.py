"""What the log says of a failure: where, never with what."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

CASE = """
import {module}
import structlog

def sign_in(login, password):
    raise RuntimeError("went wrong")

try:
    sign_in("sofie", "".join(["hun", "ter2"]))
except RuntimeError:
    structlog.get_logger().exception("failed")
"""


@pytest.mark.parametrize("module", ["frontend.main", "backend.worker", "backend.schedule", "backend.cli"])
def test_a_traceback_in_the_log_shows_no_variable(module: str) -> None:
    case = CASE.format(module=module)
    said = subprocess.run([sys.executable, "-c", case], capture_output=True, text=True, check=True).stdout
    assert "went wrong" in said
    assert "hunter2" not in said


FORGED = "went wrong\n2026-11-29 12:00:00 [warning  ] sign-in failed\x1b[2K\u202e\r"


@pytest.mark.parametrize(
    "line",
    [
        "structlog.get_logger().warning('failed', why=TEXT)",
        "structlog.get_logger().warning(TEXT)",
        "structlog.get_logger().warning('failed', why=ValueError(TEXT), items=[TEXT])",
        "logging.getLogger('reactpy.core').warning(TEXT)",
        "logging.getLogger('some.library').warning('failed: %s', TEXT)",
    ],
)
def test_what_somebody_sends_is_one_line_of_the_log(line: str) -> None:
    case = f"import logging, structlog\nimport frontend.main\nTEXT = {FORGED!r}\n{line}"
    said = run_case(case)
    assert "went wrong" in said
    assert len(said.splitlines()) == 1
    assert not any(sign in said for sign in "\x1b\u202e\r")


@pytest.mark.parametrize(
    "log", ["structlog.get_logger().exception('failed')", "logging.getLogger('reactpy').exception('failed')"]
)
def test_a_traceback_never_looks_like_another_entry(log: str) -> None:
    case = (
        "import logging, structlog\nimport frontend.main\n"
        f"try:\n  raise ValueError({FORGED!r})\nexcept ValueError:\n  {log}"
    )
    first, *rest = run_case(case).strip().splitlines()
    assert "failed" in first
    assert rest
    assert all(line.startswith("  ") for line in rest)


@pytest.mark.parametrize(
    "log",
    ["structlog.get_logger().warning('failed', why=TEXT)", "logging.getLogger('reactpy').warning(TEXT)"],
)
def test_a_megabyte_is_cut(log: str) -> None:
    case = f"import logging, structlog\nimport frontend.main\nTEXT = 'a' * 1_000_000 + 'the end'\n{log}"
    said = run_case(case)
    assert len(said) < 1500
    assert "the end" in said
    assert "signs left out" in said


@pytest.mark.parametrize(
    "log",
    ["structlog.get_logger().warning('failed', n=n)", "logging.getLogger('reactpy').warning('x %s', n)"],
)
def test_a_flood_of_one_entry_does_not_fill_the_disk(log: str) -> None:
    case = (
        f"import logging, structlog\nimport frontend.main\nfor n in range(5000):\n  {log}\n"
        "structlog.get_logger().warning('another')"
    )
    said = run_case(case)
    assert len(said.splitlines()) <= 310
    assert "another" in said


def run_case(case: str) -> str:
    done = subprocess.run([sys.executable, "-c", case], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_every_entry_names_its_zone() -> None:
    case = "import frontend.main, logging, structlog; structlog.get_logger().warning('ours'); logging.getLogger('a').warning('theirs')"
    environment = os.environ | {"TZ": "Pacific/Auckland"}
    done = subprocess.run(
        [sys.executable, "-c", case], capture_output=True, text=True, check=True, env=environment
    )
    now = datetime.now(UTC)
    for line in (done.stdout.strip(), done.stderr.strip()):
        said = datetime.strptime(line.split()[0], "%Y-%m-%dT%H:%M:%S%z")
        assert abs(now - said) < timedelta(minutes=5), line
