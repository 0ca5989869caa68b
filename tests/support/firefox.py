"""Finds a Firefox for the journeys in `tests/firefox`, or installs Debian's as root."""

import shutil
import subprocess
import sys

from tests.support import debian

NAMES = ("firefox-esr", "firefox")
MISSING = "install Firefox ESR (Debian: apt-get install firefox-esr), then run this again."


def find() -> str | None:
    """The path of a Firefox on this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure() -> None:
    """Returns where there is a Firefox. Raises OSError, CalledProcessError where none could be installed."""
    if not find() and debian.can_install():
        debian.install("firefox-esr", "fonts-liberation")
    if not find():
        raise FileNotFoundError("only root can install one by apt")


if __name__ == "__main__":
    try:
        ensure()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"No Firefox was found and none could be installed ({error}): {MISSING}")
