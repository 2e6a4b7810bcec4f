"""The emergency of a number: what opens one, what its cases mean to it, and what is said of its marks. Pure.

`workflows.incident` has its table; `kin` lets it happen beside the number's other cases.
"""

from collections.abc import Iterable, Iterator

from numtrustd.actors.context import Context
from numtrustd.domain.case import Case, track
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.record import CaseRef, NumberRecord
from numtrustd.domain.workflows.incident import IncidentData, IncidentPolicy, MarkName
from numtrustd.domain.workflows.request.holding import HELD
from numtrustd.events import Event, IncidentClosed, IncidentMilestone, IncidentOpened

WATCHED = ("appeal", "correction", "tag")
"""The kinds of case that an incident waits for."""

MOMENT = 60.0
"""Seconds in which nobody does anything: a mark that is no further away has passed."""

TRACK = track("", "incident")


def running(record: NumberRecord) -> str | None:
    """The id of a number's open incident."""
    ref = record.tracks.get(TRACK)
    return ref.id if ref is not None and ref.open else None


def watched(context: Context, record: NumberRecord) -> Iterator[CaseRef]:
    """The number's open cases on platforms that matter."""
    kinds = [("appeal", ref) for ref in record.cases.values()]
    kinds += [(name.rpartition(":")[2], ref) for name, ref in record.tracks.items()]
    for kind, ref in kinds:
        if ref.open and matters(context, kind, (ref.platform, *ref.displays)):
            yield ref


def matters(context: Context, kind: str, about: Iterable[str]) -> bool:
    """Whether an incident waits for a case of this kind, about these platforms."""
    return kind in WATCHED and any((p := context.platforms.get(x)) and p.core for x in about)


def next_mark(context: Context, record: NumberRecord, now: float) -> float:
    """When people are next to have done their part of the number's emergency; 0 without one, or after its marks."""
    ref, rules = record.tracks.get(TRACK), context.incident
    if ref is None or not ref.open:
        return 0.0
    marks = (rules.submit_within - rules.due_before, rules.submit_within, rules.follow_up_within, rules.resolve_within)
    return min((at for within in marks if (at := ref.since + within) > now + MOMENT), default=0.0)


def _still_shown(context: Context, record: NumberRecord) -> Iterator[str]:
    """Harmful labels on platforms that matter, also where nobody takes an appeal."""
    for platform, found in record.findings.items():
        known = context.platforms.get(platform)
        if known is not None and known.core and found.kind is FindingKind.MISLABEL:
            yield f"{platform} {found.why}"


def policy(context: Context, record: NumberRecord) -> IncidentPolicy:
    """What configuration and the number's cases say to its incident."""
    rules = context.incident
    cases = list(watched(context, record))
    shown = tuple(_still_shown(context, record))
    # What a person holds nobody does anything for: whatever was sent before, it is not counted as handed in.
    unsent = tuple(
        f"{ref.id} is held" if ref.state == HELD else ref.id
        for ref in cases
        if ref.sent_at is None or ref.state == HELD
    )
    return IncidentPolicy(
        submit_within=rules.submit_within,
        follow_up_within=rules.follow_up_within,
        resolve_within=rules.resolve_within,
        remind_interval=context.appeal.remind_interval,
        sent=not unsent,
        sent_at=max((ref.sent_at for ref in cases if ref.sent_at is not None), default=0.0),
        ended=not cases and not shown,
        unsent=unsent,
        unended=(*(f"{ref.id} is {ref.state}" for ref in cases), *shown),
    )


def due(data: IncidentData, name: MarkName, rules: IncidentPolicy) -> float:
    """When a mark comes due."""
    within = {
        MarkName.SUBMIT: rules.submit_within,
        MarkName.FOLLOW_UP: rules.follow_up_within,
        MarkName.RESOLVE: rules.resolve_within,
    }
    return data.since + within[name]


def said(before: Case | None, after: Case, rules: IncidentPolicy) -> Iterator[Event]:
    """What a step of an incident means to whoever follows the marks."""
    data = after.data
    assert isinstance(data, IncidentData)
    if before is None:
        yield IncidentOpened(
            incident=after.id,
            number=after.number,
            why="; ".join(data.facts),
            deadline=due(data, MarkName.RESOLVE, rules),
        )
        return
    old = before.data
    assert isinstance(old, IncidentData)
    known = {mark.name for mark in old.marks} if old.since == data.since else set()
    for mark in data.marks:
        if mark.name not in known:
            lacking = rules.unsent if mark.name is MarkName.SUBMIT else rules.unended
            yield IncidentMilestone(
                incident=after.id,
                number=after.number,
                mark=mark.name,
                met=mark.met,
                due=due(data, mark.name, rules),
                why=None if mark.met else "; ".join(lacking) or "too late",
            )
    if not after.open and before.open:
        yield IncidentClosed(
            incident=after.id,
            number=after.number,
            outcome=after.outcome,
            took_seconds=(after.closed_at or data.since) - data.since,
        )
