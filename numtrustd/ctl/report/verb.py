"""The command `numtrustctl report`."""

from pathlib import Path

import click

from numtrustd.api.report import GetReport
from numtrustd.ctl import plain
from numtrustd.ctl.choices import Choice
from numtrustd.ctl.common import command
from numtrustd.ctl.lang import tr
from numtrustd.ctl.report import page, writing
from numtrustd.ctl.report.sections import told
from numtrustd.ctl.session import Session

PATIENCE = 600.0
"""Seconds for which the daemon may sum up: it has other things to do, and lets them go first."""


def _other(month: str) -> str:
    """Which month was told because none was asked for, and how to have the one that goes on."""
    year, number = map(int, month.split("-"))
    present = f"{year + number // 12}-{number % 12 + 1:02}"
    said = tr(
        "{month} is the last month that is over; of the present one, so far: numtrustctl report --month {present}"
    )
    return said.format(month=month, present=present)


@click.group()
def summary() -> None:
    """Only a bag of commands; `cli` puts them into the program."""


@command(summary)
@click.option("--month", metavar="YYYY-MM", help="Another month than the last one that is over.")
@click.option(
    "--format",
    "form",
    type=Choice(["text", "markdown", "html"]),
    default="text",
    show_default=True,
    help="How it is written.",
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write it there.")
def report(session: Session, month: str | None, form: str, output: str | None) -> None:
    """A month over all numbers, as a manager reads of it.

    Labels, cases, emergencies, calls, money, and what is left to do. HTML is one file with drawn charts, to be mailed,
    printed or kept.
    """
    params = GetReport(month=month)
    if session.as_json:
        if output is not None:
            raise click.UsageError(tr("--json goes to standard output: redirect it"))
        session.show(params, lambda answer: writing.document(told(answer)), timeout=PATIENCE)
        return
    answer = session.ask(params, timeout=PATIENCE)
    made = told(answer)
    if form == "text" and output is None:
        recorded = answer.until > answer.recorded_from
        session.write(writing.document(made, _other(answer.month) if recorded and not month else ""))
        return
    match form:
        case "html":
            text = page.html(made)
        case "markdown":
            text = writing.markdown(made)
        case _:
            text = "".join(f"{line}\n" for line in plain.lines(writing.document(made)))
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(
            tr("{file}: cannot be written: {why}: name another file, in a directory that is yours").format(
                file=output, why=error.strerror
            )
        ) from None
