"""Takes in what the company tells of its own calls: checked whole, stored before it is acknowledged, last word wins.

`control` hands the calls over. The records lie under each number's own key; the numbers' actors read them when a label
appears.
"""

import contextlib
from collections.abc import Iterator
from datetime import date, timedelta

import trio
from msgspec import structs

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight
from numtrustd.actors.decision import entry_of
from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Complained
from numtrustd.api import calls, errors, when
from numtrustd.domain import call_stats, prevention
from numtrustd.domain.benefit import by_tag
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.identity import joined
from numtrustd.domain.prevention import News, Warned
from numtrustd.events import CallsRecorded, ComplaintRecorded, ComplaintsHigh, Event, NumberWarned
from numtrustd.store import Batch, Table, records
from numtrustd.varlink.interface import CallError

PATIENCE = 30
"""Times that a busy number is told of its complaints, a second apart."""

SAID = 20
"""Faults of one report that are told; the rest is only counted."""

BESIDE = 0xFFFE
"""Where a line of history stands among those that the number's own actor writes in the same millisecond; the complaints
of a day tell its lines apart.
"""


class CallDesk:
    """One per daemon. One report at a time: a complaint adds to what is stored."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._turn = trio.Lock()

    async def report(self, rows: tuple[calls.CallDay, ...], by: str) -> calls.CallsTaken:
        """Store every row, or none. Raises `CallError` with all that is wrong."""
        sight = self._sight
        today = call_stats.day_of(sight.now(), sight.context.cause.zone)
        days: dict[tuple[str, str], DayCalls] = {}
        wrong: list[str] = []
        for i, row in enumerate(rows):
            try:
                number = arguments.watched(sight, row.number).number
            except CallError as error:
                wrong.append(f"rows[{i}].number: {row.number}: {getattr(error.parameters, 'why', '')}")
                continue
            told = DayCalls(
                row.day,
                row.calls,
                row.answered,
                row.short or 0,
                row.complaints or 0,
                row.off_hours or 0,
                row.purpose or "",
            )
            wrong += [f"rows[{i}].{field}: {what}" for field, what in call_stats.faults(told, today)]
            if (number, row.day) in days:
                wrong.append(f"rows[{i}].day: {row.day} of {number} stands there twice")
            days[number, row.day] = told
        if wrong:
            more = f" (and {len(wrong) - SAID} more)" if len(wrong) > SAID else ""
            raise CallError(errors.InvalidArgument("rows", "; ".join(wrong[:SAID]) + more))
        oldest = (today - timedelta(days=call_stats.KEPT)).isoformat()
        batch = Batch()
        numbers = sorted({number for number, _ in days})
        async with self._turn:
            for (number, _), told in days.items():
                records.put_calls(batch, number, told)
            news = []
            for number in numbers:
                kept = {old.day: old for old in records.calls(sight.house.store, number)}
                for day in kept:
                    if day < oldest:
                        batch.delete(Table.CALLS, records.calls_key(number, day))
                kept |= {day: told for (of, day), told in days.items() if of == number}
                news.append((number, self._judge(batch, number, list(kept.values()), today)))
            await sight.house.store.commit(batch)
        sight.house.log.emit(
            CallsRecorded(
                numbers_told=len(numbers), days=len(days), first_day=min(d for _, d in days), by=by,
                last_day=max(d for _, d in days),
            )
        )  # fmt: skip
        for number, found in news:
            await self._say(number, found)
        return calls.CallsTaken(now=when(sight.now()), days=len(days), numbers=len(numbers))

    async def complain(self, number: str, day: str | None, text: str, by: str) -> calls.ComplaintTaken:
        """One complaint more on a day. Raises `CallError`."""
        sight, owned = self._sight, arguments.watched(self._sight, number)
        today = call_stats.day_of(sight.now(), sight.context.cause.zone)
        which = today.isoformat() if day is None else day
        if faults := call_stats.faults(DayCalls(which), today):
            raise CallError(errors.InvalidArgument("day", faults[0][1]))
        store = sight.house.store
        async with self._turn:
            days = {told.day: told for told in records.calls(store, owned.number)}
            before = days.get(which, DayCalls(which))
            after = structs.replace(before, complaints=before.complaints + 1)
            event = ComplaintRecorded(
                number=owned.number, day=which, complaints=after.complaints, said=text or None, by=by
            )
            batch = Batch()
            records.put_calls(batch, owned.number, after)
            records.put_entry(batch, owned.number, entry_of(event, sight.now(), by), after.complaints, BESIDE)
            found = self._judge(batch, owned.number, [*(days | {which: after}).values()], today, after.complaints)
            await store.commit(batch)
        sight.house.log.emit(event)
        await self._say(owned.number, found)
        return calls.ComplaintTaken(now=when(sight.now()), number=owned.number, day=which, complaints=after.complaints)

    def _judge(self, batch: Batch, number: str, days: list[DayCalls], today: date, seq: int = 0) -> News:
        """What the days say that was not said before; it is remembered, and written down, with what is stored."""
        sight = self._sight
        before = records.get_watched(sight.house.store, number)
        found = prevention.news(days, before, today, sight.context.prevention)
        if found.watched != before:
            records.put_watched(batch, number, found.watched)
        for n, event in enumerate(_events(number, found)):
            records.put_entry(batch, number, entry_of(event, sight.now()), seq, BESIDE - 2 - n)
        return found

    async def _say(self, number: str, found: News) -> None:
        for event in _events(number, found):
            self._sight.house.log.emit(event)
        for day, _ in found.complaints:
            await self._alarm(number, day)

    async def _alarm(self, number: str, day: DayCalls) -> None:
        """Let the number's actor open an emergency. One that is too busy, or parked, looks at the recent complaints
        when it next starts."""
        actor = self._sight.house.numbers.get(number)
        for _ in range(PATIENCE):
            if actor is None or actor.closed:
                return
            with contextlib.suppress(BusyError):
                actor.post(Complained(day))
                return
            await trio.sleep(1.0)


def _events(number: str, found: News) -> list[Event]:
    warned = [NumberWarned(number=number, reason=w.habit, facts=w.facts) for w in found.warned]
    high = [
        ComplaintsHigh(number=number, day=day.day, complaints=day.complaints, state=level.word)
        for day, level in found.complaints
    ]
    return [*warned, *high]


def warnings_of(sight: Sight, number: str) -> tuple[Warned, ...]:
    """The habits of a number that platforms mark numbers for, by what was told of its calls."""
    today = call_stats.day_of(sight.now(), sight.context.cause.zone)
    return prevention.warnings(records.calls(sight.house.store, number), today, sight.context.prevention)


def calls_view(sight: Sight, text: str, limit: int) -> calls.CallsView:
    """What was told of a number's calls."""
    number = arguments.recorded(sight, text)
    days = records.calls(sight.house.store, number)[::-1][:limit]
    return calls.CallsView(
        now=when(sight.now()),
        number=number,
        days=tuple(
            calls.CallDay(
                number=number,
                day=d.day,
                calls=d.calls,
                answered=d.answered,
                short=d.short,
                complaints=d.complaints,
                off_hours=d.off_hours,
                purpose=d.purpose or None,
            )
            for d in days
        ),
        tags=tuple(_by_tag(sight, number)) or None,
    )


def _by_tag(sight: Sight, number: str) -> Iterator[calls.TagRate]:
    wanted = joined(sight.owned(number).wanted, sight.record(number).wanted)
    if wanted is None or not wanted.tags:
        return
    for tag, rate in by_tag(records.calls(sight.house.store, number), wanted.tags, sight.context.cause.zone):
        yield calls.TagRate(tag=tag or None, days=rate.days, calls=rate.calls, answered=rate.answered)
