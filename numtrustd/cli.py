"""`numtrustd`: parse, call, exit status. Decides nothing.

Exit statuses follow sysexits: 0, 64 usage, 65 a recorded answer reads otherwise, 69 unavailable, 70 a bug, 74 I/O,
75 try again, 77 no permission, 78 configuration.
"""

import gettext
import io
import os
import sys
from pathlib import Path
from typing import Literal, NoReturn

import click

from numtrustd import __version__
from numtrustd.columns import fitted
from numtrustd.exit_status import CONFIG, USAGE

DEFAULT_CONFIG = "/etc/numtrustd/numtrustd.toml"

_config = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The settings file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="numtrustd", message="%(prog)s %(version)s")
def cli() -> None:
    """Watches how a company's own phone numbers are shown to the people it calls, and drives appeals until the
    phone shows the right thing."""


@cli.command(epilog="Example: numtrustd run --config mine/numtrustd.toml --log-format console")
@_config
@click.option("--log-format", type=click.Choice(["json", "console"]), help="Overrides [log] format.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warn", "error"]), help="Overrides [log] level.")
@click.option("--init", is_flag=True, help="Create the state directory if it is absent (first start only).")
@click.option("--accept-clock", is_flag=True, help="The wall clock is right although the state has seen a later time.")
def run(config: Path, log_format: str | None, log_level: str | None, init: bool, accept_clock: bool) -> None:
    """Run the daemon in the foreground until SIGTERM."""
    from numtrustd.start import run_daemon

    sys.exit(
        run_daemon(
            config,
            os.environ,
            log_format=log_format,
            log_level=log_level,
            init=init,
            accept_clock=accept_clock,
        )
    )


@cli.command("init", epilog="Example: numtrustd init --config mine/numtrustd.toml --number 13800138000 --enable huawei")
@_config
@click.option("--company", metavar="NAME", default="", help="In whose name letters are written.")
@click.option("--contact-name", metavar="NAME", default="", help="Whom platforms may ask, as their forms want to know.")
@click.option("--contact-phone", metavar="NUMBER", default="", help="And at which telephone.")
@click.option("--display-name", metavar="NAME", default="", help="The name that phones are to show.")
@click.option("--number", "numbers", multiple=True, help="A number to watch, in any spelling; again for more.")
@click.option(
    "--numbers", "numbers_file", metavar="FILE", type=click.Path(path_type=Path), help="A CSV file of numbers instead."
)
@click.option("--enable", metavar="ID", multiple=True, help="A source to look through, or a platform; again for more.")
@click.option(
    "--approval",
    type=click.Choice(["ask", "automatic"]),
    help="Whether appeals wait for you; ask if left out.",
)
@click.option("--state-dir", metavar="DIR", help="Where the database will lie.")
@click.option("--socket-dir", metavar="DIR", help="Where the two sockets will lie.")
@click.option("--group", metavar="NAME", help="The group that may act; empty for none.")
@click.option("--no-input", is_flag=True, help="Ask nothing, also on a terminal.")
@click.option("--force", is_flag=True, help="Replace files that somebody has written.")
def init_(
    config: Path,
    company: str,
    contact_name: str,
    contact_phone: str,
    display_name: str,
    numbers: tuple[str, ...],
    numbers_file: Path | None,
    enable: tuple[str, ...],
    approval: Literal["ask", "automatic"] | None,
    state_dir: str | None,
    socket_dir: str | None,
    group: str | None,
    no_input: bool,
    force: bool,
) -> None:
    """Write the first settings and numbers, from flags or from questions on a terminal.

    For the service at /etc/numtrustd the directories are those of the system; elsewhere they lie beside the file, and
    nobody but you may act. Ends with the commands to type next.
    """
    from numtrustd import init
    from numtrustd.settings import unseen

    own = config.absolute() != Path(DEFAULT_CONFIG)
    answers = init.Answers(
        company=company.strip(),
        contact_name=contact_name.strip(),
        contact_phone=contact_phone.strip(),
        display_name=display_name.strip(),
        numbers=numbers,
        numbers_file=numbers_file,
        enable=enable,
        approval=approval or "ask",
        state_dir=("state" if own else "") if state_dir is None else state_dir,
        socket_dir=("run" if own else "") if socket_dir is None else socket_dir,
        group=("" if own else None) if group is None else group,
    )
    if numbers and numbers_file is not None:
        raise click.UsageError("--number and --numbers: give one of them")
    if sys.stdin.isatty() and not no_input:
        try:
            answers = init.ask(answers, config, approval_given=approval is not None, force=force)
        except init.InitError as error:
            _fail(error.status, "\nnumtrustd: ".join(error.lines))
    try:
        made = init.write(config, answers, os.environ, force=force)
    except init.InitError as error:
        _fail(error.status, "\nnumtrustd: ".join(error.lines))
    for file in made.files:
        was = " over the one of the package, which nobody had edited" if file in made.untouched else ""
        of = (
            f", a copy of {made.copied}, which the service would not see"
            if made.copied and file.suffix == ".csv"
            else ""
        )
        click.echo(f"wrote {file}{was}{of}")
    if made.groups:
        click.echo(f"groups of the numbers, each with a [[group]] of its own: {', '.join(made.groups)}")
    for source, lines in made.lacking.items():
        click.echo(f"{source} is not switched on yet; it lacks:")
        for line in lines:
            click.echo(fitted(f"  {line}", sys.stdout))
        if lines:
            click.echo(f'  then put "{source}" into `enable` under [platforms] in {config}')
    for warning in made.warnings:
        click.echo(fitted(f"warning: {warning}", sys.stdout))
    if made.own:
        click.echo(f"on by packs of your own: {', '.join(made.own)}")
    if not made.enabled and not made.own:
        click.echo("no source is switched on, so nothing will be looked at yet: `numtrustd sources` lists them")
    if config == unseen.SYSTEM:
        click.echo("who may act, from the next login on: usermod -aG numtrustd-ctl NAME")
    click.echo("next:")
    for command in made.commands:
        click.echo(f"  {command}")


@cli.command("create-state", epilog="Example: numtrustd create-state --config mine/numtrustd.toml")
@_config
def create_state(config: Path) -> None:
    """Create the empty state directory, once, before the first start."""
    from numtrustd.start import create

    sys.exit(create(config, os.environ))


@cli.command(epilog="Example: numtrustd check --config mine/numtrustd.toml")
@_config
def check(config: Path) -> None:
    """Check the configuration and print everything that is wrong with it."""
    from numtrustd.settings import host, load, unseen
    from numtrustd.settings.problem import Report

    report = Report()
    loaded = load(config, os.environ, report=report)
    wrong, doubts = (loaded, []) if isinstance(loaded, list) else ([], host.lacking(loaded))
    doubts = [*dict.fromkeys(report.warnings), *doubts]
    told = [f"warning: {doubt}" for doubt in doubts]
    if not isinstance(loaded, list):
        remedy = f"put it elsewhere, into {config.absolute().parent} for instance"
        for file, place in unseen.files(loaded).items():
            told.append(f"warning: {file}: the service does not see what lies below {place}: {remedy}")
    for line in (*map(str, wrong), *told):
        click.echo(fitted(line, sys.stdout))
    warnings = _many("warning", "warnings", len(told)) if told else ""
    if isinstance(loaded, list):
        click.echo(", ".join(filter(None, (_many("problem", "problems", len(wrong)), warnings))), err=True)
        sys.exit(CONFIG)
    numbers = _many("number", "numbers", len(loaded.numbers))
    platforms = _many("platform", "platforms", len(loaded.platforms))
    good = f"{config}: good: {numbers}, {platforms}, sources in use: {', '.join(loaded.sources) or 'none'}"
    click.echo(fitted("; ".join(filter(None, (good, warnings))), sys.stdout))
    if not loaded.numbers:
        click.echo(fitted("there is no number yet: `numtrustd init` asks for yours and for your sources", sys.stdout))


@cli.command(epilog="Example: numtrustd sources --config mine/numtrustd.toml")
@_config
def sources(config: Path) -> None:
    """List every source there is, your own packs' first: how good it is, and what it needs before you enable it.

    Needs no settings yet: packs of your own lie in platforms.d beside the place where they will be.
    """
    from numtrustd import init

    try:
        known = init.known_sources(config)
    except init.InitError as error:
        _fail(error.status, "\nnumtrustd: ".join(error.lines))
    for row in init.rows(list(known.values()), whole=True):
        click.echo(fitted(row, sys.stdout))
    grades = "the letter says how good what is known of a source is, from A (official) to D (hearsay)"
    click.echo(fitted(grades, sys.stderr), err=True)


def _many(one: str, many: str, count: int) -> str:
    return f"{count} {gettext.ngettext(one, many, count)}"


@cli.command(epilog="Example: numtrustd look 13800138000 --source sogou.search --verbose")
@click.argument("number")
@_config
@click.option("--platform", "-p", help="Only sources that speak for this platform.")
@click.option("--source", "-s", help="Only this source, even if it is switched off.")
@click.option("--verbose", "-v", is_flag=True, help="Show request, answer and which rule matched.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="DIR/NAME",
    help="Keep the answer as DIR/NAME.http and what was read in it as DIR/NAME.toml, for `pack test`.",
)
def look(
    number: str, config: Path, platform: str | None, source: str | None, verbose: bool, record: Path | None
) -> None:
    """Make one look at NUMBER, now, and print what was seen. Touches no state."""
    from numtrustd.look import LookError, look_once

    try:
        look_once(
            number,
            config,
            os.environ,
            platform=platform,
            source=source,
            verbose=verbose,
            record=record,
            echo=click.echo,
        )
    except LookError as error:
        _fail(error.status, str(error))


@cli.group()
def pack() -> None:
    """For those who write packs."""


@pack.command("test", epilog="Example: numtrustd pack test platforms.d/acme.toml")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--fixtures",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the recorded answers lie. Default: the directory beside FILE with its name.",
)
def pack_test(file: Path, fixtures: Path | None) -> None:
    """Check the pack in FILE, and read the recorded answers beside it with it. Touches no state, asks nobody."""
    from numtrustd.packtest import run_pack_test

    sys.exit(run_pack_test(file, fixtures, click.echo))


@cli.command(epilog="Example: numtrustd demo --for 60 --numbers 40")
@click.option("--for", "seconds", type=click.FloatRange(min=1), default=75.0, show_default=True, help="Real seconds.")
@click.option("--numbers", type=click.IntRange(min=20, max=2_000), default=24, show_default=True, help="How many.")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-state",
    show_default=True,
    help="Where its state lies.",
)
@click.option("--log-format", type=click.Choice(["json", "console"]), help="Default: console on a terminal.")
def demo(seconds: float, numbers: int, state: Path, log_format: str | None) -> None:
    """Run the main job on simulated platforms with a fast clock. Ctrl-C at any time; run again to carry on."""
    from numtrustd.demo import run_demo

    sys.exit(run_demo(state, seconds, numbers, log_format))


def _fail(status: int, text: str) -> NoReturn:
    for line in f"numtrustd: {text}".split("\n"):
        click.echo(fitted(line, sys.stderr), err=True)
    sys.exit(status)


def main() -> None:
    """Entry point; usage errors are 64 as sysexits has it."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        for line in shown.getvalue().splitlines():
            click.echo(fitted(line, sys.stderr), err=True)
        sys.exit(USAGE)
