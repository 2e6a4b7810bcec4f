"""Databases as each schema's program wrote them: `tests/data/state/schema-N.mdb.gz`, and what is in them.

`python -m tests.store.golden` writes the one of the present schema, before a migration to the next is added, and never
again: it is proof of what is out there. In it two numbers are marked; the appeal of one waits for a person, that of
the other is under review.
"""

import gzip
import tempfile
from pathlib import Path

import trio
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.sim.script import Label, Mood, Review, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from numtrustd.store import Batch, Table, meta
from numtrustd.store.migrations import MIGRATIONS, current
from numtrustd.store.statedir import DATA_FILE
from tests.logcheck import MemoryLog
from tests.virtual import town, write_config

FOLDER = Path(__file__).parent.parent / "data" / "state"

BY_HAND, OVER_API = "+8613910000007", "+14155552671"
NUMBERS = (BY_HAND, OVER_API)
SOURCES = ("contract_aggregator.query", "telnyx.reputation")
STATES = {f"{BY_HAND}/baidu/1": "at_person", f"{OVER_API}/telnyx/1": "in_review"}
"""The open cases of the story, and where they stand."""

DAY = 86_400.0

STORY = Story(
    "before an upgrade",
    (
        Label(BY_HAND, "baidu", "广告营销", at=DAY, marks=5),
        Label(OVER_API, "telnyx", "Telemarketing", at=DAY, marks=12),
        Review("telnyx", (Mood.APPROVE,), OVER_API, 20 * DAY, DAY),
    ),
)


def file(schema: int) -> Path:
    """Where the database of this schema lies."""
    return FOLDER / f"schema-{schema}.mdb.gz"


def unpack(schema: int, state: Path) -> None:
    """Make `state` a state directory of that schema."""
    state.mkdir(mode=0o700)
    data = state / DATA_FILE
    data.write_bytes(gzip.decompress(file(schema).read_bytes()))
    data.chmod(0o600)


async def _made() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        clock = VirtualClock(DEMO_ORIGIN)
        service = Service(World.create(seed=3, origin=DEMO_ORIGIN, numbers=list(NUMBERS), story=STORY))
        config = write_config(root, NUMBERS, SOURCES)
        async with town(config, service, MemoryLog(clock), clock) as place:
            await clock.sleep(3.5 * DAY)
            states = {case.id: str(case.snapshot.state) for case in place.cases() if case.open}
            if states != STATES:
                raise RuntimeError(f"the story has other cases now: {states}")
            # Not `backup`, which would mark it as a copy that was put back.
            await place.store.flush()
            place.store._environment.copy(
                root / "copy", Batch().put(Table.META, meta.SCHEMA, b"%d" % current(MIGRATIONS))
            )
        return (root / "copy" / DATA_FILE).read_bytes()


def main() -> None:
    """Write the present schema's database, once."""
    target = file(current(MIGRATIONS))
    if target.exists():
        raise SystemExit(f"{target} was written by the program that had this schema: leave it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    data = trio.run(_made, clock=trio.testing.MockClock(autojump_threshold=0))
    target.write_bytes(gzip.compress(data, mtime=0))


if __name__ == "__main__":
    main()
