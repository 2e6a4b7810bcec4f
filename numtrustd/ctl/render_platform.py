"""`numtrustctl platform`: one platform as people need it who test a handset or write an appeal."""

from collections.abc import Iterable

from numtrustd.api import facts
from numtrustd.ctl import looking, names
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.lang import listed, tr, trn, word
from numtrustd.ctl.sentences import said
from numtrustd.ctl.text import span


def platform(p: facts.PlatformView) -> Document:
    """One platform: how the numbers stand on it, and what is known of it."""
    doc, row = Document(), p.row
    name = names.of_row(row)
    called = tr("({kind})") if name.casefold() == row.platform.casefold() else tr("{name} ({kind})")
    doc.line(Cell(row.platform, Tone.STRONG), called.format(name=name, kind=word(row.kind)))
    limits = [
        (
            tr("{most} at one time").format(most=q.most)
            if q.per is None
            else tr("{most} in {per}").format(most=q.most, per=span(q.per))
        )
        + f": {tr(q.what) if word(q.what) == q.what else word(q.what)}"
        for q in p.quotas
    ]
    doc.facts(
        (
            tr("looked at through"),
            " ".join(row.sources) or Cell(said(row.unseen_why) or tr("no source in use"), Tone.WARN),
        ),
        (tr("numbers"), _standing(p) if row.sources else None),
        (
            tr("known"),
            tr("grade {grade}, checked {checked}: {seen}").format(
                grade=row.grade, checked=row.checked, seen=tr(p.seen)
            ),
        ),
        (tr("official hosts"), _list(p.official_hosts)),
        (tr("shows"), tr(p.data) or None),
        (tr("copies from"), _feeds(p.fed_by)),
        (tr("is copied by"), _feeds(p.feeds)),
        (tr("shows a label from"), None if p.shown_from is None else trn("{n} mark", "{n} marks", p.shown_from)),
        *((tr("limit"), text) for text in limits),
    )
    _appeal(doc, p)
    if (certified := p.certification) is not None:
        doc.heading(tr("to have a name shown"))
        doc.facts(
            (tr("route"), tr(certified.route)),
            (tr("grade"), certified.grade),
            (tr("address"), certified.address),
            (tr("papers"), _list(map(word, certified.papers))),
            (
                tr("takes"),
                None if certified.days is None else trn("{n} working day", "{n} working days", certified.days),
            ),
        )
    _look(doc, tr("to look at it on a handset"), p.device_test)
    _look(doc, tr("to look at its page"), p.assisted)
    return doc


def _standing(p: facts.PlatformView) -> str:
    row = p.row
    return tr("{labelled} labelled, {clean} clean, {certified} certified, {unknown} unknown").format(
        labelled=row.labelled, clean=row.clean, certified=row.certified, unknown=row.unknown
    )


def _appeal(doc: Document, p: facts.PlatformView) -> None:
    doc.heading(tr("to appeal"))
    elsewhere = _list(p.appeal_at)
    if (appeal := p.appeal) is None or appeal.channel == "none":
        doc.facts((tr("at"), elsewhere))
        doc.line(tr("no appeal of its own is known"))
        return
    doc.facts(
        (tr("also at"), elsewhere),
        (tr("channel"), word(appeal.channel)),
        (tr("address"), appeal.address),
        (tr("takes"), _list(word(category) for category in appeal.takes)),
        (tr("review"), _review(appeal)),
        (tr("again after"), span(appeal.cooldown)),
        (tr("shows after"), _shown_after(appeal)),
        *(
            (tr("papers of attempt {n}").format(n=n), _list(map(word, a.papers)) or tr("none"))
            for n, a in enumerate(appeal.attempts, 1)
        ),
    )


def _review(appeal: facts.AppealFact) -> str:
    days = trn("{n} working day", "{n} working days", appeal.review_days)
    return tr("{days} ({country})").format(days=days, country=appeal.country)


def _shown_after(appeal: facts.AppealFact) -> str:
    if appeal.propagation_days is None:
        return span(appeal.propagation)
    return trn("{n} working day", "{n} working days", appeal.propagation_days)


def _look(doc: Document, title: str, look: facts.HandLook | None) -> None:
    if look is None:
        return
    doc.heading(title)
    doc.facts((tr("address"), look.address), (tr("where"), _list(look.surfaces)), (tr("or run"), look.command))
    doc.facts(*((f"{n}.", tr(step)) for n, step in enumerate(looking.steps(look.steps), 1)), indent=2)
    counts = tr("only a label: nobody seeing one is no proof that there is none") if look.witness else None
    doc.facts((tr("record"), _list(map(looking.told, look.record), "; ")), (tr("counts"), counts))


def _feeds(feeds: Iterable[facts.FeedFact]) -> str | None:
    return _list(
        (
            tr("{platform} ({soonest} to {latest})").format(
                platform=feed.platform, soonest=span(feed.soonest), latest=span(feed.latest)
            )
            for feed in feeds
        ),
        ", ",
    )


def _list(items: Iterable[str], between: str = ", ") -> str | None:
    return listed(items, between) or None
