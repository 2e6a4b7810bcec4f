"""The sections of a report about what is left to do: open cases, inspections, and what needs a person."""

from numtrustd.api.report import Report
from numtrustd.ctl.lang import listed, tr, trn, word
from numtrustd.ctl.report import words as w
from numtrustd.ctl.report.parts import Figures, Section


def open_cases(report: Report, names: w.Names) -> Section:
    section = Section(tr("Open cases at the end"))
    if not report.open_count:
        section.said.append(tr("No case was open."))
        return section
    # As many as are said of cases and of emergencies in their own sections.
    emergencies = sum(row.open_at_end for row in report.cases if row.kind == "incident")
    cases = report.open_count - emergencies
    each = [trn("{n} case", "{n} cases", cases)] if cases or not emergencies else []
    each += [trn("{n} emergency", "{n} emergencies", emergencies)] if emergencies else []
    section.said.append(tr("Open at the end: {what}.").format(what=listed(each)))
    section.figures.append(
        Figures(
            (tr("Case"), tr("Kind"), tr("Platform"), tr("Since"), tr("State"), tr("Meaning")),
            [
                (
                    c.case,
                    w.kind(c.kind),
                    names.of(c.platform),
                    w.day(c.opened_at, report),
                    word(c.state),
                    w.from_daemon(c.meaning),
                )
                for c in report.open_cases
            ],
            tr("Open cases") if len(report.open_cases) == report.open_count else tr("The oldest open cases"),
        )
    )
    return section


def inspections(report: Report, names: w.Names) -> Section:
    section = Section(tr("Inspections"))
    if report.inspection_every == "off":
        section.notes.append(tr("Inspections are switched off: `every` in `[inspection]` of the settings."))
    if report.inspection_since is not None:
        section.said.append(
            tr("One is under way since {since}.").format(since=w.moment(report.inspection_since, report))
        )
    if not report.inspections:
        section.said.append(tr("None ended in this month."))
        return section
    section.figures.append(
        Figures(
            (
                tr("No."),
                tr("From"),
                tr("To"),
                tr("Looks made"),
                tr("Labelled"),
                tr("Inconsistent"),
                tr("Wrong names"),
                tr("Stale tags"),
                tr("Papers amiss"),
                tr("Quotas short"),
            ),
            [
                (
                    str(i.inspection),
                    w.day(i.began_at, report),
                    w.day(i.ended_at, report),
                    tr("{made} of {wanted}").format(made=i.looks_made, wanted=i.looks_wanted),
                    i.labelled,
                    i.inconsistent,
                    i.wrong_names,
                    i.stale_tags,
                    w.sentences(i.papers),
                    w.sentences(i.quotas or ()),
                )
                for i in report.inspections
            ],
            tr("Inspections that ended"),
        )
    )
    return section


def people(report: Report, names: w.Names) -> Section:
    section = Section(tr("What needs a person"))
    section.said.append(tr("As it stands on {now}:").format(now=w.moment(report.now, report)))
    tasks = trn("{n} task is open", "{n} tasks are open", report.tasks_open)
    section.said.append(tr("{tasks}, {late} of them overdue.").format(tasks=tasks, late=report.tasks_overdue))
    if report.parked:
        section.said.append(
            trn(
                "{n} number is parked: nothing is done for it until `numtrustctl unpark`.",
                "{n} numbers are parked: nothing is done for them until `numtrustctl unpark`.",
                report.parked,
            )
        )
    if report.work:
        section.figures.append(
            Figures(
                (tr("Task"), tr("Open"), tr("Overdue"), tr("Next due")),
                [(w.from_daemon(r.title), r.open, r.overdue, w.minute(r.next_due, report)) for r in report.work],
                tr("Open tasks by kind"),
            )
        )
        section.figures.append(
            Figures(
                (tr("Task"), tr("What"), tr("Platform"), tr("Due")),
                [(t.task, w.from_daemon(t.title), names.of(t.platform), w.minute(t.due, report)) for t in report.tasks],
                tr("The most urgent tasks"),
            )
        )
    if report.papers:
        section.figures.append(
            Figures((tr("Paper"),), [(w.sentences((paper,)),) for paper in report.papers], tr("Papers that are amiss"))
        )
    if report.lacking:
        section.figures.append(
            Figures(
                (tr("Paper"), tr("Platform"), tr("Why"), tr("Cases")),
                [
                    (f"{p.title} ({p.kind})", names.of(p.platform), w.sentences((p.why,)), p.needed)
                    for p in report.lacking
                ],
                tr("Papers that open cases lack"),
            )
        )
    return section
