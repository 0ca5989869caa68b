"""What the log says of a failure: where, never with what."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from backend.core.logs import LONGEST, LONGEST_TRACEBACK, PER_MINUTE

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


WEB = """
import logging
import frontend.main
from backend.settings import Settings

web = frontend.main.create(Settings(database_url="postgresql://nowhere", secret_keys=("x" * 32,)))
"""


def test_the_web_process_has_one_handler_for_the_logs_of_all_libraries() -> None:
    """Once everything is put together: what is built into it may have set up a log of its own."""
    case = (
        WEB
        + """
loggers = [logging.getLogger(), *(one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger))]
for one in loggers:
    for handler in one.handlers:
        if not isinstance(handler, logging.NullHandler):
            print(one.name, type(handler.formatter).__name__, [type(each).__name__ for each in handler.filters])
"""
    )
    assert run_case(case).splitlines() == ["root LibraryLogFormatter ['LibraryLogFilter']"]


def test_the_log_of_the_web_process_stays_small_whatever_a_library_writes() -> None:
    case = (
        WEB
        + f"""
TEXT = {FORGED!r} * 200
for name in ("reactpy.core.layout", "litestar", "uvicorn.error", "asyncio", "some.library"):
    for _ in range(200):
        try:
            raise ValueError(TEXT)
        except ValueError:
            logging.getLogger(name).exception(TEXT)
"""
    )
    said = run_case(case)
    assert "went wrong" in said
    entries = [line for line in said.splitlines() if not line.startswith("  ")]
    # A thousand were asked for, from one place
    assert len(entries) == PER_MINUTE
    assert all(" [ERROR] " in entry.partition("went wrong")[0] for entry in entries)
    assert len(said) < PER_MINUTE * (LONGEST_TRACEBACK + 2 * LONGEST)


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
