"""`numtrustctl platform`: one platform as people need it who test a handset or write an appeal."""

from collections.abc import Iterable

from numtrustd.api import facts
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.text import plural, span


def platform(p: facts.PlatformView) -> Document:
    """One platform: how the numbers stand on it, and what is known of it."""
    doc, row = Document(), p.row
    doc.line(Cell(row.platform, Tone.STRONG), row.name, f"({row.kind})")
    limits = [
        (f"{q.most} at one time" if q.per is None else f"{q.most} in {span(q.per)}") + f": {q.what}" for q in p.quotas
    ]
    doc.facts(
        ("looked at through", " ".join(row.sources) or Cell(row.unseen_why or "no source in use", Tone.WARN)),
        ("numbers", _standing(p) if row.sources else None),
        ("known", f"grade {row.grade}, checked {row.checked}: {p.seen}"),
        ("official hosts", _list(p.official_hosts)),
        ("shows", p.data),
        ("copies from", _feeds(p.fed_by)),
        ("is copied by", _feeds(p.feeds)),
        ("shows a label from", None if p.shown_from is None else plural(p.shown_from, "mark")),
        *(("limit", text) for text in limits),
    )
    _appeal(doc, p)
    if (certified := p.certification) is not None:
        doc.heading("to have a name shown")
        doc.facts(
            ("route", certified.route),
            ("grade", certified.grade),
            ("address", certified.address),
            ("papers", _list(certified.papers)),
            ("takes", None if certified.days is None else plural(certified.days, "working day")),
        )
    _look(doc, "to look at it on a handset", p.device_test)
    _look(doc, "to look at its page", p.assisted)
    return doc


def _standing(p: facts.PlatformView) -> str:
    row = p.row
    return f"{row.labelled} labelled, {row.clean} clean, {row.certified} certified, {row.unknown} unknown"


def _appeal(doc: Document, p: facts.PlatformView) -> None:
    doc.heading("to appeal")
    elsewhere = ("at", _list(p.appeal_at))
    if (appeal := p.appeal) is None or appeal.channel == "none":
        doc.facts(elsewhere)
        doc.line("no appeal of its own is known")
        return
    doc.facts(
        elsewhere,
        ("channel", appeal.channel),
        ("address", appeal.address),
        ("takes", _list(appeal.takes)),
        ("review", f"{plural(appeal.review_days, 'working day')} ({appeal.country})"),
        ("again after", span(appeal.cooldown)),
        ("shows after", span(appeal.propagation)),
        *((f"papers of attempt {n}", _list(a.papers) or "none") for n, a in enumerate(appeal.attempts, 1)),
    )


def _look(doc: Document, title: str, look: facts.HandLook | None) -> None:
    if look is None:
        return
    doc.heading(title)
    doc.facts(("address", look.address), ("where", _list(look.surfaces)), ("or run", look.command))
    for n, step in enumerate(look.steps, 1):
        doc.line(f"{n}. {step}", indent=2)
    counts = "only a label: nobody seeing one is no proof that there is none" if look.witness else None
    doc.facts(("record", _list(look.record, "; ")), ("counts", counts))


def _feeds(feeds: Iterable[facts.FeedFact]) -> str | None:
    return _list((f"{feed.platform} ({span(feed.soonest)} to {span(feed.latest)})" for feed in feeds), ", ")


def _list(items: Iterable[str], between: str = ", ") -> str | None:
    return between.join(items) or None
