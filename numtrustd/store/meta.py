"""What the database says of itself: the records of table META.

Text, so that a person with `mdb_dump` can read them. `Store` reads them at open; `generation` and
`high_water` ride along with whatever is committed next, so that a daemon can start on a full disk.
"""

import os
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from numtrustd.domain.observation import Instant
from numtrustd.store.batch import Batch
from numtrustd.store.tables import Table

SCHEMA: Final = b"store.schema"
UUID: Final = b"store.uuid"
CREATED_AT: Final = b"store.created_at"
GENERATION: Final = b"store.generation"
HIGH_WATER: Final = b"store.high_water"
BACKUP_OF: Final = b"store.backup_of"
RESTORED_AT: Final = b"store.restored_at"


class Meta(Struct, frozen=True):
    """`generation` counts the runs that wrote something; `backup_of` is only in a copy: when it was made.
    `restored_at` is when this was last put back from one, `None` when it never was.
    """

    schema: int
    uuid: str
    created_at: Instant
    generation: int
    high_water: Instant
    backup_of: Instant | None
    restored_at: Instant | None = None


def first(schema: int, now: Instant) -> Batch:
    """The records of a new database."""
    return (
        Batch()
        .put(Table.META, SCHEMA, b"%d" % schema)
        .put(Table.META, UUID, os.urandom(16).hex().encode())
        .put(Table.META, CREATED_AT, encode_instant(now))
        .put(Table.META, GENERATION, b"0")
        .put(Table.META, HIGH_WATER, encode_instant(now))
    )


def mark(now: Instant) -> Batch:
    """What a copy made at `now` has in it beside the original."""
    return Batch().put(Table.META, BACKUP_OF, encode_instant(now))


def read(get: Callable[[bytes], bytes | None]) -> Meta:
    """Decode. `get` reads a META payload. Raises KeyError or ValueError when it is not a database of ours."""

    def need(key: bytes) -> bytes:
        value = get(key)
        if value is None:
            raise KeyError(key.decode())
        return value

    backup_of, restored_at = get(BACKUP_OF), get(RESTORED_AT)
    return Meta(
        schema=int(need(SCHEMA)),
        uuid=need(UUID).decode(),
        created_at=float(need(CREATED_AT)),
        generation=int(need(GENERATION)),
        high_water=float(need(HIGH_WATER)),
        backup_of=None if backup_of is None else float(backup_of),
        restored_at=None if restored_at is None else float(restored_at),
    )


def encode_instant(instant: Instant) -> bytes:
    """Shortest text that reads back as the same float."""
    return repr(float(instant)).encode()
