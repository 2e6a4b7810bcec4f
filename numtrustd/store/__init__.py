"""What survives a crash: one LMDB environment, one writer, group commit.

Start with `Store`; `Batch` is what callers fill, `Table` names where records live, `errors` lists everything
that can be wrong with a state directory. The names are looked up when they are asked for: the pre-flight child
process imports this package too and must stay cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numtrustd.store.batch import Batch as Batch
    from numtrustd.store.errors import StoreError as StoreError
    from numtrustd.store.errors import StoreFatal as StoreFatal
    from numtrustd.store.store import Store as Store
    from numtrustd.store.tables import Table as Table
    from numtrustd.store.writer import Trouble as Trouble

_HOMES = {
    "Batch": "batch",
    "Store": "store",
    "StoreError": "errors",
    "StoreFatal": "errors",
    "Table": "tables",
    "Trouble": "writer",
}


def __getattr__(name: str) -> Any:
    if home := _HOMES.get(name):
        return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
