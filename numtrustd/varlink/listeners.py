"""Where the sockets come from: made here under the right mode from their first instant, or handed down by
systemd.

A socket of ours is bound under a private name, given its group and mode, set listening and then renamed into
place: at no moment can anybody reach it who should not, and nobody who looks sees a socket that refuses. A
file left behind by a killed daemon is replaced; one that somebody answers behind is not."""

import contextlib
import grp
import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Self

import trio

_FIRST_FD = 3
_MAX_PATH = 107  # sun_path, less its NUL
_BACKLOG = 64


class ListenError(Exception):
    """The socket cannot be had: `subject: what is wrong: what would help`."""


class UnixListener:
    """A listening socket file of ours; a context manager that removes the file, if it is still ours, and
    closes."""

    def __init__(self, path: Path, sock: socket.socket, identity: tuple[int, int]) -> None:
        self.path = path
        self._identity = identity
        self.listener = trio.SocketListener(trio.socket.from_stdlib_socket(sock))

    def close(self) -> None:
        """Idempotent."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(self.path) == self._identity:
                self.path.unlink()
        self._identity = (-1, -1)
        self.listener.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def listen(path: str | Path, *, mode: int = 0o600, group: str | int | None = None) -> UnixListener:
    """Make a socket at `path`; its directory must exist. Raises `ListenError`."""
    path = Path(path)
    gid = _gid(path, group)
    # The kernel's limit is on the name at bind, which is this one.
    private = path.with_name(f".{os.getpid()}")
    if max(len(os.fsencode(path)), len(os.fsencode(private))) > _MAX_PATH:
        raise ListenError(f"{path}: longer than {_MAX_PATH} bytes: choose a shorter directory")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        _make_way(path)
        private.unlink(missing_ok=True)
        # The umask is the process's own, so it is held for the one call; nobody but us can connect until the
        # rename.
        before = os.umask(0o177)
        try:
            sock.bind(os.fsencode(private))
        finally:
            os.umask(before)
        try:
            if gid is not None:
                os.chown(private, -1, gid)
            os.chmod(private, mode)
            sock.listen(_BACKLOG)
            identity = _identity(private)
            os.rename(private, path)
        except BaseException:
            private.unlink(missing_ok=True)
            raise
    except OSError as error:
        sock.close()
        raise ListenError(f"{path}: {error.strerror or error}: {_remedy(error, group)}") from error
    except BaseException:
        sock.close()
        raise
    return UnixListener(path, sock, identity)


def _remedy(error: OSError, group: str | int | None) -> str:
    match error:
        case FileNotFoundError():
            return "create the directory (systemd: RuntimeDirectory=)"
        case PermissionError() if group is not None:
            return f"the daemon must own the directory and be a member of group {group}"
        case PermissionError():
            return "the daemon must be able to write to the directory"
        case _:
            return "choose another path"


def _gid(path: Path, group: str | int | None) -> int | None:
    if not isinstance(group, str):
        return group
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise ListenError(f"{path}: there is no group {group!r}: create it (systemd-sysusers)") from None


def _identity(path: Path) -> tuple[int, int]:
    found = os.lstat(path)
    return found.st_dev, found.st_ino


def _make_way(path: Path) -> None:
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ListenError(f"{path}: something that is no socket is in the way: remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(os.fsencode(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return
        except BlockingIOError:
            pass  # its backlog is full, so somebody has it open
    raise ListenError(f"{path}: another process answers there: stop it or choose another path")


def inherited(environ: MutableMapping[str, str] | None = None) -> dict[str, trio.SocketListener]:
    """The listening unix sockets that systemd (or systemd-socket-activate) handed down, by their
    LISTEN_FDNAMES.

    The variables are removed, so that no child takes them for its own. Raises `ListenError` for a descriptor
    that is not a listening unix stream socket, or for two of one name."""
    env = os.environ if environ is None else environ
    pid, count, names = (env.pop(f"LISTEN_{k}", "") for k in ("PID", "FDS", "FDNAMES"))
    env.pop("LISTEN_PIDFDID", None)
    if pid != str(os.getpid()) or not count.isdecimal():
        return {}
    named = names.split(":") if names else []
    found: dict[str, trio.SocketListener] = {}
    for index in range(int(count)):
        fd = _FIRST_FD + index
        name = named[index] if index < len(named) else "unknown"
        if name in found:
            raise ListenError(f"LISTEN_FDNAMES: two sockets are named {name!r}: set FileDescriptorName= in each unit")
        found[name] = _adopt(fd, name)
    return found


def _adopt(fd: int, name: str) -> trio.SocketListener:
    try:
        os.set_inheritable(fd, False)
        sock = socket.socket(fileno=fd)
    except OSError as error:
        raise ListenError(f"socket {name!r} (fd {fd}): {error.strerror}: see the socket unit") from error
    listening = sock.type == socket.SOCK_STREAM and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.family != socket.AF_UNIX or not listening:
        sock.close()
        raise ListenError(
            f"socket {name!r} (fd {fd}): not a listening unix stream socket: use ListenStream= and a path"
        )
    sock.setblocking(False)
    return trio.SocketListener(trio.socket.from_stdlib_socket(sock))
