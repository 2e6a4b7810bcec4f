"""Socket files: their modes, what stands in their way, what is left behind; and sockets from systemd."""

import errno
import grp
import os
import socket
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from numtrustd.varlink.listeners import ListenError, inherited, listen
from tests.root import needs_root


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_mode_group_and_tidying_up(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    before = os.umask(0o077)
    try:
        group = grp.getgrgid(os.getgid()).gr_name
        with listen(path, mode=0o666, group=group) as made:
            assert mode_of(path) == 0o666
            assert path.stat().st_gid == os.getgid()
            assert [p.name for p in tmp_path.iterdir()] == ["a.sock"]
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(path))
                stream = await made.listener.accept()
                await stream.aclose()
        assert list(tmp_path.iterdir()) == []
        made.close()
        with listen(path):
            assert mode_of(path) == 0o600
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


@pytest.mark.covers("L1")
async def test_the_file_is_never_more_open_than_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mode that the socket's file has on its way into place."""
    seen: list[tuple[str, int]] = []
    chmod, rename = os.chmod, os.rename

    def watched_chmod(path: Path, mode: int) -> None:
        seen.append((Path(path).name, mode_of(path)))
        chmod(path, mode)

    def watched_rename(old: Path, new: Path) -> None:
        seen.append((Path(old).name, mode_of(old)))
        rename(old, new)

    monkeypatch.setattr(os, "chmod", watched_chmod)
    monkeypatch.setattr(os, "rename", watched_rename)
    with listen(tmp_path / "a.sock", mode=0o660, group=os.getgid()):
        private = f".{os.getpid()}"
        assert seen == [(private, 0o600), (private, 0o660)]


async def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listen(path) as made:
        with pytest.raises(ListenError, match="another process answers there"):
            listen(path)
        # Still so when nobody accepts and the backlog is full.
        clients = [socket.socket(socket.AF_UNIX) for _ in range(70)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(str(path))
        with pytest.raises(ListenError, match="another process answers there"):
            listen(path)
        for client in clients:
            client.close()
        assert made.path == path
    assert not path.exists()


async def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sock"
    path.write_text("precious")
    with pytest.raises(ListenError, match="no socket is in the way"):
        listen(path)
    assert path.read_text() == "precious"
    path.unlink()
    with listen(path):
        path.unlink()
        path.write_text("somebody else's")
    assert path.read_text() == "somebody else's"


async def test_errors_say_what_would_help(tmp_path: Path) -> None:
    with pytest.raises(ListenError, match="create the directory"):
        listen(tmp_path / "missing" / "a.sock")
    with pytest.raises(ListenError, match="choose a shorter directory"):
        listen(tmp_path / ("x" * 120))
    with pytest.raises(ListenError, match="there is no group 'no-such-group'"):
        listen(tmp_path / "a.sock", group="no-such-group")
    if os.getuid() != 0:
        with pytest.raises(ListenError, match="must be able to write"):
            listen("/a.sock")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.covers("L1")
@pytest.mark.process
@needs_root
@pytest.mark.parametrize(("mode", "outcome"), [(0o660, errno.EACCES), (0o666, 0)])
async def test_nobody_gets_in_by_the_mode_alone(mode: int, outcome: int) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        with listen(f"{directory}/a.sock", mode=mode) as made:
            child = os.fork()
            if child == 0:  # nothing but system calls here: the parent's event loop is not ours
                try:
                    os.setresgid(65534, 65534, 65534)
                    os.setgroups([])
                    os.setresuid(65534, 65534, 65534)
                    os._exit(socket.socket(socket.AF_UNIX).connect_ex(str(made.path)))
                finally:
                    os._exit(255)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == outcome


CHILD = """
import os, socket, sys, trio
from numtrustd.varlink.listeners import ListenError, inherited
async def main():
    os.environ["LISTEN_PID"] = str(os.getpid())
    try:
        found = inherited()
    except ListenError as error:
        print("error:", error)
        return
    print({name: os.path.basename(l.socket.getsockname()) for name, l in sorted(found.items())})
    print([k for k in os.environ if k.startswith("LISTEN")], inherited())
    print(any(os.get_inheritable(l.socket.fileno()) for l in found.values()))
    if "status" in found:
        stream = await found["status"].accept()
        await stream.send_all(b"hello")
    for listener in found.values():
        await listener.aclose()
trio.run(main)
"""


def activate(socks: list[socket.socket], names: str | None) -> subprocess.Popen[str]:
    """Start a child with the sockets as descriptors 3, 4, …, as systemd does."""
    moved = [os.dup(s.fileno()) for s in socks]

    def place() -> None:
        spare = [os.dup2(fd, 100 + i) for i, fd in enumerate(moved)]
        for i, fd in enumerate(spare):
            os.dup2(fd, 3 + i)

    env = {**os.environ, "LISTEN_FDS": str(len(socks)), "LISTEN_PIDFDID": "1"}
    if names is not None:
        env["LISTEN_FDNAMES"] = names
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdout=subprocess.PIPE,
        text=True,
        env=env,
        preexec_fn=place,
        close_fds=False,
    )
    for fd in moved:
        os.close(fd)
    return child


@pytest.mark.process
def test_sockets_from_systemd_are_found_by_name(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as control, socket.socket(socket.AF_UNIX) as status:
        for sock, name in (control, "c.sock"), (status, "s.sock"):
            sock.bind(str(tmp_path / name))
            sock.listen()
        child = activate([control, status], "control:status")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(tmp_path / "s.sock"))
            assert client.recv(5) == b"hello"
    out, _ = child.communicate(timeout=10)
    assert out.splitlines() == ["{'control': 'c.sock', 'status': 's.sock'}", "[] {}", "False"]
    assert (tmp_path / "s.sock").exists()  # systemd's file is systemd's to remove


@pytest.mark.process
@pytest.mark.parametrize(
    ("listening", "names", "says"),
    [
        (False, "status", "not a listening unix stream socket"),
        (True, None, "two sockets are named 'unknown'"),
    ],
)
def test_wrong_sockets_from_systemd(tmp_path: Path, listening: bool, names: str | None, says: str) -> None:
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        for sock, name in (one, "1"), (two, "2"):
            sock.bind(str(tmp_path / name))
            if listening:
                sock.listen()
        child = activate([one, two], names)
        out, _ = child.communicate(timeout=10)
    assert says in out


def test_variables_for_another_process_are_ignored_and_removed() -> None:
    env = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b", "HOME": "/"}
    assert inherited(env) == {}
    assert env == {"HOME": "/"}
    assert inherited({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"}) == {}
    assert inherited({}) == {}
