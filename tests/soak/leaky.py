"""The daemon with a leak planted in each look, to show that the soak sees it: `LEAK` names what is leaked."""

import os
import threading
import time

import trio

from numtrustd.actors.source import SourceActor
from numtrustd.cli import main

_look = SourceActor._look
_kept: list[object] = []
_turns = [0]


async def leaking(actor: SourceActor, number: str, *, probing: bool) -> None:
    await _look(actor, number, probing=probing)
    _turns[0] += 1
    match os.environ["LEAK"]:
        case "memory":
            _kept.append(bytes(2_000))
        case "descriptor" if _turns[0] % 50 == 0:
            _kept.append(os.open(os.devnull, os.O_RDONLY))
        case "thread" if _turns[0] % 200 == 0:
            threading.Thread(target=time.sleep, args=(3_600,), daemon=True).start()
        case "task" if _turns[0] % 50 == 0:
            trio.lowlevel.spawn_system_task(trio.sleep_forever)


SourceActor._look = leaking  # type: ignore[method-assign]

if __name__ == "__main__":
    main()
