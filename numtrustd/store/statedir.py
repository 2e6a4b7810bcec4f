"""The state directory: found or made, ours, and held by one process at a time.

LMDB does not stop a second writer process, and deleting its lock file lets one in even inside an open
transaction. So the directory itself is locked (`flock`, for life: a directory that is in use cannot be
removed), and beside it a `lock` file that says whose it is. The kernel drops both with the process, however
it dies.
"""

import fcntl
import os
import stat
from pathlib import Path

from numtrustd.store.errors import (
    DatabaseInUse,
    DirectoryMissing,
    DirectoryUnusable,
    StoreError,
    WrongOwner,
)

DATA_FILE = "data.mdb"
LOCK_FILE = "lock"


class StateDir:
    """A locked state directory. Made by `claim`; `release` gives it up."""

    def __init__(self, path: Path, *locks: int) -> None:
        self.path = path
        self._locks = list(locks)

    @classmethod
    def claim(cls, path: Path, *, init: bool) -> "StateDir":
        """Check and lock. With `init` a missing directory is made, mode 0700.

        Raises DirectoryMissing, DirectoryUnusable, WrongOwner or DatabaseInUse.
        """
        if init:
            _make(path)
        directory = _open_directory(path)
        try:
            _check(path, directory)
            lock = _lock(path, directory)
        except BaseException:
            os.close(directory)
            raise
        return cls(path, directory, lock)

    @property
    def data_file(self) -> Path:
        return self.path / DATA_FILE

    def release(self) -> None:
        """Let another process in. A second time it does nothing."""
        while self._locks:
            os.close(self._locks.pop())


def sync_directory(path: Path) -> None:
    """fsync: the entry of a file that was made or renamed is data of its directory."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _make(path: Path) -> None:
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        sync_directory(path.parent)
    except OSError as error:
        raise DirectoryUnusable(
            f"{path}: cannot make the directory ({error.strerror}): make it, owned by uid {os.geteuid()}"
        ) from error


def _open_directory(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:
        raise DirectoryMissing(
            f"{path}: no such state directory: correct the path, or start once with --init to make it"
        ) from error
    except NotADirectoryError as error:
        raise DirectoryUnusable(f"{path}: not a directory: name one for the state") from error
    except OSError as error:
        raise DirectoryUnusable(
            f"{path}: cannot read the directory ({error.strerror}): give it to uid {os.geteuid()}, mode 0700"
        ) from error


def _check(path: Path, directory: int) -> None:
    status = os.fstat(directory)
    if status.st_uid != os.geteuid():
        raise WrongOwner(
            f"{path}: belongs to uid {status.st_uid}, but this process is uid {os.geteuid()}: "
            "run as its owner, or chown the directory and what is in it"
        )
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
        raise DirectoryUnusable(
            f"{path}: cannot write to the directory (mode {stat.S_IMODE(status.st_mode):04o}): chmod it 0700"
        )


def _lock(path: Path, directory: int) -> int:
    file = path / LOCK_FILE
    try:
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DirectoryUnusable(f"{file}: cannot be opened ({error.strerror}): chown and chmod it 0600") from error
    try:
        # The directory is the lock that counts; the file is for programs that look, and for the pid.
        for fd in (directory, lock):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError as error:
        pid = _holder(lock)
        os.close(lock)
        who = "another process" if pid is None else f"process {pid}"
        raise DatabaseInUse(f"{path}: in use by {who}: stop it first, or name another state directory", pid) from error
    except OSError as error:
        os.close(lock)
        raise StoreError(f"{path}: cannot be locked ({error.strerror}): use a local file system") from error
    return lock


def _holder(lock: int) -> int | None:
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None
