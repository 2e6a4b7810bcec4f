"""A small house for tests of the actors: real store, roster, numbers, sources, outbox and timers on virtual time.

Two platforms: `alpha` takes appeals over HTTP, `beta` by hand; each has one source. An `Outside` plays the world behind
each. `tests.virtual` runs the whole daemon with the shipped packs; here every part can be reached and replaced.

    async with make_house(tmp_path) as house:
        house.alpha.labels[MOBILE] = ("广告推销", 3)
        await house.until(lambda: house.log.of(CaseOpened))
        answer = await house.ask("GetNumber", number="138 0013 8000")
"""

import inspect
import json
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import trio
from msgspec import Struct

from numtrustd.actors.batch import BatchActor
from numtrustd.actors.board import Board
from numtrustd.actors.context import Context, IncidentRules
from numtrustd.actors.control.desk import Control
from numtrustd.actors.glance import Glance, HttpGlance
from numtrustd.actors.hands import Hands
from numtrustd.actors.house import House
from numtrustd.actors.inspector import Inspector
from numtrustd.actors.mender import Mender
from numtrustd.actors.outbox import Outbox, Way
from numtrustd.actors.roster import Roster
from numtrustd.actors.silences import Silences
from numtrustd.actors.source import SourceActor
from numtrustd.actors.sources import Sources
from numtrustd.actors.timers import Timers
from numtrustd.actors.upkeep import Upkeep
from numtrustd.api import CONTROL, STATUS
from numtrustd.api.control import ReloadResult
from numtrustd.channels.spec import (
    AnswerRule,
    HttpChannel,
    ManualChannel,
    SayAccepted,
    SayApproved,
    SayInReview,
    SayLater,
    SayNotFound,
    SayRefused,
    SayRejected,
)
from numtrustd.channels.spec import Call as ChannelCall
from numtrustd.clock import Random, VirtualClock
from numtrustd.domain.case import ActionKind, Case, track
from numtrustd.domain.number import Number, NumberKind, parse
from numtrustd.domain.observation import UnknownReason
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts, Attempt, Platform, PlatformClass
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import Task, TaskState
from numtrustd.domain.wording import Owner
from numtrustd.domain.workflows.inspection import InspectionPolicy
from numtrustd.events import Level
from numtrustd.probes.spec import Reading, Rule, SayClean, SayMarked, SayUnknown, Source
from numtrustd.store import Store, records
from numtrustd.varlink.interface import Call, CallError, Interface, Peer, Stream
from numtrustd.wire.exchange import Failure, NotSent, Outcome, Reply, Request, Unknown
from numtrustd.wire.spec import Condition, Json, Locator, Pick, RequestSpec, View
from numtrustd.wire.template import compile_request
from tests.logcheck import MemoryLog

T0 = 1_790_000_000.0
"""A Monday in September 2026, 14:13 in China."""
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

MOBILE, OTHER_MOBILE, LANDLINE = "+8613800138000", "+8613800138001", "+862151288888"
PEER = Peer(pid=4242, uid=1000, gid=100)

ORIGIN = "https://{}.example.invalid"
JSON = {"doc": View((Json(),))}


# ------------------------------------------------------------------------------------------------------ the outside


@dataclass
class Submission:
    """One appeal as the platform knows it. `state` is in_review, approved or rejected."""

    ref: str
    receipt: str
    body: dict[str, Any]
    state: str = "in_review"
    reason: str = ""


SECRETS = {"secret:alpha-key": "not-a-real-key"}
"""What the credentials of the sources hold."""


@dataclass
class Outside:
    """One platform as it is seen from here: looks and appeals, over one fetcher. Every field may be set at any time.

    `weather` is fine, blocked (403), refused (401), broken (no JSON), maintenance, limited (429 with `Retry-After:
    120`), silent (no answer) or shut (refused connection); `appeal_weather` is fine, refuse, later, shut, or lost:
    taken in, answer lost.
    """

    labels: dict[str, tuple[str, int]] = field(default_factory=dict)
    weather: str = "fine"
    appeal_weather: str = "fine"
    latency: float = 0.05
    submissions: dict[str, Submission] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    duplicates: int = 0

    async def aclose(self) -> None: ...

    async def fetch(self, request: Request) -> Outcome:
        """A `Fetcher`: every end of it is a value."""
        self.requests.append(request)
        await trio.sleep(self.latency)
        split = urlsplit(request.target)
        query = {name: values[0] for name, values in parse_qs(split.query).items()}
        if split.path == "/look":
            return self._look(query["n"])
        if self.appeal_weather == "shut":
            return NotSent(Failure.CONNECT, "connection refused")
        if request.method == "POST":
            return self._submit(json.loads(request.body))
        return self._find(query)

    def _look(self, number: str) -> Outcome:
        canonical = parse(number)
        assert isinstance(canonical, Number)
        self.looks.append(canonical.canonical)
        match self.weather:
            case "blocked":
                return Reply(403, (), b"<html>captcha</html>")
            case "refused":
                return Reply(401, (), b'{"error": "invalid key"}')
            case "broken":
                return Reply(200, (), b"<html>hello</html>")
            case "maintenance":
                return _json({"number": number, "notice": "平台维护中"})
            case "limited":
                return Reply(429, (("retry-after", "120"),), b"{}")
            case "silent":
                return Unknown(Failure.TIMEOUT, "no answer within 20 s")
            case "shut":
                return NotSent(Failure.CONNECT, "connection refused")
        words, marks = self.labels.get(canonical.canonical, ("", 0))
        return _json({"number": number, "label": words, "marks": marks})

    def _submit(self, body: dict[str, Any]) -> Outcome:
        ref = body["ref"]
        if self.appeal_weather == "refuse":
            return _json({"reason": "not your number"}, 422)
        if self.appeal_weather == "later":
            return Reply(429, (("retry-after", "600"),), b"{}")
        if ref in self.submissions:
            self.duplicates += 1
        receipt = f"R-{len(self.submissions) + 1}"
        self.submissions[ref] = Submission(ref, receipt, body)
        if self.appeal_weather == "lost":
            return Unknown(Failure.TIMEOUT, "no answer within 20 s")
        return _json({"receipt": receipt})

    def _find(self, query: Mapping[str, str]) -> Outcome:
        if "ref" in query:
            found = self.submissions.get(query["ref"])
            return _json({"found": {} if found is None else {found.ref: found.receipt}})
        submission = next((s for s in self.submissions.values() if s.receipt == query["receipt"]), None)
        if submission is None:
            return _json({}, 404)
        return _json({"state": submission.state, "reason": submission.reason})


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, (("content-type", "application/json"),), json.dumps(body).encode())


# ------------------------------------------------------------------------------------------------------ configuration


def number(canonical: str, **more: Any) -> Owned:
    """A number as its owner would configure it; the name is made from its last digits."""
    parsed = parse(canonical)
    assert isinstance(parsed, Number)
    return Owned(**({"number": parsed.canonical, "kind": parsed.kind, "name": f"line {canonical[-4:]}"} | more))


def source(platform: str, **more: Any) -> Source:
    """The source of one platform."""
    marked = SayMarked(words=Pick(view="doc", path="label"), marks=Pick(view="doc", path="marks"))
    values: dict[str, Any] = {
        "id": f"{platform}.api",
        "title": f"{platform}'s own look-up",
        "kinds": (NumberKind.MOBILE, NumberKind.LANDLINE, NumberKind.SERVICE_400, NumberKind.SERVICE_95),
        "request": RequestSpec(url=ORIGIN.format(platform) + "/look?n={national}"),
        "readings": (Reading(platform),),
        "views": JSON,
        "echo": (Locator(view="doc", path="number"),),
        "guards": (
            Rule(
                "maintenance",
                (Condition(view="doc", path="notice", contains=("维护",)),),
                SayUnknown(UnknownReason.MAINTENANCE),
            ),
        ),
        "rules": (
            Rule("marked", (Condition(view="doc", path="label", nonempty=True),), marked),
            Rule("clean", (Condition(view="doc", path="label", equals=""),), SayClean()),
        ),
        "grade": "A",
        "cadence": 6 * HOUR,
        "interval": 1.0,
    }
    return Source(**(values | more))


def _call(url: str, *rules: AnswerRule, **request: Any) -> ChannelCall:
    return ChannelCall(request=RequestSpec(url=ORIGIN.format("alpha") + url, **request), rules=rules, views=JSON)


def _state(name: str, then: Any) -> AnswerRule:
    return AnswerRule(name, (Condition(view="doc", path="state", equals=name),), then)


_RECEIPT, _REASON = Pick(view="doc", path="receipt"), Pick(view="doc", path="reason")

HTTP_CHANNEL = HttpChannel(
    submit=_call(
        "/appeals",
        AnswerRule("taken", (Condition(view="doc", path="receipt", exists=True),), SayAccepted(_RECEIPT)),
        AnswerRule("refused", (Condition(status=(422,)),), SayRefused(_REASON)),
        AnswerRule("later", (Condition(status=(429,)),), SayLater()),
        method="POST",
        json={"ref": "{ref}", "number": "{e164}", "letter": "{letter}"},
    ),
    query=_call(
        "/appeals?receipt={receipt}",
        _state("in_review", SayInReview()),
        _state("approved", SayApproved()),
        _state("rejected", SayRejected(_REASON)),
    ),
    look_up=_call(
        "/find?ref={ref}",
        AnswerRule(
            "found",
            (Condition(view="doc", path='found."{ref}"', exists=True),),
            SayAccepted(Pick(view="doc", path='found."{ref}"')),
        ),
        AnswerRule("absent", (Condition(view="doc", path='found."{ref}"', exists=False),), SayNotFound()),
    ),
)

MANUAL_CHANNEL = ManualChannel(
    address="https://beta.example.invalid/appeal",
    fields={"号码": "{national}", "公司": "{company}"},
    steps=("open the form", "fill it in"),
    bring_back="the receipt",
)


def platform(identity: str, **more: Any) -> Platform:
    """A platform that takes appeals and wants a licence with the second attempt."""
    values: dict[str, Any] = {
        "id": identity,
        "name": {"alpha": "阿尔法", "beta": "贝塔"}.get(identity, identity),
        "cls": PlatformClass.SECURITY_VENDOR,
        "grade": "A",
        "checked": "2026-09",
        "appeal": AppealFacts(
            channel="http" if identity == "alpha" else "manual",
            attempts=(Attempt(), Attempt(("licence",))),
            cooldown=DAY,
            propagation=2 * DAY,
        ),
    }
    return Platform(**(values | more))


def make_context(store: str, numbers: Sequence[str | Owned] = (MOBILE,), **more: Any) -> Context:
    """What the settings would say; anything may be replaced by name."""
    each = [number(n) if isinstance(n, str) else n for n in numbers]
    values: dict[str, Any] = {
        "store": store,
        "numbers": {owned.number: owned for owned in each},
        "platforms": {p: platform(p) for p in ("alpha", "beta")},
        "sources": {f"{p}.api": source(p) for p in ("alpha", "beta")},
        "channels": {"alpha": HTTP_CHANNEL, "beta": MANUAL_CHANNEL},
        "owner": Owner(name="示例公司"),
        "incident": IncidentRules(open_on=()),  # those of `test_incidents` have them
        "inspection": InspectionPolicy(every="off"),  # those of `test_inspector` have it
    }
    return Context(**(values | more))


# ---------------------------------------------------------------------------------------------------------- the house


class Refusal(Exception):
    """A call was answered with a declared error."""

    def __init__(self, error: Struct) -> None:
        super().__init__(repr(error))
        self.error = error


@dataclass
class TestHouse:
    """A house at work. `alpha` and `beta` are the outside."""

    __test__ = False

    house: House
    log: MemoryLog
    clock: VirtualClock
    store: Store
    roster: Roster
    sources: Sources
    outbox: Outbox
    timers: Timers
    control: Control
    alpha: Outside
    beta: Outside
    reload: Callable[[], ReloadResult]
    """What `Reload` calls; replace it."""

    async def until(self, holds: Callable[[], object], within: float = 60 * DAY, step: float = HOUR) -> Any:
        """Let virtual time pass until `holds` is true, and return what it returned. Looked at after each log line, and
        at each `step`.
        """
        deadline = self.clock.now() + within
        stirred = trio.Event()
        unsubscribe = self.log.subscribe(lambda *_: stirred.set(), Level.DEBUG)
        try:
            while not (found := holds()):
                late = f"did not happen within {within / DAY:g} days: {inspect.getsource(holds).strip()}"
                assert self.clock.now() < deadline, late
                with trio.move_on_after(step):
                    await stirred.wait()
                stirred = trio.Event()
            return found
        finally:
            unsubscribe()

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await trio.sleep(seconds)

    async def settled(self) -> None:
        """Let everything that can happen now happen."""
        await trio.testing.wait_all_tasks_blocked()

    def record(self, number: str = MOBILE) -> NumberRecord:
        """What the number's actor knows."""
        packed = self.house.numbers[number].packed
        return NumberRecord(number, self.clock.now()) if packed is None else records.decode_number(packed)

    def case(self, platform: str, number: str = MOBILE, kind: str = "appeal") -> Case:
        """The newest case of a kind at a platform, as it is stored."""
        record, name = self.record(number), track(platform, kind)
        found = records.get_case(self.store, (record.cases if kind == "appeal" else record.tracks)[name].id)
        assert found is not None
        return found

    def tasks(self) -> list[Task]:
        """The open tasks, as they are stored."""
        return [t for t in records.all_tasks(self.store) if t.state is TaskState.OPEN]

    async def labelled(self, platform: str, number: str = MOBILE, words: str = "广告推销", marks: int = 3) -> Case:
        """Put a label on a number that was found clean, and wait for the case that follows."""
        await self.until(lambda: (v := self.record(number).verdicts.get(platform)) is not None and v.belief)
        {"alpha": self.alpha, "beta": self.beta}[platform].labels[number] = (words, marks)
        await self.until(lambda: (ref := self.record(number).cases.get(platform)) is not None and ref.open)
        return self.case(platform, number)

    async def in_state(self, state: str, platform: str, number: str = MOBILE, kind: str = "appeal") -> Case:
        """Wait until the case there is in a state."""
        await self.until(lambda: self.case(platform, number, kind).snapshot.state == state)
        return self.case(platform, number, kind)

    async def opened(self, kind: str, platform: str, number: str = MOBILE) -> Case:
        """Wait for an open case of another kind than the appeal."""
        name = track(platform, kind)
        await self.until(lambda: (ref := self.record(number).tracks.get(name)) is not None and ref.open)
        return self.case(platform, number, kind)

    # ---------------------------------------------------------------------------------------------------- callers

    async def ask(self, method: str, **params: Any) -> Any:
        """Call a method as a client would, and answer with its result; lists are followed to their end.

        Raises `Refusal` for a declared error; anything else that a handler raises comes out as it is.
        """
        found, interface = self._method(method)
        call = Call(f"{interface.name}.{method}", PEER, more=found.stream is not Stream.NO)
        asked = msgspec.json.decode(msgspec.json.encode(params), type=found.params)
        try:
            if found.stream is Stream.NO:
                return self._checked(await found.handler(asked, call), found.result)  # type: ignore[misc]  # no stream
            async with aclosing(found.handler(asked, call)) as source:  # type: ignore[type-var]  # a stream
                return [self._checked(page, found.result) async for page in source]
        except CallError as error:
            if type(error.parameters) not in interface.errors:
                raise AssertionError(f"{method} may not answer with {error.parameters}") from error
            raise Refusal(error.parameters) from error

    def stream(self, method: str, **params: Any) -> Any:
        """The async generator of a streaming method; close it."""
        found, interface = self._method(method)
        return found.handler(found.params(**params), Call(f"{interface.name}.{method}", PEER, more=True))

    def _method(self, name: str) -> tuple[Any, Interface]:
        declared = STATUS if name in [m.name for m in STATUS.methods] else CONTROL
        interface = self.control.status_interface() if declared is STATUS else self.control.control_interface()
        return interface.methods[name], interface

    def _checked(self, result: Struct, kind: type[Struct]) -> Struct:
        assert type(result) is kind
        # As strict as a client: every value is of its declared type.
        again = msgspec.json.decode(msgspec.json.encode(result), type=kind)
        assert again == result
        return result


@asynccontextmanager
async def make_house(
    tmp_path: Path,
    *,
    numbers: Sequence[str | Owned] = (MOBILE,),
    start: float = T0,
    level: Level = Level.DEBUG,
    before: Callable[[Store], None] | None = None,
    alpha: Outside | None = None,
    glances: Mapping[str, Callable[[Source, House], Glance]] | None = None,
    recheck: float = math.inf,
    map_size: int = 64 << 20,
    **context: Any,
) -> AsyncIterator[TestHouse]:
    """Everything at work for the length of the block; needs `autojump_clock`. On a `tmp_path` that was used before it
    goes on with the state found there. `before` may write to the store before any actor runs; further arguments replace
    parts of the context. `glances` are the ways to look of the sources that are no HTTP requests. Clock steps are
    noticed within `recheck` seconds. The store takes `map_size` bytes.
    """
    clock = VirtualClock(start)
    clock.recheck = recheck
    log = MemoryLog(clock, level=level)
    path = tmp_path / "state"
    with Store.open(path, init=not path.exists(), map_size=map_size, now=start, inline=True) as store:
        alpha, beta = alpha or Outside(), Outside()
        house = House(store, log, clock, make_context(store.uuid, numbers, **context), Board())
        random = Random(1)

        def make_source(identity: str) -> SourceActor:
            spec = house.context.sources[identity]
            outside = alpha if identity.startswith("alpha") else beta
            if spec.batch is not None:
                templates = {name: compile_request(request) for name, request in spec.batch.requests}
                return BatchActor(spec, templates, outside, house, random)
            if glances is not None and identity in glances:
                return SourceActor(spec, glances[identity](spec, house), house, random)
            assert spec.request is not None
            template = compile_request(spec.request).bind(SECRETS)
            return SourceActor(spec, HttpGlance(spec, template, outside, house, random), house, random)

        def way(platform: str) -> Way | None:
            channel = house.context.channels.get(platform)
            if not isinstance(channel, HttpChannel):
                return None
            calls = {
                ActionKind.SUBMIT: channel.submit,
                ActionKind.QUERY: channel.query,
                ActionKind.LOOK_UP: channel.look_up,
            }
            templates = {kind: compile_request(call.request) for kind, call in calls.items() if call is not None}
            return Way(channel, templates, alpha)

        async def reload(*, give_up: bool) -> ReloadResult:
            return made.reload()

        house.timers = timers = Timers(house, random)
        house.outbox = outbox = Outbox(house, way, random)
        roster, sources = Roster(house, random), Sources(house, random, make_source)
        house.upkeep = upkeep = Upkeep(house, roster.refresh)
        house.hands = hands = Hands(house)
        silences, inspector = Silences(house), Inspector(house, hands.replan)
        control = Control(
            house, roster, sources.actors, version="0.0.test", started_at=start, reload=reload, silences=silences
        )
        made = TestHouse(
            house, log, clock, store, roster, sources, outbox, timers, control, alpha, beta, lambda: _no_reload()
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_running(store.run))
            if before is not None:
                before(store)
                await store.flush()
            timers.load()
            outbox.load()
            house.load()
            services = [
                Mender(house, roster.refresh).run,
                sources.run,
                roster.run,
                outbox.run,
                timers.run,
                upkeep.run,
                silences.run,
                hands.run,
            ]
            if house.context.inspection.every != "off":
                services.append(inspector.run)
            for run in services:
                await stack.enter_async_context(_running(run))
            # What a test raises comes out as it is, not in a group for each of the nurseries.
            failed: Exception | None = None
            try:
                yield made
            except Exception as error:  # noqa: BLE001 - raised again below
                failed = error
        if failed is not None:
            raise failed


def _no_reload() -> ReloadResult:
    raise AssertionError("this test reloads nothing")


@asynccontextmanager
async def _running(run: Any) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        await nursery.start(run)
        yield
        nursery.cancel_scope.cancel()
