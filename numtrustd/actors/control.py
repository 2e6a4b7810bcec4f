"""The control sockets: `io.numtrust.Control`, everything that tells or acts, and both interfaces ready to be served.

An act is a message to the number's actor, answered once its step is stored; each is logged with who called. `answers`
beside this module is `io.numtrust.Status`, `arguments` reads what callers name, `varlink` speaks the protocol.
It is long because each act has its handler here, a few lines each.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trio
from msgspec import Struct, structs

from numtrustd.actors import arguments, evidence_desk, reports, silence_desk
from numtrustd.actors.answers import Answers
from numtrustd.actors.calls import CallDesk
from numtrustd.actors.house import House
from numtrustd.actors.ledger_desk import record_charge
from numtrustd.actors.mailbox import BusyError, Reply
from numtrustd.actors.messages import (
    Cancel,
    NumberMessage,
    Order,
    RefusedError,
    Release,
    ReloadRejectedError,
    TaskAnswer,
    Told,
)
from numtrustd.actors.roster import Roster
from numtrustd.actors.silences import Silences
from numtrustd.actors.source import SourceActor
from numtrustd.actors.views import Sight, observation_row
from numtrustd.actors.views_leaving import cancellation_of, open_parts
from numtrustd.actors.views_world import maintenance_of, pending_look
from numtrustd.actors.wishes import WishDesk
from numtrustd.api import CONTROL, STATUS, calls, control, errors, evidence, instant, ledger, rows, silence, when
from numtrustd.api.control import ReloadResult
from numtrustd.domain.maintenance import UNKNOWN_KIND, Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.task import ERRANDS, Task, TaskKind
from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import request as a
from numtrustd.events import ControlActed, ControlDenied, ControlFailed, Level, StoreBackedUp
from numtrustd.log import error_fields
from numtrustd.store import records
from numtrustd.store.errors import BackupFailed, StoreClosed, StoreFatal
from numtrustd.varlink.interface import Call, CallError, Handler, Interface, Peer, bind
from numtrustd.varlink.server import Drop

LOOK_TIME = 10.0
"""Real seconds that `Look` waits for what the sources say."""

ANSWER_TIME = 30.0
"""Real seconds that an act waits to be stored before its caller is told that it still waits."""

NO_MAINTENANCE = "none"

Act = Callable[[Any, Call], Awaitable[tuple[Struct, str]]]
"""Does what was asked; returns the answer, and what came of it in a word for the log."""


class Control:
    """Both interfaces of one daemon. `sources` and the roster are read as they are at each call.

    `reload` reads the configuration anew, or raises `ReloadRejectedError`.
    """

    def __init__(
        self,
        house: House,
        roster: Roster,
        sources: Mapping[str, SourceActor],
        *,
        version: str,
        started_at: Instant,
        reload: Callable[[], Awaitable[ReloadResult]],
        silences: Silences | None = None,
    ) -> None:
        self._house = house
        self._roster = roster
        self._sources = sources
        self._reload_all = reload
        self._silences = Silences(house) if silences is None else silences
        self._sight = Sight(house, roster, sources)
        self._calls = CallDesk(self._sight)
        self._wishes = WishDesk(self._sight, self._ask)
        self._answers = Answers(self._sight, version=version, started_at=started_at)

    def status_interface(self) -> Interface:
        """`io.numtrust.Status`."""
        return bind(STATUS, self._answers.handlers)

    def control_interface(self) -> Interface:
        """`io.numtrust.Control`."""
        acts: dict[str, tuple[str, Act]] = {
            "TaskDone": ("task", self._task_done),
            "TaskFail": ("task", self._task_fail),
            "Look": ("number", self._look),
            "Observe": ("number", self._observe),
            "Approve": ("case", self._order(lambda p, by: a.Approve(by))),
            "Hold": ("case", self._order(self._held)),
            "Advance": ("case", self._order(lambda p, by: a.Advance(p.reason or ""))),
            "Reject": ("case", self._reject),
            "Withdraw": ("case", self._order(lambda p, by: a.Withdraw(p.reason or ""))),
            "Reopen": ("case", self._order(lambda p, by: a.Reopen(p.reason or ""))),
            "Certify": ("number", lambda p, call: self._wishes.certify(p, _by(p, call))),
            "ChangeTag": ("number", lambda p, call: self._wishes.change_tag(p, _by(p, call))),
            "SetIdentity": ("number", lambda p, call: self._wishes.set_identity(p, _by(p, call))),
            "Cancel": ("number", self._cancel),
            "Release": ("number", self._release),
            "Reload": ("", self._reload),
            "Backup": ("path", self._backup),
            "Park": ("number", self._park),
            "Unpark": ("number", self._unpark),
            "TrustSource": ("source", self._trust_source),
            "SetLogLevel": ("level", self._set_log_level),
            "MaintenanceStart": ("platform", self._maintenance_start),
            "MaintenanceEnd": ("platform", self._maintenance_end),
            "ReportCalls": ("", self._report_calls),
            "Complain": ("number", self._complain),
            "RecordCharge": ("number", self._record_charge),
            "SilenceAdd": ("", self._silence_add),
            "SilenceRemove": ("silence", self._silence_remove),
            "Ack": ("case", self._ack),
            "EvidenceAdd": ("path", self._evidence_add),
            "EvidenceRemove": ("path", self._evidence_remove),
        }
        return bind(CONTROL, {name: self._logged(name, subject, act) for name, (subject, act) in acts.items()})

    # ------------------------------------------------------------------------------------------------- for the log

    def on_error(self, method: str, peer: Peer, error: Exception) -> Struct:
        """What to answer when a handler raised something else than a declared error; logs what is a bug."""
        if isinstance(error, StoreClosed | StoreFatal):
            return errors.NotReady("the daemon is stopping")
        fields = error_fields(error)
        self._house.log.emit(ControlFailed(method=method, **fields, **_peer(peer)))
        return errors.InternalError(fields["error_type"])

    def on_drop(self, peer: Peer, why: Drop) -> None:
        """A connection was ended from our side."""
        self._house.log.emit(ControlDenied(why=_DROPS[why], **_peer(peer)))

    def _logged(self, name: str, subject: str, act: Act) -> Handler:
        async def handler(params: Any, call: Call) -> Struct:
            what = str(getattr(params, subject)) if subject else None
            by = getattr(params, "author", None)
            try:
                answer, result = await act(params, call)
            except CallError as error:
                why = getattr(error.parameters, "why", None)
                kind = type(error.parameters).__name__
                self._say(name, what, f"{kind}: {why}" if why else kind, by, call.peer)
                raise
            # As the answer names it: what was asked for may have been written in another form.
            self._say(name, getattr(answer, subject, what) if subject else None, result, by, call.peer)
            return answer

        return handler

    def _say(self, method: str, subject: str | None, result: str, by: str | None, peer: Peer) -> None:
        self._house.log.emit(ControlActed(method=method, subject=subject, result=result, by=by, **_peer(peer)))

    # ------------------------------------------------------------------------------------------------- cases, tasks

    async def _ask(self, number: str, message: Callable[[Reply[Told]], NumberMessage]) -> Told:
        """Post to a number's actor; the answer comes when its step is stored."""
        if number not in self._house.context.numbers:
            raise CallError(errors.Refused(f"{number} is no longer watched: put it back into the numbers, then reload"))
        self._must_not_be_parked(number)
        reply: Reply[Told] = Reply()
        try:
            self._house.post(number, message(reply))
            with trio.move_on_after(ANSWER_TIME):
                return await reply.wait()
        except BusyError as error:
            raise CallError(errors.Busy(f"{number}: {error}")) from None
        except RefusedError as error:
            raise CallError(errors.Refused(str(error))) from None
        trouble = self._house.store.trouble
        why = f"the store cannot be written ({trouble})" if trouble else "its actor is being started again"
        raise CallError(errors.Busy(f"told to {number} and not stored yet, because {why}: look before you try again"))

    def _must_not_be_parked(self, number: str) -> None:
        if parked := self._roster.parked.get(number):
            why = (parked.error_message or parked.error_type).removeprefix("parked ")
            raise CallError(
                errors.Refused(f"{number} is parked ({why}): `numtrustctl unpark {number}` sets it going again")
            )

    def _order(self, event: Callable[[Any, str], Event]) -> Act:
        async def act(params: Any, call: Call) -> tuple[Struct, str]:
            case, by = arguments.case(self._sight, params.case), _by(params, call)
            told = await self._ask(case.number, lambda reply: Order(case.id, event(params, by), by, reply))
            change = self._change(case.id, told)
            return control.CaseChange(**change), f"{change['old']} -> {change['new']}"

        return act

    def _held(self, params: control.Hold, by: str) -> Event:
        """A hold, by the daemon's clock."""
        now = self._sight.now()
        if params.until is not None and params.seconds is not None:
            raise CallError(errors.InvalidArgument("until", "give an instant or a time in seconds, not both"))
        until = None if params.until is None else instant(params.until)
        if params.seconds is not None:
            until = now + params.seconds
        if until is not None and until <= now:
            raise CallError(errors.InvalidArgument("until", "it is over already: name a time that is still to come"))
        return a.Hold(params.reason or "", by, until)

    async def _reject(self, params: control.Reject, call: Call) -> tuple[Struct, str]:
        case, by = arguments.case(self._sight, params.case), _by(params, call)
        vouched = self._trusted((params.reason,), params.vouch, case.platform, case.number, case.id, by)
        answer, result = await self._order(lambda p, _: a.Rejected(p.reason))(params, call)
        return answer, result + _vouched(vouched)

    async def _cancel(self, params: control.Cancel, call: Call) -> tuple[Struct, str]:
        number, by = arguments.watched(self._sight, params.number).number, _by(params, call)
        told = await self._ask(number, lambda reply: Cancel(params.reason, params.note or "", by, reply))
        change = self._change(told.case, told)
        return control.CaseChange(**change), f"case {told.case} opened"

    async def _release(self, params: control.Release, call: Call) -> tuple[Struct, str]:
        number, by, why = arguments.watched(self._sight, params.number).number, _by(params, call), params.reason or ""
        if params.force and not why.strip():
            raise CallError(errors.InvalidArgument("reason", "forcing is recorded with its reason: give one"))
        told = await self._ask(number, lambda reply: Release(params.force, why, by, reply))
        gone = self._sight.record(number).released
        assert gone is not None, number  # what was just stored
        newest = cancellation_of(self._sight, self._sight.record(number)) if gone.case else None
        answer = control.ReleaseResult(
            now=when(self._sight.now()),
            number=number,
            old=told.old,
            new=told.new,
            forced=gone.forced,
            waits_for=() if newest is None else open_parts(self._sight, newest[1]),
            case=gone.case or None,
        )
        return answer, "released, forced" if gone.forced else "released"

    def _trusted(
        self, texts: tuple[str, ...], vouch: str | None, platform: str, number: str, case: str, by: str
    ) -> str:
        """Refuse what is suspicious in the platform's name; answers why a person vouches for it, empty if it is not."""
        safety = self._house.safety
        suspicious = safety.refuses(texts, platform)
        if suspicious and not vouch:
            safety.refused(texts, platform, number=number, case=case, by=by)
            raise CallError(errors.SuspectedPhishing(platform=platform, why=suspicious))
        return (vouch or "") if suspicious else ""

    def _change(self, identity: str, told: Told) -> dict[str, Any]:
        case = records.get_case(self._house.store, identity)
        assert case is not None, identity  # what was just stored
        deadline = case.snapshot.deadline
        return {
            "now": when(self._sight.now()),
            "case": case.id,
            "number": case.number,
            "platform": case.platform,
            "old": told.old or case.snapshot.state,
            "new": told.new or case.snapshot.state,
            "meaning": case.meaning,
            "then": case.then or None,
            "due": None if deadline is None else when(deadline),
        }

    async def _answer(
        self, text: str, outcome: str, by: str, *, receipt: str = "", reason: str = "", note: str = "", vouch: str = ""
    ) -> tuple[Struct, str]:
        task = arguments.task(self._sight, text)
        if task.numbers:
            return await self._answer_look(task, outcome, by, note=reason or note)
        told = await self._ask(
            task.number, lambda reply: TaskAnswer(task.id, outcome, receipt, reason, note, by, reply, vouch)
        )
        after = records.get_task(self._house.store, task.id)
        assert after is not None, task.id
        change = self._change(task.case, told)
        said = after.outcome or outcome
        answer = control.TaskChange(**change, task=task.id, outcome=said)
        result = f"{said}, case {change['old']} -> {change['new']}"
        return answer, result + _vouched(vouch)

    async def _answer_look(self, task: Task, outcome: str, by: str, *, note: str) -> tuple[Struct, str]:
        assert self._house.hands is not None
        with _refusing():
            told = await self._house.hands.answer(task.id, outcome, note, by)
        after = records.get_task(self._house.store, task.id)
        assert after is not None, task.id
        answer = control.TaskChange(
            now=when(self._sight.now()),
            case="",
            number="",
            platform=task.platform,
            old=told.old,
            new=told.new,
            meaning="each look that was asked for is wanted again later" if outcome == "failed" else "all is reported",
            task=task.id,
            outcome=after.outcome,
        )
        return answer, f"{after.outcome}, {told.old} -> {told.new}"

    async def _task_done(self, params: control.TaskDone, call: Call) -> tuple[Struct, str]:
        if params.outcome == "failed":
            raise CallError(errors.InvalidArgument("outcome", "a task that cannot be done is `task fail`"))
        task, by = arguments.task(self._sight, params.task), _by(params, call)
        receipt, reason, note = params.receipt or "", params.reason or "", params.note or ""
        texts = (receipt, reason, note)
        vouch = ""
        if task.kind not in ERRANDS | {TaskKind.RELEASE_NUMBER}:  # which are done in no platform's name
            vouch = self._trusted(texts, params.vouch, task.platform, task.number, task.case, by)
        return await self._answer(
            params.task, params.outcome or "", by, receipt=receipt, reason=reason, note=note, vouch=vouch
        )

    async def _task_fail(self, params: control.TaskFail, call: Call) -> tuple[Struct, str]:
        return await self._answer(params.task, "failed", _by(params, call), reason=params.why)

    # ------------------------------------------------------------------------------------------------------- looks

    async def _look(self, params: control.Look, call: Call) -> tuple[Struct, str]:
        owned = arguments.watched(self._sight, params.number)
        number, context = owned.number, self._house.context
        self._must_not_be_parked(number)
        if params.platform is None:
            sources = context.sources_for(owned)
        else:
            sources = self._sight.sources_of(owned, arguments.platform(self._sight, params.platform))
        actors = [actor for s in sources if (actor := self._sources.get(s.id)) is not None and actor.parked is None]
        if not actors:
            where = params.platform or "any platform"
            raise CallError(errors.Refused(f"no source in use sees {where} for this number ({owned.kind})"))
        clock = self._house.clock
        now = clock.now()
        soon = {actor.source.id for actor in actors if actor.free_at <= now + LOOK_TIME * clock.speed}
        with self._house.lookout.watch(number, soon, now) as watcher:
            for actor in actors:
                actor.ask(number)
            with trio.move_on_after(LOOK_TIME):
                await watcher.wait()
        # A source that looked twice meanwhile is heard once, with its latest word.
        seen = {(o.platform, o.view): o for message in watcher.seen for o in message.observations}
        said = tuple(observation_row(o) for o in seen.values() if params.platform in (None, o.platform))
        asked = tuple(actor.source.id for actor in actors)
        heard, then = {message.source for message in watcher.seen}, clock.now()
        pending = tuple(pending_look(actor, number, then) for actor in actors if actor.source.id not in heard)
        result = control.LookResult(
            now=when(then), number=number, sources=asked, observations=said, pending=pending or None
        )
        return result, f"{len(asked)} sources asked, {len(heard)} answered"

    async def _observe(self, params: control.Observe, call: Call) -> tuple[Struct, str]:
        message = reports.reported(self._sight, params, _by(params, call))
        seen, number = message.observation, arguments.canonical(params.number)
        told = Told("", "", "", "nothing was stored: this was a rehearsal")
        if not params.rehearse:
            told = await self._ask(number, lambda reply: structs.replace(message, reply=reply))
        result = control.ObserveResult(
            now=when(self._sight.now()),
            number=number,
            platform=seen.platform,
            source=seen.source,
            surface=seen.surface,
            status=seen.status,
            category=seen.category,
            old=told.old,
            new=told.new,
            counted=not told.uncounted,
            why=told.uncounted or None,
        )
        return result, f"{seen.platform}/{seen.surface} {seen.status}" + (f", {told.uncounted}" * bool(told.uncounted))

    # -------------------------------------------------------------------------------------------------- the daemon

    async def _reload(self, params: control.Reload, call: Call) -> tuple[Struct, str]:
        try:
            result = await self._reload_all()
        except ReloadRejectedError as error:
            raise CallError(errors.ConfigRejected(error.problems)) from error
        return result, "configuration taken over"

    async def _backup(self, params: control.Backup, call: Call) -> tuple[Struct, str]:
        path, clock = Path(params.path), self._house.clock
        if why := _unfit(path, self._house.store.path):
            raise CallError(errors.InvalidArgument("path", why))
        began = clock.monotonic()
        try:
            await self._house.store.backup(path, now=clock.now())
        except BackupFailed as error:
            raise CallError(errors.Refused(str(error))) from error
        seconds = clock.monotonic() - began
        size = _size(path)
        self._house.log.emit(StoreBackedUp(path=str(path), size_bytes=size, took_seconds=seconds))
        return control.BackupResult(path=str(path), bytes=size, seconds=seconds), f"{size} bytes written"

    async def _park(self, params: control.Park, call: Call) -> tuple[Struct, str]:
        number = arguments.watched(self._sight, params.number).number
        with _refusing():
            await self._roster.park(number, _by(params, call), params.reason or "no reason given")
        return self._number_change(number, "working", "parked")

    async def _unpark(self, params: control.Unpark, call: Call) -> tuple[Struct, str]:
        number = arguments.watched(self._sight, params.number).number
        with _refusing():
            await self._roster.unpark(number, _by(params, call))
        return self._number_change(number, "parked", "working")

    def _number_change(self, number: str, old: str, new: str) -> tuple[Struct, str]:
        change = control.NumberChange(now=when(self._sight.now()), number=number, old=old, new=new)
        return change, f"{old} -> {new}"

    async def _trust_source(self, params: control.TrustSource, call: Call) -> tuple[Struct, str]:
        source, now = arguments.source(self._sight, params.source), self._sight.now()
        why = params.reason or "a person vouched for it"
        doubted = await self._sources[source].trust.release(now, _by(params, call), why)
        old, new = "quarantined" if doubted else "believed", "believed"
        return control.SourceChange(now=when(now), source=source, old=old, new=new), f"{old} -> {new}"

    async def _set_log_level(self, params: control.SetLogLevel, call: Call) -> tuple[Struct, str]:
        log = self._house.log
        old, log.level = log.level, Level.named(params.level)
        return control.LevelChange(old=old.word, new=log.level.word), f"{old.word} -> {log.level.word}"

    # ------------------------------------------------------------------------------------------------- calls

    async def _report_calls(self, params: calls.ReportCalls, call: Call) -> tuple[Struct, str]:
        taken = await self._calls.report(params.rows, _by(params, call))
        return taken, f"{taken.days} days of {taken.numbers} numbers"

    async def _complain(self, params: calls.Complain, call: Call) -> tuple[Struct, str]:
        taken = await self._calls.complain(params.number, params.day, params.text or "", _by(params, call))
        return taken, f"{taken.complaints} on {taken.day}"

    async def _record_charge(self, params: ledger.RecordCharge, call: Call) -> tuple[Struct, str]:
        taken = await record_charge(self._sight, params, _by(params, call))
        return taken, f"{taken.what} {taken.fen} fen"

    # ------------------------------------------------------------------------------------------------- papers

    async def _evidence_add(self, params: evidence.EvidenceAdd, call: Call) -> tuple[Struct, str]:
        with _refusing():
            return await evidence_desk.add(self._sight, params, _by(params, call)), f"{params.kind} on file"

    async def _evidence_remove(self, params: evidence.EvidenceRemove, call: Call) -> tuple[Struct, str]:
        with _refusing():
            return await evidence_desk.remove(
                self._sight, params, _by(params, call)
            ), f"{params.kind} no longer on file"

    # ---------------------------------------------------------------------------------------------- silences, acks

    async def _silence_add(self, params: silence.SilenceAdd, call: Call) -> tuple[Struct, str]:
        change = await silence_desk.add(self._sight, self._silences, params, _by(params, call))
        return change, f"silence {change.row.silence}"

    async def _silence_remove(self, params: silence.SilenceRemove, call: Call) -> tuple[Struct, str]:
        return await silence_desk.remove(self._sight, self._silences, params, _by(params, call)), "ended"

    async def _ack(self, params: silence.Ack, call: Call) -> tuple[Struct, str]:
        taken = await silence_desk.acknowledge(self._sight, self._silences, params, _by(params, call))
        return taken, f"seen in {taken.state}"

    # ------------------------------------------------------------------------------------------------- maintenance

    async def _maintenance_start(self, params: control.MaintenanceStart, call: Call) -> tuple[Struct, str]:
        platform, now = arguments.platform(self._sight, params.platform), self._sight.now()
        until = None if params.until is None else instant(params.until)
        if until is not None and until <= now:
            raise CallError(errors.InvalidArgument("until", "it is over already: name a time that is still to come"))
        before = self._house.maintenance.get(platform)
        since = before.since if before is not None and before.lasts(now) else now
        declared = Maintenance(since, _by(params, call), params.kind or UNKNOWN_KIND, until)
        assert self._house.upkeep is not None
        old = maintenance_of(self._sight, platform)
        return self._maintenance_change(platform, old, await self._house.upkeep.start(platform, declared))

    async def _maintenance_end(self, params: control.MaintenanceEnd, call: Call) -> tuple[Struct, str]:
        platform = arguments.platform(self._sight, params.platform)
        assert self._house.upkeep is not None
        old = maintenance_of(self._sight, platform)
        cases = await self._house.upkeep.end(platform, _by(params, call))
        if cases is None:
            seen = self._house.board.maintenance_since(platform) is not None
            more = "; looks see one, which ends when they no longer do" if seen else ""
            raise CallError(errors.Refused(f"no declared maintenance of {platform} is going on{more}"))
        return self._maintenance_change(platform, old, cases)

    def _maintenance_change(self, platform: str, old: rows.Maintenance | None, cases: int) -> tuple[Struct, str]:
        new = maintenance_of(self._sight, platform)
        change = control.MaintenanceChange(
            now=when(self._sight.now()),
            platform=platform,
            old=NO_MAINTENANCE if old is None else old.kind,
            new=NO_MAINTENANCE if new is None else new.kind,
            cases=cases,
            kind=None if new is None else new.kind,
            since=None if new is None else new.since,
            until=None if new is None else new.until,
        )
        return change, f"{change.old} -> {change.new}, {cases} cases"


_DROPS: Mapping[Drop, str] = {
    Drop.TOO_MANY: "too many connections",
    Drop.TOO_MANY_OF_USER: "too many connections of this user",
    Drop.SILENT: "no complete request in time",
    Drop.MALFORMED: "what it sent is no Varlink message",
    Drop.TOO_LARGE: "its request is too large",
    Drop.NOT_READING: "it does not read its answers",
}


def _by(params: Any, call: Call) -> str:
    """Who says so: what the caller tells, else all that the kernel does."""
    return params.author or f"uid {call.peer.uid}"


def _vouched(vouch: str) -> str:
    return f"; something suspicious vouched for: {vouch}" if vouch else ""


def _peer(peer: Peer) -> dict[str, Any]:
    return {"peer_pid": peer.pid, "peer_uid": peer.uid, "peer_gid": peer.gid}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise CallError(errors.Refused(str(error))) from None


def _size(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.iterdir())


def _unfit(path: Path, state: Path) -> str | None:
    """What is wrong with the place for a backup. A few stats: nothing that would hold up the loop."""
    if not path.is_absolute() or "\0" in str(path):
        return "it must be an absolute path"
    if os.path.lexists(path):
        return "it exists already: name a directory that does not"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}"
    if path.parent.resolve().is_relative_to(state.resolve()):
        return "it is inside the state directory: choose another place"
    return None
