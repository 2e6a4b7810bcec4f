"""kill -9 of a process that writes, again and again on one database: what was acknowledged is there."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from acking_writer import ACTORS, key, payload

from numtrustd.store.store import Store
from numtrustd.store.tables import Table

KILLS = int(os.environ.get("NUMTRUST_STORE_KILLS", "12"))


def killed_writer(state: Path, lives: float) -> list[tuple[int, int]]:
    """What a writer acknowledged that was killed `lives` seconds after its first acknowledgement."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = Path(__file__).with_name("acking_writer.py")
    with subprocess.Popen([sys.executable, script, state], env=environment, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        first = os.read(writer.stdout.fileno(), 1 << 16)
        time.sleep(lives)
        writer.kill()
        acknowledged = first + writer.stdout.read()
    lines = acknowledged[: acknowledged.rfind(b"\n")].splitlines()
    return [(int(actor), int(sequence)) for actor, sequence in (line.split() for line in lines)]


@pytest.mark.covers("S1")
@pytest.mark.process
def test_nothing_acknowledged_is_lost_to_kill_9(state: Path) -> None:
    draw = random.Random()
    last = dict.fromkeys(range(ACTORS), 0)
    unacknowledged = 0
    for _ in range(KILLS):
        acknowledged = killed_writer(state, lives=draw.uniform(0, 0.08))
        assert acknowledged
        for actor, sequence in acknowledged:
            last[actor] = max(last[actor], sequence)
        with Store.open(state, init=False, map_size=1 << 28, now=0.0) as store:
            assert store.damaged == []
            for actor in range(ACTORS):
                there = int(store.get(Table.NUMBER, b"%d" % actor) or b"0")
                history = store.scan(Table.HISTORY, prefix=b"%d-" % actor, limit=10**6)
                # Both records of a batch or neither, in their order, and every one that was acknowledged.
                assert history == [(key(actor, n), payload(actor, n)) for n in range(1, there + 1)]
                assert there >= last[actor]
                soon = int(store.get(Table.SOURCE, b"%d" % actor) or b"0")
                assert soon <= there
                unacknowledged += there - last[actor]
                last[actor] = there
    print(f"{KILLS} kills, {sum(last.values())} batches, {unacknowledged} on disk without an acknowledgement")
