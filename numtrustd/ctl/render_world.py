"""Where looks are made and what they say, as documents: platforms, sources, and one look. `render` has the lists of
numbers and cases.
"""

from collections.abc import Sequence
from datetime import datetime

from numtrustd.api import control, status
from numtrustd.api import incidents as api_incidents
from numtrustd.api.rows import ObservationRow, OpenBatches, PendingLook, PlatformRow, SourceRow
from numtrustd.ctl import names
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn, word
from numtrustd.ctl.render import VERDICT_TONES, alarming, deadline, when
from numtrustd.ctl.sentences import said
from numtrustd.ctl.text import local

_HEALTH_TONES = {"ok": Tone.GOOD, "off": Tone.DIM, "limited": Tone.WARN}


def health(state: str) -> Cell:
    """The state of a source: to who reads that one is `open`, as a breaker is called, it is well."""
    return Cell(word("down") if state == "open" else word(state), _HEALTH_TONES.get(state, Tone.BAD))


def platforms(answer: status.PlatformList, *, everything: bool = True) -> Document:
    """`numtrustctl platforms`. Those without a source come last and are only counted, where nothing is known of them
    either and not `everything` is wanted.
    """
    doc = Document()
    now = answer.now
    rows = sorted(answer.platforms, key=lambda r: not r.sources)
    shown = [r for r in rows if everything or r.sources or r.labelled or r.open_cases or r.maintenance is not None]
    doc.table(
        (
            tr("PLATFORM"),
            Column(tr("NAME"), drop=2, cut=12),
            Column(tr("KIND"), drop=9),
            Column(tr("APPEAL"), drop=3),
            tr("NUMBERS"),
            tr("LABELLED"),
            Column(tr("CLEAN"), drop=6),
            Column(tr("CERTIFIED"), drop=7),
            Column(tr("UNKNOWN"), drop=5),
            Column(tr("BLIND"), drop=4),
            tr("CASES"),
            Column(tr("LOOKED AT THROUGH"), drop=8),
            Column(tr("NOTE"), prose=True),
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                names.of_row(r),
                word(r.kind),
                word(r.appeal),
                r.numbers or None,
                alarming(r.labelled),
                r.clean or None,
                r.certified or None,
                Cell(str(r.unknown), Tone.WARN) if r.unknown else None,
                Cell(str(r.blind), Tone.WARN) if r.blind else None,
                r.open_cases or None,
                " ".join(r.sources) or Cell(tr("no source in use"), Tone.WARN),
                _note(r, now),
            )
            for r in shown
        ],
        tr("no platform has a source in use") if rows else tr("no platforms"),
    )
    doc.line()
    doc.line(_sum(rows))
    if len(shown) < len(rows):
        doc.hint("platforms --all", tr("the others, too, and why nobody looks at each"))
    if not all(r.sources for r in rows):
        doc.hint("sources --all", tr("the sources that are off, and what each needs"))
    return doc


def _note(row: PlatformRow, now: datetime) -> Cell | None:
    notes = [said(row.unseen_why)] if row.unseen_why else []
    if row.maintenance is not None:
        since = local(row.maintenance.since, now)
        if row.maintenance.kind == "unknown":
            since_when = tr("maintenance since {since}").format(since=since)
        else:
            since_when = tr("{kind} maintenance since {since}").format(kind=word(row.maintenance.kind), since=since)
        notes.append(tr("{said}, overdue").format(said=since_when) if row.maintenance.overdue else since_when)
    return Cell(listed(notes, "; "), Tone.WARN) if notes else None


def _sum(rows: Sequence[PlatformRow]) -> str:
    """How many platforms somebody looks at, which is not how many are known."""
    seen = sum(1 for r in rows if r.sources and r.numbers)
    idle = sum(1 for r in rows if r.sources) - seen
    unseen = len(rows) - seen - idle
    parts = [tr("{rows}: {seen} looked at").format(rows=trn("{n} platform", "{n} platforms", len(rows)), seen=seen)]
    if idle:
        parts.append(tr("{idle} with a source in use that can look at none of your numbers").format(idle=idle))
    if unseen:
        parts.append(tr("{unseen} without a source in use").format(unseen=unseen))
    return listed(parts)


def sources(answer: status.SourceList, *, everything: bool = True) -> Document:
    """`numtrustctl sources`. Those that are off come last, and are only counted where not `everything` is wanted."""
    doc = Document()
    rows = sorted(answer.sources, key=lambda r: r.state == "off")
    shown = [r for r in rows if everything or r.state != "off"]
    doc.table(
        (
            tr("SOURCE"),
            Column(tr("KIND"), drop=4),
            tr("STATE"),
            Column(tr("SINCE"), drop=6),
            tr("LOOKS"),
            tr("FAILED"),
            Column(tr("WAITING"), drop=2),
            Column(tr("LAST GOOD"), drop=1),
            Column(tr("NEXT SLOT"), drop=5),
            Column(tr("BATCHES"), drop=3),
            Column(tr("VIA"), drop=7),
            Column(tr("PLATFORMS"), drop=8),
            Column(tr("WHY"), prose=True),
        ),
        [
            (
                Cell(r.source, Tone.STRONG),
                word(r.kind),
                health(r.state),
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
            for r in shown
        ],
        tr("no source is in use") if rows else tr("no sources"),
    )
    if shown:
        doc.line()
        doc.line(tr("looks, and those that failed, are counted since the daemon was started"))
    if off := len(rows) - len(shown):
        doc.line(
            trn(
                "{n} more source is off: --all shows it, and what it needs",
                "{n} more sources are off: --all shows them, and what each needs",
                off,
            )
        )
    return doc


def _batches(open_: OpenBatches | None, now: datetime) -> str | None:
    """What was handed in, since when, and when the platform is asked next."""
    if open_ is None:
        return None
    awaited, since = trn("{n} number", "{n} numbers", open_.awaited), local(open_.since, now)
    asked = tr("{open}: {awaited} since {since}").format(open=open_.open, awaited=awaited, since=since)
    return asked if open_.next is None else tr("{said}, next {next}").format(said=asked, next=local(open_.next, now))


def _source_why(r: SourceRow, now: datetime) -> str | None:
    """Why it is in its state; since when it is blind, where that began before its present state did; when it is asked,
    where that is not always.
    """
    blind = (
        None
        if r.blind_since in (None, r.since)
        else tr("blind since {blind_since}").format(blind_since=local(r.blind_since, now))
    )
    doubt = tr("asked only in doubt") if r.when == "doubt" else None
    hours = r.hours and tr("asked only at {hours}").format(hours=r.hours)
    return listed(filter(None, (said(r.why), _refused(r), blind, doubt, hours)), "; ") or None


def _refused(r: SourceRow) -> str | None:
    """Which credential the platform did not accept, and what to do about it."""
    if not r.refused_credentials:
        return None
    names = listed(r.refused_credentials)
    if r.retrying:
        again = tr(
            "HTTP {status}: credential {names} was refused; since the last reload or start it has not been asked yet, "
            "it is tried again"
        )
        return again.format(status=r.http_status, names=names)
    text = tr(
        "HTTP {status}: credential {names} was refused; put a valid key there, then `numtrustctl reload`, or under "
        "systemd `systemctl restart numtrustd`"
    )
    return text.format(status=r.http_status, names=names)


def observation_table(doc: Document, rows: Sequence[ObservationRow]) -> None:
    """What looks said."""
    doc.table(
        (
            tr("PLATFORM"),
            tr("SAYS"),
            tr("WORDS"),
            tr("CATEGORY"),
            tr("MARKS"),
            tr("NAME"),
            tr("LOGO"),
            tr("TAG"),
            tr("SOURCE"),
            tr("SURFACE"),
            tr("RULE"),
            tr("WHY UNKNOWN"),
        ),
        [
            (
                Cell(r.platform, Tone.STRONG),
                Cell(word(r.status), VERDICT_TONES.get(r.status, Tone.PLAIN)),
                r.words,
                word(r.category),
                r.marks,
                r.shown_name,
                r.logo,
                r.tag,
                r.source,
                None if r.surface == "default" else r.surface,
                r.rule,
                ": ".join(t for t in (word(r.reason), said(r.detail)) if t),
            )
            for r in rows
        ],
    )


def looked(answer: control.LookResult) -> Document:
    """`numtrustctl look`."""
    doc = Document()
    sources = listed(answer.sources) or tr("no source")
    doc.line(tr("asked {sources} about").format(sources=sources), Cell(answer.number, Tone.STRONG))
    if answer.observations:
        observation_table(doc, answer.observations)
    for look in answer.pending or ():
        doc.line(_pending(look, answer.now))
    if answer.pending or not answer.observations:
        doc.line(
            tr("what they see will show as the last look in `numtrustctl number {number}`").format(number=answer.number)
        )
    doc.line(tr("it counts like any other look; the history shows what changes, not single looks"))
    doc.hint(f"number {answer.number}", tr("what is believed now, and the last look"))
    doc.hint(f"explain {answer.number}", tr("how many looks it takes"))
    return doc


def observed(answer: control.ObserveResult) -> Document:
    """`numtrustctl observe`."""
    doc = Document()
    what = f"{word(answer.status)} ({word(answer.category)})" if answer.category else word(answer.status)
    place = f"{answer.platform}/{answer.surface}"
    doc.line(
        tr("stored:") if answer.counted else tr("not counted:"),
        Cell(answer.number, Tone.STRONG),
        tr("{what} on {place}").format(what=what, place=place),
    )
    if answer.why:
        doc.line(Cell(said(answer.why), Tone.WARN))
    elif answer.old == answer.new:
        doc.line(
            tr("{platform} is believed to be {new}, as before").format(platform=answer.platform, new=word(answer.new))
        )
    else:
        doc.line(
            tr("{platform} is believed to be {new} now; it was {old}").format(
                platform=answer.platform, new=word(answer.new), old=word(answer.old)
            )
        )
    doc.hint(f"explain {answer.number} {answer.platform}", tr("who saw what, and how many looks it takes"))
    return doc


def _pending(look: PendingLook, now: datetime) -> Cell:
    if look.when is None:
        return Cell(tr("{source} is being asked and has not answered yet").format(source=look.source), Tone.WARN)
    why = tr("; not sooner, because {why}").format(why=said(look.why)) if look.why else ""
    return Cell(
        tr("{source} looks at the soonest at {when}{why}").format(
            source=look.source, when=local(look.when, now), why=why
        ),
        Tone.WARN,
    )


def incidents(pages: Sequence[api_incidents.IncidentPage]) -> Document:
    """`numtrustctl incidents`."""
    doc = Document()
    doc.table(
        (
            tr("INCIDENT"),
            tr("STATE"),
            Column(tr("SINCE"), drop=1),
            tr("SUBMIT"),
            tr("FOLLOW UP"),
            tr("RESOLVE"),
            Column(tr("WAITS FOR"), drop=2),
            Column(tr("WHY"), prose=True),
        ),
        [
            (
                Cell(r.incident, Tone.STRONG),
                word(r.outcome or r.state),
                when(r.since, page.now),
                *(_mark(mark, page.now) for mark in r.marks),
                " ".join(r.cases) or None,
                said(r.why),
            )
            for page in pages
            for r in page.incidents
        ],
        tr("no emergencies"),
    )
    for row in [r for page in pages for r in page.incidents][:1]:
        doc.hint(f"case {row.incident}", tr("the case in full"))
    return doc


def _mark(mark: api_incidents.MarkRow, now: datetime) -> Cell | None:
    if mark.met is None:
        return deadline(mark.due, now)
    return Cell(tr("met"), Tone.GOOD) if mark.met else Cell(tr("missed"), Tone.BAD)


def maintenance(c: control.MaintenanceChange) -> Document:
    """`numtrustctl maintenance`."""
    doc = Document()
    doc.line(
        Cell(f"{c.platform}:", Tone.STRONG),
        tr("under maintenance") if c.kind else tr("no declared maintenance any more"),
    )
    doc.facts(
        (tr("kind"), word(c.kind) if c.kind not in (None, "unknown") else None),
        (tr("since"), when(c.since, c.now)),
        (tr("until"), when(c.until, c.now)),
        (
            tr("cases"),
            (tr("{cases} open there, whose deadlines move with it") if c.kind else tr("{cases} open there")).format(
                cases=c.cases
            )
            if c.cases
            else None,
        ),
        indent=2,
    )
    if c.kind and c.until is None:
        doc.hint(f"maintenance end {c.platform}", tr("when it is over"))
    return doc
