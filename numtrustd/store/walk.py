"""The child process that reads a whole database file, and may die of it.

`preflight` starts it as `python -m numtrustd.store.walk DIRECTORY records|pages`. It imports as little as it
can, since the daemon waits for it: some 60 ms for a small file.
"""

import os
import sys
from typing import Final

import lmdb
from lmdb import verify

from numtrustd.store.errors import DamagedRecord
from numtrustd.store.tables import Table, unseal

MAX_DAMAGED: Final = 1000
"""More damaged records than this are no single accident: the file is refused."""


def structure(directory: str) -> str | None:
    """The first structural fault, by py-lmdb's own verifier: it reads bytes and trusts none of them.

    It holds for files in which no transaction wrote a key twice (LMDB then reuses overflow pages in a way
    that the verifier takes for a fault), which is how everything in this package writes.
    """
    try:
        faults: list[str] = verify.verify(directory)  # type: ignore[no-untyped-call]  # py-lmdb gives it no types
    except verify.VerifyError as error:
        faults = [str(error)]
    if not faults:
        return None
    return faults[0] if len(faults) == 1 else f"{faults[0]} (and {len(faults) - 1} more)"


def damaged_records(directory: str) -> list[tuple[Table, bytes]]:
    """Read everything, check every seal. May raise lmdb.Error, or die."""
    found: list[tuple[Table, bytes]] = []
    with lmdb.open(directory, readonly=True, lock=False, create=False, max_dbs=len(Table)) as env:
        with env.begin() as txn:
            present = set(txn.cursor().iternext(keys=True, values=False))  # bytes: a damaged name may be no UTF-8
        names = {table: table.value.encode() for table in Table}
        tables = {table: env.open_db(name, create=False) for table, name in names.items() if name in present}
        with env.begin() as txn:
            for table, db in tables.items():
                for key, value in txn.cursor(db):
                    try:
                        unseal(table, key, value)
                    except DamagedRecord:
                        found.append((table, key))
    return found


def main(directory: str, what: str) -> int:
    """Exit 0 with one `table hexkey` line per damaged record, or 65 (EX_DATAERR) with the reason."""
    fault = structure(directory)
    damaged: list[tuple[Table, bytes]] = []
    if fault is None and what == "records":
        try:
            damaged = damaged_records(directory)
        except lmdb.Error as error:
            fault = str(error)
        if any(table is Table.META for table, _ in damaged):
            fault = "the record of what this database is does not verify"
        elif len(damaged) > MAX_DAMAGED:
            fault = f"{len(damaged)} records do not verify"
    if fault is not None:
        sys.stdout.write(fault + "\n")
        return os.EX_DATAERR
    sys.stdout.writelines(f"{table} {key.hex()}\n" for table, key in damaged)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
