"""What reaches the service manager, and what happens when there is none or it does not listen."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from numtrustd.notify import Notifier, watchdog_interval


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@numtrustd-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        receiver.setblocking(False)
        yield receiver, name


def test_every_word_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    receiver, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert notifier.listening
    for told, datagram in (
        (notifier.ready(), "READY=1"),
        (notifier.ready("24 numbers"), "READY=1\nSTATUS=24 numbers"),
        (notifier.status("24 numbers, 3 labelled 广告"), "STATUS=24 numbers, 3 labelled 广告"),
        (notifier.reloading(12.345678), "RELOADING=1\nMONOTONIC_USEC=12345678"),
        (notifier.stopping("finishing"), "STOPPING=1\nSTATUS=finishing"),
        (notifier.watchdog(), "WATCHDOG=1"),
        (notifier.extend_timeout(2.5), "EXTEND_TIMEOUT_USEC=2500000"),
    ):
        assert told
        assert receiver.recv(4096).decode() == datagram
    notifier.close()
    notifier.close()
    assert not notifier.ready()


def test_a_status_is_one_line_and_no_word_of_its_own(manager: tuple[socket.socket, str]) -> None:
    receiver, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert notifier.status("one\nWATCHDOG=trigger\r\n\ud800")
    assert receiver.recv(4096) == b"STATUS=one WATCHDOG=trigger ?"
    notifier.close()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "@"}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_without_a_manager_nothing_happens(environ: dict[str, str]) -> None:
    notifier = Notifier(environ)
    assert not notifier.listening
    assert not notifier.ready("x")
    assert not notifier.watchdog()
    notifier.close()


@pytest.mark.parametrize("name", ["/nowhere/notify", "/" + "x" * 200, "@" + "x" * 200])
def test_a_manager_who_is_gone_raises_nothing(name: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": name})
    assert not notifier.ready()
    notifier.close()


def test_a_manager_who_does_not_listen_blocks_nothing(manager: tuple[socket.socket, str]) -> None:
    _, name = manager
    notifier = Notifier({"NOTIFY_SOCKET": name})
    told = [notifier.watchdog() for _ in range(5_000)]
    assert told[0]
    assert not told[-1]
    notifier.close()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "2000000"}, 2.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "1", "WATCHDOG_PID": "me"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_watchdog_interval(environ: dict[str, str], seconds: float | None) -> None:
    assert watchdog_interval(environ) == seconds
