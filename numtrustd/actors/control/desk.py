"""The control sockets: `io.numtrust.Control`, everything that tells or acts, and both interfaces ready to be served.

An act is a message to the number's actor, answered once its step is stored; each is logged with who called. `answers`
beside this module is `io.numtrust.Status`, `arguments` reads what callers name, `varlink` speaks the protocol.
The desks do what is asked of them: cases and tasks, wishes, papers, calls, maintenances, silences, backups.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import trio
from msgspec import Struct, structs

from numtrustd.actors.control import arguments, evidence_desk, eyes, maintenance_desk, reports, silence_desk
from numtrustd.actors.control.answers import Answers
from numtrustd.actors.control.backup_desk import BackupDesk
from numtrustd.actors.control.calls import CallDesk
from numtrustd.actors.control.case_desk import Act, CaseDesk
from numtrustd.actors.control.leaning import leaning
from numtrustd.actors.control.ledger_desk import record_charge
from numtrustd.actors.control.views import Sight, observation_row, shown_at
from numtrustd.actors.control.views_world import pending_look
from numtrustd.actors.control.wishes import WishDesk
from numtrustd.actors.house import House
from numtrustd.actors.mailbox import BusyError, Reply
from numtrustd.actors.messages import NumberMessage, RefusedError, ReloadRejectedError, Told
from numtrustd.actors.roster import Roster
from numtrustd.actors.silences import Silences
from numtrustd.actors.source import SourceActor
from numtrustd.api import CONTROL, STATUS, calls, control, errors, evidence, ledger, silence, when
from numtrustd.api.control import ReloadResult
from numtrustd.api.troubles import nothing_is_stored
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows import request as a
from numtrustd.events import ControlActed, ControlDenied, ControlFailed, Level, StoreDamaged
from numtrustd.log import error_fields
from numtrustd.store.errors import DamagedRecord, StoreClosed, StoreFatal
from numtrustd.varlink.interface import Call, CallError, Handler, Interface, Peer, bind
from numtrustd.varlink.server import Drop

LOOK_TIME = 10.0
"""Real seconds that `Look` waits for what the sources say."""

ANSWER_TIME = 30.0
"""Real seconds that an act waits to be stored before its caller is told that it still waits."""


FULL_TIME = 3.0
"""Real seconds that an act which had begun waits for a disk that is full."""

UNSTORED = frozenset({"Look", "Reload", "Backup", "SetLogLevel"})
"""Acts that store nothing themselves, or that may be what helps: they go on where nothing can be stored."""


class Reloading(Protocol):
    """Reads the configuration anew; numbers with open cases leave it only if `give_up`. Raises
    `ReloadRejectedError`."""

    async def __call__(self, *, give_up: bool = False) -> ReloadResult: ...


class Control:
    """Both interfaces of one daemon. `sources` and the roster are read as they are at each call.

    `stalled` is what it holds up itself.
    """

    def __init__(
        self,
        house: House,
        roster: Roster,
        sources: Mapping[str, SourceActor],
        *,
        version: str,
        started_at: Instant,
        reload: Reloading,
        silences: Silences | None = None,
        stalled: Callable[[], tuple[str, ...]] | None = None,
    ) -> None:
        self._house = house
        self._roster = roster
        self._sources = sources
        self._reload_all = reload
        self._silences = Silences(house) if silences is None else silences
        self._sight = Sight(house, roster, sources)
        self._calls = CallDesk(self._sight)
        self._wishes = WishDesk(self._sight, self._ask)
        self._cases = CaseDesk(self._sight, self._ask)
        self._backups = BackupDesk(house)
        self._answers = Answers(self._sight, version=version, started_at=started_at, stalled=stalled)

    def status_interface(self) -> Interface:
        """`io.numtrust.Status`."""
        return bind(STATUS, self._answers.handlers)

    def control_interface(self) -> Interface:
        """`io.numtrust.Control`."""
        acts: dict[str, tuple[str, Act]] = {
            "TaskDone": ("task", self._cases.task_done),
            "TaskFail": ("task", self._cases.task_fail),
            "Look": ("number", self._look),
            "Observe": ("number", self._observe),
            "Approve": ("case", self._cases.order(lambda p, by: a.Approve(by))),
            "Hold": ("case", self._cases.order(self._cases.held)),
            "Advance": ("case", self._cases.order(lambda p, by: a.Advance(p.reason or ""))),
            "Reject": ("case", self._cases.reject),
            "Withdraw": ("case", self._cases.order(lambda p, by: a.Withdraw(p.reason or ""))),
            "Reopen": ("case", self._cases.order(lambda p, by: a.Reopen(p.reason or ""))),
            "Certify": ("number", lambda p, call: self._wishes.certify(p, arguments.by(p, call))),
            "ChangeTag": ("number", lambda p, call: self._wishes.change_tag(p, arguments.by(p, call))),
            "SetIdentity": ("number", lambda p, call: self._wishes.set_identity(p, arguments.by(p, call))),
            "Cancel": ("number", self._cases.cancel),
            "Release": ("number", self._cases.release),
            "Reload": ("", self._reload),
            "Backup": ("path", lambda p, call: self._backups.backup(p)),
            "Park": ("number", self._park),
            "Unpark": ("number", self._unpark),
            "TrustSource": ("source", self._trust_source),
            "SetLogLevel": ("level", self._set_log_level),
            "MaintenanceStart": (
                "platform",
                lambda p, call: maintenance_desk.start(self._sight, p, arguments.by(p, call)),
            ),
            "MaintenanceEnd": ("platform", lambda p, call: maintenance_desk.end(self._sight, p, arguments.by(p, call))),
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
        if isinstance(error, DamagedRecord):
            self._house.log.emit(StoreDamaged(why=str(error), detail=f"{method} asked for it"))
            # A key begins with what its record belongs to; behind that stands what nobody can read.
            subject, _, _ = error.key.partition(b"\0")
            return errors.Damaged(f"{error.table} {subject.decode('ascii', 'backslashreplace')}")
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
                answer, result = await self._stored(name, act, params, call)
            except CallError as error:
                why = getattr(error.parameters, "why", None)
                kind = type(error.parameters).__name__
                self._say(name, what, f"{kind}: {why}" if why else kind, by, call.peer)
                raise
            # As the answer names it: what was asked for may have been written in another form.
            self._say(name, getattr(answer, subject, what) if subject else None, result, by, call.peer)
            return answer

        return handler

    async def _stored(self, name: str, act: Act, params: Any, call: Call) -> tuple[Struct, str]:
        """Act, unless nothing can be stored: then it is not begun, and what has begun is not waited for long."""
        store = self._house.store
        if name in UNSTORED or getattr(params, "rehearse", False):
            return await act(params, call)
        if store.trouble:
            raise CallError(
                errors.Busy(f"nothing was done, because {nothing_is_stored(store.trouble)}, then type it again")
            )
        with store.patience(FULL_TIME):
            return await act(params, call)
        raise CallError(
            errors.Busy(
                f"not stored yet, because {nothing_is_stored(store.trouble or '')}; it may still be carried out: "
                "look at what has become of it before you type it again"
            )
        )

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
        why = f"told to {number} and not stored yet, because its actor is being started again"
        raise CallError(
            errors.Busy(f"{why}; it may still be carried out: look at what has become of it before you type it again")
        )

    def _must_not_be_parked(self, number: str) -> None:
        if parked := self._roster.parked.get(number):
            why = (parked.error_message or parked.error_type).removeprefix("parked ")
            raise CallError(
                errors.Refused(f"{number} is parked ({why}): `numtrustctl unpark {number}` sets it going again")
            )

    # ------------------------------------------------------------------------------------------------------- looks

    async def _look(self, params: control.Look, call: Call) -> tuple[Struct, str]:
        owned = arguments.watched(self._sight, params.number)
        number, context = owned.number, self._house.context
        self._must_not_be_parked(number)
        platform = arguments.platform_or_none(self._sight, params.platform)
        sources = context.sources_for(owned) if platform is None else self._sight.sources_of(owned, platform)
        if params.source is not None:
            named = arguments.source(self._sight, params.source)
            sources = tuple(s for s in sources if s.id == named)
        actors = [actor for s in sources if (actor := self._sources.get(s.id)) is not None and actor.parked is None]
        if not actors:
            raise CallError(errors.Refused(eyes.refusal(self._sight, owned, platform, sources)))
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
        said = tuple(observation_row(o) for o in seen.values() if platform in (None, o.platform))
        asked = tuple(actor.source.id for actor in actors)
        heard, then = {message.source for message in watcher.seen}, clock.now()
        pending = tuple(pending_look(actor, number, then) for actor in actors if actor.source.id not in heard)
        result = control.LookResult(
            now=when(then), number=number, sources=asked, observations=said, pending=pending or None
        )
        return result, f"{len(asked)} sources asked, {len(heard)} answered"

    async def _observe(self, params: control.Observe, call: Call) -> tuple[Struct, str]:
        message = reports.reported(self._sight, params, arguments.by(params, call))
        seen, number = message.observation, arguments.canonical(params.number)
        told = Told("", "", "", "nothing was stored: this was a rehearsal")
        if not params.rehearse:
            told = await self._ask(number, lambda reply: structs.replace(message, reply=reply))
        verdict = None if params.rehearse else self._sight.record(number).verdicts.get(seen.platform)
        leans = None if verdict is None else leaning(self._sight, verdict)
        hands = self._house.hands
        asked = None if hands is None or leans is None else hands.asks_at(seen.source, number)
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
            looks=None if leans is None else leans.looks,
            takes=None if leans is None else leans.takes,
            counts_from=None if leans is None else shown_at(leans.counts_from),
            tending=None if leans is None else leans.text,
            asked_at=shown_at(asked),
        )
        said = told.uncounted or ("" if leans is None else leans.text)
        return result, f"{seen.platform}/{seen.surface} {seen.status}" + (f", {said}" if said else "")

    # -------------------------------------------------------------------------------------------------- the daemon

    async def _reload(self, params: control.Reload, call: Call) -> tuple[Struct, str]:
        try:
            result = await self._reload_all(give_up=bool(params.give_up))
        except ReloadRejectedError as error:
            raise CallError(errors.ConfigRejected(error.problems)) from error
        return result, "configuration taken over"

    async def _park(self, params: control.Park, call: Call) -> tuple[Struct, str]:
        number = arguments.watched(self._sight, params.number).number
        with arguments.refusing():
            await self._roster.park(number, arguments.by(params, call), params.reason or "no reason given")
        return self._number_change(number, "working", "parked")

    async def _unpark(self, params: control.Unpark, call: Call) -> tuple[Struct, str]:
        number = arguments.watched(self._sight, params.number).number
        with arguments.refusing():
            await self._roster.unpark(number, arguments.by(params, call))
        return self._number_change(number, "parked", "working")

    def _number_change(self, number: str, old: str, new: str) -> tuple[Struct, str]:
        change = control.NumberChange(now=when(self._sight.now()), number=number, old=old, new=new)
        return change, f"{old} -> {new}"

    async def _trust_source(self, params: control.TrustSource, call: Call) -> tuple[Struct, str]:
        source, now = arguments.source(self._sight, params.source), self._sight.now()
        why = params.reason or "a person vouched for it"
        doubted = await self._sources[source].trust.release(now, arguments.by(params, call), why)
        old, new = "quarantined" if doubted else "believed", "believed"
        return control.SourceChange(now=when(now), source=source, old=old, new=new), f"{old} -> {new}"

    async def _set_log_level(self, params: control.SetLogLevel, call: Call) -> tuple[Struct, str]:
        log = self._house.log
        old, log.level = log.level, Level.named(params.level)
        return control.LevelChange(old=old.word, new=log.level.word), f"{old.word} -> {log.level.word}"

    # ------------------------------------------------------------------------------------------------- calls

    async def _report_calls(self, params: calls.ReportCalls, call: Call) -> tuple[Struct, str]:
        taken = await self._calls.report(params.rows, arguments.by(params, call))
        return taken, f"{taken.days} days of {taken.numbers} numbers"

    async def _complain(self, params: calls.Complain, call: Call) -> tuple[Struct, str]:
        taken = await self._calls.complain(params.number, params.day, params.text or "", arguments.by(params, call))
        return taken, f"{taken.complaints} on {taken.day}"

    async def _record_charge(self, params: ledger.RecordCharge, call: Call) -> tuple[Struct, str]:
        taken = await record_charge(self._sight, params, arguments.by(params, call))
        return taken, f"{taken.what} {taken.fen} fen"

    # ------------------------------------------------------------------------------------------------- papers

    async def _evidence_add(self, params: evidence.EvidenceAdd, call: Call) -> tuple[Struct, str]:
        with arguments.refusing():
            return await evidence_desk.add(self._sight, params, arguments.by(params, call)), f"{params.kind} on file"

    async def _evidence_remove(self, params: evidence.EvidenceRemove, call: Call) -> tuple[Struct, str]:
        with arguments.refusing():
            return await evidence_desk.remove(
                self._sight, params, arguments.by(params, call)
            ), f"{params.kind} no longer on file"

    # ---------------------------------------------------------------------------------------------- silences, acks

    async def _silence_add(self, params: silence.SilenceAdd, call: Call) -> tuple[Struct, str]:
        change = await silence_desk.add(self._sight, self._silences, params, arguments.by(params, call))
        return change, f"silence {change.row.silence}"

    async def _silence_remove(self, params: silence.SilenceRemove, call: Call) -> tuple[Struct, str]:
        return await silence_desk.remove(self._sight, self._silences, params, arguments.by(params, call)), "ended"

    async def _ack(self, params: silence.Ack, call: Call) -> tuple[Struct, str]:
        taken = await silence_desk.acknowledge(self._sight, self._silences, params, arguments.by(params, call))
        return taken, f"seen in {taken.state}"


_DROPS: Mapping[Drop, str] = {
    Drop.TOO_MANY: "too many connections",
    Drop.TOO_MANY_OF_USER: "too many connections of this user",
    Drop.SILENT: "no complete request in time",
    Drop.MALFORMED: "what it sent is no Varlink message",
    Drop.TOO_LARGE: "its request is too large",
    Drop.NOT_READING: "it does not read its answers",
}


def _peer(peer: Peer) -> dict[str, Any]:
    return {"peer_pid": peer.pid, "peer_uid": peer.uid, "peer_gid": peer.gid}
