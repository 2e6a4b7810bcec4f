"""The program as a later version of itself: its schema is one migration ahead, everything else is the same.

`python -m tests.later run --config FILE` is to `numtrustd run` what the next version will be.
"""

from pathlib import Path
from typing import Any

from numtrustd.cli import main
from numtrustd.store import Batch, Store
from numtrustd.store.migrations import MIGRATIONS, Migration, Records
from numtrustd.store.tables import Table

MARK = b"later.version"


def _rewrite(records: Records) -> Batch:
    """Every number's record anew, and a mark that this version was here."""
    batch = Batch().put(Table.META, MARK, b"1")
    for key, payload in records.all(Table.NUMBER):
        batch.put(Table.NUMBER, key, payload)
    return batch


STEPS = (*MIGRATIONS, Migration("numbers as a later version keeps them", _rewrite))

if __name__ == "__main__":
    _open = Store.open

    def _later(path: Path, **arguments: Any) -> Store:
        return _open(path, migrations=STEPS, **arguments)

    Store.open = _later  # type: ignore[method-assign]  # what an edit of MIGRATIONS does
    main()
