"""The questions of `numtrustd init`, for whoever sits at a terminal: only what no flag has answered."""

from collections.abc import Sequence
from pathlib import Path

import click
from msgspec import structs

from numtrustd.domain.number import NumberKind, Problem, parse
from numtrustd.init.answers import Answers
from numtrustd.init.files import known_sources, numbers_there, refuse_to_replace
from numtrustd.init.sources import PACKS, rows, shortlist
from numtrustd.settings.problem import nearest


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
    while True:
        said = _line("Numbers with commas between them, or the path of a CSV file")
        file = Path(said).expanduser()
        if said and file.is_file():
            return structs.replace(answers, numbers_file=file)
        spelt = tuple(number.strip() for number in said.replace("，", ",").split(",") if number.strip())
        wrong = [(number, read) for number in spelt if isinstance(read := parse(number), Problem)]
        if spelt and not wrong:
            return structs.replace(answers, numbers=spelt)
        for number, problem in wrong:
            click.echo(f"  {number!r}: {problem.what}: {problem.remedy}")


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
        names = tuple(name.strip() for name in said.replace("，", ",").split(",") if name.strip())
        wrong = [name for name in names if name not in known and name not in first]
        if not wrong:
            return names
        for name in wrong:
            click.echo(f"  not known: {name}: {nearest(name, [*first, *known])}")
