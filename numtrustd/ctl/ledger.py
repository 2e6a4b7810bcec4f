"""`numtrustctl ledger` and `charge`: what the work costs, and what people paid themselves."""

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import click

from numtrustd.api import ledger
from numtrustd.ctl.common import author_option, command
from numtrustd.ctl.document import Cell, Document, Tone
from numtrustd.ctl.session import Session
from numtrustd.ctl.text import local, plural
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
            self.fail(f"{value!r} is no amount: write 300 or 49.90", param, ctx)
        if not fen.is_finite() or fen < 0 or fen != fen.to_integral_value():
            self.fail(f"{value!r} is no amount: write 300 or 49.90", param, ctx)
        return int(fen)


@command(money, "ledger")
@click.option("--month", metavar="YYYY-MM", help="Another month than the present one.")
@click.option("--number", help="Only of this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=200, show_default=True)
def ledger_(session: Session, month: str | None, number: str | None, limit: int) -> None:
    """What a month cost: every fee and every use of a quota."""
    session.show(ledger.GetLedger(month=month, number=number, limit=limit), shown)


@command(money)
@click.argument("number")
@click.argument("platform")
@click.argument("what", type=click.Choice([str(what) for what in What]))
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
    doc.line(Cell(view.month, Tone.STRONG), plural(view.entries, "entry", "entries"))
    over = f", {yuan(view.over)} over it with what is planned" if view.over else ""
    doc.facts(
        ("paid", yuan(view.committed)),
        ("planned", yuan(view.planned) if view.planned else None),
        ("given up", yuan(view.void) if view.void else None),
        ("budget", Cell(f"{yuan(view.budget)} a month{over}", Tone.BAD if over else Tone.PLAIN)),
        ("at its end", _at_its_end(view.forecast)),
        indent=2,
    )
    doc.table(
        ("WHEN", "WHAT", "AMOUNT", "STANDING", "WAY", "NUMBER", "PLATFORM", "CASE", "BY", "NOTE"),
        [
            (
                local(c.settled_at or c.at, view.now),
                c.what,
                yuan(c.fen) if c.fen else None,
                Cell(c.standing, _TONES.get(c.standing, Tone.PLAIN)),
                None if c.way == "official" else c.way,
                c.number,
                c.platform,
                c.case,
                c.by,
                c.note,
            )
            for c in view.charges
        ],
        "nothing was paid or counted",
    )
    if len(view.charges) < view.entries:
        doc.line(f"{view.entries - len(view.charges)} older ones are not shown; --limit shows more")
    if view.forecast is not None and view.forecast.plans:
        told = view.forecast
        doc.heading("until the end of the month")
        doc.table(
            ("WHAT", "AT MOST", "NUMBER", "PLATFORM", "CASE", "WHY"),
            [(p.what, yuan(p.most), p.number, p.platform, p.case, p.why) for p in told.plans],
        )
        if len(told.plans) < told.plan_count:
            doc.line(f"{told.plan_count - len(told.plans)} more not shown; --limit shows more")
    return doc


def _at_its_end(told: ledger.Outlook | None) -> Cell | None:
    if told is None:
        return None
    sums = yuan(told.most) if told.least == told.most else f"{yuan(told.least)} to {yuan(told.most)}"
    over = f", {yuan(told.over)} over the budget" if told.over else ""
    return Cell(sums + over, Tone.BAD if over else Tone.PLAIN)


def entered(taken: ledger.ChargeTaken) -> Document:
    """What came of an entry."""
    doc = Document()
    what = f"{taken.what} of {yuan(taken.fen)}" if taken.fen else f"one {taken.what}"
    doc.line(Cell(f"{taken.number}:", Tone.STRONG), what, "entered")
    doc.line(f"{taken.month}: {yuan(taken.spent)} paid, of a budget of {yuan(taken.budget)}", indent=2)
    return doc
