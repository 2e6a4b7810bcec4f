"""A number that leaves: its cancellation over all platforms at once, what is still shown, the giving up. Pure.

`Leaver` stands between `kin.Kin`, for what cases mean to each other, and `decide.Decider`. The tables are
`workflows.cancellation` and `workflows.removal`.
"""

from collections.abc import Iterable

from msgspec import structs

from numtrustd.actors import tracks
from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision
from numtrustd.actors.kin import Kin
from numtrustd.actors.messages import Cancel, RefusedError, Release, Told
from numtrustd.domain import propagation
from numtrustd.domain.case import Case, case_id, track
from numtrustd.domain.finding import Finding, FindingKind
from numtrustd.domain.leaving import PERMANENT, PLACE, URGENT, Reason, Released, Scope, scope_of, standing
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned, Watch
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import TaskKind
from numtrustd.domain.verdict import Change, ChangeKind, Verdict
from numtrustd.domain.workflows import leaving as c
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.cancellation import C
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.events import NumberReleased

FIRST = "`numtrustctl cancel {number} --reason …` first"


def asked_of(context: Context, owned: Owned, record: NumberRecord, reason: str, now: Instant) -> dict[str, list[str]]:
    """Where removals are asked for, each with the platforms that it is about beside its own.

    Every platform that shows something of it, that was asked to show something, or that may: where something is wanted,
    those whose pack tells how it lets go, and those that certify and are looked at. Those of `[cancellation] platforms`
    are asked whatever is known.
    """
    places = [name for name in context.platforms if tracks.remains(context, owned, record, name, reason, now)]
    places += [ref.platform for name, ref in record.tracks.items() if name == track(ref.platform, "certification")]
    seen = context.visible[owned.kind]
    for platform in context.platforms.values():
        certifies = platform.certification is not None and platform.id in seen
        if owned.wanted is not None and ("removal" in platform.ways or certifies):
            places.append(platform.id)
    places += [name for name in context.leaving.platforms if name in context.platforms]
    asked: dict[str, list[str]] = {}
    for place in dict.fromkeys(places):
        at = propagation.asked_at(context.platforms, place, "removal") or place
        about = asked.setdefault(at, [])
        if place != at:
            about.append(place)
    return asked


def _kept(case: Case) -> bool:
    """Whether the owner said that the number is kept. That what was wrong with it is gone says nothing of that."""
    return case.outcome == C.CLEARED and case.moves[-1].old == C.SAFE


RETURNED = frozenset({"waiting", "cooling", "escalated"})
"""Where a request comes from being on its way, if the platform does not have it."""


class Leaver(Kin):
    """What happens to a number that leaves, during one message."""

    def finish(self) -> Decision:
        """Everything decided; what a giving up ends is ended in the same step."""
        answer = self.made.told  # who gave an order hears of his own case, not of those that it ends
        self._note_leaving()
        self._stop_the_returned()
        self.made.told = answer
        return super().finish()

    def _stop_the_returned(self) -> None:
        """What could not be withdrawn when the number began to leave, since it was on its way, is once it is not."""
        if self.record.leaving is None:
            return
        for case in [case for case in self.made.cases.values() if case.open and case.snapshot.state in RETURNED]:
            if why := self._not_wanted(case):
                self.book.happen(case.id, a.Withdraw(why), "configuration")

    def _note_leaving(self) -> None:
        """Keep in the number's record what its newest cancellation has come to."""
        ref = self.record.tracks.get(track("", PLACE))
        case = self.made.cases.get(ref.id) if ref is not None else None
        if case is None or not isinstance(case.data, c.CancellationData):
            return
        data, before = case.data, (self.record.leaving, self.record.released)
        released = self.record.released
        if case.outcome == "released":
            released = Released(data.released_at or self.now, data.released_by, data.forced, data.why, case.id)
        elif released is not None and (released.case == case.id or _kept(case)):
            released = None  # it was taken back, or is kept
        leaving = Scope.ALL if released is not None else data.scope if case.open else None
        if (leaving, released) == before:
            return
        self.record = structs.replace(self.record, leaving=leaving, released=released)
        self._stand()
        if before[1] is not None and released is None:
            for platform, found in list(self.record.findings.items()):
                if (seen := self.record.verdicts.get(platform)) is not None and self._left_alone(platform, found):
                    self._act_anew(seen, "the number is kept")

    def _stand(self) -> None:
        """The number is to be taken in another way from now on: nothing else is wanted of it, or all of it again."""
        self.made.durable = True
        self.owned = standing(self.configured, self.record.released)
        self._judges.clear()
        for case in self._open_cases():
            if why := self._not_wanted(case):
                self.book.happen(case.id, a.Withdraw(why), "configuration")
        for platform in list(self.record.verdicts):
            if platform in self.context.platforms:
                self._display(platform, None)

    def _left_alone(self, platform: str, found: Finding) -> bool:
        """Whether nobody acts on a label: no case is open, and none was ended by anything but the configuration."""
        if self._cases_about(platform):
            return False
        last = self._newest_case(propagation.taken_at(self.context.platforms, platform, found.category) or platform)
        return last is None or (last.outcome == "withdrawn" and last.moves[-1].by == "configuration")

    def _act_anew(self, seen: Verdict, why: str) -> None:
        """Weigh what is believed already once more."""
        if seen.belief is not None:
            self._weigh(seen, Change(ChangeKind.CHANGED, seen.belief, seen.belief, 0, (), why))

    def _open_cases(self) -> list[Case]:
        refs = [ref for ref in self.record.every_case if ref.open or ref.id in self.made.cases]
        cases = [self.book.get(ref.id) for ref in refs]
        return [case for case in cases if case is not None and case.open]

    def _not_wanted(self, case: Case) -> str | None:
        """Why the owner no longer wants what a case is for; `None` when he does."""
        if isinstance(case.data, a.RemovalData | c.CancellationData):
            return None
        leaving = self.record.leaving
        certified = isinstance(case.data, CertificateData) and leaving is Scope.ALL
        if certified or (isinstance(case.data, a.IdentityData) and leaving is not None):
            return "what the number shows is being cancelled"
        return None

    # ------------------------------------------------------------------------------------------------------ orders

    def cancel(self, message: Cancel) -> None:
        """A person wants what is shown of the number to go. Raises `RefusedError` where that is under way or over."""
        newest = self._newest_track("", PLACE)
        if newest is not None and newest.open:
            raise RefusedError(f"case {newest.id} cancels it already: withdraw that one first")
        if (gone := self.record.released) is not None and gone.case:
            back = f"`numtrustctl reopen {gone.case}` takes it back"
            raise RefusedError(f"{self.owned.number} was given up by {gone.by}: {back}")
        reason, rules = Reason(message.reason), self.context.leaving
        scope = scope_of(reason)
        asked = asked_of(self.context, self.owned, self.record, reason, self.now)
        parent = case_id(self.owned.number, PLACE, self.record.counts.get(PLACE, 0) + 1)
        data = c.CancellationData(
            finding=reason,
            reason=reason,
            note=message.note,
            urgent=reason in URGENT,
            children=tuple(self._removal_at(at) for at in asked),
            errands=self._errands(reason),
            bindings=rules.bindings,
            not_before=self.now,
        )
        why = f"{reason}{f': {message.note}' if message.note else ''}, ordered by {message.by}"
        self._open(PLACE, "", data, why)
        for at, about in asked.items():
            self._remove(at, tuple(about), parent, data)
        self.record = structs.replace(self.record, leaving=Scope.ALL if gone is not None else scope)
        self._stand()
        opened = self.book.get(parent)
        assert opened is not None, parent
        self.made.told = Told(parent, "", opened.snapshot.state)

    def _errands(self, reason: Reason) -> tuple[str, ...]:
        """What people have to do beside the removals."""
        rules = self.context.leaving
        kinds = []
        if reason is Reason.STAFF_LEFT:
            kinds += [TaskKind.REMOVE_BINDING, TaskKind.FREEZE_OUTBOUND]
        if rules.bindings and reason is not Reason.WRONG_INFO:
            kinds.append(TaskKind.UNBIND_LINKED)
        if reason in rules.notice:
            kinds.append(TaskKind.PUBLISH_NOTICE)
        return tuple(kinds)

    def _removal_at(self, at: str) -> str:
        """The id of the removal that is open there, or of the next one."""
        case = self._newest_track(at, "removal")
        if case is not None and case.open:
            return case.id
        return case_id(self.owned.number, at, self.record.counts.get(at, 0) + 1)

    def _remove(self, at: str, about: tuple[str, ...], parent: str, of: c.CancellationData) -> None:
        """Ask for the removal at one platform; one that is open already becomes a part of this cancellation."""
        case = self._newest_track(at, "removal")
        if case is not None and case.open and isinstance(case.data, a.RemovalData):
            displays = tuple(dict.fromkeys((*case.data.displays, *about)))
            data = structs.replace(case.data, parent=parent, reason=of.reason, urgent=of.urgent, displays=displays)
            self.made.cases[case.id] = structs.replace(case, data=data)
            return
        scope = of.scope
        words = [tracks.shown_words(self.record.verdicts[p]) for p in (at, *about) if p in self.record.verdicts]
        data = a.RemovalData(
            finding=FindingKind.RESIDUAL,
            words="、".join(dict.fromkeys(filter(None, words))),
            facts=tuple(
                fact
                for name in (at, *about)
                for fact in tracks.remains(self.context, self.owned, self.record, name, of.reason, self.now)
            ),
            not_before=self.now,
            kinds=(FindingKind.RESIDUAL,),
            wanted="nothing of it" if scope is Scope.ALL else tracks.wanted_text(self.owned.wanted, self.now),
            displays=about,
            parent=parent,
            reason=of.reason,
            permanent=of.reason in PERMANENT,
            urgent=of.urgent,
            hurried=of.urgent,  # it waits for no good day
        )
        self._open("removal", at, data, f"part of {parent}: {of.reason}")

    def release(self, message: Release) -> None:
        """A person gives the number up. Raises `RefusedError` while not all is verified gone, unless it is forced."""
        if (gone := self.record.released) is not None:
            raise RefusedError(f"{self.owned.number} was given up by {gone.by} already: nothing is left to do")
        case = self._newest_track("", PLACE)
        if case is not None and case.open:
            given = c.GivenUp(message.by, message.force and case.snapshot.state != "safe_to_release", message.why)
            if not self.book.happen(case.id, given, message.by):
                raise RefusedError(self._why_not_yet(case))
            return
        if not message.force:
            what = FIRST.format(number=self.owned.number)
            raise RefusedError(f"nobody knows whether something of ours is still shown: {what}, or force it")
        self.record = structs.replace(
            self.record, leaving=Scope.ALL, released=Released(self.now, message.by, True, message.why)
        )
        event = NumberReleased(number=self.owned.number, by=message.by, why=message.why or None, forced=True)
        self.made.say(event, self.now, message.by)
        self._stand()
        self.made.told = Told("", Watch.YES, Watch.FAREWELL)

    def _why_not_yet(self, case: Case) -> str:
        assert isinstance(case.data, c.CancellationData)
        states = self.book.states(case.data.children)
        left = [f"{name} is {states.get(name, 'not opened')}" for name in c.unproved(case.data, states)]
        left += [f"{kind} is to be done" for kind in case.data.errands_left]
        if not left:
            left = [f"case {case.id} is {case.snapshot.state}"]
        return f"it is not safe to release: {', '.join(left)}; wait for it, or force it and say why"

    # ---------------------------------------------------------------------------------------------- what comes back

    def _display(self, platform: str, looked: str | None) -> None:
        if self.record.leaving is None:
            super()._display(platform, looked)
            return
        before = tracks.said_kinds(self.record, platform)
        super()._display(platform, looked)
        if FindingKind.RESIDUAL in tracks.said_kinds(self.record, platform) - before:
            self._remains(platform)

    def _remains(self, platform: str) -> None:
        """Something of ours is shown that should be gone: ask for its removal, there only. What was given up without a
        cancellation has no papers to ask with, and stays a finding."""
        ref = self.record.tracks.get(track("", PLACE))
        parent = self.book.get(ref.id) if ref is not None else None
        if parent is None or not isinstance(parent.data, c.CancellationData) or self.record.leaving is None:
            return
        at = propagation.asked_at(self.context.platforms, platform, "removal") or platform
        case = self._removal_about(platform) or self._newest_track(at, "removal")
        within = self.context.leaving.watch_period
        known = case is not None and isinstance(case.data, a.RemovalData) and case.data.parent == parent.id
        if case is not None and (case.open or (known and self.now - (case.closed_at or 0.0) <= within)):
            words = tracks.shown_words(self.record.verdicts[platform])
            self.book.happen(case.id, a.Returned(FindingKind.RESIDUAL, "", words))
            case = self.book.get(case.id) or case
            if case.open and platform not in (case.platform, *case.data.displays):
                self.book.join(case, platform)
            return
        about = () if at == platform else (platform,)
        name = self._removal_at(at)
        self._remove(at, about, parent.id, parent.data)
        self.book.happen(parent.id, c.ChildMoved(name, "waiting"))

    def _removal_about(self, platform: str) -> Case | None:
        """The newest removal that a platform is a part of."""
        refs: Iterable[str] = (
            ref.id
            for name, ref in self.record.tracks.items()
            if name == track(ref.platform, "removal") and platform in (ref.platform, *ref.displays)
        )
        cases = [case for name in refs if (case := self.book.get(name)) is not None]
        return max(cases, key=lambda case: case.opened_at, default=None)
