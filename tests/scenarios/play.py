"""Replays a scenario file on virtual time: the whole daemon, platforms in memory, people who answer as the file says.

A file says what differs from the shipped settings, what each platform shows from when on, what people do, and, as its
last key, the full sequence of log lines of level info and above; those of level debug (single looks) are left out.
Every instant in a file is local time in China, to the minute. `stage` beside this module holds the settings' files and
the platforms; `python -m tests.scenarios FILE --write` writes the lines anew, for a person to review.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import trio
import trio.testing
from msgspec import Struct
from trio._core import _run as trio_internals

from numtrustd.actors.control.desk import Control
from numtrustd.actors.paper_files import Seen, look_at
from numtrustd.actors.papers import Papers
from numtrustd.clock import Random, VirtualClock
from numtrustd.daemon import Daemon, running
from numtrustd.domain.number import Number, parse
from numtrustd.domain.task import TaskState
from numtrustd.events import Level
from numtrustd.log.logger import Record
from numtrustd.settings import Loaded, load, render
from numtrustd.settings.units import duration
from numtrustd.store import Store, records
from numtrustd.varlink.interface import Call, CallError, Peer
from tests.logcheck import MemoryLog
from tests.scenarios.stage import PAPERS, Shown, World, write_files
from tests.simulation.suite import make_deterministic
from tests.virtual import fast_directory

SCENES = Path(__file__).with_name("scenes")
CHINA = ZoneInfo("Asia/Shanghai")
PEER = Peer(pid=4242, uid=1000, gid=100)


class Show(Struct, frozen=True, forbid_unknown_fields=True):
    """From `at` on a platform shows just this of a number (the first one, where none is named)."""

    at: datetime
    platform: str
    number: str = ""
    label: str = ""
    marks: int = 0
    name: str = ""
    tag: str = ""


class Weather(Struct, frozen=True, forbid_unknown_fields=True):
    """From `at` on a platform answers so: fine, maintenance, blocked, silent."""

    at: datetime
    platform: str
    is_: str = msgspec.field(name="is")


class Order(Struct, frozen=True, forbid_unknown_fields=True):
    """At `at` somebody calls a method of the sockets. `{dir}` in a parameter is the settings' directory. Where it is to
    be refused, `refused` is what the refusal holds; `holds` are texts that its answer, as JSON, has in it."""

    at: datetime
    call: str
    with_: dict[str, Any] = msgspec.field(name="with", default={})
    refused: str = ""
    holds: tuple[str, ...] = ()


class Paper(Struct, frozen=True, forbid_unknown_fields=True):
    """At `at` a file in the directory of papers is written."""

    at: datetime
    file: str
    text: str


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody answers each task of this kind `after` it was opened: at any platform, or only at this one, and, where
    `nth` is given, only the nth task of that kind there. Nobody answers a task that no reply is for."""

    task: str
    outcome: str
    after: str = "30m"
    platform: str = ""
    nth: int = 0
    receipt: str = ""
    reason: str = ""


class Expected(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said, a line for each event."""

    log: str = ""


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """One file. `why` names the source's step. `papers` are kinds with their last day ("" has none, "none" is not
    there)."""

    title: str
    why: str
    start: datetime
    end: datetime
    platforms: tuple[str, ...]
    numbers: tuple[str, ...] = ("13800138000",)
    papers: dict[str, str] = {}
    settings: str = ""
    show: tuple[Show, ...] = ()
    weather: tuple[Weather, ...] = ()
    order: tuple[Order, ...] = ()
    paper: tuple[Paper, ...] = ()
    reply: tuple[Reply, ...] = ()
    expected: Expected = Expected()


def read(file: Path) -> Scenario:
    """Raises `msgspec.ValidationError` where the file is none."""
    return msgspec.toml.decode(file.read_text(), type=Scenario)


def instant(local: datetime) -> float:
    """An instant of a file, which is local time."""
    assert local.tzinfo is None, f"{local}: a scenario's instants are local ones"
    return local.replace(tzinfo=CHINA).timestamp()


# ------------------------------------------------------------------------------------------------------ what is said

_LEFT_OUT = {
    *(
        "case",
        "task",
        "action",
        "ref",
        "incident",
        "joined",
        "receipt",
        "digest",
        "sources",
        "agree",
        "disagree",
        "looks",
    ),
    *("title", "message", "detail", "next", "config", "view", "displays", "surface", "caller", "subject", "retry_at"),
    *("took_seconds", "down_seconds", "seen_at", "clock_speed", "peer_uid", "peer_gid", "peer_pid"),
}
"""Fields that say nothing of their own beside the others, or the same in more words."""


def _local(value: str) -> str:
    return datetime.fromisoformat(value).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def line_of(record: Mapping[str, Any], number_count: int, root: str) -> str:
    """One record as a scenario file has it: local time, what happened, and the fields that tell."""
    at = datetime.fromisoformat(record["@timestamp"]).astimezone(CHINA)
    own = {key.removeprefix("numtrust."): value for key, value in record.items() if key.startswith("numtrust.")}
    action, said = record["event.action"], []
    number = own.pop("number", None)
    if number is not None and number_count > 1:
        said.append(str(number))
    if (platform := own.pop("platform", None)) is not None:
        said.append(str(platform))
    for key, value in own.items():
        if key in _LEFT_OUT or value in ("", [], None) or (key == "why" and action.startswith("verdict.")):
            continue
        if key in ("deadline", "due", "until", "expected", "expires") and isinstance(value, str) and "T" in value:
            value = _local(value)
        text = _word(value).replace(root, "").replace("\n", " ")
        said.append(f"{key}={text}")
    return f"{at:%Y-%m-%d %a %H:%M} {action}: {' | '.join(said)}"


# ------------------------------------------------------------------------------------------------------------ a play


@dataclass
class _Player:
    scenario: Scenario
    root: Path
    world: World
    daemon: Daemon
    store: Store
    clock: VirtualClock
    nursery: trio.Nursery
    control: Control
    tasks: dict[tuple[str, str], int] = field(default_factory=dict)
    replies: int = 0

    def number(self, text: str) -> str:
        found = parse(text or self.scenario.numbers[0])
        assert isinstance(found, Number)
        return found.canonical

    async def script(self) -> None:
        """Everything that has a time of its own, in order; what is of one time in the order of the file's tables."""
        scenario = self.scenario
        steps: list[Show | Weather | Paper | Order] = [
            *scenario.show,
            *scenario.weather,
            *scenario.paper,
            *scenario.order,
        ]
        for step in sorted(steps, key=lambda step: step.at):
            await trio.sleep(max(0.0, instant(step.at) - self.clock.now()))
            match step:
                case Show():
                    seen = Shown(step.label, step.marks, step.name, step.tag)
                    self.world.shown[step.platform, self.number(step.number)] = seen
                case Weather():
                    self.world.weather[step.platform] = step.is_
                case Paper():
                    (self.root / "evidence" / step.file).write_text(step.text)
                case Order():
                    await self.order(step)

    async def order(self, order: Order) -> None:
        """Call a method as a client would."""
        params = {
            key: value.replace("{dir}", str(self.root)) if isinstance(value, str) else value
            for key, value in order.with_.items()
        }
        answer, refusal = await self.call(order.call, params)
        if not refusal:
            assert not order.refused, f"{order.call} at {order.at} was not refused: {order.refused}"
            lacking = [text for text in order.holds if text not in answer]
            assert not lacking, f"{order.call} at {order.at} does not say {lacking}: {answer}"
        else:
            assert order.refused, f"{order.call} at {order.at} was refused: {refusal}"
            assert order.refused in refusal

    async def call(self, method: str, params: Mapping[str, Any]) -> tuple[str, str]:
        """(the answer as JSON, why it was refused); one of them is empty."""
        interface = self.control.control_interface()
        if method not in interface.methods:
            interface = self.control.status_interface()
        found = interface.methods[method]
        asked = msgspec.json.decode(msgspec.json.encode(params), type=found.params)
        try:
            answer = await found.handler(asked, Call(f"{interface.name}.{method}", PEER, more=False))  # type: ignore[misc]  # no stream
        except CallError as error:
            return "", repr(error.parameters)
        return msgspec.json.encode(answer).decode(), ""

    def heard(self, action: str, level: Level, record: Record) -> None:
        """A tap: whoever is to answer a task that was opened begins to."""
        if action != "task.opened":
            return
        said: Mapping[str, Any] = record
        kind, platform = said["numtrust.kind"], said.get("numtrust.platform", "")
        nth = self.tasks[kind, platform] = self.tasks.get((kind, platform), 0) + 1
        for reply in self.scenario.reply:
            if reply.task == kind and reply.platform in ("", platform) and reply.nth in (0, nth):
                self.replies += 1
                self.nursery.start_soon(self.reply, said["numtrust.task"], reply, self.replies)
                return

    async def reply(self, task: str, reply: Reply, nth: int) -> None:
        """Answer a task, unless it has meanwhile come to nothing. Two that are due at once are answered in the order in
        which they were asked."""
        seconds = duration(reply.after)
        assert seconds is not None, reply.after
        await trio.sleep(seconds + nth / 1000)
        kept = records.get_task(self.store, task)
        if kept is None or kept.state is not TaskState.OPEN:
            return
        params = {"task": task, "outcome": reply.outcome, "receipt": reply.receipt, "reason": reply.reason}
        _, refusal = await self.call("TaskDone", {key: value for key, value in params.items() if value})
        assert not refusal, f"{task}: {refusal}"


async def _look(paths: Iterable[str]) -> dict[str, Seen]:
    """Reads papers without a thread: virtual time would not wait for it."""
    return {path: look_at(path) for path in paths}


async def _play(scenario: Scenario, root: Path) -> list[str]:
    papers = dict.fromkeys(PAPERS, "") | scenario.papers
    config = write_files(
        root,
        numbers=scenario.numbers,
        platforms=scenario.platforms,
        papers={kind: until for kind, until in papers.items() if until != "none"},
        settings=scenario.settings,
    )
    loaded = load(config, {})
    assert isinstance(loaded, Loaded), render(loaded)
    start = instant(scenario.start)
    clock = VirtualClock(start)
    log, world = MemoryLog(clock, level=Level.INFO), World()
    with Store.open(root / "state", init=True, map_size=1 << 26, now=start, inline=True) as store:
        daemon = Daemon(loaded, store, log, clock, Random(1), {})
        daemon.papers = daemon.house.papers = Papers(daemon.house, daemon.roster.refresh, _look)
        control = Control(
            daemon.house,
            daemon.roster,
            daemon.sources.actors,
            version="0.0.test",
            started_at=start,
            reload=daemon.reload,
            silences=daemon.silences,
        )
        async with trio.open_nursery() as nursery:
            player = _Player(scenario, root, world, daemon, store, clock, nursery, control)
            for show in scenario.show:
                if instant(show.at) <= start:
                    seen = Shown(show.label, show.marks, show.name, show.tag)
                    world.shown[show.platform, player.number(show.number)] = seen
            unsubscribe = log.subscribe(player.heard)
            async with daemon.working(world), running(daemon.papers.run):
                nursery.start_soon(player.script)
                await trio.sleep(instant(scenario.end) - start)
                nursery.cancel_scope.cancel()
            unsubscribe()
    return [line_of(record, len(scenario.numbers), f"{root}/") for record in log.records]


def play(scenario: Scenario) -> list[str]:
    """What the daemon says while the scenario lasts, a line each."""
    make_deterministic()
    trio_internals._r.seed(1)
    with tempfile.TemporaryDirectory(dir=fast_directory()) as root:
        return trio.run(_play, scenario, Path(root), clock=trio.testing.MockClock(autojump_threshold=0))


MARK = '\n[expected]\nlog = """\n'


def written(text: str, lines: Iterable[str]) -> str:
    """A scenario file's text with these lines in the place of its own."""
    said = "".join(f"{line}\n" for line in lines).replace("\\", "\\\\")
    head = text.partition(MARK)[0].rstrip("\n")
    return f'{head}\n{MARK}{said}"""\n'
