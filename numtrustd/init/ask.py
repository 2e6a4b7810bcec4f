"""The questions of `numtrustd init`, for whoever sits at a terminal: only what no flag has answered."""

from collections.abc import Mapping
from pathlib import Path

import click
from msgspec import structs

from numtrustd.domain.number import Problem, parse
from numtrustd.init.answers import Answers
from numtrustd.init.files import known_sources


def ask(answers: Answers, env: Mapping[str, str], *, approval_given: bool, numbers_there: bool) -> Answers:
    """The answers, with those that were still lacking. `numbers_there` tells that there is a file of them already."""
    click.echo(
        "An empty line leaves a thing out, except for the numbers; everything can be changed in the file later.\n"
    )
    if not answers.company:
        answers = structs.replace(answers, company=_line("Company, in whose name letters are written"))
    if not answers.display_name:
        answers = structs.replace(answers, display_name=_line("Name that phones are to show"))
    if not answers.numbers and answers.numbers_file is None and not numbers_there:
        answers = _numbers(answers)
    if not answers.enable:
        answers = structs.replace(answers, enable=_sources(env))
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


def _sources(env: Mapping[str, str]) -> tuple[str, ...]:
    known = known_sources(env)
    click.echo("\nWhere it may look. Each needs something before you may switch it on:")
    for source in known.values():
        click.echo(f"  {source.id:28} {source.why_off}")
    first = {name.partition(".")[0] for name in known}
    while True:
        said = _line("Sources or platforms with commas between them")
        names = tuple(name.strip() for name in said.replace("，", ",").split(",") if name.strip())
        wrong = [name for name in names if name not in known and name not in first]
        if not wrong:
            return names
        click.echo(f"  not known: {', '.join(wrong)}")
