"""The rows of platforms and sources: how the numbers stand on the one, how well the other can see."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from numtrustd.actors.board import QUIET
from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.source import SourceActor
from numtrustd.api import when
from numtrustd.api.rows import Maintenance, OpenBatches, PendingLook, PlatformRow, SourceRow
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain import budget
from numtrustd.domain.maintenance import UNKNOWN_KIND, expected_end, overdue
from numtrustd.domain.observation import Instant
from numtrustd.domain.platform import Platform
from numtrustd.events import duration_for_people
from numtrustd.probes.spec import Source

SEEN = "seen by looks"
"""Whose word it is that a platform is under maintenance, where nobody declared it."""


def maintenance_of(sight: Sight, platform: str) -> Maintenance | None:
    """The platform's maintenance: as somebody declared it, else as looks see it."""
    declared = sight.house.maintenance.get(platform)
    if declared is not None and declared.lasts(sight.now()):
        rules, country = sight.context.maintenance, sight.context.country_of(platform)
        return Maintenance(
            kind=declared.kind,
            since=when(declared.since),
            by=declared.by,
            until=None if declared.until is None else when(declared.until),
            expected=shown_at(expected_end(declared, rules, country)),
            overdue=overdue(declared, sight.now(), rules, country) or None,
        )
    seen = sight.house.board.maintenance_since(platform)
    return None if seen is None else Maintenance(kind=UNKNOWN_KIND, since=when(seen), by=SEEN)


def appeal_way(sight: Sight, platform: Platform) -> str:
    """How an appeal travels there as configured now: http, manual or none."""
    if platform.appeal is None or platform.appeal.channel == "none":
        return "none"
    return "http" if isinstance(sight.context.channels.get(platform.id), HttpChannel) else "manual"


def platform_rows(sight: Sight) -> tuple[PlatformRow, ...]:
    """All platforms."""
    at = sight.house.board.platforms()
    rows = []
    for platform in sight.context.platforms.values():
        line = at.get(platform.id, QUIET)
        numbers = sight.context.seen_numbers[platform.id]
        sources = _readers(sight.context.sources, platform.id)
        rows.append(
            PlatformRow(
                platform=platform.id,
                name=platform.name,
                name_en=platform.name_en,
                kind=platform.cls,
                importance=platform.importance,
                grade=platform.grade,
                checked=platform.checked,
                sources=tuple(source.id for source in sources),
                appeal=appeal_way(sight, platform),
                numbers=numbers,
                labelled=line.labelled,
                clean=line.clean,
                certified=line.certified,
                unknown=max(0, numbers - line.labelled - line.clean - line.certified),
                blind=line.blind,
                open_cases=line.open_cases,
                maintenance=maintenance_of(sight, platform.id),
                unseen_why=None if numbers else _why_unseen(sight, platform.id, sources),
            )
        )
    return tuple(rows)


def _readers(sources: Mapping[str, Source], platform: str) -> list[Source]:
    return [s for s in sources.values() if any(r.platform == platform for r in s.readings)]


def _why_unseen(sight: Sight, platform: str, sources: Sequence[Source]) -> str:
    if sources:
        kinds = dict.fromkeys(str(kind) for source in sources for kind in source.kinds)
        return f"none of the numbers is of a kind that can be looked at there ({', '.join(kinds)})"
    if idle := _readers(sight.context.idle, platform):
        return "; ".join(f"{s.id} is off: {_why_off(s)}" for s in idle)
    known = (*sight.context.sources.values(), *sight.context.idle.values())
    if own := [s for s in known if s.id.partition(".")[0] == platform]:
        others = dict.fromkeys(reading.platform for source in own for reading in source.readings)
        answer = "answers" if len(own) == 1 else "answer"
        return f"it is not looked at itself: {', '.join(s.id for s in own)} {answer} for {', '.join(others)}"
    return "no pack has a source for it"


def _why_off(source: Source) -> str:
    return source.why_off or "switched off in the settings"


def source_rows(sight: Sight) -> tuple[SourceRow, ...]:
    """All sources, those that are switched off after the others."""
    each = (*sight.context.sources.values(), *sight.context.idle.values())
    return tuple(_source_row(sight, source) for source in each)


def _source_row(sight: Sight, source: Source) -> SourceRow:
    actor, now, told = sight.sources.get(source.id), sight.now(), sight.house.board.told_by(source.id)
    state, since, why = _health(actor, source, now)
    return SourceRow(
        source=source.id,
        title=source.title,
        kind=source.kind,
        platforms=tuple(dict.fromkeys(reading.platform for reading in source.readings)),
        state=state,
        looks=told.looks if actor is None else actor.looks,
        failures=told.failures if actor is None else actor.failed,
        waiting=0 if actor is None else actor.overdue(now)[0],
        interval=source.interval,
        cadence=source.cadence,
        grade=source.grade,
        via=sight.context.vias.get(source.id),
        since=shown_at(since),
        why=why,
        last_good=shown_at(told.last_good if actor is None else actor.record.seen_at),
        blind_since=shown_at(blind_since(actor)),
        when=source.when,
        hours=source.hours or None,
        next_slot=None if actor is None or actor.free_at <= now else when(actor.free_at),
        batches=None if actor is None else _open_batches(actor),
        http_status=None if actor is None else actor.record.http_status,
        refused_credentials=(actor.refused or None) if actor is not None else None,
        retrying=True if actor is not None and actor.refused and actor.unasked else None,
    )


def _open_batches(actor: SourceActor) -> OpenBatches | None:
    batches = actor.batches
    if not batches:
        return None
    return OpenBatches(
        open=len(batches),
        awaited=sum(len({*b.numbers, *b.late}) for b in batches),
        since=when(min(b.sent_at for b in batches)),
        next=when(due) if (due := min((b.next_at for b in batches if b.next_at), default=None)) else None,
    )


def blind_since(actor: SourceActor | None) -> Instant | None:
    """Since when nothing that the source says moves a verdict; `None` while it may."""
    if actor is None:
        return None
    parked = None if actor.parked is None else actor.parked.at
    since = (actor.record.down_since, actor.record.trust.since, parked)
    return min((at for at in since if at is not None), default=None)


def health(actor: SourceActor | None, source: Source, now: Instant) -> tuple[str, Instant | None, str | None]:
    """(state, since when, why and what to do) of a source; `api.rows.SourceRow` lists the states."""
    state, since, why = _health(actor, source, now)
    if state in ("open", "failing") and actor is not None and (names := ", ".join(actor.refused)):
        # A platform that answers 403 knows the key, perhaps, and does not let it do this.
        refused = (
            "was refused"
            if actor.record.http_status == HTTPStatus.UNAUTHORIZED
            else "was refused or does not allow this"
        )
        remedy = "put a valid key there, then reload, or under systemd restart"
        if actor.unasked:
            remedy = "it is tried again, for the first time since the last reload or start"
        why = f"{why}: HTTP {actor.record.http_status}, credential {names} {refused}; {remedy}"
    return state, since, why


def _health(actor: SourceActor | None, source: Source, now: Instant) -> tuple[str, Instant | None, str | None]:
    """(state, since when, why) of a source."""
    if actor is None and source.report is not None and source.enabled:
        return "ok", None, None
    if actor is None:
        return "off", None, _why_off(source)
    record = actor.record
    if actor.parked is not None:
        return "parked", actor.parked.at, f"{actor.parked.error_type}: {actor.parked.error_message}"
    if record.down_since is not None:
        return "open", record.down_since, f"{record.reason}, {_times(record.failures)}"
    if (trust := record.trust).since is not None:
        return "quarantined", trust.since, trust.why
    if record.retry_at > now:
        rest = duration_for_people(record.retry_at - now)
        return "limited", None, f"the platform asked for a pause, {rest} of it left"
    if (used_up := budget.again(record.spent, source.budget, now)) is not None:
        rest = duration_for_people(used_up[0] - now)
        return "limited", None, f"{used_up[1]}, it looks again in {rest}"
    if record.failures:
        return "failing", None, f"{record.reason}, {_times(record.failures)}"
    return "ok", None, None


def pending_look(actor: SourceActor, number: str, now: Instant) -> PendingLook:
    """A look that was asked of a source which has not been heard since."""
    if (batch := actor.batch_of(number)) is not None:
        return PendingLook(
            source=actor.source.id, when=shown_at(batch.next_at or None), why=f"asked in batch {batch.ref}"
        )
    if (leaves := actor.gathers_until(number)) is not None:
        return PendingLook(source=actor.source.id, when=when(leaves), why="it waits for others to go with")
    due, source = actor.due_of(number), actor.source
    at = None if due is None else max(due, actor.free_at)
    if at is None or at <= now:
        return PendingLook(source=source.id)
    state, since, why = health(actor, source, now)
    if state == "ok" or why is None:
        why = f"it is asked once in {duration_for_people(source.interval)}"
    elif since is not None:
        why = f"it has not answered for {duration_for_people(now - since)} ({why})"
    return PendingLook(source=source.id, when=when(at), why=why)


def _times(failures: int) -> str:
    return "once" if failures == 1 else f"{failures} times in a row"
