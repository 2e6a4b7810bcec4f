"""A terminal as a person has one: tmux on a socket of its own, with keys sent and what is on the screen read."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.processes import until

WAIT = 20.0
"""Seconds within which a screen has to show what is waited for; a busy machine takes some of them."""


def needed() -> None:
    """Without tmux nothing of this can be tested: where CI runs, that is a failure."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is not installed: .ci/run installs it")
        pytest.skip("tmux is not installed")


READY = "ready:"
"""What the shell says when it waits for a command."""


class Screen:
    """One window of so many columns and lines with a shell in it. Ended by `close`."""

    def __init__(
        self, place: Path, environ: Mapping[str, str], columns: int = 80, lines: int = 24, term: str = "screen-256color"
    ) -> None:
        needed()
        self._socket = str(place / "tmux")
        config = place / "tmux.conf"
        config.write_text(f"set -g status off\nset -g default-terminal {term}\n")
        kept = {k: v for k, v in os.environ.items() if k not in ("TMUX", "NO_COLOR", "COLUMNS", "LINES")}
        self._environ = {**kept, "LC_ALL": "C.UTF-8", **environ}
        size = ["-x", str(columns), "-y", str(lines)]
        self._tmux("-f", str(config), "new-session", "-d", "-s", "t", "-c", str(place), *size, "/bin/sh")
        self.type(f"PS1={READY}; clear")
        self.wait(f"^{READY}$")

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-u", "-S", self._socket, *words]
        done = subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def type(self, line: str) -> None:
        """A command line."""
        self._tmux("send-keys", "-t", "t", "-l", line)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Keys by their names in tmux."""
        self._tmux("send-keys", "-t", "t", *keys)

    def resize(self, columns: int, lines: int) -> None:
        self._tmux("resize-window", "-t", "t", "-x", str(columns), "-y", str(lines))

    def text(self, *, styles: bool = False, joined: bool = False) -> str:
        """What is on the screen; with `styles` the escape sequences, too; `joined` puts lines together again that the
        terminal had to wrap.
        """
        return self._tmux("capture-pane", "-p", *(["-e"] if styles else []), *(["-J"] if joined else []), "-t", "t")

    def wait(self, pattern: str, *, gone: bool = False, pressing: str = "") -> str:
        """The screen once it shows this, or once it no longer does; a key may be pressed until then."""
        found = ""

        def there() -> bool:
            nonlocal found
            if pressing:
                self.press(pressing)
            found = self.text()
            return bool(re.search(pattern, found, re.MULTILINE)) != gone

        assert until(there, WAIT), f"{'still' if gone else 'no'} {pattern!r} on the screen:\n{found}"
        return found

    @property
    def alternate(self) -> bool:
        """Whether a program has the whole screen, and what was there before waits below it."""
        return self._tmux("display-message", "-p", "-t", "t", "#{alternate_on}").strip() == "1"

    @property
    def cursor_shown(self) -> bool:
        return self._tmux("display-message", "-p", "-t", "t", "#{cursor_flag}").strip() == "1"

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], capture_output=True, timeout=20, check=False)


def widest(text: str) -> int:
    """Columns of the widest line."""
    return max(map(cell_len, text.splitlines()), default=0)
