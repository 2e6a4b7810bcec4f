"""Records as earlier versions wrote them still load, and mean what they meant."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import pytest

from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.evidence import Registered
from numtrustd.domain.ledger import Charge, Standing, What
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.prevention import Episode, Watched
from numtrustd.domain.silence import Ack, Scope, Silence, Target
from numtrustd.domain.workflows.inspection import Outcome
from numtrustd.store import Batch, Store, Table, records
from numtrustd.store.records import PlatformRecord

RunStore = Callable[..., AbstractAsyncContextManager[Store]]

NUMBER = "+8613800138000"

OLDER: list[tuple[Table, bytes, dict[str, Any], Any]] = [
    (
        Table.CALLS,
        NUMBER.encode() + b"\0" + b"2026-11-20",
        {"day": "2026-11-20", "calls": 5, "answered": 2},
        lambda store: records.calls(store, NUMBER) == (DayCalls("2026-11-20", 5, 2),),
    ),
    (
        Table.PLATFORM,
        b"alpha",
        {"id": "alpha", "maintenance": {"since": 1.0, "by": "li", "kind": "major"}},
        lambda store: [*records.all_platforms(store)] == [PlatformRecord("alpha", Maintenance(1.0, "li", "major"))],
    ),
    (
        Table.PAPER,
        records.paper_key("licence", "/l.pdf"),
        {"kind": "licence", "path": "/l.pdf", "digest": "0a", "said": "expiring"},
        lambda store: [*records.all_papers(store)] == [Registered("licence", "/l.pdf", "0a", said="expiring")],
    ),
    (
        Table.LEDGER,
        NUMBER.encode() + b"\0c1",
        {"id": "c1", "at": 1.0, "what": "expedite", "number": NUMBER, "fen": 30_000, "standing": "committed"},
        lambda store: (
            records.charges(store, NUMBER)
            == (Charge("c1", 1.0, What.EXPEDITE, NUMBER, fen=30_000, standing=Standing.COMMITTED),)
        ),
    ),
    (
        Table.SILENCE,
        b"s-1",
        {
            "id": "s-1",
            "targets": [{"scope": "group", "name": "sales"}],
            "since": 1.0,
            "until": 2.0,
            "by": "li",
            "reason": "r",
        },
        lambda store: (
            [*records.all_silences(store)] == [Silence("s-1", (Target(Scope.GROUP, "sales"),), 1.0, 2.0, "li", "r")]
        ),
    ),
    (
        Table.ACK,
        b"case",
        {"case": "case", "state": "in_review", "entered_at": 1.0, "at": 2.0, "by": "li"},
        lambda store: records.get_ack(store, "case") == Ack("case", "in_review", 1.0, 2.0, "li"),
    ),
    (
        Table.INSPECTION,
        b"ended/\0\0\0\0\0\0\0\2",
        {"n": 2, "began_at": 1.0, "ended_at": 2.0, "numbers": 3, "looks_wanted": 4, "looks_made": 5},
        lambda store: [*records.all_outcomes(store)] == [Outcome(2, 1.0, 2.0, 3, 4, 5)],
    ),
    (
        Table.WATCHED,
        NUMBER.encode(),
        {"episodes": {"off_hours": {"first": "2026-11-20", "last": "2026-11-21"}}, "complaints": {"2026-11-21": 1}},
        lambda store: (
            records.get_watched(store, NUMBER)
            == Watched({"off_hours": Episode("2026-11-20", "2026-11-21")}, {"2026-11-21": 1})
        ),
    ),
]


@pytest.mark.parametrize(
    ("table", "key", "stored", "holds"), OLDER, ids=lambda v: str(v) if isinstance(v, Table) else ""
)
async def test_it_loads(run_store: RunStore, table: Table, key: bytes, stored: dict[str, Any], holds: Any) -> None:
    async with run_store(inline=True) as store:
        await store.commit(Batch().put(table, key, msgspec.msgpack.encode(stored)))
        assert holds(store)
