"""What the log says of a failure: where, never with what."""

import subprocess
import sys

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
