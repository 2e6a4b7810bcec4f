"""The state directory: found or made, ours, and held by one process at a time.

LMDB does not stop a second writer process, and deleting its lock file lets one in even inside an open
transaction. So the directory itself is locked (`flock`, for life: a directory that is in use cannot be
removed), and beside it a `lock` file that says whose it is. The kernel drops both with the process, however
it dies.
"""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from numtrustd.store.errors import (
    NO_SPACE,
    DatabaseInUse,
    DirectoryMissing,
    DirectoryUnusable,
    StoreError,
    WrongOwner,
    unusable,
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

    def settle(self) -> None:
        """Put the names on disk under which everything here is found, whoever made them. May raise OSError.

        Not left to their making: a process that died in between would have left a database that a power cut takes
        away, with all that was acknowledged since.
        """
        sync_directory(self.path)
        # A parent that may not be read was not written by us either: systemd's StateDirectory is in such a one.
        with contextlib.suppress(PermissionError):
            sync_directory(self.path.parent)

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
        new = [above for above in path.parents if not above.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        for made in new:
            sync_directory(made.parent)
    except OSError as error:
        raise unusable(error, f"{path}: cannot make the directory", f"make it, owned by uid {os.geteuid()}") from error


def _open_directory(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:
        raise DirectoryMissing(
            f"{path}: no such state directory: correct the path, or make it once with `numtrustd create-state` "
            "and the same --config"
        ) from error
    except NotADirectoryError as error:
        raise DirectoryUnusable(f"{path}: not a directory: name one for the state") from error
    except OSError as error:
        remedy = f"give it to uid {os.geteuid()}, mode 0700"
        raise unusable(error, f"{path}: cannot read the directory", remedy) from error


def _check(path: Path, directory: int) -> None:
    status = os.fstat(directory)
    if status.st_uid != os.geteuid():
        raise WrongOwner(
            f"{path}: belongs to uid {status.st_uid}, but this process is uid {os.geteuid()}: "
            "run as its owner (under systemd its units do: numtrustd-create-state and numtrustd), "
            "or chown the directory and what is in it"
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
        raise unusable(error, f"{file}: cannot be opened", "chown and chmod it 0600") from error
    try:
        # The directory is the lock that counts; the file is for programs that look, and for the pid.
        for fd in (directory, lock):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = _holder(lock)
        os.close(lock)
        who = "another process" if pid is None else f"process {pid}"
        raise DatabaseInUse(f"{path}: in use by {who}: stop it first, or name another state directory", pid) from error
    except OSError as error:
        os.close(lock)
        raise StoreError(f"{path}: cannot be locked ({error.strerror}): use a local file system") from error
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        if error.errno not in NO_SPACE:  # without the pid it is locked all the same, and starts on a full disk
            os.close(lock)
            raise unusable(error, f"{file}: cannot be written", "chown and chmod it 0600") from error
    return lock


def _holder(lock: int) -> int | None:
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None
