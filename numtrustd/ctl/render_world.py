"""Where looks are made and what they say, as documents: platforms, sources, and one look. `render` has the lists of
numbers and cases.
"""

from collections.abc import Sequence
from datetime import datetime

from numtrustd.api import control, status
from numtrustd.api import incidents as api_incidents
from numtrustd.api.rows import ObservationRow, OpenBatches, PendingLook, PlatformRow, SourceRow
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.render import VERDICT_TONES, alarming, deadline, when
from numtrustd.ctl.text import local, plural

_HEALTH_TONES = {"ok": Tone.GOOD, "off": Tone.DIM, "limited": Tone.WARN}


def platforms(answer: status.PlatformList) -> Document:
    """`numtrustctl platforms`."""
    doc = Document()
    rows, now = answer.platforms, answer.now
    doc.table(
        (
            "PLATFORM",
            "NAME",
            "KIND",
            "APPEAL",
            "NUMBERS",
            "LABELLED",
            "CLEAN",
            "CERTIFIED",
            "UNKNOWN",
            "BLIND",
            "CASES",
            "LOOKED AT THROUGH",
            "NOTE",
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                r.name,
                r.kind,
                r.appeal,
                r.numbers or None,
                alarming(r.labelled),
                r.clean or None,
                r.certified or None,
                Cell(str(r.unknown), Tone.WARN) if r.unknown else None,
                Cell(str(r.blind), Tone.WARN) if r.blind else None,
                r.open_cases or None,
                " ".join(r.sources) or Cell("no source in use", Tone.WARN),
                _note(r, now),
            )
            for r in rows
        ],
        "no platforms",
    )
    doc.line()
    doc.line(_sum(rows))
    if not all(r.sources for r in rows):
        doc.hint("sources", "the sources that are off, and what each needs")
    return doc


def _note(row: PlatformRow, now: datetime) -> Cell | None:
    notes = [row.unseen_why] if row.unseen_why else []
    if row.maintenance is not None:
        kind = "" if row.maintenance.kind == "unknown" else f"{row.maintenance.kind} "
        overdue = ", overdue" if row.maintenance.overdue else ""
        notes.append(f"{kind}maintenance since {local(row.maintenance.since, now)}{overdue}")
    return Cell("; ".join(notes), Tone.WARN) if notes else None


def _sum(rows: Sequence[PlatformRow]) -> str:
    """How many platforms somebody looks at, which is not how many are known."""
    seen = sum(1 for r in rows if r.sources and r.numbers)
    idle = sum(1 for r in rows if r.sources) - seen
    unseen = len(rows) - seen - idle
    parts = [f"{plural(len(rows), 'platform')}: {seen} looked at"]
    if idle:
        parts.append(f"{idle} with a source in use that can look at none of your numbers")
    if unseen:
        parts.append(f"{unseen} without a source in use")
    return ", ".join(parts)


def sources(answer: status.SourceList) -> Document:
    """`numtrustctl sources`."""
    doc = Document()
    doc.table(
        (
            "SOURCE",
            "KIND",
            "STATE",
            "SINCE",
            "LOOKS",
            "FAILED",
            "WAITING",
            "LAST GOOD",
            "NEXT SLOT",
            "BATCHES",
            "VIA",
            "PLATFORMS",
            "WHY",
        ),
        [
            (
                Cell(r.source, Tone.STRONG),
                r.kind,
                Cell(r.state, _HEALTH_TONES.get(r.state, Tone.BAD)),
                when(r.since, answer.now),
                r.looks,
                r.failures or None,
                r.waiting or None,
                when(r.last_good, answer.now),
                when(r.next_slot, answer.now),
                _batches(r.batches, answer.now),
                r.via,
                " ".join(r.platforms),
                _source_why(r, answer.now),
            )
            for r in answer.sources
        ],
        "no sources",
    )
    return doc


def _batches(open_: OpenBatches | None, now: datetime) -> str | None:
    """What was handed in, since when, and when the platform is asked next."""
    if open_ is None:
        return None
    said = f"{open_.open}: {plural(open_.awaited, 'number')} since {local(open_.since, now)}"
    return said if open_.next is None else f"{said}, next {local(open_.next, now)}"


def _source_why(r: SourceRow, now: datetime) -> str | None:
    """Why it is in its state; since when it is blind, where that began before its present state did; when it is asked,
    where that is not always.
    """
    blind = None if r.blind_since in (None, r.since) else f"blind since {local(r.blind_since, now)}"
    doubt = "asked only in doubt" if r.when == "doubt" else None
    return "; ".join(filter(None, (r.why, blind, doubt, r.hours and f"asked only at {r.hours}"))) or None


def observation_table(doc: Document, rows: Sequence[ObservationRow]) -> None:
    """What looks said."""
    doc.table(
        (
            "PLATFORM",
            "SAYS",
            "WORDS",
            "CATEGORY",
            "MARKS",
            "NAME",
            "LOGO",
            "TAG",
            "SOURCE",
            "SURFACE",
            "RULE",
            "WHY UNKNOWN",
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                Cell(r.status, VERDICT_TONES.get(r.status, Tone.PLAIN)),
                r.words,
                r.category,
                r.marks,
                r.shown_name,
                r.logo,
                r.tag,
                r.source,
                None if r.surface == "default" else r.surface,
                r.rule,
                ": ".join(t for t in (r.reason, r.detail) if t),
            )
            for r in rows
        ],
    )


def looked(answer: control.LookResult) -> Document:
    """`numtrustctl look`."""
    doc = Document()
    doc.line(f"asked {', '.join(answer.sources) or 'no source'} about", Cell(answer.number, Tone.STRONG))
    if answer.observations:
        observation_table(doc, answer.observations)
    for look in answer.pending or ():
        doc.line(_pending(look, answer.now))
    if answer.pending or not answer.observations:
        doc.line(f"what they see will show as the last look in `numtrustctl number {answer.number}`")
    doc.line("it counts like any other look; the history shows what changes, not single looks")
    doc.hint(f"number {answer.number}", "what is believed now, and the last look")
    doc.hint(f"explain {answer.number}", "how many looks it takes")
    return doc


def observed(answer: control.ObserveResult) -> Document:
    """`numtrustctl observe`."""
    doc = Document()
    what = f"{answer.status} ({answer.category})" if answer.category else answer.status
    place = f"{answer.platform}/{answer.surface}"
    doc.line("stored:" if answer.counted else "not counted:", Cell(answer.number, Tone.STRONG), f"{what} on {place}")
    if answer.why:
        doc.line(Cell(answer.why, Tone.WARN))
    elif answer.old == answer.new:
        doc.line(f"{answer.platform} is believed to be {answer.new}, as before")
    else:
        doc.line(f"{answer.platform} is believed to be {answer.new} now; it was {answer.old}")
    doc.hint(f"explain {answer.number} {answer.platform}", "who saw what, and how many looks it takes")
    return doc


def _pending(look: PendingLook, now: datetime) -> Cell:
    if look.when is None:
        return Cell(f"{look.source} is being asked and has not answered yet", Tone.WARN)
    why = f"; not sooner, because {look.why}" if look.why else ""
    return Cell(f"{look.source} looks at the soonest at {local(look.when, now)}{why}", Tone.WARN)


def incidents(pages: Sequence[api_incidents.IncidentPage]) -> Document:
    """`numtrustctl incidents`."""
    doc = Document()
    doc.table(
        ("INCIDENT", "WHY", "STATE", "SINCE", "SUBMIT", "FOLLOW UP", "RESOLVE", "WAITS FOR"),
        [
            (
                Cell(r.incident, Tone.STRONG),
                r.why,
                r.outcome or r.state,
                when(r.since, page.now),
                *(_mark(mark, page.now) for mark in r.marks),
                " ".join(r.cases) or None,
            )
            for page in pages
            for r in page.incidents
        ],
        "no emergencies",
    )
    return doc


def _mark(mark: api_incidents.MarkRow, now: datetime) -> Cell | None:
    if mark.met is None:
        return deadline(mark.due, now)
    return Cell("met", Tone.GOOD) if mark.met else Cell("missed", Tone.BAD)
