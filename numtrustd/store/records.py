"""The typed records of every table: their keys, and msgpack on the way in and out.

`tables` beside this module seals bytes; here they get a meaning. Every record decodes from any older layout of the
same schema version, since fields are only ever added with defaults.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping

import msgspec
from msgspec import Struct

from numtrustd.domain.batch import OpenBatch
from numtrustd.domain.budget import Spent
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Action, Case, Done
from numtrustd.domain.evidence import Registered
from numtrustd.domain.ledger import Charge
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.prevention import Watched
from numtrustd.domain.record import Entry, NumberRecord
from numtrustd.domain.silence import Ack, Silence
from numtrustd.domain.task import Task
from numtrustd.domain.trust import Trust
from numtrustd.domain.workflow import Snapshot
from numtrustd.domain.workflows.inspection import InspectionData, Outcome
from numtrustd.store.batch import Batch
from numtrustd.store.errors import DamagedRecord
from numtrustd.store.store import Store
from numtrustd.store.tables import MAX_KEY, Table

INSPECTION_KEY = b"present"
_ENDED = b"ended/"

PAGE = 500
"""Records a page of a long scan: a few ms, and no read transaction lives across an await."""


class SourceRecord(Struct, frozen=True, omit_defaults=True):
    """What one source remembers across restarts: the slots it has given out, its failures, its breaker; `batch_stamp`
    is the last part of the newest batch's reference, `http_status` what the last failure was answered with."""

    id: str
    slots_until: Instant = 0.0
    failures: int = 0
    trips: int = 0
    down_since: Instant | None = None
    retry_at: Instant = 0.0
    reason: str = ""
    seen_at: Instant = 0.0
    looks: int = 0
    trust: Trust = Trust()
    spent: Spent = Spent()
    batch_stamp: int = 0
    http_status: int | None = None


class ParkedRecord(Struct, frozen=True, omit_defaults=True):
    """Why an actor is parked, and since when."""

    actor: str
    at: Instant
    crashes: int
    error_type: str
    error_message: str
    stack_trace: str = ""


class PlatformRecord(Struct, frozen=True, omit_defaults=True):
    """What was declared of one platform."""

    id: str
    maintenance: Maintenance | None = None


class WordRecord(Struct, frozen=True, omit_defaults=True):
    """A label word that nobody knew when it was first seen, which was said then."""

    platform: str
    words: str
    first_at: Instant
    number: str = ""
    source: str = ""


class InspectionRecord(Struct, frozen=True, omit_defaults=True):
    """The present inspection, the `n`th of this state."""

    n: int
    snapshot: Snapshot
    data: InspectionData


_encode = msgspec.msgpack.Encoder().encode
_number = msgspec.msgpack.Decoder(NumberRecord).decode
_case = msgspec.msgpack.Decoder(Case).decode
_task = msgspec.msgpack.Decoder(Task).decode
_action = msgspec.msgpack.Decoder(Action).decode
_source = msgspec.msgpack.Decoder(SourceRecord).decode
_parked = msgspec.msgpack.Decoder(ParkedRecord).decode
_platform = msgspec.msgpack.Decoder(PlatformRecord).decode
_word = msgspec.msgpack.Decoder(WordRecord).decode
_paper = msgspec.msgpack.Decoder(Registered).decode
_done = msgspec.msgpack.Decoder(Done).decode
_batch = msgspec.msgpack.Decoder(OpenBatch).decode
_calls = msgspec.msgpack.Decoder(DayCalls).decode
_charge = msgspec.msgpack.Decoder(Charge).decode
_silence = msgspec.msgpack.Decoder(Silence).decode
_ack = msgspec.msgpack.Decoder(Ack).decode
_inspection = msgspec.msgpack.Decoder(InspectionRecord).decode
_outcome = msgspec.msgpack.Decoder(Outcome).decode
_watched = msgspec.msgpack.Decoder(Watched).decode
_entry = msgspec.msgpack.Decoder(Entry).decode


def key(identity: str) -> bytes:
    """Ids are ASCII by construction: numbers, platform and source ids, digits."""
    return identity.encode()


def _milliseconds(at: Instant) -> bytes:
    # Rounded up: a timer must never fire before its deadline.
    return max(0, -int(-at * 1000 // 1)).to_bytes(8, "big")


def timer_key(due: Instant, case: str) -> bytes:
    """Due time first, so that a cursor gives timers in due order."""
    return _milliseconds(due) + key(case)


def history_key(number: str, at: Instant, seq: int, n: int) -> bytes:
    """A number's history in time order; `seq` and `n` keep the lines of one instant apart and in order."""
    return key(number) + b"\0" + _milliseconds(at) + seq.to_bytes(6, "big") + n.to_bytes(2, "big")


# -------------------------------------------------------------------------------------------------------- encode


def encode_number(record: NumberRecord) -> bytes:
    return _encode(record)


def decode_number(packed: bytes) -> NumberRecord:
    return _number(packed)


def put_case(batch: Batch, case: Case) -> None:
    batch.put(Table.CASE, key(case.id), _encode(case))


def put_task(batch: Batch, task: Task) -> None:
    batch.put(Table.TASK, key(task.id), _encode(task))


def delete_task(batch: Batch, identity: str) -> None:
    batch.delete(Table.TASK, key(identity))


def put_action(batch: Batch, action: Action) -> None:
    batch.put(Table.OUTBOX, key(action.id), _encode(action))


def put_timer(batch: Batch, due: Instant, case: str, seq: int) -> None:
    batch.put(Table.TIMER, timer_key(due, case), seq.to_bytes(8, "big"))


def put_source(batch: Batch, record: SourceRecord) -> None:
    batch.put(Table.SOURCE, key(record.id), _encode(record))


def put_open_batch(batch: Batch, record: OpenBatch) -> None:
    """Store a batch of numbers; one that is over is removed."""
    if record.over:
        batch.delete(Table.BATCH, key(record.id))
    else:
        batch.put(Table.BATCH, key(record.id), _encode(record))


def put_parked(batch: Batch, record: ParkedRecord) -> None:
    batch.put(Table.PARKED, key(record.actor), _encode(record))


def put_platform(batch: Batch, record: PlatformRecord) -> None:
    batch.put(Table.PLATFORM, key(record.id), _encode(record))


def put_word(batch: Batch, record: WordRecord) -> None:
    # The word comes last, and is no more than `label.MOST_OF_WORD` characters: together well below a key's limit.
    batch.put(Table.WORD, key(record.platform) + b"\0" + record.words.encode(errors="replace"), _encode(record))


_UNSURE = b"unsure/"


def put_unsure(batch: Batch, case: str) -> None:
    """Mark a case of a restored state, until it has made sure of what was sent for it since the backup."""
    batch.put(Table.META, _UNSURE + key(case), b"")


def delete_unsure(batch: Batch, case: str) -> None:
    batch.delete(Table.META, _UNSURE + key(case))


def paper_key(kind: str, path: str) -> bytes:
    """A path may be longer than a key."""
    return key(kind) + b"\0" + hashlib.sha256(path.encode(errors="surrogateescape")).digest()


def put_paper(batch: Batch, record: Registered) -> None:
    batch.put(Table.PAPER, paper_key(record.kind, record.path), _encode(record))


def forget_paper(batch: Batch, record: Registered) -> None:
    batch.delete(Table.PAPER, paper_key(record.kind, record.path))


def put_done(batch: Batch, done: Done) -> None:
    batch.put(Table.DONE, key(done.id), _encode(done))


def put_calls(batch: Batch, number: str, day: DayCalls) -> None:
    batch.put(Table.CALLS, calls_key(number, day.day), _encode(day))


def calls_key(number: str, day: str) -> bytes:
    """A number's days in order."""
    return key(number) + b"\0" + day.encode()


def calls(store: Store, number: str) -> tuple[DayCalls, ...]:
    """A number's call statistics, oldest day first."""
    return tuple(_calls(value) for _, value in pages(store, Table.CALLS, key(number) + b"\0"))


def put_charge(batch: Batch, charge: Charge) -> None:
    """Enter a charge, or what has become of it: the same id is the same charge."""
    batch.put(Table.LEDGER, key(charge.number) + b"\0" + key(charge.id), _encode(charge))


def put_silence(batch: Batch, silence: Silence) -> None:
    batch.put(Table.SILENCE, key(silence.id), _encode(silence))


def forget_silence(batch: Batch, silence: Silence) -> None:
    batch.delete(Table.SILENCE, key(silence.id))


def put_ack(batch: Batch, ack: Ack) -> None:
    """One a case: the last one counts."""
    batch.put(Table.ACK, key(ack.case), _encode(ack))


def put_inspection(batch: Batch, record: InspectionRecord) -> None:
    batch.put(Table.INSPECTION, INSPECTION_KEY, _encode(record))


def put_outcome(batch: Batch, outcome: Outcome) -> None:
    """What an inspection found; one of each."""
    batch.put(Table.INSPECTION, _ENDED + outcome.n.to_bytes(8, "big"), _encode(outcome))


def put_watched(batch: Batch, number: str, watched: Watched) -> None:
    """What was said of a number's habits and complaints."""
    batch.put(Table.WATCHED, key(number), _encode(watched))


def put_entry(batch: Batch, number: str, entry: Entry, seq: int, n: int) -> None:
    batch.put(Table.HISTORY, history_key(number, entry.at, seq, n), _encode(entry))


# ---------------------------------------------------------------------------------------------------------- read


def get_case(store: Store, identity: str) -> Case | None:
    found = store.get(Table.CASE, key(identity))
    return None if found is None else _case(found)


def get_task(store: Store, identity: str) -> Task | None:
    found = store.get(Table.TASK, key(identity))
    return None if found is None else _task(found)


def get_action(store: Store, identity: str) -> Action | None:
    found = store.get(Table.OUTBOX, key(identity))
    return None if found is None else _action(found)


def get_source(store: Store, identity: str) -> SourceRecord:
    found = store.get(Table.SOURCE, key(identity))
    return SourceRecord(identity) if found is None else _source(found)


def tasks_of(store: Store, prefix: str) -> Mapping[str, Task]:
    """The tasks whose ids begin with this."""
    return {task.id: task for task in (_task(value) for _, value in pages(store, Table.TASK, key(prefix)))}


def pages(
    store: Store,
    table: Table,
    prefix: bytes = b"",
    after: bytes | None = None,
    on_damaged: Callable[[DamagedRecord], None] | None = None,
) -> Iterator[tuple[bytes, bytes]]:
    """All records of a table, or those after a key, in key order. Between two pages the store may change. A damaged one
    raises, or is handed to `on_damaged` and left out."""
    while page := store.scan(table, prefix=prefix, after=after, limit=PAGE, on_damaged=on_damaged):
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def all_cases(store: Store, prefix: str = "", after: bytes | None = None) -> Iterator[Case]:
    return (_case(value) for _, value in pages(store, Table.CASE, key(prefix), after))


def all_tasks(store: Store, prefix: str = "", after: bytes | None = None) -> Iterator[Task]:
    return (_task(value) for _, value in pages(store, Table.TASK, key(prefix), after))


def all_actions(store: Store, prefix: str = "") -> Iterator[Action]:
    return (_action(value) for _, value in pages(store, Table.OUTBOX, key(prefix)))


def all_done(store: Store, prefix: str = "") -> Iterator[Done]:
    return (_done(value) for _, value in pages(store, Table.DONE, key(prefix)))


def all_platforms(store: Store) -> Iterator[PlatformRecord]:
    return (_platform(value) for _, value in pages(store, Table.PLATFORM))


def open_batches(store: Store, source: str) -> Iterator[OpenBatch]:
    """The batches of numbers that a source has handed in, oldest first."""
    return (_batch(value) for _, value in pages(store, Table.BATCH, key(f"{source}/")))


def all_words(store: Store) -> Iterator[WordRecord]:
    return (_word(value) for _, value in pages(store, Table.WORD))


def all_unsure(store: Store) -> Iterator[str]:
    """The cases that `put_unsure` marked."""
    return (found.removeprefix(_UNSURE).decode() for found, _ in pages(store, Table.META, prefix=_UNSURE))


def all_papers(store: Store) -> Iterator[Registered]:
    return (_paper(value) for _, value in pages(store, Table.PAPER))


def all_charges(store: Store) -> Iterator[Charge]:
    """The whole ledger, number by number."""
    return (_charge(value) for _, value in pages(store, Table.LEDGER))


def charges(store: Store, number: str) -> tuple[Charge, ...]:
    """A number's charges, in the order of their ids."""
    return tuple(_charge(value) for _, value in pages(store, Table.LEDGER, key(number) + b"\0"))


def all_silences(store: Store) -> Iterator[Silence]:
    return (_silence(value) for _, value in pages(store, Table.SILENCE))


def get_ack(store: Store, case: str) -> Ack | None:
    found = store.get(Table.ACK, key(case))
    return None if found is None else _ack(found)


def get_inspection(store: Store) -> InspectionRecord | None:
    found = store.get(Table.INSPECTION, INSPECTION_KEY)
    return None if found is None else _inspection(found)


def all_outcomes(store: Store) -> Iterator[Outcome]:
    """What the inspections found that have ended, the oldest first."""
    return (_outcome(value) for _, value in pages(store, Table.INSPECTION, _ENDED))


def get_watched(store: Store, number: str) -> Watched:
    found = store.get(Table.WATCHED, key(number))
    return Watched() if found is None else _watched(found)


def all_parked(store: Store) -> Iterator[ParkedRecord]:
    return (_parked(value) for _, value in pages(store, Table.PARKED))


def all_timers(store: Store) -> Iterator[tuple[Instant, str, int]]:
    """(due, case, seq) in due order."""
    for raw, value in pages(store, Table.TIMER):
        yield int.from_bytes(raw[:8], "big") / 1000, raw[8:].decode(), int.from_bytes(value, "big")


def timers_from(store: Store, after: str | None = None) -> Iterator[tuple[str, str]]:
    """(cursor, case) of the timers in due order, or of those after a cursor. Raises `ValueError` when it is none."""
    start = None
    if after is not None:
        due, _, case = after.partition(" ")
        if not (due.isascii() and due.isdigit() and len(due) < 19 and case.isascii()):
            raise ValueError(f"{after!r} is no place among the timers")
        start = (int(due).to_bytes(8, "big") + key(case))[:MAX_KEY]
    found = ((raw, raw[8:].decode()) for raw, _ in pages(store, Table.TIMER, after=start))
    return ((f"{int.from_bytes(raw[:8], 'big')} {case}", case) for raw, case in found)


def history(
    store: Store,
    number: str,
    limit: int,
    before: Instant | None = None,
    platform: str = "",
    after: str | None = None,
    actions: tuple[str, ...] = (),
    since: Instant | None = None,
) -> tuple[list[Entry], str | None]:
    """The newest lines of a number's history, newest first, and the cursor of the page that follows, if there is one.

    Only lines older than `before` and not older than `since`, those that follow the page whose cursor is `after`, and
    those whose action begins with one of `actions`, where there are any. Raises `ValueError` when `after` is no cursor.
    Many lines share one instant: a cursor tells them apart, a time does not.
    """
    prefix = key(number) + b"\0"
    bounds = [_milliseconds(before)] if before is not None else []
    if after is not None:
        bounds.append(_read_cursor(after))
    start = prefix + min(bounds) if bounds else None
    kept: list[Entry] = []
    last = b""
    while page := store.scan(Table.HISTORY, prefix=prefix, after=start, limit=PAGE, reverse=True):
        for raw, value in page:
            if since is not None and raw[len(prefix) :] < _milliseconds(since):
                return kept, None
            entry = _entry(value)
            if (platform and entry.platform != platform) or (actions and not entry.action.startswith(actions)):
                continue
            if len(kept) == limit:
                return kept, _cursor(last)
            kept.append(entry)
            last = raw[len(prefix) :]
        if len(page) < PAGE:
            break
        start = page[-1][0]
    return kept, None


_PARTS = (8, 6, 2)
"""Bytes of the parts of a history key after the number: milliseconds, seq, n."""


def _cursor(tail: bytes) -> str:
    parts, at = [], 0
    for size in _PARTS:
        parts.append(str(int.from_bytes(tail[at : at + size], "big")))
        at += size
    return ".".join(parts)


def _read_cursor(text: str) -> bytes:
    parts = text.split(".")
    if len(parts) != len(_PARTS) or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        raise ValueError(f"{text!r} is no place in a history")
    try:
        return b"".join(int(part).to_bytes(size, "big") for part, size in zip(parts, _PARTS, strict=True))
    except OverflowError:
        raise ValueError(f"{text!r} is no place in a history") from None
