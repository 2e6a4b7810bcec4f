"""The regular inspection of everything that is shown: monthly, or every two weeks [S1].

It waits for its day, has the handsets looked at anew, gives people a week for that, and ends with one summary. It is
the company's and of no number: `actors.inspector` runs it and stores it by itself.
"""

import enum
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, structs

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event, Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows.request.data import CommonData

HOUR = 3_600.0
FORTNIGHT = timedelta(days=14)
BEGINS_AT = time(9)
"""When an inspection begins on its day, local time."""


class S(enum.StrEnum):
    """Where an inspection can stand."""

    WAITING = "waiting"
    LOOKING = "looking"
    CLOSED = "closed"


class InspectionData(CommonData, frozen=True, omit_defaults=True, tag="inspection"):
    """What an inspection remembers: when the one before began, and when this one did."""

    after: Instant = 0.0
    began_at: Instant | None = None


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What the `n`th inspection found, kept for those who ask later; `spent` is that of its month so far,
    `forecast` what the month will come to at most, both in fen."""

    n: int
    began_at: Instant
    ended_at: Instant
    numbers: int
    looks_wanted: int
    looks_made: int
    labelled: int = 0
    open_cases: int = 0
    inconsistent: int = 0
    wrong_names: int = 0
    stale_tags: int = 0
    papers: tuple[str, ...] = ()
    quotas: tuple[str, ...] = ()
    spent: int = 0
    forecast: int = 0


class InspectionPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[inspection]`: how often, on which day of the month, and how many seconds people have for their looks."""

    every: Literal["monthly", "two_weekly", "off"] = "monthly"
    day: Annotated[int, Meta(ge=1, le=31)] = 20
    lasts: Annotated[float, Meta(gt=0)] = 604_800.0
    zone: str = "Asia/Shanghai"


class AllSeen(Event, frozen=True):
    """Every look that was wanted has been made."""


class BeginLooks(Effect, frozen=True):
    """Have every handset looked at anew."""


class Summarise(Effect, frozen=True):
    """Say what the inspection found."""


def next_day(after: Instant, policy: InspectionPolicy) -> Instant:
    """When the inspection after one that began at `after` begins: the day of a month, or a fortnight later. A month
    that has no such day has it on its last."""
    zone = ZoneInfo(policy.zone)
    last = datetime.fromtimestamp(after, zone).date()
    if policy.every == "two_weekly":
        found = last + FORTNIGHT
    else:
        found = _in_month(last.year, last.month, policy.day)
        if found <= last:
            year, month = (last.year + 1, 1) if last.month == 12 else (last.year, last.month + 1)
            found = _in_month(year, month, policy.day)
    return datetime.combine(found, BEGINS_AT, zone).astimezone(UTC).timestamp()


def _in_month(year: int, month: int, day: int) -> date:
    following = date(year + (month == 12), month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day - 1), following - timedelta(days=1))


def switched_off(data: InspectionData, event: object, now: Instant, policy: InspectionPolicy) -> bool:
    return policy.every == "off"


def not_yet(data: InspectionData, event: object, now: Instant, policy: InspectionPolicy) -> bool:
    """The day was put off by the settings since the timer was set."""
    return now < next_day(data.after, policy)


def note_begin(data: InspectionData, event: object, now: Instant, policy: InspectionPolicy) -> InspectionData:
    return structs.replace(data, began_at=now)


def begin_looks(data: InspectionData, event: object, now: Instant, policy: InspectionPolicy) -> Effect:
    return BeginLooks()


def summarise(data: InspectionData, event: object, now: Instant, policy: InspectionPolicy) -> Effect:
    return Summarise()


def _on_its_day(data: InspectionData, now: Instant, policy: InspectionPolicy) -> Instant:
    return max(next_day(data.after, policy), now + (HOUR if policy.every == "off" else 0.0))


def _when_over(data: InspectionData, now: Instant, policy: InspectionPolicy) -> Instant:
    return max((now if data.began_at is None else data.began_at) + policy.lasts, now)


ROWS: dict[S, Row[S]] = {
    S.WAITING: Row(
        meaning="waiting for the day of the next inspection",
        who=Who.DAEMON,
        then="has every handset looked at anew",
        deadline=_on_its_day,
        on={
            TimedOut: (
                To(S.WAITING, when=switched_off),
                To(S.WAITING, when=not_yet),
                To(S.LOOKING, (begin_looks,), update=note_begin),
            ),
        },
        ignore=frozenset({AllSeen}),
    ),
    S.LOOKING: Row(
        meaning="people look at what the handsets show",
        who=Who.PERSON,
        then="ends with what was seen by then",
        deadline=_when_over,
        on={
            TimedOut: To(S.CLOSED, (summarise,)),
            AllSeen: To(S.CLOSED, (summarise,)),
        },
    ),
    S.CLOSED: Row(
        meaning="over; what it found was said",
        who=Who.NOBODY,
        final=True,
        ignore=frozenset({TimedOut, AllSeen}),
    ),
}

INSPECTION: Workflow[S, InspectionData, InspectionPolicy] = Workflow(
    name="inspection",
    version=1,
    states=S,
    start=S.WAITING,
    events=(TimedOut, AllSeen),
    rows=ROWS,
    data=InspectionData,
    policy=InspectionPolicy,
)
