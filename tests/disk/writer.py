"""The work whose system calls are recorded: actors that commit through the real store and then, only then, say so.

`python -m tests.disk.writer ROOT --rounds N …`: the store is ROOT/state, backups go to ROOT/backups. What is
acknowledged is written to standard output, a line each: `opened UUID`, `done ACTOR SEQUENCE`, `begins NAME` and
`backup NAME` or `failed NAME`. Records are overwritten and deleted all the time, so that pages are used again: only
then does the order of writes matter.
"""

import argparse
import itertools
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lmdb
import trio
from trio._core import _run  # no public way to settle the order of tasks
from trio.testing import MockClock

from numtrustd.store import environment, statedir
from numtrustd.store.batch import Batch
from numtrustd.store.errors import BackupFailed
from numtrustd.store.store import Store
from numtrustd.store.tables import Table

ACTORS = 6
KEPT = 12
"""Lines of history of each actor; an older one is deleted in the batch that adds one."""

EVERY = 5
"""Every so many batches replace a large record as well."""

BACKUPS = "backups"
MAP_SIZE = 1 << 26
NOW = 1_790_000_000.0


def key(actor: int, n: int) -> bytes:
    return b"%d-%08d" % (actor, n)


def line(actor: int, n: int) -> bytes:
    return b"%d:%d " % (actor, n) * (1 + 17 * (n % 11))


def large(actor: int, n: int) -> bytes:
    """More than a page: LMDB gives it overflow pages."""
    return b"%d large %d " % (actor, n) * (500 + 90 * (n % 7))


def batch(actor: int, n: int) -> Batch:
    """The n-th thing an actor does, 1 for the first."""
    made = Batch().put(Table.NUMBER, b"%d" % actor, b"%d" % n).put(Table.HISTORY, key(actor, n), line(actor, n))
    if n > KEPT:
        made.delete(Table.HISTORY, key(actor, n - KEPT))
    if n % EVERY == 0:
        made.put(Table.TASK, b"%d" % actor, large(actor, n))
    return made


def acknowledge(line: str) -> None:
    """In one call: a cut between two of them cuts no line."""
    os.write(1, line.encode() + b"\n")


async def act(store: Store, actor: int, rounds: int, pause: float, say: Callable[[str], None]) -> None:
    before = int(store.get(Table.NUMBER, b"%d" % actor) or b"0")
    for n in range(before + 1, before + 1 + rounds):
        await trio.sleep(pause * (n * (actor + 2) % 5))
        await store.commit(batch(actor, n))
        say(f"done {actor} {n}")
        store.commit_soon(Batch().put(Table.SOURCE, b"%d" % actor, b"%d" % n))


async def work(state: Path, name: str, rounds: int, *, inline: bool, say: Callable[[str], None] = acknowledge) -> None:
    """One life of the store: all actors at work, and a backup in the midst of it."""
    with Store.open(state, init=True, map_size=MAP_SIZE, now=NOW, inline=inline) as store:
        say(f"opened {store.uuid}")
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            async with trio.open_nursery() as actors:
                for actor in range(ACTORS):
                    actors.start_soon(act, store, actor, rounds, 0.4 if inline else 0.0005, say)
                say(f"begins {name}")
                try:
                    await store.backup(state.parent / BACKUPS / name)
                except BackupFailed:
                    say(f"failed {name}")
                else:
                    say(f"backup {name}")
            nursery.cancel_scope.cancel()


def _flag(name: str) -> None:
    lmdb.open = partial(lmdb.open, **{name: False})


def _no_directory() -> None:
    environment.sync_directory = statedir.sync_directory = lambda _: None


BUGS: dict[str, Callable[[], None]] = {
    "sync": partial(_flag, "sync"),  # no flush at all
    "metasync": partial(_flag, "metasync"),  # none after the page that says which transaction is the last
    "directory": _no_directory,  # files are flushed, their names are not
}
"""Bugs to plant in this process: power cuts must find each."""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--lives", type=int, default=2, help="how often the store is opened")
    parser.add_argument("--rounds", type=int, default=10, help="commits of each actor in each life")
    parser.add_argument("--seed", type=int, default=0, help="of the order in which tasks run")
    parser.add_argument("--threads", action="store_true", help="write in a thread, as the daemon does")
    parser.add_argument("--bug", choices=BUGS, help="a bug to plant")
    given = parser.parse_args(arguments)
    if given.bug:
        BUGS[given.bug]()
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True
    _run._r.seed(given.seed)
    for _ in range(given.lives):
        name = next(name for n in itertools.count() if not (given.root / BACKUPS / (name := f"backup{n}")).exists())
        # On virtual time and without threads every run with one seed makes the same calls.
        clock = None if given.threads else MockClock(autojump_threshold=0)
        trio.run(partial(work, given.root / "state", name, given.rounds, inline=not given.threads), clock=clock)


if __name__ == "__main__":
    main(sys.argv[1:])
