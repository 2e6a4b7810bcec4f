"""The real daemon and the simulated platforms as processes, for tests that kill, signal and misuse them."""

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from numtrustd.clock import Clock

START_TIME = 30.0


class Process:
    """A child whose standard error is kept line by line. Ended by pid, and always by `close`."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self.lines: list[bytes] = []
        self._fresh: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.child = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stderr is not None
        for line in self.child.stderr:
            self.lines.append(line)
            self._fresh.put(line)
        self._fresh.put(b"")

    def wait_for(self, action: str, timeout: float = START_TIME) -> dict[str, Any]:
        """The next record of this action; fails with everything that was said instead."""
        deadline = Clock().monotonic() + timeout
        while (left := deadline - Clock().monotonic()) > 0:
            try:
                line = self._fresh.get(timeout=left)
            except queue.Empty:
                break
            if not line:
                break
            if line.startswith(b"{") and line.endswith(b"}\n"):
                record: dict[str, Any] = json.loads(line)
                if record["event.action"] == action:
                    return record
        raise AssertionError(
            f"no {action} within {timeout} s:\n" + b"".join(self.lines[-30:]).decode("utf-8", "replace")
        )

    def records(self) -> list[dict[str, Any]]:
        """Every whole line as a record; the last one of a killed process may be cut."""
        return [json.loads(x) for x in self.lines if x.startswith(b"{") and x.endswith(b"}\n")]

    def of(self, action: str) -> list[dict[str, Any]]:
        """The records of an action so far."""
        return [record for record in self.records() if record["event.action"] == action]

    def kill(self) -> None:
        """SIGKILL: no instruction of the child runs any more."""
        self.child.kill()
        self._end()

    def end(self, timeout: float = 10.0) -> int:
        """SIGTERM and the exit status."""
        self.child.terminate()
        self.child.wait(timeout)
        return self._end()

    def _end(self) -> int:
        status = self.child.wait(10.0)
        self._reader.join(10.0)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            if stream is not None:
                stream.close()
        return status

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.child.poll() is None:
            self.child.kill()
        self._end()


def daemon(config: Path, *more: str, environ: Mapping[str, str] | None = None) -> Process:
    """`numtrustd run` with a JSON log."""
    return Process(["numtrustd", "run", "--config", str(config), "--log-format", "json", *more], environ)


def ctl(place: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`numtrustctl` for the daemon whose sockets lie in this directory."""
    environ = {**os.environ, "NUMTRUSTD_SOCKET_DIR": str(place)}
    command = [sys.executable, "-m", "numtrustd.ctl", *words]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)


def platforms(*arguments: str) -> tuple[Process, str]:
    """The simulated platforms and their address."""
    process = Process(["numtrustd.sim", "--port", "0", *arguments])
    assert process.child.stdout is not None
    line = process.child.stdout.readline().decode()
    assert line.startswith("listening "), process.lines
    return process, line.split()[1]


def get(url: str) -> dict[str, Any]:
    """A JSON document of the simulator's side door."""
    with urllib.request.urlopen(url, timeout=30.0) as answer:
        document: dict[str, Any] = json.loads(answer.read())
    return document


def until(true: Callable[[], bool], timeout: float, pause: float = 0.05) -> bool:
    """Wait in real time for something outside this process."""
    ended = threading.Event()
    deadline = Clock().monotonic() + timeout
    while Clock().monotonic() < deadline:
        if true():
            return True
        ended.wait(pause)
    return False
