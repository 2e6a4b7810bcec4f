"""What is read of the past, of one number from some time on: beliefs that moved, days of calls, cases, charges.

`records` beside this module has the keys and the plain reads. Here nothing raises for a damaged record: a report over
ten thousand numbers tells how many there were, and of all others what it can.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import msgspec

from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case
from numtrustd.domain.ledger import Charge
from numtrustd.domain.observation import Instant
from numtrustd.domain.record import Entry
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.records import calls_key, history_key, key, pages
from numtrustd.store.store import Store
from numtrustd.store.tables import Table

_entry = msgspec.msgpack.Decoder(Entry).decode
_calls = msgspec.msgpack.Decoder(DayCalls).decode
_case = msgspec.msgpack.Decoder(Case).decode
_charge = msgspec.msgpack.Decoder(Charge).decode

OnDamaged = Callable[[DamagedRecord], None]


def _instant(number: str, at: Instant) -> bytes:
    """Before every line of that instant, and after all earlier ones."""
    return history_key(number, at, 0, 0)[:-8]


def entries_since(store: Store, number: str, since: Instant, on_damaged: OnDamaged) -> Iterator[Entry]:
    """The lines of a number's history from an instant on, the oldest first."""
    prefix, after = key(number) + b"\0", _instant(number, since)
    for _, value in pages(store, Table.HISTORY, prefix, after, on_damaged):
        yield _entry(value)


def last_entry(
    store: Store, number: str, before: Instant, wanted: Callable[[Entry], bool], on_damaged: OnDamaged
) -> Entry | None:
    """The newest line before an instant that is `wanted`."""
    prefix, after = key(number) + b"\0", _instant(number, before)
    while page := store.scan(Table.HISTORY, prefix=prefix, after=after, reverse=True, on_damaged=on_damaged):
        for at, value in page:
            if wanted(entry := _entry(value)):
                return entry
            after = at
    return None


def days_between(store: Store, number: str, first: date, last: date, on_damaged: OnDamaged) -> Iterator[DayCalls]:
    """What was told of a number's calls from one day to another, both included."""
    prefix = key(number) + b"\0"
    end = calls_key(number, last.isoformat())
    after = calls_key(number, (first - timedelta(days=1)).isoformat())
    for at, value in pages(store, Table.CALLS, prefix, after, on_damaged):
        if at > end:
            return
        yield _calls(value)


def cases_of(store: Store, number: str, on_damaged: OnDamaged) -> Iterator[Case]:
    """All cases of a number that there ever were."""
    for _, value in pages(store, Table.CASE, key(f"{number}/"), None, on_damaged):
        yield _case(value)


def every_charge(store: Store, on_damaged: OnDamaged) -> Iterator[Charge]:
    """The whole ledger, number by number."""
    for _, value in pages(store, Table.LEDGER, b"", None, on_damaged):
        yield _charge(value)


def recorded_numbers(store: Store, on_damaged: OnDamaged) -> Iterator[str]:
    """Every number of which anything was ever recorded, also one that is no longer watched."""
    for at, _ in pages(store, Table.NUMBER, b"", None, on_damaged):
        yield at.decode()
