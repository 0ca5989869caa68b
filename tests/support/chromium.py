"""Finds a Chromium for the browser tests, or installs one: Debian's as root, Playwright's own otherwise."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

from tests.support import debian

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find() -> str | None:
    """The path of a Chromium on this machine; None where only Playwright's own could be."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch_options() -> dict[str, object]:
    """For Playwright's `launch`. Without a Chromium of the machine, Playwright takes its own."""
    path = find()
    return {"args": list(FLAGS), **({"executable_path": path} if path else {})}


def _own() -> bool:
    with sync_playwright() as playwright:
        return os.path.exists(playwright.chromium.executable_path)  # noqa: PTH110 - one question


def ensure() -> None:
    if find() or _own():
        return
    if debian.can_install():
        debian.install("chromium", "fonts-liberation")
        return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    try:
        ensure()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f"No Chromium was found and none could be installed ({error}): install one, then run this again."
        )
