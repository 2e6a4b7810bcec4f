"""The shells' completions of both programs, as click makes them: completions/bash, zsh and fish.

Each file lies under the name that its shell looks for. They only ask the program itself what may follow, so they need
not change when a command does; a new release of click may word them anew.
"""

import re
from importlib.metadata import version
from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from numtrustd import cli as daemon_cli
from numtrustd.ctl import cli as client_cli

ROOT = Path(__file__).parent.parent / "completions"
PROGRAMS: dict[str, click.Command] = {"numtrustctl": client_cli.program, "numtrustd": daemon_cli.cli}
SHELLS: dict[str, tuple[type[ShellComplete], str]] = {
    "bash": (BashComplete, "{program}"),
    "zsh": (ZshComplete, "_{program}"),
    "fish": (FishComplete, "{program}.fish"),
}


def path(shell: str, program: str) -> Path:
    """Where the file lies."""
    return ROOT / shell / SHELLS[shell][1].format(program=program)


def text(shell: str, program: str) -> str:
    """What it holds."""
    complete = SHELLS[shell][0](PROGRAMS[program], {}, program, f"_{program.upper()}_COMPLETE")
    source = complete.source_template % complete.source_vars()  # its own `source` asks for the bash of this machine
    lines = [line.rstrip() for line in source.strip().splitlines()]
    made = f"# Made with click {version('click')} by `python -m docs.generate`; do not edit."
    at = 1 if lines[0].startswith("#compdef") else 0  # which has to be the first line
    return "\n".join([*lines[:at], made, *lines[at:]]) + "\n"


def made_with(text: str) -> str:
    """The release of click that a file was made with."""
    found = re.search(r"^# Made with click (\S+) ", text, re.MULTILINE)
    return found[1] if found else ""


def write() -> None:
    """Write all."""
    for program in PROGRAMS:
        for shell in SHELLS:
            file = path(shell, program)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text(shell, program), encoding="utf-8")
