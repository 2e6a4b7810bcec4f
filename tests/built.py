"""Wheel, sdist and Debian package of this tree, as `make` builds them: what was built before is not built again."""

import fcntl
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / "build" / "wheels"


def made(target: str, pattern: str) -> Path:
    """The one file of dist/ that fits, after `make TARGET`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    WHEELS.parent.mkdir(exist_ok=True)
    with (WHEELS.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the processes of one test run build once
        done = subprocess.run(
            ["make", "--no-print-directory", target],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
    assert done.returncode == 0, f"make {target}:\n{done.stdout}"
    [path] = (ROOT / "dist").glob(pattern)
    return path
