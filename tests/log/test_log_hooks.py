"""What the interpreter and libraries would print is events; no local variable is ever in them."""

import gc
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest

from numtrustd.events import PythonCrashed, PythonIgnored, PythonLogged, PythonWarning
from numtrustd.log import error_fields, install_hooks
from tests.logcheck import MemoryLog, check_lines


@pytest.fixture
def log() -> Iterator[MemoryLog]:
    log = MemoryLog()
    # pytest has hooks of its own; they come back afterwards
    undo = install_hooks(log)
    yield log
    undo()


def fail() -> None:
    api_key = "s3cret-" + "".join(["in", "-a-local"])
    raise RuntimeError(f"failed with a key of {len(api_key)} characters")


def caught() -> RuntimeError:
    try:
        fail()
    except RuntimeError as error:
        return error
    raise AssertionError


def test_hooks_are_put_back() -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, logging.root.handlers[:]
    undo = install_hooks(MemoryLog())
    assert sys.excepthook is not before[0]
    undo()
    after = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning, logging.root.handlers[:]
    assert after == before


def test_uncaught(log: MemoryLog) -> None:
    error = caught()
    sys.excepthook(RuntimeError, error, error.__traceback__)
    (crash,) = log.of(PythonCrashed)
    assert crash.error_type == "RuntimeError"
    assert crash.error_message == "failed with a key of 17 characters"
    assert crash.stack_trace is not None
    assert "in fail" in crash.stack_trace
    assert b"s3cret-in" not in log.lines[0]
    assert log.records[0]["log.level"] == "fatal"


def test_uncaught_in_a_thread(log: MemoryLog) -> None:
    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    (crash,) = log.of(PythonCrashed)
    assert crash.thread == "worker"
    assert b"s3cret-in" not in log.lines[0]
    leaving = threading.Thread(target=sys.exit)
    leaving.start()
    leaving.join()
    assert len(log.events) == 1


def test_ignored_in_a_finaliser(log: MemoryLog) -> None:
    class Careless:
        def __del__(self) -> None:
            fail()

    Careless()
    gc.collect()
    (ignored,) = log.of(PythonIgnored)
    assert ignored.error_type == "RuntimeError"
    assert "s3cret-in" not in str(log.lines)


def test_warnings(log: MemoryLog) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("careful\n", UserWarning, "x.py", 12)
    (warning,) = log.of(PythonWarning)
    assert (warning.error_type, warning.origin_file, warning.origin_line) == ("UserWarning", "x.py", 12)
    assert log.records[0]["log.origin.file.line"] == 12


def test_a_warning_for_a_file_goes_to_the_file(log: MemoryLog) -> None:
    class File:
        text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

    file = File()
    warnings.showwarning("careful", UserWarning, "x.py", 12, file)  # type: ignore[arg-type]  # enough of a file
    assert "careful" in file.text
    assert log.events == []


def test_logging_of_libraries(log: MemoryLog) -> None:
    library = logging.getLogger("some.library")
    library.info("chatter")
    library.warning("%s of %d", "two", 3)
    misfit = logging.LogRecord("some.library", logging.WARNING, "x.py", 1, "%d does not fit", ("this",), None)
    # Not through the logger: pytest's own handler would raise
    next(h for h in logging.root.handlers if type(h).__module__ == "numtrustd.log.hooks").handle(misfit)
    library.error("failed", exc_info=caught())
    assert [event.text for event in log.of(PythonLogged)] == ["two of 3", "%d does not fit", "failed"]
    assert log.records[2]["error.type"] == "RuntimeError"
    assert log.records[0]["log.logger"] == "some.library"
    assert b"s3cret-in" not in b"".join(log.lines)


@pytest.mark.covers("L5")
def test_error_fields() -> None:
    class Speechless(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert error_fields(Speechless())["error_message"] == "(its message cannot be made)"
    assert error_fields(ZeroDivisionError("x"))["error_type"] == "ZeroDivisionError"
    assert error_fields(subprocess.SubprocessError())["error_type"] == "subprocess.SubprocessError"
    group = ExceptionGroup("several", [caught(), KeyError("k")])
    assert "2 sub-exceptions" in error_fields(group)["error_message"]
    assert "in fail" in error_fields(group)["stack_trace"]


PROGRAM = """
import sys, threading, warnings
from numtrustd.clock import Clock
from numtrustd.events import DemoNote
from numtrustd.log import Log, install_hooks

log = Log.to_fd(Clock(), {})
install_hooks(log)
log.redact(["the-" + "secret"])
log.start()
try:
    log.emit(DemoNote(text="hello"))
    warnings.warn("careful")
    hidden = "a-" + "local"
    raise LookupError("gone with the-" + "secret")
finally:
    log.stop(5)
"""


@pytest.mark.process
def test_a_process_that_dies_writes_nothing_but_lines() -> None:
    done = subprocess.run([sys.executable, "-Wdefault", "-c", PROGRAM], capture_output=True, check=False, timeout=30)
    records = check_lines(done.stderr)
    assert [record["event.action"] for record in records] == ["demo.note", "python.warning", "python.crashed"]
    assert [record["event.sequence"] for record in records] == [1, 2, 3]
    assert records[2]["error.message"] == "gone with [redacted]"
    assert b"the-secret" not in done.stderr
    assert b"a-local" not in done.stderr
    assert (done.returncode, done.stdout) == (1, b"")


@pytest.mark.process
def test_a_process_whose_reader_never_reads_still_ends() -> None:
    program = PROGRAM.replace('text="hello"', 'text="x" * 30_000').replace("log.emit(", "for _ in range(9): log.emit(")
    program = "from numtrustd.log import hooks\nhooks.LAST_WORDS = 0.1\n" + program
    with subprocess.Popen(
        [sys.executable, "-c", program.replace("stop(5)", "stop(0.1)")], stderr=subprocess.PIPE
    ) as process:
        assert process.wait(timeout=30) == 1
