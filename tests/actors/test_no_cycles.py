"""Who decided a message is gone with it: what waits for the garbage collector adds up, thousands of times an hour."""

import gc
from pathlib import Path

import trio.testing

from numtrustd.actors.cases import CaseBook
from numtrustd.actors.known import Known
from tests.actors.house import make_house


async def test_who_decided_waits_for_no_garbage_collector(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with make_house(tmp_path) as house:
        gc.collect()
        gc.disable()
        try:
            await house.labelled("alpha")
            await house.in_state("in_review", "alpha")
            left = [thing for thing in gc.get_objects() if isinstance(thing, Known | CaseBook)]
        finally:
            gc.enable()
        assert not left
