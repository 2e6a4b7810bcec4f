"""The process that test_store_crash kills: several actors that commit and then, and only then, say so.

`python acking_writer.py DIRECTORY`: writes `actor sequence` lines to standard output, each after its commit.
"""

import os
import sys
from pathlib import Path

import trio

from numtrustd.store.batch import Batch
from numtrustd.store.store import Store
from numtrustd.store.tables import Table

ACTORS = 8


def key(actor: int, sequence: int) -> bytes:
    return b"%d-%08d" % (actor, sequence)


def payload(actor: int, sequence: int) -> bytes:
    return b"%d:%d " % (actor, sequence) * (1 + 40 * (sequence % 13))


async def act(store: Store, actor: int) -> None:
    sequence = store.get(Table.NUMBER, b"%d" % actor)
    n = 0 if sequence is None else int(sequence)
    while True:
        n += 1
        batch = Batch().put(Table.NUMBER, b"%d" % actor, b"%d" % n)
        await store.commit(batch.put(Table.HISTORY, key(actor, n), payload(actor, n)))
        os.write(1, b"%d %d\n" % (actor, n))
        store.commit_soon(Batch().put(Table.SOURCE, b"%d" % actor, b"%d" % n))


async def main() -> None:
    with Store.open(Path(sys.argv[1]), init=True, map_size=1 << 28, now=0.0) as store:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            for actor in range(ACTORS):
                nursery.start_soon(act, store, actor)


if __name__ == "__main__":
    trio.run(main)
