"""How long the demo plays: its time begins when the daemon answers, and ends early with the daemon or the curtain."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from numtrustd.demo.play import _wait


@pytest.fixture
def daemon() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that lives until it is ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_it_waits_no_longer_than_until_the_daemon_answers(daemon: "subprocess.Popen[bytes]") -> None:
    answers = threading.Event()
    answers.set()
    began = time.monotonic()
    assert not _wait(daemon, threading.Event(), 30.0, answers)
    assert time.monotonic() - began < 10.0
    assert not _wait(daemon, threading.Event(), 0.01, threading.Event()), "nor longer than it is given"


def test_the_curtain_and_the_daemons_end_are_told_apart(daemon: "subprocess.Popen[bytes]") -> None:
    curtain = threading.Event()
    curtain.set()
    assert not _wait(daemon, curtain, 30.0)
    daemon.kill()
    daemon.wait()
    assert _wait(daemon, threading.Event(), 30.0), "it ended by itself"
