"""Completion in the shells themselves, with the files that are installed."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from docs import completions
from numtrustd.ctl import lang
from numtrustd.ctl.cli import COMPLETE, main
from tests.ctl.test_ctl_commands import CASE, TASK

Capture = pytest.CaptureFixture[str]
BIN = Path(sys.executable).parent
DEADLINE = 60.0
FILES = [(shell, program) for shell in completions.SHELLS for program in completions.PROGRAMS]


def offered(capsys: Capture, monkeypatch: pytest.MonkeyPatch, words: str) -> dict[str, str]:
    """What zsh would be told, with the help of each; `words` ends where the cursor stands."""
    typed = words.split(" ")
    monkeypatch.setenv("COMP_WORDS", " ".join(typed))
    monkeypatch.setenv("COMP_CWORD", str(len(typed) - 1))
    monkeypatch.setenv(COMPLETE, "zsh_complete")
    assert main([]) == 0
    lines = capsys.readouterr().out.strip("\n").replace("\\:", ":").splitlines()
    return {value: help for _, value, help in zip(*[iter(lines)] * 3, strict=True)}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("numtrustctl platform b", {"baidu": "baidu"}),
        ("numtrustctl case ", {CASE: "appeal, at_person"}),
        (f"numtrustctl hold {CASE[:8]}", {CASE: "appeal, at_person"}),
        (f"numtrustctl case {CASE[:-1]}", {CASE: "appeal, at_person"}),
        ("numtrustctl task show ", {TASK: "Hand in the appeal"}),
        ("numtrustctl trust sog", {"sogou.search": "open"}),
        ("numtrustctl observe 13800138000 --status ma", {"marked": "_"}),
        ("numtrustctl numbers --finding mis", {"mislabel": "mislabel"}),
        ("numtrustctl numbers --finding a", {"any": "whatever is wrong"}),
        ("numtrustctl numbers --group s", {"sales": "_"}),
        ("numtrustctl silence add s", {"sales": "group"}),
        ("numtrustctl silence add b", {"baidu": "baidu"}),
        ("numtrustctl evidence add lic", {"licence": "营业执照（加盖公章）"}),
        ("numtrustctl evidence remove lic", {"licence": "营业执照（加盖公章）"}),
        ("numtrustctl evidence add licence a.pdf --case ap", {"appeal": "appeal"}),
        (f"numtrustctl task done {TASK} --outcome ", {"submitted": "submitted", "refused": "refused"}),
        ("numtrustctl observe 13800138000 --platform xiaomi --surface in", {"incoming_call": "incoming_call"}),
        ("numtrustctl observe 13800138000 --reason bl", {"blocked": "blocked"}),
        ("numtrustctl task d", {"done": "It is done, and what came of it"}),
        ("numtrustctl --la", {"--lang": "The language of what people read; that of the locale if left out."}),
    ],
)
def test_what_the_daemon_knows_is_offered(
    daemon: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch, words: str, found: dict[str, str]
) -> None:
    assert found.items() <= offered(capsys, monkeypatch, words).items()


def test_helps_beside_offers_are_in_the_readers_language(
    daemon: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert offered(capsys, monkeypatch, "numtrustctl case ")[CASE] == "申诉, 待人提交"
    assert offered(capsys, monkeypatch, "numtrustctl appr")["approve"] == "批准案件的提交"
    assert "语言" in offered(capsys, monkeypatch, "numtrustctl status --la")["--lang"]
    assert lang.word("marked") == "已标记"


@pytest.mark.parametrize("words", ["numtrustctl case ", "numtrustctl platform x", "numtrustctl --socket /no case "])
def test_without_a_daemon_nothing_is_offered_and_nothing_said(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
) -> None:
    monkeypatch.setenv("NUMTRUSTD_SOCKET_DIR", str(tmp_path))
    assert offered(capsys, monkeypatch, words) == {}
    assert capsys.readouterr().err == ""


def test_the_named_socket_is_asked(daemon: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = f"{os.environ['NUMTRUSTD_SOCKET_DIR']}/status.sock"
    monkeypatch.delenv("NUMTRUSTD_SOCKET_DIR")
    assert CASE in offered(capsys, monkeypatch, f"numtrustctl --socket {socket} case ")
    assert CASE in offered(capsys, monkeypatch, f"numtrustctl case --socket {socket} ")


# ---------------------------------------------------------------------------------------------------- real shells


def need(shell: str) -> str:
    """The shell; CI has them all."""
    found = shutil.which(shell)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{shell} is not there: .ci/run installs it")
        pytest.skip(f"{shell} is not there")
    return found


@pytest.mark.parametrize(("shell", "program"), FILES)
def test_the_files_are_those_that_click_makes(shell: str, program: str) -> None:
    written = completions.path(shell, program).read_text(encoding="utf-8")
    assert f"_{program.upper()}_COMPLETE={shell}_complete" in written
    if completions.made_with(written) == version("click"):  # another release may word them in another way
        assert written == completions.text(shell, program), "run python -m docs.generate"


@pytest.mark.process
@pytest.mark.parametrize(("shell", "program"), FILES)
def test_each_shell_finds_no_fault_in_its_file(shell: str, program: str) -> None:
    subprocess.run([need(shell), "-n", completions.path(shell, program)], check=True, timeout=60)


WAYS = {
    "bash": (["--norc", "--noprofile", "-i"], "source {file}\n"),
    "zsh": (["-f", "-i"], "fpath=({folder} $fpath); autoload -U compinit; compinit -u -d {tmp}/dump\n"),
    "fish": (["--no-config", "-i"], "source {file}\n"),
}


class Terminal:
    """A shell on a terminal of its own, with the completion of `program` at hand."""

    def __init__(self, shell: str, program: str, tmp_path: Path) -> None:
        options, begin = WAYS[shell]
        found, file = need(shell), completions.path(shell, program)
        environ = {
            "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "TERM": "xterm", "LC_ALL": "C.UTF-8",
            "PS1": "> ", "INPUTRC": "/dev/null", "COLUMNS": "200",
            "NUMTRUSTD_SOCKET_DIR": os.environ.get("NUMTRUSTD_SOCKET_DIR", str(tmp_path)),
        }  # fmt: skip
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(found, [shell, *options], environ)
        self.seen = b""
        self.type(begin.format(file=file, folder=file.parent, tmp=tmp_path))
        self.type("echo 'be''gun'\n")
        self.until(b"begun")

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def until(self, said: bytes) -> None:
        end = time.monotonic() + DEADLINE
        while said not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{said!r} was not shown: {self.seen[-2000:]!r}"
            self.seen += os.read(self.fd, 65_536)

    def close(self) -> None:
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.mark.process
@pytest.mark.parametrize("shell", completions.SHELLS)
@pytest.mark.parametrize(
    ("program", "keys", "rest"),
    [
        ("numtrustctl", "numtrustctl check-", b"link"),
        ("numtrustctl", "numtrustctl case +8621", CASE.removeprefix("+8621").encode()),
        ("numtrustd", "numtrustd create-", b"state"),
    ],
)
def test_the_tab_key(daemon: Any, tmp_path: Path, shell: str, program: str, keys: str, rest: bytes) -> None:
    terminal = Terminal(shell, program, tmp_path)
    try:
        terminal.type("echo 'rea''dy'\n")
        terminal.until(b"ready")
        terminal.seen = b""
        terminal.type(keys + "\t")
        terminal.until(rest)
    finally:
        terminal.close()
