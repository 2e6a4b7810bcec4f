"""Files that something happened to: refused whole, or damaged record by record, never silently wrong."""

import random
import struct
import subprocess
from pathlib import Path

import lmdb
import pytest

from numtrustd.store import preflight
from numtrustd.store.batch import Batch
from numtrustd.store.errors import DamagedRecord, DatabaseDamaged, StoreError
from numtrustd.store.preflight import read_head
from numtrustd.store.tables import Table, seal, unseal

RECORDS = 400


@pytest.fixture
async def filled(run_store, state: Path) -> Path:
    """A closed database with `RECORDS` numbers and a few larger cases; the path of its file."""
    async with run_store() as store:
        batch = Batch()
        for i in range(RECORDS):
            batch.put(Table.NUMBER, b"%05d" % i, b"payload of %05d" % i + b"x" * 200)
        for i in range(20):
            batch.put(Table.CASE, b"%05d" % i, b"%05d" % i * 2000)
        await store.commit(batch)
    return state / "data.mdb"


def raw(state: Path, change) -> None:
    """Alter stored values behind the store's back: `change(txn, db_of)`."""
    with lmdb.open(str(state), map_size=1 << 26, max_dbs=len(Table), lib_version=0) as env:
        dbs = {table: env.open_db(table.value.encode(), create=False) for table in Table}
        with env.begin(write=True) as txn:
            change(txn, dbs)


@pytest.mark.parametrize(
    ("table", "key", "payload"),
    [
        (Table.CASE, b"k", b"v"),
        (Table.NUMBER, b"j", b"v"),
        (Table.NUMBER, b"k", b"w"),
        (Table.NUMBER, b"k", b""),
    ],
)
def test_a_seal_holds_for_one_table_key_and_payload_only(table: Table, key: bytes, payload: bytes) -> None:
    value = seal(Table.NUMBER, b"k", b"v")
    assert unseal(Table.NUMBER, b"k", value) == b"v"
    with pytest.raises(DamagedRecord):
        unseal(table, key, value[:4] + payload)


@pytest.mark.parametrize("length", [0, 3])
def test_a_value_too_short_for_a_seal_is_damaged(length: int) -> None:
    with pytest.raises(DamagedRecord, match="record b'k' of table number is damaged"):
        unseal(Table.NUMBER, b"k", b"x" * length)


@pytest.mark.covers("S7")
def test_every_flipped_bit_is_found() -> None:
    value = seal(Table.NUMBER, b"k", b"some payload")
    for bit in range(8 * len(value)):
        flipped = bytearray(value)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DamagedRecord):
            unseal(Table.NUMBER, b"k", bytes(flipped))


@pytest.mark.covers("S7")
async def test_damaged_records_are_named_and_the_rest_stays_readable(open_store, state: Path, filled: Path) -> None:
    def damage(txn, dbs) -> None:
        numbers = dbs[Table.NUMBER]
        first, second = txn.get(b"00001", db=numbers), txn.get(b"00002", db=numbers)
        txn.put(b"00001", second, db=numbers)  # swapped
        txn.put(b"00002", first, db=numbers)
        txn.put(b"00003", b"", db=numbers)  # cut
        txn.put(b"00004", first, db=dbs[Table.CASE])  # in the wrong table

    raw(state, damage)
    store = open_store(init=False)
    assert [(record.table, record.key) for record in store.damaged] == [
        ("number", b"00001"),
        ("number", b"00002"),
        ("number", b"00003"),
        ("case", b"00004"),
    ]
    for key in (b"00001", b"00002", b"00003"):
        with pytest.raises(DamagedRecord) as caught:
            store.get(Table.NUMBER, key)
        assert caught.value.key == key
    with pytest.raises(DamagedRecord):
        store.scan(Table.NUMBER)
    told: list[bytes] = []
    good = store.scan(Table.NUMBER, limit=2, on_damaged=lambda record: told.append(record.key))
    assert [key for key, _ in good] == [b"00000", b"00004"]
    assert told == [b"00001", b"00002", b"00003"]
    assert len(store.scan(Table.NUMBER, on_damaged=lambda _: None)) == RECORDS - 3


@pytest.mark.covers("S7")
async def test_a_damaged_record_may_have_lost_its_key(open_store, filled: Path, monkeypatch) -> None:
    """A page that half reached the disk can hold a key of no bytes; LMDB itself stores none."""
    told = subprocess.CompletedProcess([], 0, b"number \ncase 6b\n", b"")
    monkeypatch.setattr(preflight.subprocess, "run", lambda *_, **__: told)
    store = open_store(init=False)
    assert [(record.table, record.key) for record in store.damaged] == [("number", b""), ("case", b"k")]


async def test_damaged_records_can_be_overwritten(run_store, state: Path, filled: Path) -> None:
    raw(state, lambda txn, dbs: txn.put(b"00001", b"?", db=dbs[Table.NUMBER]))
    async with run_store() as store:
        await store.commit(Batch().put(Table.NUMBER, b"00001", b"whole again"))
        assert store.get(Table.NUMBER, b"00001") == b"whole again"
    async with run_store() as store:
        assert store.damaged == []


async def test_a_damaged_record_of_what_the_database_is_refuses_it(open_store, state: Path, filled: Path) -> None:
    raw(state, lambda txn, dbs: txn.put(b"store.schema", b"?", db=dbs[Table.META]))
    with pytest.raises(DatabaseDamaged, match="what this database is"):
        open_store(init=False)


async def test_everything_damaged_is_no_accident(open_store, state: Path, filled: Path, monkeypatch) -> None:
    def damage(txn, dbs) -> None:
        for i in range(1001):
            txn.put(b"%05d" % i, b"?", db=dbs[Table.NUMBER])

    raw(state, damage)
    with pytest.raises(DatabaseDamaged, match="1001 records do not verify"):
        open_store(init=False)


DAMAGES = {
    "empty": lambda _: b"",
    "cut to nothing much": lambda data: data[:100],
    "cut after the meta pages": lambda data: data[:8192],
    "cut in the middle": lambda data: data[: len(data) // 8192 * 4096],
    "cut by its last page": lambda data: data[:-4096],
    "text": lambda data: b"not a database\n" * 4096,
    "garbage": lambda data: random.Random(1).randbytes(len(data)),
    "zeros": lambda data: bytes(len(data)),
    "first meta zeroed": lambda data: bytes(4096) + data[4096:],
    "second meta zeroed": lambda data: data[:4096] + bytes(4096) + data[8192:],
    "page size altered": lambda data: data[:40] + struct.pack("=I", 4097) + data[44:],
    "page size of 64 KiB": lambda data: data[:40] + struct.pack("=I", 65536) + data[44:],
    "freed pages under keys that repeat": lambda data: data[:44] + struct.pack("=H", 0x0C) + data[46:],
    "tables under keys that repeat": lambda data: data[:92] + struct.pack("=H", 0x04) + data[94:],
    "a table's name altered": lambda data: data.replace(b"number", b"numbes"),
    "a table's name no longer text": lambda data: data.replace(b"number", b"num\xe2er"),
    "last page number altered": lambda data: data[:144] + struct.pack("=Q", 1 << 60) + data[152:],
}


@pytest.mark.covers("S6")
@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_refused_with_a_reason_and_a_remedy(
    open_store, state: Path, filled: Path, damage: str
) -> None:
    data = filled.read_bytes()
    altered = DAMAGES[damage](data)
    if damage == "last page number altered":  # only the newer meta page counts
        head = read_head(state)
        offset = 4096 * (head.transaction % 2)
        altered = data[: offset + 136] + struct.pack("=Q", 1 << 60) + data[offset + 144 :]
    filled.write_bytes(altered)
    with pytest.raises(DatabaseDamaged, match=rf"{filled}: damaged: .*: move {state} away and put a backup") as caught:
        open_store(init=False)
    assert "\n" not in str(caught.value)
    assert filled.read_bytes() == altered
    with pytest.raises(DatabaseDamaged):  # --init does not make a new one of it either
        open_store(init=True)


@pytest.mark.covers("S6")
async def test_a_large_cut_file_is_found_too(open_store, state: Path, filled: Path, monkeypatch) -> None:
    monkeypatch.setattr(preflight, "WALK_BELOW", 0)
    open_store(init=False).close()
    filled.write_bytes(filled.read_bytes()[:-8192])
    with pytest.raises(DatabaseDamaged, match=r"EOF|end|beyond"):
        open_store(init=False)


@pytest.mark.covers("S7")
async def test_random_damage_is_never_silent(open_store, state: Path, filled: Path) -> None:
    """Flip a bit, zero a page, put an old or other page in place: refused, reported, or without effect."""
    whole = filled.read_bytes()
    pages = len(whole) // 4096
    draw = random.Random(20260901)
    outcomes = dict.fromkeys(("refused", "reported", "harmless"), 0)
    for n in range(24):
        data = bytearray(whole)
        page = draw.randrange(2, pages)
        match n % 3:
            case 0:
                data[draw.randrange(8192, len(data))] ^= 1 << draw.randrange(8)
            case 1:
                data[page * 4096 : page * 4096 + 4096] = bytes(4096)
            case 2:
                other = draw.randrange(2, pages)
                data[page * 4096 : page * 4096 + 4096] = whole[other * 4096 : other * 4096 + 4096]
        filled.write_bytes(data)
        try:
            store = open_store(init=False)
        except StoreError:
            outcomes["refused"] += 1
            continue
        damaged = {(record.table, record.key) for record in store.damaged}
        for i in range(RECORDS):
            key = b"%05d" % i
            if ("number", key) not in damaged:
                assert store.get(Table.NUMBER, key) == b"payload of %05d" % i + b"x" * 200
        outcomes["reported" if damaged else "harmless"] += 1
        store.close()
    assert outcomes["refused"] + outcomes["reported"] >= 12


async def test_a_check_that_cannot_be_made_is_not_called_damage(open_store, filled: Path, monkeypatch) -> None:
    monkeypatch.setattr(preflight.sys, "executable", "/bin/false")
    with pytest.raises(StoreError, match="could not be checked") as caught:
        open_store(init=False)
    assert not isinstance(caught.value, DatabaseDamaged)
    monkeypatch.undo()
    monkeypatch.setattr(preflight, "PATIENCE", 0.0001)
    with pytest.raises(StoreError, match="not checked within"):
        open_store(init=False)
