"""A real daemon at accelerated cadence against simulated platforms over real sockets, with all that may leak kept busy;
and samples of what it holds.

The daemon, the platforms and the person are processes and threads of the demo's kind. `Nuisance` adds what a year
brings: reloads that add and remove numbers, clients that break off, garbage, dumps, parked numbers.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from numtrustd.clock import Clock
from numtrustd.demo.person import Person
from numtrustd.demo.stage import EVIDENCE, SECRET, SECRETS, SOURCES, environment
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.varlink.client import ClientError, Connection
from tests.processes import START_TIME, Process, platforms
from tests.soak.flat import Bound

SPEED = 86_400.0
"""A day in a second."""
NUMBERS = 40
SAMPLE = 0.5
"""Real seconds between two samples."""
NUISANCE = 0.4
"""Real seconds between two nuisances."""

CONFIG = """
[clock]
speed = {speed}
origin = 2026-03-02T01:00:00Z
[daemon]
state_dir = "state"
heartbeat = "12h"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[credentials]
dir = "credentials"
[company]
name = "示例科技有限公司"
[cadence]
interval = "12h"
new_number_interval = "12h"
confirm_interval = "2h"
verify_interval = "8h"
{sources}
[platform.contract_aggregator.vars]
host = "aggregator.example.invalid"
[platform.telnyx.vars]
enterprise_id = "6a09cdc3-8948-47f0-aa62-74ac943d6c58"
contact_email = "trust@example.invalid"
[platform.telnyx.appeal]
base_url = "{address}/telnyx"
{evidence}"""

BOUNDS = {
    "private": Bound(2 << 20, 0.02),
    "descriptors": Bound(2),
    "threads": Bound(1),
    "tasks": Bound(3),
    "store": Bound(256 << 10),
}
"""What a figure may rise by from the second to the last third of a run. `private` are bytes of memory without LMDB's
map; a connection more, a thread that is just being made and a client under way are no leak."""
BYTES_A_LINE = 900
"""Bytes of the store that a log line about a case, a verdict, a task or an action may stand for: history and closed
cases are kept for ever, and come to some 780."""
KEPT = ("case.", "verdict.", "task.", "action.", "cause.", "platform.", "number.")
BAD = ("actor.crashed", "python.crashed", "store.damaged", "control.failed", "log.dropped")


class Sample(NamedTuple):
    """The process at one moment. Bytes are bytes; `lines` is how many log lines say what is kept for ever."""

    at: float
    private: int
    descriptors: int
    threads: int
    tasks: int
    store: int
    lines: int
    looks: int
    open_cases: int


class Daemon:
    """The daemon's process, and what its log says, without keeping the log."""

    def __init__(self, config: Path, environ: dict[str, str], module: str) -> None:
        command = [sys.executable, "-m", module, "run", "--config", str(config), "--init", "--log-format", "json"]
        self.child = subprocess.Popen(
            command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.said: Counter[str] = Counter()
        self.bad: list[dict[str, Any]] = []
        self.beat: dict[str, Any] = {}
        self.looks = 0
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.child.stderr is not None
        for line in self.child.stderr:
            record = json.loads(line)
            action = record["event.action"]
            self.said[action] += 1
            if action == "daemon.heartbeat":
                self.looks += record["numtrust.looks"]
                self.beat = record
            elif action == "daemon.ready":
                self.ready.set()
            elif action in BAD and len(self.bad) < 20:
                self.bad.append(record)

    def sample(self) -> Sample:
        """What it holds now."""
        proc = Path("/proc") / str(self.child.pid)
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        return Sample(
            at=Clock().monotonic(),
            private=int(status["RssAnon"].split()[0]) << 10,
            descriptors=len(os.listdir(proc / "fd")),
            threads=int(status["Threads"]),
            tasks=self.beat["numtrust.loop_tasks"],
            store=self.beat["numtrust.used_bytes"],
            lines=sum(count for action, count in self.said.items() if action.startswith(KEPT)),
            looks=self.looks,
            open_cases=self.beat["numtrust.open_cases"],
        )

    def end(self) -> int:
        """SIGTERM and the exit status."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            status = self.child.wait(15.0)
        except subprocess.TimeoutExpired:
            self.child.kill()
            status = self.child.wait()
        self._reader.join(10.0)
        assert self.child.stderr is not None
        self.child.stderr.close()
        return status


class Samples(list[Sample]):
    """A run."""

    def figures(self) -> dict[str, list[float]]:
        """The series that are judged, by the names of `BOUNDS`; the store's without what is kept for ever."""
        series: dict[str, list[float]] = {
            name: [float(getattr(sample, name)) for sample in self] for name in BOUNDS if name != "store"
        }
        series["store"] = [float(sample.store - BYTES_A_LINE * sample.lines) for sample in self]
        return series


class Nuisance:
    """One thread that does, by turns, what a long life brings."""

    def __init__(self, root: Path, daemon: Daemon) -> None:
        self._root, self._daemon = root, daemon
        self._stop = threading.Event()
        self._chance = random.Random(7)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.done: Counter[str] = Counter()
        self.failed: list[str] = []

    def __enter__(self) -> "Nuisance":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(15.0)

    def _work(self) -> None:
        turns = (self._reload, self._read, self._break_off, self._garbage, self._dump, self._park, self._look)
        while not self._stop.wait(NUISANCE):
            turn = self._chance.choice(turns)
            try:
                turn()
            except (ClientError, OSError) as error:
                # A number that a reload has just taken away, or the daemon's end; many of one kind would be a fault.
                self.failed.append(f"{turn.__name__}: {error}")
            self.done[turn.__name__] += 1

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        with Connection(self._root / "control.sock", timeout=20.0) as connection:
            return connection.ask(f"io.numtrust.{method}", parameters, dict[str, Any])

    def _reload(self) -> None:
        """Some numbers go, some come back."""
        there = [n for k, n in enumerate(rows(NUMBERS)) if k < NUMBERS // 2 or self._chance.random() < 0.9]
        write_numbers(self._root, there)
        self._daemon.child.send_signal(signal.SIGHUP)

    def _read(self) -> None:
        for method in ("GetStatus", "ListNumbers", "ListCases", "ListTasks", "ListSources"):
            self._call(f"Status.{method}")
        self._call("Status.Explain", number=rows(1)[0])

    def _break_off(self) -> None:
        """A client that follows the events, and one that is half way through a question."""
        with Connection(self._root / "status.sock", timeout=20.0) as connection:
            follower = connection.follow("io.numtrust.Status.Watch", {}, dict[str, Any])
            next(follower)
        with socket.socket(socket.AF_UNIX) as half:
            half.connect(str(self._root / "status.sock"))
            half.sendall(b'{"method":"io.numtrust.Status.Get')

    def _garbage(self) -> None:
        with socket.socket(socket.AF_UNIX) as rude, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            rude.connect(str(self._root / "status.sock"))
            rude.sendall(self._chance.randbytes(5_000) + b"\0")

    def _dump(self) -> None:
        self._daemon.child.send_signal(signal.SIGUSR1)

    def _park(self) -> None:
        number = self._chance.choice(rows(NUMBERS // 2))
        self._call("Control.Park", number=number, reason="soak")
        self._call("Control.Unpark", number=number)

    def _look(self) -> None:
        self._call("Control.Look", number=self._chance.choice(rows(NUMBERS // 2)))


def rows(count: int) -> list[str]:
    """Numbers; all are fictitious, and a fifth are American."""
    return [
        f"+1415555{2_000 + n}" if n % 5 == 4 else f"139{(10_007 * (n + 1)) % 100_000_000:08d}" for n in range(count)
    ]


def write_numbers(root: Path, numbers: list[str]) -> None:
    """Replace the numbers file as a whole."""
    draft = root / "numbers.csv.new"
    draft.write_text("number\n" + "\n".join(numbers) + "\n")
    draft.replace(root / "numbers.csv")


def write(root: Path, address: str) -> Path:
    """The settings of the soak."""
    for name in ("credentials", "evidence"):
        (root / name).mkdir()
    for name in SECRETS:
        (root / "credentials" / name).write_text(SECRET)
    evidence = "".join(f'\n[[evidence]]\nkind = "{kind}"\npath = "evidence/{kind}.txt"\n' for kind in EVIDENCE)
    for kind in EVIDENCE:
        (root / "evidence" / f"{kind}.txt").write_text(kind)
    sources = "\n".join(
        f'[source."{name}"]\nenabled = true\nbase_url = "{address}/{name.split(".")[0]}"\ninterval = "2m"\n'
        for name in SOURCES
    )
    write_numbers(root, rows(NUMBERS))
    config = root / "numtrustd.toml"
    config.write_text(CONFIG.format(speed=SPEED, sources=sources, address=address, evidence=evidence))
    return config


@contextlib.contextmanager
def world(root: Path, base: float) -> Iterator[tuple[Process, str]]:
    """The simulated platforms, none of them reliable."""
    write_numbers(root, rows(NUMBERS))
    faults = {
        "lost": 0.01,
        "cut": 0.01,
        "slow": 0.02,
        "garbage": 0.01,
        "error_before": 0.02,
        "limited": 0.01,
        "refuse": 0.01,
    }
    chances = {"label-rate": 0.02, "return-chance": 0.3, "reject-chance": 0.3, "slow-chance": 0.1}
    arguments = ["--seed", "11", "--speed", str(SPEED), "--clock-base", repr(base), "--clock-origin", str(DEMO_ORIGIN)]
    arguments += ["--numbers", str(root / "numbers.csv"), "--exit-with-parent"]
    arguments += [word for name, value in chances.items() for word in (f"--{name}", str(value))]
    arguments += [word for name, value in faults.items() for word in ("--fault", f"{name}={value}")]
    process, address = platforms(*arguments)
    try:
        yield process, address
    finally:
        process.close()


class Soaked(NamedTuple):
    """What came of a run."""

    samples: Samples
    daemon: Daemon
    nuisance: Nuisance
    person: Person
    status: int


def soak(root: Path, seconds: float, module: str = "numtrustd", say: Any = None) -> Soaked:
    """Run for so long; `module` is the program, `say` hears each sample."""
    clock = Clock()
    base, pause = clock.monotonic(), threading.Event()
    samples = Samples()
    with world(root, base) as (_, address):
        # Else a thread that comes and goes may take an arena of its own: megabytes at a time, by chance, and no leak.
        environ = {**environment(), "MALLOC_ARENA_MAX": "1", "NUMTRUSTD_CLOCK": f"{base!r} {DEMO_ORIGIN!r}"}
        daemon = Daemon(write(root, address), environ, module)
        person = Person(root / "control.sock", address, lambda text: None)
        try:
            assert daemon.ready.wait(START_TIME), f"not ready: {daemon.said}"
            with Nuisance(root, daemon) as nuisance:
                person.start()
                until = clock.monotonic() + seconds
                while (left := until - clock.monotonic()) > 0 and daemon.child.poll() is None:
                    pause.wait(min(SAMPLE, left))
                    if daemon.beat:
                        samples.append(daemon.sample())
                        if say is not None:
                            say(samples[-1])
                person.stop()
        finally:
            status = daemon.end()
    return Soaked(samples, daemon, nuisance, person, status)
