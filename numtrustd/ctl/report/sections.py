"""What a month's report says, section by section: its beginning, labels, cases and emergencies.

`effects` has calls, benefit and money, `left` what is left to do. Whatever was not told is named with the
command that tells it; it is never drawn as zero.
"""

from collections.abc import Callable, Sequence

from numtrustd.api.report import Report
from numtrustd.ctl.lang import tr, trn
from numtrustd.ctl.report import effects as effects
from numtrustd.ctl.report import left as left
from numtrustd.ctl.report import words as w
from numtrustd.ctl.report.charts import Bar, Bars, Line, OverDays, Part
from numtrustd.ctl.report.parts import Figures, Section, Told
from numtrustd.domain.ledger import yuan


def told(report: Report) -> Told:
    """The report in words. Of a month before all records there is nothing but that."""
    title = tr("Our telephone numbers in {month}").format(month=report.month)
    if report.until <= report.recorded_from:
        since = w.moment(report.recorded_from, report)
        nothing = tr("Nothing was recorded in {month}: the records begin on {since}.")
        return Told(title, [nothing.format(month=report.month, since=since), _others(report)], [], [])
    names = w.Names(report.platforms)
    parts: tuple[Callable[[Report, w.Names], Section], ...] = (
        _labels,
        _times,
        _marks,
        effects.calls,
        effects.benefit,
        effects.money,
        left.open_cases,
        left.inspections,
        left.people,
    )
    return Told(title, _about(report), _glance(report), [part(report, names) for part in parts])


def _others(report: Report) -> str:
    """The months of which there is something to tell, and how to ask for one."""
    there = w.months(report)
    if len(there) == 1:
        return tr("There are records of {month}: numtrustctl report --month {month}").format(month=there[0])
    said = tr("There are records of {first} to {last}: numtrustctl report --month {first}")
    return said.format(first=there[0], last=there[-1])


def _about(report: Report) -> list[str]:
    about = []
    if not report.whole:
        about.append(tr("This month has not ended: it is told until {now}.").format(now=w.moment(report.now, report)))
    if report.recorded_from > report.since:
        since = w.moment(report.recorded_from, report)
        about.append(tr("The records begin on {since}; nothing is known of the days before.").format(since=since))
    watched = trn("{n} number is watched.", "{n} numbers are watched.", report.numbers)
    about.append(tr("{watched} Days are those of {zone}.").format(watched=watched, zone=report.zone))
    if report.unwatched:
        about.append(
            trn(
                "{n} number is no longer watched: it counts in all but the labels.",
                "{n} numbers are no longer watched: they count in all but the labels.",
                report.unwatched,
            )
        )
    if report.unreadable:
        about.append(
            trn(
                "{n} record cannot be read and is left out; the log of the daemon's start names it.",
                "{n} records cannot be read and are left out; the log of the daemon's start names them.",
                report.unreadable,
            )
        )
    return about


def _glance(report: Report) -> list[tuple[str, str]]:
    last, appeals = report.days[-1], [row for row in report.cases if row.kind == "appeal"]
    at_start = sum(row.at_start for row in report.labels)
    slowest = max((row.median for row in appeals if row.median is not None), default=None)
    met, missed = sum(m.met for m in report.marks), sum(m.missed for m in report.marks)
    spent = sum(row.committed for row in report.spend)
    calls = [(day.calls, day.answered) for day in report.days if day.calls is not None and day.answered is not None]
    return [
        (
            tr("wrong labels at the end"),
            tr("{n}, from {before}").format(n=last.labels, before=at_start) if last.known else w.NONE,
        ),
        (tr("numbers with a label"), str(last.numbers) if last.known else w.NONE),
        (tr("labels cleared"), str(sum(row.cleared for row in report.labels))),
        (tr("slowest platform, median to clear"), w.took(slowest)),
        (
            tr("marks of emergencies met"),
            tr("{met} of {all}").format(met=met, all=met + missed) if met + missed else w.NONE,
        ),
        (tr("connect rate"), w.share(sum(a for _, a in calls), sum(c for c, _ in calls))),
        (
            tr("paid"),
            tr("{paid} of {budget}").format(paid=yuan(spent), budget=yuan(report.budget))
            if report.budget
            else yuan(spent),
        ),
        (tr("tasks for people now"), str(report.tasks_open)),
    ]


# -------------------------------------------------------------------------------------------------------------- labels


def _labels(report: Report, names: w.Names) -> Section:
    section, last = Section(tr("Labels")), report.days[-1]
    if not last.known:
        section.notes.append(
            tr("Nothing is believed of any number yet: `numtrustctl sources` shows who looks, and who cannot.")
        )
        return section
    section.said.append(
        tr("{appeared} appeared, {found} at the first look, {cleared} went. At the end {stood}.").format(
            appeared=sum(day.appeared for day in report.days),
            found=trn("{n} was found", "{n} were found", sum(day.found for day in report.days)),
            cleared=sum(day.cleared for day in report.days),
            stood=trn("{n} stood", "{n} stood", last.labels),
        )
    )
    section.said.append(
        tr(
            "Counted are labels that people see and that are not right for their number, on each platform; "
            "{n} pairs of number and platform are known."
        ).format(n=last.known)
    )
    days = [day.day for day in report.days]
    known = [bool(day.known) for day in report.days]
    section.charts.append(
        OverDays(
            tr("Wrong labels over time"),
            tr("Labels, and numbers that have one, at the end of each day: from {first} to {last}.").format(
                first=next(day.labels for day in report.days if day.known), last=last.labels
            ),
            days,
            [
                Line(tr("labels"), _where(known, [day.labels for day in report.days]), "c1", filled=True),
                Line(tr("numbers with a label"), _where(known, [day.numbers for day in report.days]), "ink"),
            ],
        )
    )
    section.figures.append(
        Figures(
            (
                tr("Platform"),
                tr("At the beginning"),
                tr("Found"),
                tr("Appeared"),
                tr("Cleared"),
                tr("At the end"),
                tr("Days with a label"),
            ),
            [
                (names.of(r.platform), r.at_start, r.found, r.appeared, r.cleared, r.at_end, f"{r.label_days:.1f}")
                for r in sorted(report.labels, key=lambda r: (-r.at_end, -r.label_days, r.platform))
            ],
            tr("Labels by platform"),
        )
    )
    section.figures.append(
        Figures(
            (tr("Day"), tr("Labels"), tr("Numbers"), tr("Appeared"), tr("Found"), tr("Cleared")),
            [(d.day, d.labels, d.numbers, d.appeared, d.found, d.cleared) for d in report.days if d.known],
            tr("Labels by day"),
            long=True,
        )
    )
    return section


def _where(known: Sequence[bool], values: Sequence[float]) -> list[float | None]:
    return [value if there else None for there, value in zip(known, values, strict=True)]


# --------------------------------------------------------------------------------------------------------------- cases


def _times(report: Report, names: w.Names) -> Section:
    section = Section(tr("Cases and time to clear"))
    cases = [row for row in report.cases if row.kind != "incident"]
    if not cases:
        section.said.append(tr("There was no case in this month."))
        return section
    section.said.append(
        tr("{opened} opened, {cleared} cleared, {given_up} given up, {left} open at the end.").format(
            opened=sum(r.opened for r in cases),
            cleared=sum(r.cleared for r in cases),
            given_up=sum(r.given_up for r in cases),
            left=sum(r.open_at_end for r in cases),
        )
    )
    section.notes.append(tr("A case that was opened again counts anew; emergencies are counted by themselves, below."))
    timed = [r for r in cases if r.median is not None]
    if timed:
        section.charts.append(
            Bars(
                tr("Time to clear, by platform"),
                tr(
                    "From the opening of a case until it was proven to be cleared: the median, and from the quickest "
                    "to the slowest."
                ),
                [
                    Bar(
                        names.row(r),
                        w.took(r.median),
                        [Part(r.median or 0.0, "c1")],
                        (r.quickest or 0.0, r.slowest or 0.0),
                    )
                    for r in sorted(timed, key=lambda r: -(r.median or 0.0))
                ],
            )
        )
    section.figures.append(
        Figures(
            (
                tr("Platform and kind"),
                tr("Opened"),
                tr("Cleared"),
                tr("Given up"),
                tr("Open at the end"),
                tr("Quickest"),
                tr("Median"),
                tr("Slowest"),
            ),
            [
                (
                    names.row(r),
                    r.opened,
                    r.cleared,
                    r.given_up,
                    r.open_at_end,
                    *(map(w.took, (r.quickest, r.median, r.slowest))),
                )
                for r in cases
            ],
            tr("Cases by platform and kind"),
        )
    )
    return section


def _marks(report: Report, names: w.Names) -> Section:
    section = Section(tr("Emergencies"))
    own = [row for row in report.cases if row.kind == "incident"]
    if not own and not any(m.met + m.missed + m.ahead for m in report.marks):
        section.said.append(tr("There was no emergency in this month."))
        return section
    section.said.append(
        tr("{opened} opened, {over}, {given_up} given up, {left} open at the end.").format(
            opened=sum(r.opened for r in own),
            over=trn("{n} was resolved", "{n} were resolved", sum(r.cleared for r in own)),
            given_up=sum(r.given_up for r in own),
            left=sum(r.open_at_end for r in own),
        )
    )
    met, missed, ahead = tr("met"), tr("missed"), tr("still ahead")
    section.charts.append(
        Bars(
            tr("Marks of the 48 hours"),
            tr("How often each mark was met and missed."),
            [
                Bar(
                    w.mark(m.mark, m.within),
                    tr("{met} met, {missed} missed").format(met=m.met, missed=m.missed),
                    [Part(m.met, "good", met), Part(m.missed, "bad", missed), Part(m.ahead, "dim", ahead)],
                )
                for m in report.marks
            ],
        )
    )
    section.figures.append(
        Figures(
            (tr("Mark"), tr("Met"), tr("Missed"), tr("Still ahead")),
            [(w.mark(m.mark, m.within), m.met, m.missed, m.ahead) for m in report.marks],
            tr("Marks of the emergencies"),
        )
    )
    if report.missed:
        within = {m.mark: m.within for m in report.marks}
        rows = [(m.incident, w.mark(m.mark, within[m.mark]), w.minute(m.at, report)) for m in report.missed]
        section.figures.append(Figures((tr("Emergency"), tr("Mark"), tr("When")), rows, tr("Missed marks, the latest")))
    return section
