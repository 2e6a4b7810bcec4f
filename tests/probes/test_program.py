"""Operators' programs, real ones: what they are given, and that whatever they do is a value and leaves nothing."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from numtrustd.domain.observation import UnknownReason
from numtrustd.probes import program as programs
from numtrustd.probes.command import CommandSpec, Ended
from numtrustd.probes.program import LONGEST_LINE, Program
from tests.root import needs_root

NOBODY = "nobody"


def program(tmp_path: Path, text: str, values: dict[str, str] | None = None, **more: Any) -> Program:
    """A Python program of this text."""
    file = tmp_path / "look"
    file.write_text(f"#!{sys.executable} -IS\nimport os, sys, time, signal, json\n{text}\n")
    file.chmod(0o755)
    return Program(CommandSpec(argv=(str(file), *more.pop("arguments", ())), **more), values or {})


@pytest.fixture
def as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own user runs it, root or not: another could not even read the interpreter."""
    monkeypatch.setattr(programs, "_user", lambda name: (None, ""))


real = pytest.mark.usefixtures("as_it_is")


async def run(made: Program, question: bytes = b"") -> tuple[Ended, list[str]]:
    heard: list[str] = []
    with trio.fail_after(20):
        return await made.run(question, heard.append), heard


@real
async def test_it_is_told_the_question_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/secret/place")
    held, other = os.pipe()
    os.set_inheritable(held, True)
    made = program(
        tmp_path,
        """
asked = sys.stdin.read()
files = sorted(int(n) for n in os.listdir("/proc/self/fd"))
print(json.dumps([asked, sys.argv[1:], dict(os.environ), os.getcwd(), oct(os.stat(".").st_mode), files,
    os.getpid() == os.getsid(0), os.geteuid()]))
""",
        {"var:farm": "rack 7", "secret:key": "s3cret-key"},
        arguments=("{var:farm}", "; echo no shell"),
        env={"FARM_KEY": "{secret:key}"},
    )
    ended, _ = await run(made, b"one\ntwo\n")
    os.close(held)
    os.close(other)
    assert ended.reason is None, ended.detail
    asked, arguments, environment, home, mode, files, leads, user = json.loads(ended.output)
    assert asked == "one\ntwo\n"
    assert arguments == ["rack 7", "; echo no shell"]
    # The interpreter of the program may add LC_CTYPE to its own environment.
    assert {k: v for k, v in environment.items() if k != "LC_CTYPE"} == {"FARM_KEY": "[redacted]"}
    assert mode == "0o40700"
    assert len(files) <= 4, "standard input, output, error, and the directory that it is just reading"
    assert leads
    assert user == os.geteuid()
    assert not os.path.exists(home), "its directory goes with it"


@real
async def test_what_it_says_on_standard_error_is_heard_line_by_line_bounded_and_without_secrets(tmp_path: Path) -> None:
    made = program(
        tmp_path,
        """
sys.stderr.write("phone 3 is \\xff off\\n\\n the key is s3cret-key\\n")
sys.stderr.write("x" * 500_000 + "\\nlast without an end")
""",
        {"secret:key": "s3cret-key"},
        env={"K": "{secret:key}"},
    )
    ended, heard = await run(made)
    assert ended.reason is None
    assert heard[0].startswith("phone 3 is ")
    assert heard[1] == " the key is [redacted]"
    assert heard[2] == "x" * LONGEST_LINE + " …"
    assert heard[3:] == ["last without an end"]


@real
@pytest.mark.parametrize(
    ("text", "more", "reason", "detail"),
    [
        ("print('{}'); sys.exit(3)", {}, UnknownReason.FAILED, "status 3"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", {}, UnknownReason.FAILED, "SIGSEGV"),
        ("time.sleep(60)", {"deadline": 0.3}, UnknownReason.TIMEOUT, "0.3 s"),
        ("print('x' * 3000)", {"max_bytes": 1000}, UnknownReason.TOO_LARGE, "1000 bytes"),
        ("print('\\n' * 30)", {"max_lines": 10}, UnknownReason.TOO_LARGE, "10 lines"),
        ("\nwhile True: print('x' * 1000)", {"max_bytes": 5000}, UnknownReason.TOO_LARGE, "5000 bytes"),
    ],
)
async def test_whatever_it_does_wrong_is_a_value(
    tmp_path: Path, text: str, more: dict[str, Any], reason: UnknownReason, detail: str
) -> None:
    ended, _ = await run(program(tmp_path, text, **more))
    assert ended.reason is reason
    assert detail in ended.detail


@real
async def test_one_that_reads_nothing_of_a_long_question_is_no_trouble(tmp_path: Path) -> None:
    ended, _ = await run(program(tmp_path, "print('done')"), b"x" * 1_000_000)
    assert ended == Ended(b"done\n")


@real
async def test_one_that_is_not_there_or_may_not_be_run_failed(tmp_path: Path) -> None:
    made = program(tmp_path, "")
    (tmp_path / "look").chmod(0o644)
    assert (await run(made))[0].reason is UnknownReason.FAILED
    (tmp_path / "look").unlink()
    ended, _ = await run(made)
    assert ended.reason is UnknownReason.FAILED
    assert "could not be started: No such file" in ended.detail


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


FAMILY = """
child = os.fork()
if not child:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stderr.write(f"{os.getpid()} {child}\\n")
sys.stderr.flush()
"""


@real
@pytest.mark.parametrize("end", ["sys.exit(0)", "time.sleep(60)"])
async def test_nobody_of_its_group_outlives_the_run_not_even_those_deaf_to_term(tmp_path: Path, end: str) -> None:
    ended, heard = await run(program(tmp_path, FAMILY + end, deadline=1.0, grace=0.2))
    assert ended.reason is (None if "exit" in end else UnknownReason.TIMEOUT)
    for pid in map(int, heard[0].split()):
        with trio.fail_after(5):
            while alive(pid):
                await trio.sleep(0.01)


@real
async def test_a_run_that_is_given_up_is_ended(tmp_path: Path) -> None:
    made, pids = program(tmp_path, FAMILY + "time.sleep(60)"), []
    async with trio.open_nursery() as nursery:

        def heard(line: str) -> None:
            pids.extend(map(int, line.split()))
            nursery.cancel_scope.cancel()

        with trio.fail_after(20):
            await made.run(b"", heard)
    assert len(pids) == 2
    with trio.fail_after(5):
        while any(map(alive, pids)):
            await trio.sleep(0.01)


@real
async def test_one_that_ends_when_it_is_told_to_may_tidy_up(tmp_path: Path) -> None:
    tidy = "signal.signal(signal.SIGTERM, lambda *_: (sys.stderr.write('tidied\\n'), sys.exit(0)))\ntime.sleep(60)"
    ended, heard = await run(program(tmp_path, tidy, deadline=1.0, grace=10.0))
    assert ended.reason is UnknownReason.TIMEOUT
    assert ended.output == b""
    assert heard == [], "what it says after its time is not listened to"


@real
async def test_a_child_that_fled_the_group_with_its_pipes_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_DRAIN", 0.2)
    fled = "print('said', flush=True)\nif not os.fork():\n    os.setsid()\n    time.sleep(3)"
    with trio.fail_after(2.5):
        ended, _ = await run(program(tmp_path, fled))
    assert ended == Ended(b"said\n")


@pytest.fixture
def stuck() -> Iterator[threading.Event]:
    """What hangs until the test is over."""
    event = threading.Event()
    yield event
    event.set()


def places(root: Path) -> list[Path]:
    return list(root.glob("numtrustd-*"))


async def test_a_user_database_that_hangs_takes_the_time_of_the_program_and_few_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: threading.Event
) -> None:
    asked: list[str] = []

    def hang(name: str) -> tuple[None, str]:
        asked.append(name)
        stuck.wait(30)
        return None, ""

    monkeypatch.setattr(programs, "_user", hang)
    made = program(tmp_path, "print('ran')", deadline=0.2)
    ended: list[Ended] = []

    async def look() -> None:
        ended.append((await run(made))[0])

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(look)
    assert {(e.reason, e.output) for e in ended} == {(UnknownReason.TIMEOUT, b"")}
    assert all("within 0.2 s" in e.detail for e in ended)
    assert len(asked) == programs._THREADS


@real
@pytest.mark.parametrize("given_up", [False, True], ids=["its deadline", "we are to stop"])
async def test_a_program_on_a_disk_that_hangs_holds_nothing_up_and_is_killed_when_it_starts_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: threading.Event, given_up: bool
) -> None:
    begin = subprocess.Popen
    late: list[subprocess.Popen[bytes]] = []

    def hang(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        late.append(begin(*arguments, **options))
        stuck.wait(30)
        return late[0]

    monkeypatch.setattr(subprocess, "Popen", hang)
    made = program(tmp_path, "time.sleep(60)", deadline=60.0 if given_up else 0.2)
    ended: list[Ended] = []

    async def look() -> None:
        ended.append((await run(made))[0])

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            if given_up:
                await trio.sleep(0.1)
                nursery.cancel_scope.cancel()
    if not given_up:
        [at_end] = ended
        assert (at_end.reason, at_end.output) == (UnknownReason.TIMEOUT, b"")
        assert at_end.detail.endswith("was not started within 0.2 s: its disk hangs")
    stuck.set()
    with trio.fail_after(10):
        while late[0].returncode is None:
            await trio.sleep(0.01)
    assert late[0].returncode == -signal.SIGKILL


@real
async def test_a_program_that_starts_just_as_we_are_told_to_stop_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread is through, and nobody has taken note of that yet."""
    begin = subprocess.Popen
    started: list[subprocess.Popen[bytes]] = []

    def note(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        started.append(begin(*arguments, **options))
        return started[0]

    async def cut_short(self: Program, function: Callable[[Any], Any], argument: Any) -> Any:
        done = function(argument)
        if started:
            await trio.sleep_forever()
        return done

    monkeypatch.setattr(subprocess, "Popen", note)
    monkeypatch.setattr(Program, "_in_thread", cut_short)
    with trio.move_on_after(0.2) as stopping:
        await run(program(tmp_path, "time.sleep(60)", deadline=60.0))
    assert stopping.cancelled_caught
    assert started[0].returncode is not None


@real
async def test_a_directory_that_is_only_made_when_nobody_wants_it_any_more_goes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: threading.Event
) -> None:
    make, made_late = tempfile.mkdtemp, threading.Event()

    def late(prefix: str) -> str:
        stuck.wait(30)
        path = make(prefix=prefix, dir=tmp_path)
        made_late.set()
        return path

    monkeypatch.setattr(tempfile, "mkdtemp", late)
    ended, heard = await run(program(tmp_path, "print('ran')", deadline=0.2))
    assert (ended.reason, ended.output, heard) == (UnknownReason.TIMEOUT, b"", [])
    assert "within 0.2 s" in ended.detail
    stuck.set()
    with trio.fail_after(10):
        while not made_late.is_set() or places(tmp_path):
            await trio.sleep(0.01)


@real
@pytest.mark.parametrize("hangs", [True, False])
async def test_a_directory_that_cannot_be_removed_holds_nothing_up_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: threading.Event, hangs: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(programs, "_CLEARED", 0.2 if hangs else 20.0)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: stuck.wait(30 if hangs else 0))
    with trio.fail_after(10):
        ended, heard = await run(program(tmp_path, "print('done')"))
    assert ended == Ended(b"done\n")
    [left] = places(tmp_path)
    why = "within 0.2 s" if hangs else "whole"
    assert heard == [f"(its directory) {left} could not be removed {why}: remove it by hand"]


@real
async def test_a_run_that_is_given_up_is_not_held_up_by_its_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: threading.Event
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(programs, "_HURRY", 0.2)
    monkeypatch.setattr(programs, "_CLEARED", 60.0)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: stuck.wait(30))
    heard: list[str] = []
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:

            def hear(line: str) -> None:
                heard.append(line)
                nursery.cancel_scope.cancel()

            made = program(tmp_path, "sys.stderr.write('here\\n'); sys.stderr.flush(); time.sleep(60)")
            await made.run(b"", hear)
    assert heard[0] == "here"
    assert "could not be removed within 0.2 s" in heard[1]


@needs_root
async def test_root_becomes_the_user_of_the_program_with_none_of_its_own_groups() -> None:
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        file = Path(place, "look")
        file.write_text("#!/bin/sh\nid -u; id -g; id -G; touch mine && stat -c %u . mine\n")
        file.chmod(0o755)
        ended, _ = await run(Program(CommandSpec(argv=(str(file),), user=NOBODY), {}))
    who = pwd.getpwnam(NOBODY)
    assert ended.reason is None, ended.detail
    assert ended.output.decode().split("\n")[:5] == [
        str(who.pw_uid), str(who.pw_gid), str(who.pw_gid), str(who.pw_uid), str(who.pw_uid),
    ]  # fmt: skip


async def test_it_is_not_run_as_root_nor_as_somebody_that_the_daemon_cannot_become(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = program(tmp_path, "print('ran')", user="")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ended, _ = await run(made)
    assert (ended.reason, ended.output) == (UnknownReason.REFUSED, b"")
    assert "names no user" in ended.detail
    for name, why in ((pwd.getpwuid(0).pw_name, "is root"), ("no-such-user", "no user no-such-user")):
        ended, _ = await run(program(tmp_path, "print('ran')", user=name))
        assert ended.reason is UnknownReason.REFUSED
        assert why in ended.detail
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    ended, _ = await run(program(tmp_path, "print('ran')", user=NOBODY))
    assert ended.reason is UnknownReason.REFUSED
    assert "cannot become" in ended.detail


def test_signals_have_names() -> None:
    assert programs._end_of(-signal.SIGKILL) == "it was killed by SIGKILL"
    assert programs._end_of(None) == "it could not even be killed"
