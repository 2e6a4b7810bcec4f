"""The sections of a report about what came of the work: calls that were answered, cost and benefit, money."""

from numtrustd.api.report import BenefitMonth, Rate, Report
from numtrustd.ctl.lang import tr
from numtrustd.ctl.report import words as w
from numtrustd.ctl.report.charts import Bar, Bars, Line, OverDays, Part
from numtrustd.ctl.report.parts import Figures, Section
from numtrustd.domain.ledger import yuan


def _untold() -> str:
    return tr(
        "No call statistics were told of this month, so no connect rate is known: `numtrustctl calls add FILE` takes "
        "them in."
    )


def calls(report: Report, names: w.Names) -> Section:
    section = Section(tr("Connect rate"))
    days = [(d.day, d.calls, d.answered or 0, d.callers) for d in report.days if d.calls is not None]
    if not days:
        section.notes.append(_untold())
        return section
    calls, answered = sum(c for _, c, _, _ in days), sum(a for _, _, a, _ in days)
    section.said.append(
        tr("{answered} of {calls} calls were answered: {share}.").format(
            answered=f"{answered:,}", calls=f"{calls:,}", share=w.share(answered, calls)
        )
    )
    if report.callers < report.numbers or len(days) < len(report.days):
        section.notes.append(
            tr(
                "Told are {callers} of {numbers} numbers and {told} of {days} days; the others are not counted: "
                "`numtrustctl calls add FILE` takes them in."
            ).format(callers=report.callers, numbers=report.numbers, told=len(days), days=len(report.days))
        )
    rates = [(d.answered or 0) / d.calls if d.calls else None for d in report.days]
    section.charts.append(
        OverDays(
            tr("Connect rate by day"),
            tr(
                "The share of calls that were answered, of all numbers of which calls were told. Days that were not "
                "told are left out."
            ),
            [day.day for day in report.days],
            [Line(tr("answered"), rates, "c3")],
            percent=True,
        )
    )
    section.figures.append(
        Figures(
            (tr("Day"), tr("Calls"), tr("Answered"), tr("Connect rate"), tr("Numbers")),
            [(day, f"{c:,}", f"{a:,}", w.share(a, c), n) for day, c, a, n in days],
            tr("Calls by day"),
            long=True,
        )
    )
    return section


def _rate(rate: Rate | None) -> str:
    return w.NONE if rate is None else w.share(rate.answered, rate.calls)


def benefit(report: Report, names: w.Names) -> Section:
    section = Section(tr("What the actions cost and brought"))
    if not report.benefit:
        section.said.append(tr("No action was under way in this month."))
        return section
    compared = sum(row.compared for row in report.benefit)
    section.said.append(
        tr(
            "Won are the answered calls that there are more in a day since the cases ended, lost those that a further "
            "day of the open ones costs: as their calls show or, estimated, as labels usually do."
        )
    )
    if not report.callers:
        section.notes.append(_untold())
    elif not compared:
        section.notes.append(
            tr(
                "No effect can be told yet: of no action are calls told both from its time and from after it "
                "(`numtrustctl calls add FILE`)."
            )
        )
    if compared and report.call_worth is None:
        section.notes.append(
            tr("Nobody said what an answered call is worth: `answered_call` in `[benefit]` of the settings does.")
        )
    said = (tr("before"), tr("during"), tr("after"))
    bars = [
        Bar(f"{names.row(row)}, {name}", _rate(rate), [Part(rate.answered / rate.calls, colour, name)])
        for row in report.benefit
        for name, rate, colour in zip(said, (row.before, row.during, row.after), ("c1", "bad", "good"), strict=True)
        if rate is not None and rate.calls
    ]
    if bars:
        about = tr("The share of answered calls of the same numbers before their cases, during them, and after.")
        section.charts.append(Bars(tr("Connect rate before, during and after"), about, bars, most=1.0))
    section.figures.append(
        Figures(
            (
                tr("Action"),
                tr("Cases"),
                tr("Ended"),
                tr("Paid"),
                tr("Before"),
                tr("During"),
                tr("After"),
                tr("Won a day"),
                tr("Worth a day"),
                tr("Lost a day"),
            ),
            [
                (
                    names.row(row),
                    row.cases,
                    row.ended,
                    w.fen(row.paid),
                    _rate(row.before),
                    _rate(row.during),
                    _rate(row.after),
                    w.NONE if row.gained is None else f"{row.gained:+.1f}",
                    w.NONE if row.gained_fen is None else yuan(row.gained_fen),
                    _lost(row),
                )
                for row in report.benefit
            ],
            tr("Actions, their cost and their effect"),
        )
    )
    return section


def _lost(row: BenefitMonth) -> str:
    """What a further day of the open ones costs; `–` if nothing is known."""
    if row.lost_least is None or row.lost_most is None:
        return w.NONE
    least, most = f"{row.lost_least:.1f}", f"{row.lost_most:.1f}"
    between = least if least == most else f"{least}–{most}"
    return between if row.measured else tr("{n}, estimated").format(n=between)


# --------------------------------------------------------------------------------------------------------------- money


def money(report: Report, names: w.Names) -> Section:
    section = Section(tr("Money"))
    paid, planned = sum(r.committed for r in report.spend), sum(r.planned for r in report.spend)
    section.said.append(
        tr("{paid} paid and {planned} planned, of a budget of {budget}.").format(
            paid=yuan(paid), planned=yuan(planned), budget=yuan(report.budget)
        )
    )
    if paid + planned > report.budget:
        section.said.append(tr("That is {over} over the budget.").format(over=yuan(paid + planned - report.budget)))
    if not report.budget:
        section.notes.append(
            tr(
                "There is no budget: `monthly_budget` in `[ledger]` of the settings sets one; until then nothing that "
                "costs goes out unless a person approves it."
            )
        )
    if not report.spend:
        section.said.append(tr("Nothing was paid or counted: `numtrustctl charge` enters what people paid themselves."))
        return section
    said = (tr("paid"), tr("planned"))
    rows = [(f"{w.what(r.what)}: {names.of(r.platform)}", r) for r in report.spend]
    if paid + planned:
        bars = [
            Bar(tr("all together"), yuan(paid + planned), [Part(paid, "c1", said[0]), Part(planned, "c2", said[1])]),
            *(
                Bar(
                    name,
                    yuan(r.committed + r.planned),
                    [Part(r.committed, "c1", said[0]), Part(r.planned, "c2", said[1])],
                )
                for name, r in rows
                if r.committed + r.planned
            ),
        ]
        limit = (float(report.budget), tr("budget {amount}").format(amount=yuan(report.budget)))
        section.charts.append(
            Bars(
                tr("Spent, against the budget"),
                tr("What was paid and planned, by kind and platform; the line is the budget of the month."),
                bars,
                limit if report.budget else None,
            )
        )
    section.figures.append(
        Figures(
            (tr("What and where"), tr("Paid"), tr("Planned"), tr("Given up"), tr("Times")),
            [(name, w.fen(r.committed), w.fen(r.planned), w.fen(r.void), r.entries) for name, r in rows],
            tr("Charges by kind and platform"),
        )
    )
    return section
