"""Does what was decided and stored: sends each action once, and brings its outcome back to the number's actor.

Intent before effect: a submission is marked as being sent before a byte leaves. What is found so marked at start
may have arrived; its outcome is unknown, and the table decides. Outcomes are offered again until they are stored.
"""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import trio
from msgspec import structs

from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError
from numtrustd.actors.messages import Answered
from numtrustd.actors.moment import moment
from numtrustd.channels import answer as said
from numtrustd.channels.spec import Call, HttpChannel
from numtrustd.clock import Random
from numtrustd.domain.case import Action, ActionKind, ActionState
from numtrustd.domain.workflow import Event, reason_of
from numtrustd.domain.workflows import request as a
from numtrustd.events import ActionAnswered, ActionFailed, ActionSent, ActionUncertain, ActorCrashed
from numtrustd.log import error_fields
from numtrustd.store import Batch, records
from numtrustd.wire.exchange import Fetcher, Outcome, Reply, Request
from numtrustd.wire.secrecy import without
from numtrustd.wire.template import Template, TemplateError

AGAIN = 60.0
"""Real seconds until an outcome that nobody stored is offered again."""

INTERRUPTED = "the daemon ended while the submission was on its way"


class Way:
    """One platform's channel, ready to use: its calls with variables and secrets bound."""

    def __init__(self, channel: HttpChannel, templates: dict[ActionKind, Template], fetcher: Fetcher) -> None:
        self.channel = channel
        self.templates = templates
        self.fetcher = fetcher

    def call(self, kind: ActionKind) -> Call | None:
        """The pack's description of one kind of call."""
        match kind:
            case ActionKind.SUBMIT:
                return self.channel.submit
            case ActionKind.QUERY:
                return self.channel.query
            case ActionKind.LOOK_UP:
                return self.channel.look_up


class Outbox:
    """One queue and one sender per platform. `way` gives a platform's channel as configured now, if it has one."""

    def __init__(self, house: House, way: Callable[[str], Way | None], random: Random) -> None:
        self._house = house
        self._random = random
        self._way = way
        self._queues: dict[str, trio.MemorySendChannel[Action]] = {}
        self._unstarted: list[tuple[str, trio.MemoryReceiveChannel[Action]]] = []
        self._nursery: trio.Nursery | None = None
        self._in_hand: set[str] = set()
        self._unstored: dict[str, tuple[str, Answered]] = {}
        self._interrupted: list[Action] = []
        self._failing: set[str] = set()
        self._delivered = trio.Event()

    def load(self) -> int:
        """Take over the stored actions, before any actor runs; returns how many submissions had been begun."""
        self.add(records.all_actions(self._house.store))
        return len(self._interrupted)

    def add(self, actions: Iterable[Action]) -> None:
        """Actions whose intent is stored; one that is in hand already is not taken twice."""
        for action in actions:
            if action.id in self._in_hand:
                continue
            self._in_hand.add(action.id)
            # One that had not begun when a backup was made may have been made since.
            begun = action.state is ActionState.SENDING or action.case in self._house.unsure
            if begun and not action.kind.repeatable:
                if self._nursery is None:
                    self._interrupted.append(action)
                else:
                    self._uncertain(action, INTERRUPTED)
                continue
            queue = self._queues.get(action.platform)
            if queue is None:
                # Unbounded is right here: the bound is the number of open cases, and each row is in the store anyway.
                queue, receive = trio.open_memory_channel[Action](math.inf)
                self._queues[action.platform] = queue
                if self._nursery is None:
                    self._unstarted.append((action.platform, receive))
                else:
                    self._nursery.start_soon(self._send_all, action.platform, receive)
            queue.send_nowait(action)

    def offer(self, number: str) -> None:
        """A number's actor (again) takes messages: what came of its actions meanwhile is not stored yet."""
        for owner, message in list(self._unstored.values()):
            if owner == number:
                self._offer(number, message)
                self._delivered.set()

    def done(self, action: str) -> None:
        """The outcome is stored."""
        self._unstored.pop(action, None)
        self._in_hand.discard(action)

    @property
    def waiting(self) -> int:
        """Actions that have not been sent yet."""
        return sum(q.statistics().current_buffer_used for q in self._queues.values())

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Send for ever."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for platform, receive in self._unstarted:
                nursery.start_soon(self._send_all, platform, receive)
            self._unstarted.clear()
            task_status.started()
            for action in self._interrupted:
                self._uncertain(action, INTERRUPTED)
            self._interrupted.clear()
            await self._offer_again()

    async def _send_all(self, platform: str, receive: trio.MemoryReceiveChannel[Action]) -> None:
        async for action in receive:
            await self._send(action)
            way = self._way(platform)
            await self._house.clock.sleep(way.channel.interval if way is not None else 0.0)

    # ------------------------------------------------------------------------------------------------- one action

    async def _send(self, action: Action) -> None:
        actor = self._house.numbers.get(action.number)
        if actor is None or actor.closed:
            # No longer watched, or parked: it stays in the store, and its actor brings it again if it ever goes on.
            self._in_hand.discard(action.id)
            return
        way = self._way(action.platform)
        call = way.call(action.kind) if way is not None else None
        if way is None or call is None:
            self._failed(action, "no such channel is configured any more")
            return
        try:
            template = way.templates[action.kind]
            request = template.fill({**action.values, **moment(template, self._house.clock, self._random)})
        except (TemplateError, KeyError) as error:
            self._failed(action, f"the request could not be filled in: {error}")
            return
        if not action.kind.repeatable:
            action = structs.replace(
                action, state=ActionState.SENDING, sent_at=self._house.clock.now(), digest=digest(request)
            )
            batch = Batch()
            records.put_action(batch, action)
            await self._house.store.commit(batch)
            self._house.log.emit(ActionSent(**_about(action), attempt=action.attempt, ref=action.ref))
        outcome = without(await way.fetcher.fetch(request), template.hidden, request.private)
        self._house.safety.redirected(action.platform, request, outcome, number=action.number, case=action.case)
        self._interpret(action, call, outcome)

    def _interpret(self, action: Action, call: Call, outcome: Outcome) -> None:
        result: said.Result
        try:
            result = said.answer(call, outcome, action.values, self._house.clock.now())
        except Exception as error:  # noqa: BLE001 - what one platform says must not stop the others for good
            self._house.log.emit(ActorCrashed(actor=f"outbox {action.platform}", crashes=1, **error_fields(error)))
            result = said.Unclear(f"its answer could not be read: {type(error).__name__}")
        if doubt := self._house.safety.doubts(_words(result), action.platform, number=action.number, case=action.case):
            result = said.Unclear(doubt)
        status = outcome.status if isinstance(outcome, Reply) else None
        match result:
            case said.NotSent(detail):
                self._failed(action, detail)
            case said.Unclear(detail):
                if action.kind.repeatable:
                    self._failed(action, detail, status)
                else:
                    self._uncertain(action, detail, status)
            case _:
                event = event_of(action.kind, result)
                if event is None:
                    what = f"the platform said {type(result).__name__}, which is no answer to {action.kind}"
                    (self._failed if action.kind.repeatable else self._uncertain)(action, what, status)
                    return
                self._failing.discard(action.case)
                if isinstance(event, a.StillInReview):
                    self._deliver(action, event)
                    return
                self._house.log.emit(
                    ActionAnswered(
                        **_about(action),
                        result=reason_of(event),
                        ref=action.ref,
                        http_status=status,
                        receipt=getattr(result, "receipt", None),
                    )
                )
                self._deliver(action, event)

    def _failed(self, action: Action, detail: str, status: int | None = None) -> None:
        """Nothing came of it and nothing can have: it may be tried again. Said at the first failure, not at each."""
        if not action.kind.repeatable or action.case not in self._failing:
            reason = "no_answer" if action.kind.repeatable else "not_sent"
            self._house.log.emit(
                ActionFailed(**_about(action), reason=reason, ref=action.ref, detail=detail, http_status=status)
            )
        self._failing.add(action.case)
        match action.kind:
            case ActionKind.SUBMIT:
                self._deliver(action, a.NotSent(detail))
            case ActionKind.QUERY:
                self._deliver(action, a.QueryFailed(detail))
            case ActionKind.LOOK_UP:
                self._deliver(action, a.LookUpFailed(detail))

    def _uncertain(self, action: Action, detail: str, status: int | None = None) -> None:
        """The submission may have arrived: said once, and the case finds out."""
        self._house.log.emit(
            ActionUncertain(
                **_about(action), reason="outcome_unknown", ref=action.ref, detail=detail, http_status=status
            )
        )
        self._deliver(action, a.OutcomeUnknown(detail))

    # --------------------------------------------------------------------------------------------------- delivery

    def _deliver(self, action: Action, event: Event) -> None:
        message = Answered(action.id, action.case, event)
        self._unstored[action.id] = (action.number, message)
        self._delivered.set()
        self._offer(action.number, message)

    def _offer(self, number: str, message: Answered) -> None:
        # Parked, removed or full: kept in `_unstored`, and in the store if we end before it is taken.
        with contextlib.suppress(BusyError):
            self._house.post(number, message)

    async def _offer_again(self) -> None:
        while True:
            # Parked ones may be so for days: they ask when they go on.
            if all(self._deaf(number) for number, _ in self._unstored.values()):
                self._delivered = trio.Event()
                await self._delivered.wait()
            await trio.sleep(AGAIN)
            for number, message in list(self._unstored.values()):
                self._offer(number, message)

    def _deaf(self, number: str) -> bool:
        actor = self._house.numbers.get(number)
        return actor is None or actor.closed


def _words(result: said.Result) -> tuple[str, ...]:
    """What a platform's answer says in words of its own."""
    match result:
        case said.Accepted(words) | said.Refused(words) | said.Rejected(words) | said.InfoRequested(words):
            return (words,)
        case _:
            return ()


def _about(action: Action) -> dict[str, Any]:
    return {
        "action_id": action.id,
        "case": action.case,
        "number": action.number,
        "platform": action.platform,
        "kind": action.kind,
        "channel": "http",
    }


def digest(request: Request) -> str:
    """Hex SHA-256 of what is sent, secrets in headers left out."""
    return hashlib.sha256(f"{request.method} {request.url}\n".encode() + request.body).hexdigest()


def event_of(kind: ActionKind, result: object) -> Event | None:
    """What a platform's answer to one kind of call means to the case; `None` when it is no answer to it."""
    match kind, result:
        case ActionKind.SUBMIT | ActionKind.LOOK_UP, said.Accepted(receipt):
            return a.Accepted(receipt)
        case ActionKind.SUBMIT, said.Refused(reason):
            return a.Refused(reason)
        case ActionKind.SUBMIT | ActionKind.LOOK_UP, said.Later(retry):
            return a.Later(retry)
        case ActionKind.LOOK_UP, said.NotFound():
            return a.NotFound()
        case ActionKind.QUERY, said.InReview():
            return a.StillInReview()
        case ActionKind.QUERY, said.Approved():
            return a.Approved()
        case ActionKind.QUERY, said.Rejected(reason):
            return a.Rejected(reason)
        case ActionKind.QUERY, said.InfoRequested(what):
            return a.InfoRequested(what)
        case ActionKind.QUERY, said.Later():
            return a.QueryFailed("the platform asked for a pause")
        case _:
            return None
