"""PURE: what a clock that ran ahead has written, put right once it was set back.

Whoever waits was to wait so long, not until that day: a date keeps what was left of it when it was set. What happened,
happened by now. What a person or a platform named as a date stays that date, whatever the clock said when it was named.
`actors.mender` has it done as soon as the clock is set back; each number does it for its own cases when it starts.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct, structs

from numtrustd.domain.case import Case
from numtrustd.domain.ledger import Charge, Standing
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.silence import Silence
from numtrustd.domain.task import Task
from numtrustd.domain.workflow import Snapshot
from numtrustd.domain.workflows.inspection import INSPECTION, InspectionData, InspectionPolicy
from numtrustd.domain.workflows.request.data import Held

SLACK = 300.0
"""Seconds by which something may lie ahead of the clock: more was written by one that has been set back since."""

HAPPENED = frozenset(
    {
        "after",
        "asked_at",
        "at",
        "began_at",
        "first_at",
        "granted_at",
        "handed_at",
        "last_at",
        "released_at",
        "sent_at",
        "since",
        "verify_from",
    }
)
"""Fields that say when something happened, in the data of any case and in what lies in it."""

WAITS = frozenset({"not_before", "review_by"})
"""Fields that say until when a case waits."""

NAMED = frozenset({"expires", "until"})
"""Fields that hold a date as it was named, or when something was over; a hold may have been for so long instead."""

S = TypeVar("S", bound=Struct)


def ahead(at: Instant | None, now: Instant) -> bool:
    """Whether this was written by a clock that has been set back since."""
    return at is not None and at > now + SLACK


def _shifted(at: Instant, back: float, now: Instant) -> Instant:
    """An instant at which something happened, by the clock as it is now."""
    return at if at <= now else min(at - back, now)


def _struct(value: S, back: float, now: Instant) -> S:
    """With all that happened put right, also in what lies in it."""
    made: dict[str, Any] = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        new: Any = old
        if isinstance(old, Held):
            new = _hold(old, back, now)
        elif isinstance(old, Struct):
            new = _struct(old, back, now)
        elif isinstance(old, tuple) and old and isinstance(old[0], Struct):
            new = tuple(_struct(each, back, now) for each in old)
        elif isinstance(old, dict) and name == "clean":
            new = {key: _struct(run, back, now) for key, run in old.items()}
        elif isinstance(old, float) and name in HAPPENED:
            new = _shifted(old, back, now)
        elif isinstance(old, float) and name == "until" and "handed_at" in value.__struct_fields__:
            new = _shifted(old, back, now)  # of a pause: when the name was shown again
        if new != old:
            made[name] = new
    return structs.replace(value, **made) if made else value


def _hold(hold: Held, back: float, now: Instant) -> Held:
    since = _shifted(hold.since, back, now)
    until = hold.until
    if until is not None and hold.lasts is not None:
        until -= hold.since - since
    return structs.replace(hold, since=since, until=until)


def _instants(value: Struct) -> Iterable[Instant]:
    """When something happened, by all that a struct holds."""
    for name in value.__struct_fields__:
        old = getattr(value, name)
        if isinstance(old, Struct):
            yield from _instants(old)
        elif isinstance(old, tuple) and old and isinstance(old[0], Struct):
            for each in old:
                yield from _instants(each)
        elif isinstance(old, dict) and name == "clean":
            for each in old.values():
                yield from _instants(each)
        elif isinstance(old, float) and name in HAPPENED:
            yield old


def case(found: Case, now: Instant, wait: Callable[[Case], Instant | None]) -> Case | None:
    """An open case that a wrong clock has set, put right; `None` for every other.

    The dates that it goes by keep what was left of them when they were set, and its present wait is worked out anew
    from them: `wait` says until when a case has to wait by its table. A cool-down that began before the clock went
    wrong ends when it was to: no platform is asked before its time.
    """
    snapshot, data = found.snapshot, found.data
    set_at = snapshot.set_at or snapshot.entered_at
    if not any(ahead(at, now) for at in (set_at, snapshot.entered_at, found.opened_at, *_instants(data))):
        return None
    back = set_at - now if ahead(set_at, now) else 0.0
    mended = _struct(data, back, now)
    moved: dict[str, Instant] = {}
    for name in WAITS.intersection(data.__struct_fields__):
        at = getattr(data, name)
        if at is None or at <= now:
            continue
        if name != "not_before" or ahead(snapshot.entered_at, now):
            moved[name] = at - back
    new = structs.replace(
        found,
        opened_at=_shifted(found.opened_at, back, now),
        snapshot=structs.replace(
            snapshot, entered_at=_shifted(snapshot.entered_at, back, now), set_at=min(set_at, now)
        ),
        data=structs.replace(mended, **moved),
    )
    due = wait(new)
    if not back or snapshot.deadline is None or due is None:
        return new
    later = structs.replace(new.snapshot, deadline=max(min(snapshot.deadline, due), now))
    return structs.replace(new, snapshot=later)


def task(found: Task, now: Instant, set_at: Instant = 0.0) -> Task | None:
    """An open task that is due by a wrong clock, put right; `None` for every other. `set_at` is when its case's wait
    was last set: one who was reminded then was given his time from then on."""
    if ahead(found.opened_at, now):
        began = found.opened_at
    elif ahead(set_at, now) and found.due > set_at:
        began = set_at
    else:
        return None
    due = max(found.due - (began - now), now)
    return structs.replace(found, opened_at=min(found.opened_at, now), due=due)


def charge(found: Charge, now: Instant) -> Charge | None:
    """A charge that is dated in the future, dated now: it counts from when that was noticed, and not for ever."""
    if found.standing is Standing.VOID or not (ahead(found.at, now) or ahead(found.settled_at, now)):
        return None
    settled = found.settled_at
    return structs.replace(found, at=min(found.at, now), settled_at=None if settled is None else min(settled, now))


def silence(found: Silence, now: Instant) -> Silence | None:
    """A silence is for so long: it ends when that is over by the clock as it is now."""
    if not ahead(found.since, now):
        return None
    return structs.replace(found, since=now, until=found.until - (found.since - now))


def maintenance(found: Maintenance, now: Instant) -> Maintenance | None:
    """A maintenance began by now; its end is the date that the platform named, and stays."""
    return structs.replace(found, since=now) if ahead(found.since, now) else None


def inspection(
    snapshot: Snapshot, data: InspectionData, now: Instant, policy: InspectionPolicy
) -> tuple[Snapshot, InspectionData] | None:
    """An inspection that waits or lasts by a wrong clock: it is worked out anew from when that was noticed."""
    if not any(ahead(at, now) for at in (snapshot.entered_at, snapshot.set_at, data.after, data.began_at)):
        return None
    mended = structs.replace(
        data, after=min(data.after, now), began_at=None if data.began_at is None else min(data.began_at, now)
    )
    row = INSPECTION.rows[INSPECTION.states(snapshot.state)]
    due = None if row.deadline is None else row.deadline(mended, now, policy)
    return structs.replace(snapshot, entered_at=min(snapshot.entered_at, now), deadline=due, set_at=now), mended
