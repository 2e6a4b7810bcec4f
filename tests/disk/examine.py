"""Opens what a crash left with the store's own checks on, and holds it against what had been acknowledged.

Whatever a broken file does to its reader (SIGBUS, abort) must be seen and not suffered, so each state is judged in a
process of its own, forked from one that has everything imported.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

import trio

from numtrustd.store import preflight, walk
from numtrustd.store.errors import DatabaseMissing, DirectoryMissing, StoreError
from numtrustd.store.store import Store
from numtrustd.store.tables import Table
from tests.disk import writer

SOUND = "sound"

PROBE = 99
"""An actor that only writes here: a recovered store must also take new work."""


class Acknowledged:
    """What may be relied on after these lines of the writer."""

    def __init__(self, said: Iterable[str]) -> None:
        self.uuid: str | None = None
        self.done = dict.fromkeys(range(writer.ACTORS), 0)
        self.backups: dict[str, dict[int, int]] = {}
        """Name of a finished backup to what was done before it began."""
        self.failed: set[str] = set()
        """Names of backups that were not made."""
        begun: dict[str, dict[int, int]] = {}
        for line in said:
            match line.split():
                case ["opened", uuid]:
                    assert self.uuid in (None, uuid), "the writer itself found another database"
                    self.uuid = uuid
                case ["done", actor, n]:
                    self.done[int(actor)] = int(n)
                case ["begins", name]:
                    begun[name] = dict(self.done)
                case ["backup", name]:
                    self.backups[name] = begun[name]
                case ["failed", name]:
                    self.failed.add(name)
                case _:
                    raise ValueError(f"not a line of the writer: {line!r}")


def judge(root: Path, acknowledged: Acknowledged, *, most: int = 1) -> str:
    """`SOUND`, or what is wrong with the state below `root`, in a line: its first word is the kind of it.

    `most` is how many unacknowledged steps of each actor may be there as well.
    """
    if fault := _judge_store(root / "state", acknowledged.uuid, acknowledged.done, most=most):
        return fault
    for name, least in acknowledged.backups.items():
        if fault := _judge_store(root / writer.BACKUPS / name, acknowledged.uuid, least, most=None):
            return f"backup-{fault}"
    # What bears the name of a backup is one, said or not.
    for path in (root / writer.BACKUPS).glob("backup*"):
        if path.name in acknowledged.failed:
            return f"backup-left: {path.name} failed and is there"
        nothing = dict.fromkeys(acknowledged.done, 0)
        if path.name not in acknowledged.backups and (fault := _judge_store(path, None, nothing, most=None)):
            return f"backup-{fault}"
    return SOUND


def _judge_store(path: Path, uuid: str | None, least: dict[int, int], *, most: int | None) -> str | None:
    fresh = False
    try:
        try:
            store = Store.open(path, init=False, map_size=writer.MAP_SIZE, now=writer.NOW)
        except (DatabaseMissing, DirectoryMissing):
            if uuid is not None or path.name != "state":
                raise
            fresh = True  # the first start itself was cut off: it is made once more
            store = Store.open(path, init=True, map_size=writer.MAP_SIZE, now=writer.NOW)
    except StoreError as error:
        return f"refused: {type(error).__name__}: {error}"
    with store:
        if store.damaged:
            return f"damaged: {store.damaged[0]}"
        if uuid is not None and store.uuid != uuid:
            return f"another: database {store.uuid} instead of {uuid}"
        for actor, acknowledged in least.items():
            if fault := _judge_actor(store, actor, acknowledged, most):
                return fault
        if fresh and any(least.values()):
            return "lost: everything"
        if most is None:
            return None
        trio.run(_write, store)
        n = store.get(Table.NUMBER, b"%d" % PROBE)
        return None if n == b"1" else f"stuck: a new commit reads back as {n!r}"


def _judge_actor(store: Store, actor: int, acknowledged: int, most: int | None) -> str | None:
    there = int(store.get(Table.NUMBER, b"%d" % actor) or b"0")
    if there < acknowledged:
        return f"lost: actor {actor} was told {acknowledged}, the disk has {there}"
    if most is not None and there > acknowledged + most:
        return f"future: actor {actor} was told {acknowledged}, the disk has {there}"
    wanted = [(writer.key(actor, n), writer.line(actor, n)) for n in range(max(1, there - writer.KEPT + 1), there + 1)]
    if store.scan(Table.HISTORY, prefix=b"%d-" % actor) != wanted:
        return f"torn: the history of actor {actor} does not go with its number {there}"
    last = there - there % writer.EVERY
    if store.get(Table.TASK, b"%d" % actor) != (writer.large(actor, last) if last else None):
        return f"torn: the large record of actor {actor} does not go with its number {there}"
    soon = int(store.get(Table.SOURCE, b"%d" % actor) or b"0")
    return f"torn: actor {actor} noted {soon} after {there}" if soon > there else None


async def _write(store: Store) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.commit(writer.batch(PROBE, 1))
        nursery.cancel_scope.cancel()


# ---------------------------------------------------------------------------------------------------------- forks


def in_forks(work: Callable[[int], str], count: int) -> list[str]:
    """What `work` returns for 0 … `count` - 1, made in processes of their own: a new one whenever one dies of it.

    A number that kills its process comes back as `killed: SIGNAL`, one that raises as `raised: …`.
    """
    told: list[str] = []
    while len(told) < count:
        reader, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _answer(work, range(len(told), count), writing)
        os.close(writing)
        with os.fdopen(reader, "rb") as stream:
            told += stream.read().decode().splitlines()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status < 0:
            told.append(f"killed: {signal.Signals(-status).name}")
        elif status != 0:
            raise RuntimeError(f"the judging process ended with {status} after {len(told)} verdicts")
    return told


def _answer(work: Callable[[int], str], numbers: Iterable[int], to: int) -> NoReturn:
    status = os.EX_SOFTWARE
    try:
        for number in numbers:
            try:
                said = work(number)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the verdict
                said = f"raised: {type(error).__name__}: {error}"
            os.write(to, " ".join(said.split()).encode(errors="backslashreplace")[:4000] + b"\n")
        status = os.EX_OK
    finally:
        os._exit(status)


def walk_here() -> None:
    """Let the store's pre-flight walk in this process instead of starting an interpreter: twenty times as quick.

    A walk that dies takes the judge along, which `in_forks` sees.
    """
    preflight.subprocess = _Here  # type: ignore[attr-defined]  # the one name it takes from there


class _Here:
    """As much of `subprocess` as `preflight` uses."""

    TimeoutExpired = subprocess.TimeoutExpired

    @staticmethod
    def run(command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        assert command[3] == "numtrustd.store.walk"
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = walk.main(*command[4:])
        return subprocess.CompletedProcess(command, status, said.getvalue().encode(), b"")
