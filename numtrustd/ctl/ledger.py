"""`numtrustctl ledger` and `charge`: what the work costs, and what people paid themselves."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import click

from numtrustd.api import ledger
from numtrustd.ctl import complete
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Cell, Column, Document, Tone
from numtrustd.ctl.lang import tr, trn, word
from numtrustd.ctl.render import when
from numtrustd.ctl.sentences import said
from numtrustd.ctl.session import Session
from numtrustd.domain.ledger import What, yuan

_TONES = {"planned": Tone.WARN, "void": Tone.DIM}


@click.group()
def money() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


class _Yuan(click.ParamType[int]):
    name = "YUAN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            fen = Decimal(value) * 100
        except InvalidOperation:
            self.fail(tr("{value!r} is no amount: write 300 or 49.90").format(value=value), param, ctx)
        if not fen.is_finite() or fen < 0 or fen != fen.to_integral_value():
            self.fail(tr("{value!r} is no amount: write 300 or 49.90").format(value=value), param, ctx)
        return int(fen)


@command(money, "ledger", examples=(("ledger --month 2026-10", "What October cost."),))
@click.option("--month", metavar="YYYY-MM", help="Another month than the present one.")
@click.option("--number", help="Only of this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=200, show_default=True, help="The most at a time.")
def ledger_(session: Session, month: str | None, number: str | None, limit: int) -> None:
    """What a month cost: every fee and every use of a quota."""
    session.show(ledger.GetLedger(month=month, number=number, limit=limit), shown)


@command(
    money,
    examples=(("charge 13800138000 sogou expedite --yuan 300 --note 'invoice 77'", "Paid for a quicker review."),),
)
@click.argument("number")
@click.argument("platform", type=complete.PLATFORM)
@click.argument("what", type=Choice([str(what) for what in What]))
@click.option("--yuan", "fen", type=_Yuan(), default=0, help="What it cost; nothing, if one of a quota was used.")
@click.option("--agent", is_flag=True, help="It went through an agent.")
@click.option("--note", metavar="WORDS", help="For the record.")
@click.option("--key", metavar="WORD", help="Entries with the same key count once.")
@author_option
def charge(
    session: Session,
    number: str,
    platform: str,
    what: str,
    fen: int,
    agent: bool,
    note: str | None,
    key: str | None,
    author: str,
) -> None:
    """Enter what was paid by hand for NUMBER at PLATFORM."""
    way: Literal["official", "agent"] = "agent" if agent else "official"
    params = ledger.RecordCharge(
        number=number, platform=platform, what=What(what), fen=fen, way=way, note=note, key=key, author=author
    )
    session.show(params, entered)


def shown(view: ledger.LedgerView) -> Document:
    """The month's sums, and its charges."""
    doc = Document()
    doc.line(Cell(view.month, Tone.STRONG), trn("{n} entry", "{n} entries", view.entries))
    over = tr(", {over} over it with what is planned").format(over=yuan(view.over)) if view.over else ""
    doc.facts(
        (tr("paid"), yuan(view.committed)),
        (tr("planned"), yuan(view.planned) if view.planned else None),
        (tr("given up"), yuan(view.void) if view.void else None),
        (
            tr("budget"),
            Cell(
                tr("{budget} a month{over}").format(budget=yuan(view.budget), over=over),
                Tone.BAD if over else Tone.PLAIN,
            ),
        ),
        (tr("at its end"), _at_its_end(view.forecast)),
        indent=2,
    )
    doc.table(
        (
            tr("WHEN"),
            tr("WHAT"),
            tr("AMOUNT"),
            Column(tr("STANDING"), drop=1),
            Column(tr("WAY"), drop=4),
            Column(tr("NUMBER"), drop=2),
            Column(tr("PLATFORM"), drop=3),
            Column(tr("CASE"), drop=6),
            Column(tr("BY"), drop=5),
            Column(tr("NOTE"), prose=True),
        ),
        [
            (
                when(c.settled_at or c.at, view.now, clock=True),
                word(c.what),
                yuan(c.fen) if c.fen else None,
                Cell(word(c.standing), _TONES.get(c.standing, Tone.PLAIN)),
                None if c.way == "official" else word(c.way),
                c.number,
                c.platform,
                c.case,
                c.by,
                c.note,
            )
            for c in view.charges
        ],
        tr("nothing was paid or counted"),
    )
    if len(view.charges) < view.entries:
        doc.line(
            tr("{entries} older ones are not shown; --limit shows more").format(
                entries=view.entries - len(view.charges)
            )
        )
    if view.forecast is not None and view.forecast.plans:
        told = view.forecast
        doc.heading(tr("until the end of the month"))
        doc.table(
            (tr("WHAT"), tr("AT MOST"), tr("NUMBER"), tr("PLATFORM"), tr("CASE"), tr("WHY")),
            [(word(p.what), yuan(p.most), p.number, p.platform, p.case, said(p.why)) for p in told.plans],
        )
        if len(told.plans) < told.plan_count:
            doc.line(tr("{n} more not shown; --limit shows more").format(n=told.plan_count - len(told.plans)))
    return doc


def _at_its_end(told: ledger.Outlook | None) -> Cell | None:
    if told is None:
        return None
    sums = yuan(told.most)
    if told.least != told.most:
        sums = tr("{least} to {most}").format(least=yuan(told.least), most=yuan(told.most))
    over = tr(", {over} over the budget").format(over=yuan(told.over)) if told.over else ""
    return Cell(sums + over, Tone.BAD if over else Tone.PLAIN)


def entered(taken: ledger.ChargeTaken) -> Document:
    """What came of an entry."""
    doc = Document()
    what = (
        tr("{what} of {fen}").format(what=word(taken.what), fen=yuan(taken.fen))
        if taken.fen
        else tr("one {what}").format(what=word(taken.what))
    )
    doc.line(Cell(f"{taken.number}:", Tone.STRONG), what, tr("entered"))
    doc.line(
        tr("{month}: {spent} paid, of a budget of {budget}").format(
            month=taken.month, spent=yuan(taken.spent), budget=yuan(taken.budget)
        ),
        indent=2,
    )
    return doc
