"""The manual pages are those that are made, tell everything that there is, and are read without a complaint."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import manual
from docs.roff import Page
from numtrustd import cli, exit_status
from numtrustd.ctl import cli as client

MAN = Path(manual.__file__).parent.parent / "man"
PAGES = sorted(manual.PAGES)


def need(program: str) -> str:
    """The program; CI has them all."""
    found = shutil.which(program)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is not there: .ci/run installs it")
        pytest.skip(f"{program} is not there")
    return found


def plain(page: str) -> str:
    """What it says, without its marks."""
    page = re.sub(r"\\f[BRI]|\\&", "", page)
    page = re.sub(r"\\\[u([0-9A-F]+)\]", lambda m: chr(int(m[1], 16)), page)
    for mark, char in (("\\-", "-"), ("\\(aq", "'"), ("\\(ga", "`"), ("\\(ti", "~"), ("\\e", "\\")):
        page = page.replace(mark, char)
    return page


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_the_one_that_is_made(name: str) -> None:
    assert (MAN / name).read_text(encoding="utf-8") == manual.PAGES[name](), "run python -m docs.generate"


def test_there_is_no_other_page() -> None:
    assert sorted(file.name for file in MAN.iterdir()) == PAGES


@pytest.mark.process
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_with_it(name: str) -> None:
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANROFFSEQ": ""}
    for command in (
        [need("mandoc"), "-T", "lint", MAN / name],
        [need("groff"), "-ww", "-Tutf8", "-man", "-z", MAN / name],
    ):
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


@pytest.mark.parametrize(("name", "program"), [("numtrustctl.1", client.program), ("numtrustd.8", cli.cli)])
def test_every_command_and_option_is_told(name: str, program: click.Group) -> None:
    parts = re.split(r"^\.S[SH] ", plain((MAN / name).read_text(encoding="utf-8")), flags=re.MULTILINE)
    told = {part.partition("\n")[0].strip('"'): part for part in parts}
    for path, command in commands(program):
        for param in (*command.params, *program.params):
            if isinstance(param, click.Option):
                where = told["OPTIONS"] if param in program.params or param.opts[-1] in told["OPTIONS"] else told[path]
                assert param.opts[-1] in where, path
                assert param.help, f"{path} {param.opts[0]} says nothing of itself"
        examples = [line for line, _ in getattr(command, "examples", ())]
        for line in (*examples, *filter(None, [(command.epilog or "").removeprefix("Example: ")])):
            assert line in told[path]


@pytest.mark.parametrize(("name", "module"), [("numtrustctl.1", client), ("numtrustd.8", exit_status)])
def test_every_exit_status_is_told(name: str, module: object) -> None:
    told = dict(manual.statuses(module))  # type: ignore[arg-type]  # parametrize has only objects
    assert set(told) == {value for key, value in vars(module).items() if key.isupper() and isinstance(value, int)}
    page = plain((MAN / name).read_text(encoding="utf-8"))
    for status in told:
        assert f"\n{status}\n" in page


def test_every_setting_of_the_example_is_told_with_its_meaning() -> None:
    page = plain((MAN / "numtrustd.toml.5").read_text(encoding="utf-8"))
    said = " ".join(page.replace(".PP", "").split())
    lines = manual.SETTINGS.read_text(encoding="utf-8").splitlines()
    keys = [m for line in lines if (m := re.match(r"#?([a-z_0-9]+ = .*?)(?:\s+# ?(.*))?$", line))]
    assert len(keys) > 150
    for key in keys:
        assert key[1].strip() in page
        if key[2]:
            assert " ".join(key[2].replace("`", "").replace("…", "...").split()) in said
    for line in lines:
        if table := re.fullmatch(r"#?(\[[^#]*\])", line):
            assert table[1] in page
        elif line.startswith("# ") and "----" not in line:
            assert " ".join(
                line[2:].strip().removeprefix("# ").replace("`", "").replace("…", "...").split()
            ) in said.replace("\\(lq", "“")


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Co", "Cn", "Zl", "Zp")), min_size=1)))
def test_no_text_can_turn_into_a_request(texts: list[str]) -> None:
    page = Page("x", 1, "y", source="s", manual="m", date="2026-11-23")
    page.section("z")
    for text in texts:
        page.text(text)
        page.item(text, text)
        page.example(text)
    lines = str(page).splitlines()
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert requests <= {'.\\"', ".TH", ".SH", ".PP", ".TP", ".nf", ".RS", ".RE", ".fi"}
    assert str(page).isascii()


@pytest.mark.parametrize("example", [command.epilog for _, command in commands(cli.cli)])
def test_the_daemons_examples_are_command_lines_that_are_understood(example: str) -> None:
    name, *arguments = shlex.split(example.removeprefix("Example: "))
    assert name == "numtrustd"
    command: click.Command = cli.cli
    context = click.Context(command, info_name=name)
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    arguments = [str(manual.SETTINGS) if argument.startswith("platforms.d/") else argument for argument in arguments]
    command.parse_args(context, arguments)
