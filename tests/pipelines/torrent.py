"""A child with the daemon's own log and writer on its standard error, and nothing of the daemon besides.

`python -m tests.pipelines.torrent catalogue` writes every event of the catalogue, and what alarms go by; `… flood N`
writes N lines as fast as it can, and says `all made` on standard output once the last one is made.
"""

import os
import sys

import msgspec
from msgspec import inspect

from numtrustd import events
from numtrustd.clock import Clock
from numtrustd.events import CATALOGUE, Event
from numtrustd.events.base import Level, unwrap
from numtrustd.log import Log

HEARTBEAT = events.DaemonHeartbeat(
    numbers=3, labelled=0, blind=0, open_cases=0, overdue_looks=0, schedule_lag_seconds=0.0, looks=9, loop_late_ms=1.5
)
MISLABEL = events.FindingOpened(number="+8613800138000", platform="so360", finding="mislabel", why="shown as 骚扰电话")
MISSED = events.IncidentMilestone(incident="i", number="+8613800138000", mark="submit", met=False, why="nobody did")

SPECIAL: tuple[Event, ...] = (
    *(
        msgspec.structs.replace(HEARTBEAT, stalled_seconds=s)
        for s in (0.0, 59.9, 599.9, 600.0, 612.5, 1000.0, 86400.25)
    ),
    MISLABEL,
    msgspec.structs.replace(MISLABEL, platform="sogou"),
    msgspec.structs.replace(MISLABEL, finding="blind", platform="sogou"),
    msgspec.structs.replace(MISLABEL, finding="tag_wrong"),
    MISSED,
    msgspec.structs.replace(MISSED, met=True),
    events.DemoNote(text="喂 \u2028 \x1b[31m \" \\ { } % $ ' " + "é" * 20),
    events.PythonCrashed(
        thread="main", error_type="E", error_message="x" * 9_000, stack_trace="frame 一\n" * 4_000
    ),  # as long as a record may be
)


def full(kind: type[Event]) -> Event:
    """An event with a value for every field."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    values: dict[str, object] = {}
    for field in info.fields:
        bare, _ = unwrap(field.type)
        match bare:
            case inspect.EnumType():
                values[field.name] = next(iter(bare.cls))
            case inspect.VarTupleType():
                values[field.name] = ("one", "两个")
            case inspect.StrType():
                values[field.name] = f"some {field.name}"
            case inspect.BoolType():
                values[field.name] = True
            case inspect.IntType():
                values[field.name] = 7
            case _:
                values[field.name] = 1_900_000_000.25
    return kind(**values)


def main(what: str, count: str = "0") -> None:
    """Write, flush, end."""
    log = Log.to_fd(Clock(), os.environ, level=Level.DEBUG)
    log.start()
    if what == "catalogue":
        for event in (*(full(kind) for _, kind in sorted(CATALOGUE.items())), *SPECIAL):
            log.emit(event)
    else:
        for n in range(int(count)):
            log.emit(
                events.CaseMoved(
                    case=f"+8613900020014/sogou/{n}",
                    number="+8613900020014",
                    platform="sogou",
                    kind="appeal",
                    from_="in_review",
                    to="propagating",
                    reason="通过",
                    attempt=n,
                )
            )
    print("all made", flush=True)
    if not log.stop(60.0):
        sys.exit("nobody took the lines")


if __name__ == "__main__":
    main(*sys.argv[1:])
