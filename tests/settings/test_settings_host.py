"""What the machine lacks is warned of by `check` with its place and remedy, and never keeps it from saying good."""

import grp
import os
import pathlib
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from settings_files import Files

from numtrustd.cli import cli
from numtrustd.settings import host

Tree = Callable[..., pathlib.Path]
HERE = grp.getgrgid(os.getgid()).gr_name
NOBODY = "no-such-group-here"


def check(config: pathlib.Path) -> list[str]:
    done = CliRunner().invoke(cli, ["check", "--config", str(config)], env={"RUNTIME_DIRECTORY": ""})
    assert done.exit_code == 0, done.output
    assert ": good: " in done.output
    said = [line for line in done.output.splitlines() if line.startswith("warning: ")]
    return [line.removeprefix("warning: ").replace(f"{config.parent}/", "") for line in said]


def control(base: Files, table: str) -> Files:
    return base | {"numtrustd.toml": base["numtrustd.toml"] + f"[control]\n{table}"}


def test_a_group_and_directories_that_are_missing(tree: Tree, base: Files) -> None:
    sockets = 'status_socket = "a/status.sock"\ncontrol_socket = "b/control.sock"\n'
    config = tree(control(base, f'group = "{NOBODY}"\n{sockets}'))
    no_group, no_status, no_control = [line for line in check(config) if ": control." in line]
    assert no_group.startswith(f'numtrustd.toml:4: control.group: there is no group "{NOBODY}" on this machine')
    assert f"(groupadd --system {NOBODY}), or set group = " in no_group
    assert no_status.startswith("numtrustd.toml:5: control.status_socket: the socket's directory a is not there")
    assert "mkdir -p b where the daemon is to run" in no_control
    for name in "ab":
        (config.parent / name).mkdir()
    assert [line for line in check(config) if ": control." in line] == [no_group]
    config = tree(control(base, f'group = "{HERE}"\n{sockets}'))
    assert not [line for line in check(config) if ": control." in line]


def test_one_directory_is_named_once_and_no_group_is_wanted(tree: Tree, base: Files) -> None:
    config = tree(control(base, 'group = ""\nstatus_socket = "a/s"\ncontrol_socket = "a/c"\n'))
    assert [line.split(": ")[1] for line in check(config) if ": control." in line] == ["control.status_socket"]
    (config.parent / "a").touch()
    assert [line.split(": ")[1] for line in check(config) if ": control." in line] == ["control.status_socket"]


def test_what_the_units_bring_is_not_asked_for(tree: Tree, base: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tree(control(base, 'group = ""\n'))
    monkeypatch.setattr(host, "BROUGHT", pathlib.Path("/run/numtrustd-of-no-machine"))
    sockets = 'status_socket = "/run/numtrustd-of-no-machine/s"\ncontrol_socket = "/run/numtrustd-of-no-machine/c"\n'
    config = tree(control(base, f'group = ""\n{sockets}'))
    assert [line.split(": ")[1] for line in check(config) if ": control." in line] == ["control.status_socket"]
    monkeypatch.setattr("numtrustd.settings.unseen.SYSTEM", config)
    assert not [line for line in check(config) if ": control." in line]
