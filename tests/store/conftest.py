"""Stores on a real file system, closed again whatever happens."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from numtrustd.store.store import Store

NOW = 1_790_000_000.0  # September 2026

OpenStore = Callable[..., Store]
RunStore = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture
def now() -> float:
    return NOW


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def open_store(state: Path) -> Iterator[OpenStore]:
    """`open_store(**overrides)`: a store on `state`, made if absent, closed at the end of the test."""
    stores: list[Store] = []

    def open_(path: Path = state, **overrides: Any) -> Store:
        arguments: dict[str, Any] = {"init": True, "map_size": 64 << 20, "now": NOW, "inline": False}
        store = Store.open(path, **(arguments | overrides))
        stores.append(store)
        return store

    yield open_
    for store in stores:
        store.close()  # closing twice is allowed


@pytest.fixture
def run_store(open_store: OpenStore) -> RunStore:
    """`async with run_store(**overrides) as store`: its writer runs inside; then all is closed."""

    @asynccontextmanager
    async def run(observers: dict[str, Any] | None = None, **overrides: Any) -> AsyncIterator[Store]:
        store = open_store(**overrides)
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(store.run, **(observers or {})))
            yield store
            nursery.cancel_scope.cancel()
        store.close()

    return run
