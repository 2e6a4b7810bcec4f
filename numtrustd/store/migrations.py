"""How a database of an older schema becomes one of this schema.

`MIGRATIONS[n]` takes schema `OLDEST + n` to the next; the list only ever grows at its end. Each is one
transaction that also raises the stored schema, so a crash leaves a whole version behind; a backup is made
before the first. Never edit one that was released: golden files of its output exist in the wild.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct

from numtrustd.clock import Clock
from numtrustd.store import meta, preflight
from numtrustd.store.batch import Batch
from numtrustd.store.environment import Environment
from numtrustd.store.errors import MapFull, MigrationFailed, SchemaNewer, SchemaUnknown, StoreError
from numtrustd.store.statedir import DATA_FILE
from numtrustd.store.tables import Table

PAGE: Final = 1000

BEFORE: Final = "before-schema-{}-generation-{}"
"""What the copy is called that is made before an upgrade: the schema that it was made before, and the generation."""


class Records:
    """The old records, as a migration reads them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def all(self, table: Table) -> Iterator[tuple[bytes, bytes]]:
        """(key, payload) in key order. Raises DamagedRecord."""
        after: bytes | None = None
        while True:
            page = self._environment.scan(table, prefix=b"", after=after, limit=PAGE, reverse=False, on_damaged=None)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1][0]


class Migration(Struct, frozen=True):
    """One step. `change` returns every put and delete that it takes; `what` says it to people."""

    what: str
    change: Callable[[Records], Batch]


class Migrated(Struct, frozen=True):
    """What a migration did: from which schema to which, the copy made before, how many records it wrote or deleted, and
    how many real seconds all of it took."""

    old: int
    new: int
    copy: Path
    records: int
    seconds: float


OLDEST: Final = 1
MIGRATIONS: Sequence[Migration] = ()


def current(migrations: Sequence[Migration]) -> int:
    """The schema that these migrations lead to: the one that this program reads and writes."""
    return OLDEST + len(migrations)


def migrate(
    environment: Environment,
    found: meta.Meta,
    migrations: Sequence[Migration],
    *,
    max_map_size: int,
    backup: Batch,
) -> Migrated | None:
    """Bring an open environment to the current schema. None when nothing was to do.

    `backup` marks the copy. Raises SchemaNewer, SchemaUnknown or MigrationFailed; the database is then at a
    whole version, old or in between, and the next start goes on from there.
    """
    target = current(migrations)
    path = environment.path
    if found.schema > target:
        raise SchemaNewer(
            f"{path}: schema {found.schema}, but this numtrustd knows {target}: install the later version again"
            + _way_back(path, found.schema, target)
        )
    if found.schema < OLDEST:
        raise SchemaUnknown(
            f"{path}: schema {found.schema} is older than any this numtrustd can migrate ({OLDEST}): "
            "install one first that can"
        )
    if found.schema == target:
        return None
    clock = Clock()
    began, written = clock.monotonic(), 0
    # The same generation means the same content: a copy left by an attempt that failed serves again.
    copy = path / BEFORE.format(target, found.generation)
    if not copy.exists():
        environment.copy(copy, backup)
    environment.open_tables()
    for version, migration in enumerate(migrations[found.schema - OLDEST :], found.schema):
        try:
            change = migration.change(Records(environment))
            written += len(change.ops)
            change.put(Table.META, meta.SCHEMA, b"%d" % (version + 1))
            _write(environment, change, max_map_size)
        except StoreError as error:
            raise MigrationFailed(
                f"{path}: schema {version} to {version + 1} ({migration.what}) failed: {error}: "
                f"what was before is in {copy}: put it back and install the version that wrote it"
            ) from error
    return Migrated(found.schema, target, copy, written, clock.monotonic() - began)


def _way_back(path: Path, found: int, knows: int) -> str:
    """How to go on without the later version, in the words of a refusal: by the copy made before the upgrade."""
    copies = sorted(path.glob(BEFORE.format("*", "*")), key=lambda copy: copy.stat().st_mtime, reverse=True)
    for copy in copies:
        try:
            if not OLDEST <= _schema_of(copy) <= knows:
                continue
        except (StoreError, KeyError, ValueError):
            continue  # not whole, or not a copy of ours
        data, aside = path / DATA_FILE, path / f"{DATA_FILE}.schema-{found}"
        move = f"mv {shlex.quote(str(data))} {shlex.quote(str(aside))}"
        put = f"cp -p {shlex.quote(str(copy / DATA_FILE))} {shlex.quote(str(data))}"
        return f", or go back to before the upgrade and lose what was stored since: {move} && {put}"
    return f", or put a backup there that was made before the upgrade (there is no {BEFORE.format('…', '…')} here)"


def _schema_of(copy: Path) -> int:
    """The schema of a copy. Raises StoreError, KeyError or ValueError."""
    if not preflight.read_head(copy).whole:
        raise preflight.damaged(copy, "it is cut short")
    environment = Environment.peek(copy)
    try:
        environment.open_tables(Table.META)
        return meta.read(partial(environment.get, Table.META)).schema
    finally:
        environment.close()


def _write(environment: Environment, change: Batch, max_map_size: int) -> None:
    while True:
        try:
            environment.apply(change)
        except MapFull:
            if environment.map_size >= max_map_size:
                raise
            environment.grow(min(max_map_size, 2 * environment.map_size))
        else:
            return
