"""The questions of `numtrustd init`, for whoever sits at a terminal: only what no flag has answered."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import structs

from numtrustd.columns import fitted
from numtrustd.domain.number import NumberKind, Problem, parse
from numtrustd.init.answers import Answers, faults
from numtrustd.init.files import known_sources, numbers_there, refuse_to_replace, unfit
from numtrustd.init.sources import PACKS, rows, shortlist
from numtrustd.settings.problem import nearest

_BETWEEN = re.compile(r"[,，;；、]")
_MORE = "More numbers; an empty line if these are all"
_SAID = 20
"""Lines of what is wrong with an answer."""


def ask(answers: Answers, config: Path, *, approval_given: bool, force: bool) -> Answers:
    """The answers for settings at `config`, with those that were still lacking. Raises `InitError` where no question
    can be put, because the packs beside it are wrong, or where the answers would go nowhere: what is there is only
    replaced by `force`.
    """
    if not force:
        refuse_to_replace([config.absolute()])
    click.echo(
        "An empty line leaves a thing out, except for the numbers.\nEverything can be changed in the file later.\n"
    )
    if not answers.company:
        answers = structs.replace(answers, company=_line("Company, in whose name letters are written"))
    if not answers.contact_name:
        answers = structs.replace(answers, contact_name=_line("Whom platforms may ask about it (a name)"))
    if not answers.contact_phone:
        answers = structs.replace(answers, contact_phone=_line("And at which telephone"))
    if not answers.display_name:
        answers = structs.replace(answers, display_name=_line("Name that phones are to show"))
    if not answers.numbers and answers.numbers_file is None and not numbers_there(config):
        answers = _numbers(answers)
    if not answers.enable:
        answers = structs.replace(answers, enable=_sources(config, _kinds(answers.numbers)))
    if not approval_given:
        waits = click.confirm("Are appeals to wait for your approval?", default=True)
        answers = structs.replace(answers, approval="ask" if waits else "automatic")
    return answers


def _line(question: str) -> str:
    return str(click.prompt(question, default="", show_default=False)).strip()


def _numbers(answers: Answers) -> Answers:
    """The numbers, or the file of them: lines until an empty one, as a column of a spreadsheet is pasted. Of a line in
    which anything is wrong nothing is taken.
    """
    taken: list[str] = []
    while True:
        said = _line(_MORE if taken else "Numbers with commas between them or one a line, or the path of a CSV file")
        if not said and taken:
            click.echo(f"  {len(taken)} number{'s' if len(taken) > 1 else ''}")
            return structs.replace(answers, numbers=tuple(taken))
        file = Path(said).expanduser()
        if said and not taken and file.is_file():
            if not (wrong := unfit(file)):
                return structs.replace(answers, numbers_file=file)
        elif said and not taken and file.suffix in (".csv", ".toml", ".txt", ".xlsx"):
            wrong = [f"{file}: there is no such file: name one that is there, or numbers"]
        else:
            spelt = [number for piece in _pieces(said) for number in _spelt(piece)]
            wrong = [] if spelt else ["there has to be one: write it as it is dialled, such as 13800138000"]
            wrong += faults(Answers(numbers=(*taken, *spelt)))
            if not wrong:
                taken += spelt
        for line in wrong[:_SAID]:
            click.echo(fitted(f"  {line.removeprefix('--number: ')}", sys.stdout))
        if len(wrong) > _SAID:
            click.echo(f"  … and {len(wrong) - _SAID} more")


def _pieces(said: str) -> list[str]:
    """What stands between commas and the like, in either width."""
    return [piece.strip() for piece in _BETWEEN.split(said) if piece.strip()]


def _spelt(piece: str) -> list[str]:
    """The numbers in a piece: one with spaces in it, or several with spaces between them."""
    words = piece.split()
    several = isinstance(parse(piece), Problem) and not any(isinstance(parse(word), Problem) for word in words)
    return words if several else [piece]


def _kinds(numbers: Sequence[str]) -> frozenset[NumberKind]:
    return frozenset(read.kind for number in numbers if not isinstance(read := parse(number), Problem))


def _sources(config: Path, kinds: frozenset[NumberKind]) -> tuple[str, ...]:
    known = known_sources(config)
    short = shortlist(known.values(), kinds)
    if mine := [each for each in short if each.own]:
        click.echo(f"\nYour own, in {config.absolute().parent / PACKS}:")
        for row in rows(mine, whole=False):
            click.echo(f"  {row}")
    click.echo("\nWhere it may look. Each needs something before you may switch it on:")
    for row in rows([each for each in short if not each.own], whole=False):
        click.echo(f"  {row}")
    if more := len(known) - len(short):
        click.echo(f"  and {more} more, handsets among them: `numtrustd sources` lists all")
    first = {name.partition(".")[0] for name in known}
    while True:
        said = _line("Sources or platforms with commas between them")
        names = tuple(_pieces(said))
        wrong = [name for name in names if name not in known and name not in first]
        if not wrong:
            return names
        for name in wrong:
            click.echo(f"  not known: {name}: {nearest(name, [*first, *known])}")
