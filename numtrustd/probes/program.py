"""Runs an operator's program: its own process group, its own directory, only the environment that it was given.

Whatever it does is a value (`Ended`): one that cannot be started, hangs, floods or dies is a look that saw nothing.
Of its group nothing is left when `run` returns. What its lines mean is `command`'s, beside this.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from typing import TypeVar

import trio
from msgspec import structs

from numtrustd.domain.observation import UnknownReason
from numtrustd.probes.child import Birth, Child
from numtrustd.probes.command import CommandSpec, Ended, fill
from numtrustd.wire.secrecy import LONG, REDACTED, spellings

Say = Callable[[str], None]
"""Takes one line that the program wrote on its standard error."""

LONGEST_LINE = 2_000
"""Characters of a line of standard error that are kept."""

_DRAIN = 2.0
"""Real seconds that the pipes may stay open after the program has ended: some child of its may have fled with them."""

_HURRY = 1.0
"""Real seconds instead of the spec's grace, and for its directory, when we ourselves are told to stop."""

_KILLED = 5.0
"""Real seconds that a killed process may take to be gone; one that hangs in the kernel is left to it."""

_CLEARED = 5.0
"""Real seconds that removing a run's directory may take: a disk may hang."""

_THREADS = 4
"""Threads that may hang in the user database, the place of temporary directories or the start of the program, and as
many that clear."""

_CHUNK = 65_536

_A = TypeVar("_A")
_R = TypeVar("_R")


class Program:
    """One program with its variables and secrets filled in."""

    def __init__(self, spec: CommandSpec, values: Mapping[str, str]) -> None:
        self.spec = structs.replace(
            spec,
            argv=tuple(fill(text, values) for text in spec.argv),
            env={name: fill(text, values) for name, text in spec.env.items()},
        )
        secrets = (value for name, value in values.items() if name.startswith("secret:"))
        self._hidden = spellings(secrets)
        self._preparing = trio.CapacityLimiter(_THREADS)
        self._clearing = trio.CapacityLimiter(_THREADS)

    async def run(self, question: bytes, say: Say) -> Ended:
        """One run. What it says on standard error goes to `say`, line by line, while it runs."""
        home, through = _Home(), False
        try:
            ended = await self._run(home, question, say)
            through = True
        finally:
            await self._clear(home, _CLEARED if through else min(_HURRY, _CLEARED), say)
        output = ended.output
        for text in self._hidden:
            if len(text) < LONG:
                continue  # it would be found in words and figures that are none
            output = output.replace(text.encode(), REDACTED.encode())
        return structs.replace(ended, output=output)

    async def _run(self, home: "_Home", question: bytes, say: Say) -> Ended:
        until = trio.current_time() + self.spec.deadline
        with trio.move_on_at(until) as time:
            user, refusal = await self._in_thread(_user, self.spec.user)
            if refusal:
                return Ended(b"", UnknownReason.REFUSED, refusal)
            try:
                await self._in_thread(home.make, user)
            except OSError as error:
                return Ended(b"", UnknownReason.FAILED, f"no directory for it: {error.strerror}")
        if time.cancelled_caught:
            why = f"its user was not found or its directory not made within {self.spec.deadline:g} s"
            return Ended(b"", UnknownReason.TIMEOUT, why)
        return await self._run_in(home.path, user, until, question, say)

    async def _in_thread(self, function: Callable[[_A], _R], argument: _A) -> _R:
        return await trio.to_thread.run_sync(function, argument, abandon_on_cancel=True, limiter=self._preparing)

    async def _clear(self, home: "_Home", limit: float, say: Say) -> None:
        home.over = True
        if not home.path:
            return
        cleared, why = False, f"within {limit:g} s"
        with trio.CancelScope(deadline=trio.current_time() + limit, shield=True):
            cleared = await trio.to_thread.run_sync(home.clear, abandon_on_cancel=True, limiter=self._clearing)
            why = "whole"
        if not cleared:
            say(f"(its directory) {home.path} could not be removed {why}: remove it by hand")

    async def _run_in(
        self, home: str, user: pwd.struct_passwd | None, until: float, question: bytes, say: Say
    ) -> Ended:
        spec = self.spec
        birth = Birth(
            spec.argv,
            env=spec.env,
            cwd=home,
            umask=0o077,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )
        try:
            process = await self._start(birth, until)
        except (OSError, subprocess.SubprocessError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return Ended(b"", UnknownReason.FAILED, f"{spec.argv[0]} could not be started: {why}")
        if process is None:
            why = f"{spec.argv[0]} was not started within {spec.deadline:g} s: its disk hangs"
            return Ended(b"", UnknownReason.TIMEOUT, why)
        # Not `process.reap()`: while its end is not taken note of, its group's number is nobody else's.
        pidfd = os.pidfd_open(process.pid)
        into, through = bytearray(), False
        reading = trio.CancelScope()
        try:
            with trio.move_on_at(until) as time, reading:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_feed, process, question)
                    nursery.start_soon(self._listen, process, say)
                    nursery.start_soon(self._read, process, into, reading)
                    await trio.lowlevel.wait_readable(pidfd)
                    _signal(process.pid, signal.SIGKILL)  # those that it left behind
                    nursery.cancel_scope.deadline = trio.current_time() + _DRAIN
            through = True
        finally:
            with trio.CancelScope(shield=True):
                gone = await _end(process, pidfd, spec.grace if through else min(_HURRY, spec.grace))
            os.close(pidfd)
        if time.cancelled_caught:
            return Ended(bytes(into), UnknownReason.TIMEOUT, f"it was not done after {spec.deadline:g} s")
        if len(into) > spec.max_bytes:
            return Ended(b"", UnknownReason.TOO_LARGE, f"it wrote more than {spec.max_bytes} bytes")
        if into.count(b"\n") > spec.max_lines:
            return Ended(b"", UnknownReason.TOO_LARGE, f"it wrote more than {spec.max_lines} lines")
        status = process.returncode if gone else None
        if status != 0:
            return Ended(bytes(into), UnknownReason.FAILED, _end_of(status))
        return Ended(bytes(into))

    async def _start(self, birth: Birth, until: float) -> Child | None:
        """The program, which is ended should nobody want it any more; `None` when it was not started in time."""
        through = False
        try:
            with trio.move_on_at(until):
                await self._in_thread(birth.start, None)
            through = True
        finally:
            process = birth.take()
            if process is not None and not through:
                pidfd = os.pidfd_open(process.pid)
                with trio.CancelScope(shield=True):
                    await _end(process, pidfd, 0.0)
                os.close(pidfd)
        return process

    async def _read(self, process: Child, into: bytearray, reading: trio.CancelScope) -> None:
        lines = 0
        async for chunk in process.stdout:
            into += chunk
            lines += chunk.count(b"\n")
            if len(into) > self.spec.max_bytes or lines > self.spec.max_lines:
                reading.cancel()

    async def _listen(self, process: Child, say: Say) -> None:
        rest, cut = b"", False
        async for chunk in process.stderr:
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                if not cut:
                    self._say(line, say)
                cut = False
            if len(rest) > _CHUNK:  # a line without end: its beginning is said, the rest of it is not
                if not cut:
                    self._say(rest, say)
                rest, cut = b"", True
        if rest and not cut:
            self._say(rest, say)

    def _say(self, line: bytes, say: Say) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        for hidden in self._hidden:
            text = text.replace(hidden, REDACTED)
        if text.strip():
            say(text if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + " …")


def _end_of(status: int | None) -> str:
    if status is None:
        return "it could not even be killed"
    if status < 0:
        return f"it was killed by {signal.Signals(-status).name}"
    return f"it ended with status {status}"


def _user(name: str) -> tuple[pwd.struct_passwd | None, str]:
    """(whom to become, why it must not be run). A look into the user database may take its time."""
    root = os.geteuid() == 0
    if not name:
        return None, "the daemon is root, and the source names no user for its program" if root else ""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        return None, f"there is no user {name} on this machine"
    if user.pw_uid == 0:
        return None, "its user is root"
    if not root:
        mine = user.pw_uid == os.geteuid()
        return None, "" if mine else f"the daemon is not root, so it cannot become {name}"
    return user, ""


class _Home:
    """The directory of one run. Threads that nobody may wait for any more make and clear it: once the run is `over`,
    one that is only made then is cleared by its maker."""

    def __init__(self) -> None:
        self.path = ""
        self.over = False

    def make(self, user: pwd.struct_passwd | None) -> None:
        """Blocks. Raises `OSError`."""
        self.path = tempfile.mkdtemp(prefix="numtrustd-")
        if self.over:
            self.clear()
        elif user is not None:
            os.chown(self.path, user.pw_uid, user.pw_gid)

    def clear(self) -> bool:
        """Whether nothing is left of it. Blocks."""
        shutil.rmtree(self.path, ignore_errors=True)
        return not os.path.lexists(self.path)


async def _feed(process: Child, question: bytes) -> None:
    # A program need not read what it does not want to know.
    with contextlib.suppress(trio.BrokenResourceError):
        async with process.stdin:
            await process.stdin.send_all(question)


def _signal(group: int, number: signal.Signals) -> None:
    # Nobody is left of it, or who is left has become somebody else, which only root's programs can.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _ended(pidfd: int) -> bool:
    return os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


async def _end(process: Child, pidfd: int, grace: float) -> bool:
    """Leave nothing of its group; whether its end could be taken note of."""
    if not _ended(pidfd):
        _signal(process.pid, signal.SIGTERM)
        with trio.move_on_after(grace):
            await trio.lowlevel.wait_readable(pidfd)
    _signal(process.pid, signal.SIGKILL)
    gone = False
    with trio.move_on_after(_KILLED):
        await trio.lowlevel.wait_readable(pidfd)
        process.reap()
        gone = True
    for stream in (process.stdin, process.stdout, process.stderr):
        await stream.aclose()
    return gone
