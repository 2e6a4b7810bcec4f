"""Bytes where records, keys and files of the database should be: an error of ours, or exactly what was stored.

An input is a byte that chooses what the rest is taken for: a sealed value, the payload of a record under a good seal,
a record of what the database is, the file itself, or a cursor.
"""

import atexit
import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, cast

import msgspec

from numtrustd.domain.case import Action, Case, Done
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.task import Task
from numtrustd.store import meta, preflight, records, walk
from numtrustd.store.errors import DamagedRecord, StoreError
from numtrustd.store.store import Store
from numtrustd.store.tables import MAX_KEY, Table, check_key, seal, unseal
from tests.disk.scratch import in_memory
from tests.fuzz.samples import sample

PLACE = pathlib.Path(tempfile.mkdtemp(prefix="numtrust-fuzz-", dir=in_memory()))
atexit.register(shutil.rmtree, PLACE, ignore_errors=True)
TABLES = list(Table)


class Shelf:
    """A store with the same payload under every key."""

    def __init__(self, key: bytes, payload: bytes) -> None:
        self.pair = (key, payload)

    def get(self, table: Table, key: bytes) -> bytes:
        return self.pair[1]

    def scan(self, table: Table, *, limit: int, after: bytes | None = None, **_: Any) -> list[tuple[bytes, bytes]]:
        return [] if after is not None else [self.pair]


READERS: list[Callable[[Store], object]] = [
    lambda store: records.decode_number(store.get(Table.NUMBER, b"k") or b""),
    lambda store: records.get_case(store, "k"),
    lambda store: records.get_task(store, "k"),
    lambda store: records.get_action(store, "k"),
    lambda store: records.get_source(store, "k"),
    lambda store: list(records.all_done(store)),
    lambda store: list(records.all_platforms(store)),
    lambda store: list(records.all_parked(store)),
    lambda store: list(records.all_timers(store)),
    lambda store: records.history(store, "+8613800138000", 5),
]
EXPECTED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What a payload with a good seal may raise: it was written by another version, and its number is parked."""


def seeds() -> Iterator[bytes]:
    value = seal(Table.NUMBER, b"k", b"payload")
    yield bytes([0, 1, 1]) + b"k" + value
    kinds = (NumberRecord, Case, Task, Action, records.SourceRecord, Done, records.PlatformRecord, records.ParkedRecord)
    for n, kind in enumerate((*kinds, int, Entry)):
        yield bytes([1, n]) + msgspec.msgpack.encode(sample(kind, "1"))
    yield bytes([2]) + b"1"
    yield bytes([4]) + b"1790000000000.3.0"
    home = PLACE / "seed"
    Store.open(home, init=True, map_size=1 << 20, now=0.0, inline=True).close()
    whole = (home / "data.mdb").read_bytes()
    yield bytes([3]) + whole
    yield bytes([3]) + whole[:8192]


def one(data: bytes) -> None:
    kind, rest = data[:1], data[1:]
    (_sealed, _payload, _meta, _file, _cursor)[(kind or b"\0")[0] % 5](rest)


def _sealed(data: bytes) -> None:
    """Only what was sealed under this very table and key comes out."""
    table = TABLES[(data[:1] or b"\0")[0] % len(TABLES)]
    length = (data[1:2] or b"\0")[0]
    key, value = data[2 : 2 + length], data[2 + length :]
    try:
        check_key(key)
    except ValueError:
        assert not 0 < len(key) <= MAX_KEY
        return
    try:
        payload = unseal(table, key, value)
    except DamagedRecord:
        assert seal(table, key, value[4:]) != value
    else:
        assert seal(table, key, payload) == value


def _payload(data: bytes) -> None:
    read = READERS[(data[:1] or b"\0")[0] % len(READERS)]
    with contextlib.suppress(*EXPECTED):
        found = read(cast("Store", Shelf(b"+8613800138000\0" + b"\0" * 16, data[1:])))
        if isinstance(found, msgspec.Struct):
            again = msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=type(found))
            assert again == found or "nan" in repr(found), "it is not what is stored again"


def _meta(data: bytes) -> None:
    with contextlib.suppress(KeyError, ValueError):
        meta.read(lambda _: data)


def _cursor(data: bytes) -> None:
    """What a client hands back to get the next page of a history."""
    with contextlib.suppress(ValueError):
        text = data.decode()
        found, _ = records.history(cast("Store", Shelf(b"", b"")), "+8613800138000", 5, after=text)
        assert found == []


def _file(data: bytes) -> None:
    """The pre-flight without the part that may kill: a head or a refusal, and a verdict on the pages."""
    (PLACE / "data.mdb").write_bytes(data)
    with contextlib.suppress(StoreError):
        preflight.read_head(PLACE)
        walk.structure(str(PLACE))
