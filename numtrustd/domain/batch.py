"""One batch of numbers handed to a platform that answers hours later: what becomes of it, purely.

It is stored before it leaves, because it costs money: what was on its way when the daemon ended, or whose answer was
lost, is never handed in again by itself. If the platform can be asked for our own reference it is; else its numbers
read unknown, and are asked again when they would be anyway. Answers come partly, late, twice or never: each number
leaves the batch when its actor has taken what it was told, and the batch is forgotten when nothing is left in it.
`actors.batch` makes the requests, `probes.collect` reads their answers.
"""

import enum
from collections.abc import Collection

from msgspec import Struct, structs

from numtrustd.domain.observation import Instant, UnknownReason


class BatchState(enum.StrEnum):
    """What is being waited for."""

    SENDING = "sending"  # stored; it may be on its way
    UNCERTAIN = "uncertain"  # nobody knows whether it arrived; a look-up will tell
    OPEN = "open"  # taken in; answers are awaited
    LATE = "late"  # given up; what comes still counts
    ENDED = "ended"  # only its numbers are still to be told


class OpenBatch(Struct, frozen=True, omit_defaults=True):
    """What is stored of a batch that is not over. Names are those of a source's diary, controls among them.

    `numbers` are awaited, `tell` are to be told that nothing was seen, for `reason`, `late` have been told and may
    still be answered, `got` is how many were. `next_at` is when the platform is asked next. `free`: it is certain that
    nothing was handed in; `absent_at` is when a look-up first did not find it.
    """

    id: str
    source: str
    ref: str
    size: int
    sent_at: Instant
    state: BatchState = BatchState.SENDING
    numbers: tuple[str, ...] = ()
    tell: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    task: str = ""
    next_at: Instant = 0.0
    asked: int = 0
    got: int = 0
    free: bool = False
    reason: UnknownReason | None = None
    detail: str = ""
    absent_at: Instant = 0.0

    @property
    def over(self) -> bool:
        """Whether nothing is left to be done."""
        return not self.numbers and not self.tell and not self.late


class Terms(Struct, frozen=True):
    """The pack's times, in seconds, and whether a batch can be looked up by our own reference."""

    ready_after: float
    poll: float
    give_up: float
    settle: float
    look_up: bool = False

    @property
    def late_poll(self) -> float:
        """Seconds between two questions after what was given up."""
        return max(self.poll, self.give_up / 12)


class Taken(Struct, frozen=True):
    """The platform has the batch, under this task id."""

    task: str


class Declined(Struct, frozen=True):
    """Certainly not taken in: never sent, or refused. `detail` is in the platform's words where it gave any."""

    reason: UnknownReason
    detail: str


class Absent(Struct, frozen=True):
    """On a look-up: the platform does not have it."""


class Unclear(Struct, frozen=True):
    """Nobody can know what became of it."""

    reason: UnknownReason
    detail: str


Submitted = Taken | Declined | Absent | Unclear

INTERRUPTED = Unclear(UnknownReason.TIMEOUT, "the daemon ended while the batch was on its way")


class News(enum.StrEnum):
    """What people are told of a step, once."""

    SUBMITTED = "submitted"
    DECLINED = "declined"
    UNCERTAIN = "uncertain"
    GIVEN_UP = "given_up"
    GONE = "gone"


class Moved(Struct, frozen=True):
    """The batch after a step. `refund` when it is certain that nothing was handed in."""

    batch: OpenBatch
    news: News | None = None
    refund: bool = False


def begin(identity: str, source: str, ref: str, numbers: Collection[str], now: Instant, size: int = 0) -> OpenBatch:
    """A batch that is about to leave; store it first. `size` is how many numbers are paid for."""
    each = tuple(dict.fromkeys(numbers))
    return OpenBatch(identity, source, ref, size or len(each), now, numbers=each, asked=0)


def submitted(batch: OpenBatch, said: Submitted, now: Instant, terms: Terms) -> Moved:
    """What came of handing it in, or of a look-up. Only a batch that is on its way or uncertain moves."""
    if batch.state not in (BatchState.SENDING, BatchState.UNCERTAIN):
        return Moved(batch)
    looked_up = batch.state is BatchState.UNCERTAIN
    match said:
        case Taken(task):
            ready = max(now, batch.sent_at + terms.ready_after)
            found = structs.replace(batch, state=BatchState.OPEN, task=task, next_at=ready, reason=None, detail="")
            return Moved(found, News.SUBMITTED)
        case Absent() if looked_up and (not batch.absent_at or now < batch.absent_at + terms.settle):
            # It may still be on its way through a queue: only what is missed again, much later, never arrived.
            first = batch.absent_at or now
            asked = structs.replace(batch, absent_at=first, next_at=first + terms.settle, asked=batch.asked + 1)
            return Moved(asked)
        case Absent() if looked_up:
            return _free(batch, UnknownReason.UNREACHABLE, "the batch never arrived", None)
        case Declined(reason, detail) if not looked_up:
            return _free(batch, reason, detail, News.DECLINED)
        case _ if looked_up:  # not found out this time
            return Moved(structs.replace(batch, next_at=now + terms.poll, asked=batch.asked + 1))
        case Unclear(reason, detail) | Declined(reason, detail):
            return Moved(_uncertain(batch, reason, detail, terms), News.UNCERTAIN)
        case _:
            detail = "the platform answered a submission as if it were a look-up"
            return Moved(_uncertain(batch, UnknownReason.BAD_SHAPE, detail, terms), News.UNCERTAIN)


def _free(batch: OpenBatch, reason: UnknownReason, detail: str, news: News | None) -> Moved:
    return Moved(structs.replace(_ended(batch, reason, detail), free=True), news, refund=True)


def _uncertain(batch: OpenBatch, reason: UnknownReason, detail: str, terms: Terms) -> OpenBatch:
    if not terms.look_up:
        return _ended(batch, reason, f"handed in, and nobody knows whether it arrived: {detail}")
    due = batch.sent_at + terms.settle
    return structs.replace(batch, state=BatchState.UNCERTAIN, next_at=due, reason=reason, detail=detail)


def _ended(batch: OpenBatch, reason: UnknownReason, detail: str) -> OpenBatch:
    tell = (*batch.tell, *(n for n in batch.numbers if n not in batch.tell))
    return structs.replace(
        batch, state=BatchState.ENDED, numbers=(), tell=tell, late=(), reason=reason, detail=detail, next_at=0.0
    )


def collected(
    batch: OpenBatch, named: Collection[str], now: Instant, terms: Terms, *, done: bool = False, gone: bool = False
) -> Moved:
    """An answer about the task was read. `named` are the awaited numbers that it has an item about: they stay until
    they have been taken. `done`: no more will come; `gone`: the platform does not know the task (any more)."""
    if batch.state not in (BatchState.OPEN, BatchState.LATE):
        return Moved(batch)
    pause = terms.poll if batch.state is BatchState.OPEN else terms.late_poll
    batch = structs.replace(batch, next_at=now + pause, asked=batch.asked + 1)
    if not done and not gone:
        return Moved(batch)
    if batch.state is BatchState.LATE:
        return Moved(structs.replace(batch, late=tuple(n for n in batch.late if n in named)))
    missing = [n for n in batch.numbers if n not in named and n not in batch.tell]
    if not missing:
        return Moved(batch)
    detail = "the platform does not know the task" if gone else "the batch is done, without an item about the number"
    kept = tuple(n for n in batch.numbers if n in named)
    told = structs.replace(
        batch, numbers=kept, tell=(*batch.tell, *missing), reason=UnknownReason.NO_CARD, detail=detail
    )
    return Moved(told, News.GONE if gone else None)


def expired(batch: OpenBatch, now: Instant, terms: Terms) -> Moved | None:
    """The step that time alone brings, if it is due: giving up, and then no longer asking after what was given up."""
    if now < batch.sent_at + terms.give_up:
        return None
    match batch.state:
        case BatchState.UNCERTAIN:
            assert batch.reason is not None
            return Moved(_ended(batch, batch.reason, f"nobody knows whether it arrived: {batch.detail}"))
        case BatchState.OPEN if batch.numbers:
            waited = structs.replace(
                batch,
                state=BatchState.LATE,
                numbers=(),
                tell=(*batch.tell, *batch.numbers),
                late=batch.numbers,
                next_at=now + terms.late_poll,
                reason=UnknownReason.PENDING,
                detail="given up: no answer came in time",
            )
            return Moved(waited, News.GIVEN_UP)
        case BatchState.LATE if batch.late and now >= batch.sent_at + 2 * terms.give_up:
            return Moved(structs.replace(batch, late=()))
    return None


def taken(batch: OpenBatch, answered: Collection[str], told: Collection[str] = ()) -> OpenBatch:
    """These numbers' actors have stored what they were given: an answer, or that there is none."""
    gone = {*answered, *told}
    return structs.replace(
        batch,
        got=min(batch.size, batch.got + len({*batch.numbers, *batch.late}.intersection(answered))),
        numbers=tuple(n for n in batch.numbers if n not in gone),
        tell=tuple(n for n in batch.tell if n not in gone),
        late=tuple(n for n in batch.late if n not in answered),
    )


def resumed(batch: OpenBatch, now: Instant, terms: Terms) -> OpenBatch:
    """The batch as of a clock that may have been set back since it was stored: no wait is longer than it can be."""
    longest = max(terms.ready_after, terms.late_poll, terms.settle)
    return structs.replace(
        batch,
        sent_at=min(batch.sent_at, now),
        next_at=min(batch.next_at, now + longest),
        absent_at=min(batch.absent_at, now),
    )
