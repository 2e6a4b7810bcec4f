"""The tables, and how a record is sealed against damage.

LMDB 0.9 keeps no checksums: more than half of single flipped bits came back as silently wrong data. So every
stored value starts with a CRC-32 over table, key and payload; a record that was swapped with another, moved
to another table or altered does not verify. A *stale* record does, which is what sequence numbers inside the
payload are for (`records` beside this module).
"""

import enum
import zlib
from typing import Final

from numtrustd.store.errors import DamagedRecord


class Table(enum.StrEnum):
    """Named LMDB databases; the value is the name on disk. A StrEnum because its hash is C code and batches
    hash a lot.
    """

    META = "meta"
    NUMBER = "number"
    CASE = "case"
    TIMER = "timer"
    OUTBOX = "outbox"
    TASK = "task"
    SOURCE = "source"
    HISTORY = "history"
    PARKED = "parked"
    PLATFORM = "platform"
    DONE = "done"
    BATCH = "batch"
    CALLS = "calls"
    WORD = "word"
    PAPER = "paper"
    LEDGER = "ledger"
    SILENCE = "silence"
    ACK = "ack"
    WATCHED = "watched"
    INSPECTION = "inspection"


MAX_KEY: Final = 511
"""Bytes; LMDB's own compiled-in limit."""

_SEAL: Final = 4
_SEED: Final = {table: zlib.crc32(table.value.encode() + b"\0") for table in Table}


def seal(table: Table, key: bytes, payload: bytes) -> bytes:
    """The value to store: 4 bytes of CRC-32, then the payload."""
    return zlib.crc32(payload, zlib.crc32(key, _SEED[table])).to_bytes(_SEAL, "big") + payload


def unseal(table: Table, key: bytes, value: bytes) -> bytes:
    """The payload. Raises `DamagedRecord` when the value is not what was sealed under this table and key."""
    payload = value[_SEAL:]
    if len(value) < _SEAL or zlib.crc32(payload, zlib.crc32(key, _SEED[table])) != int.from_bytes(value[:_SEAL], "big"):
        raise DamagedRecord(table, key)
    return payload


def check_key(key: bytes) -> bytes:
    """The key, if LMDB can hold it: 1 to 511 bytes. Raises ValueError, at the caller who made it."""
    if not 0 < len(key) <= MAX_KEY:
        raise ValueError(f"a key is 1 to {MAX_KEY} bytes, not {len(key)}")
    return key
