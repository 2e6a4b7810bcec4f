"""One number's decisions: (record, cases, message, now) in, everything to be stored, said and done out. Pure.

`number` beside this module commits a `Decision` and only then acts on it; `cases` decides inside one case.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import structs

from numtrustd.actors.cases import CaseBook, Tasks
from numtrustd.actors.context import Context
from numtrustd.actors.decision import Decision
from numtrustd.actors.messages import Answered, Observed, Order, RefusedError, Reported, TaskAnswer, TimerDue, Told
from numtrustd.domain import cause, finding, verdict
from numtrustd.domain.case import Action, Case
from numtrustd.domain.finding import Finding, FindingKind
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant, Observation, Status
from numtrustd.domain.owned import Owned, Watch
from numtrustd.domain.record import CaseRef, LookState, NumberRecord
from numtrustd.domain.report import place, remembered
from numtrustd.domain.task import ANSWERS, Task, TaskKind, TaskState
from numtrustd.domain.trust import kept_back
from numtrustd.domain.verdict import Change, ChangeKind, Verdict
from numtrustd.domain.workflow import Event, TimedOut
from numtrustd.domain.workflows import appeal_parts as a
from numtrustd.events import (
    CauseFound,
    FindingClosed,
    FindingOpened,
    LabelUnknownWord,
    ObservationReported,
    PlatformMaintenance,
    VerdictBaseline,
    VerdictChanged,
    VerdictFlapping,
    duration_for_people,
)

NOT_KNOWN = "word not known"
ACCEPTED = "the category is right for this number"

CLOCK_SLACK = 300.0
"""Seconds by which what was seen may lie ahead of the clock; more means that the clock has been set back since."""


def never(case: str) -> bool:
    """No submission is queued."""
    return False


class Decider:
    """Decides for one number during one message, and is then thrown away.

    `cases` gives a stored case by its id, `tasks` those of a case, `queued` tells whether a case's submission has not
    begun to leave; all only read. `declared` are the platforms' declared maintenances.
    """

    def __init__(
        self,
        context: Context,
        owned: Owned,
        record: NumberRecord,
        cases: Callable[[str], Case | None],
        tasks: Tasks,
        now: Instant,
        declared: Mapping[str, Maintenance] | None = None,
        queued: Callable[[str], bool] = never,
        *,
        no_room: bool = False,
    ) -> None:
        self.context = context
        self.owned = owned
        self.record = record
        self.now = now
        self.made = Decision()
        self.book = CaseBook(context, owned, cases, tasks, now, self.made, declared or {}, queued, no_room)

    def finish(self) -> Decision:
        """Everything decided. The record's seq rises when something durable changed."""
        made = self.made
        if made.cases:
            refs = {c.platform: CaseRef(c.id, c.snapshot.state, c.open) for c in made.cases.values()}
            self.record = structs.replace(self.record, cases={**self.record.cases, **refs})
        if made.durable:
            self.record = structs.replace(self.record, seq=self.record.seq + 1)
        made.record = self.record
        return made

    # ---------------------------------------------------------------------------------------------------- looking

    def observe(self, message: Observed) -> None:
        """Fold every reading of one look into the verdicts, and let the cases know."""
        seen_any = False
        for observation in message.observations:
            if observation.platform not in self.context.platforms:
                continue
            seen_any = seen_any or observation.known
            self._fold(kept_back(observation) if message.quarantined else observation, observation)
        before = self.record.looks.get(message.source)
        failures = 0 if seen_any else (before.failures if before else 0) + 1
        looks = {**self.record.looks, message.source: LookState(message.at, failures)}
        self.record = structs.replace(self.record, looks=looks)

    def report(self, message: Reported) -> None:
        """Take in what somebody saw: stored whatever it says, and folded like any other look. Handed in again, it is
        answered again and counts once."""
        seen, report = message.observation, message.report
        before = _believed(self.record.verdicts.get(seen.platform))
        if report.key in self.record.reported:
            self.made.told = Told("", before, before, "it was reported before, and counts once")
            return
        self.made.durable = True
        where = place(seen.platform, seen.view)
        latest = self.record.reports.get(where)
        late = latest is not None and latest.at > report.at
        reports = self.record.reports if late else {**self.record.reports, where: report}
        keys = remembered(self.record.reported, report.key)
        self.record = structs.replace(self.record, reports=reports, reported=keys)
        self.made.say(
            ObservationReported(
                number=self.owned.number,
                platform=seen.platform,
                source=seen.source,
                surface=seen.surface,
                status=seen.status,
                by=report.by,
                category=seen.category,
                words=seen.words,
                marks=seen.marks,
                name=seen.name,
                reason=seen.reason,
                seen_at=report.at,
                device=report.handset or None,
                screenshot=report.screenshot or None,
                path=report.evidence or None,
            ),
            self.now,
            report.by,
        )
        self.observe(Observed(seen.source, seen.at, (seen,)))
        after = _believed(self.record.verdicts.get(seen.platform))
        why = "something newer was seen there already: it is kept, and moves nothing" if late else ""
        self.made.told = Told("", before, after, why)

    def _fold(self, observation: Observation, said: Observation) -> None:
        """Take one reading in; `said` is what the source said, believed or not."""
        platform = observation.platform
        before = self.record.verdicts.get(platform) or Verdict(platform)
        old = verdict.through(before, self.context.views(self.owned, platform))
        if any(view.at > self.now + CLOCK_SLACK for view in old.views.values()):
            old = verdict.not_after(old, self.now)
        if old.belief is not None and said.known:
            self.made.answers += 1
            # A mark that is held open although it is not shown is nobody's word to be contradicted.
            self.made.turned += not old.flapping and old.belief.marked != (said.status is Status.MARKED)
        new, change = verdict.fold(old, observation, self.context.verdict)
        if new is old:
            return
        self._set_verdict(before, new)
        if change is not None:
            self._changed(new, change, observation)
        case = self._open_case(platform)
        if observation.known and case is not None:
            self.book.happen(case.id, a.Looked(observation.view, observation.status, observation.at), new)

    def _set_verdict(self, old: Verdict, new: Verdict) -> None:
        platform = new.platform
        new, blind = verdict.sight(new, self.now, self.context.verdict)
        self.record = structs.replace(self.record, verdicts={**self.record.verdicts, platform: new})
        if blind is not None:
            self._say_blind(new, blind=blind)
        if old.maintenance != new.maintenance:
            state = "seen" if new.maintenance else "over"
            # Every number of the platform sees it: each history has it, and the board tells the log once.
            self.made.note(PlatformMaintenance(platform=platform, state=state), self.now)
            self.made.durable = True

    def _say_blind(self, new: Verdict, *, blind: bool) -> None:
        self.made.durable = True
        facts: dict[str, Any] = {"number": self.owned.number, "platform": new.platform, "finding": FindingKind.BLIND}
        if blind:
            since = duration_for_people(self.now - (new.blind_since or self.now))
            reasons = ", ".join(f"{name}: {view.reason}" for name, view in new.views.items())
            self.made.say(FindingOpened(**facts, why=f"nothing could be seen for {since} ({reasons})"), self.now)
        else:
            self.made.say(FindingClosed(**facts, why="it can be seen again"), self.now)

    def _changed(self, new: Verdict, change: Change, observation: Observation) -> None:
        self.made.durable = True
        shown = change.new
        facts: dict[str, Any] = {
            "number": self.owned.number,
            "platform": new.platform,
            "to": shown.key,
            "category": shown.category,
            "words": shown.words,
            "marks": shown.marks,
            "sources": change.sources,
            "looks": change.looks,
            "why": change.why,
        }
        if change.kind is ChangeKind.BASELINE:
            self.made.say(VerdictBaseline(**facts), self.now)
        elif change.kind is ChangeKind.FLAPPING:
            self.made.say(VerdictFlapping(**facts, from_=change.old.key if change.old else ""), self.now)
        else:
            self.made.say(VerdictChanged(**facts, from_=change.old.key if change.old else ""), self.now)
        if observation.detail == NOT_KNOWN and shown.words:
            self.made.say(
                LabelUnknownWord(
                    platform=new.platform,
                    source=observation.source,
                    words=shown.words,
                    number=self.owned.number,
                ),
                self.now,
            )
        self._weigh(new, change)

    def _weigh(self, new: Verdict, change: Change) -> None:
        """Compare what is shown with what is wanted; open, feed or close what follows from it."""
        platform = new.platform
        found = finding.find(new, self.owned.accept)
        before = self.record.findings.get(platform)
        case = self._newest_case(platform)
        if found is None:
            if before is not None:
                self._set_finding(platform, None)
                why = "no longer shown" if not new.marked else ACCEPTED
                self.made.say(
                    FindingClosed(number=self.owned.number, platform=platform, finding=before.kind, why=why),
                    self.now,
                )
            if case is not None and case.open and not new.marked:
                self.book.happen(case.id, a.LabelGone(), new)
            return
        likely = cause.causes(new, self.record.verdicts, self.context.platforms, self.now)
        if before is None or before.category is not found.category:
            self._set_finding(platform, found)
            self.made.say(
                CauseFound(
                    number=self.owned.number,
                    platform=platform,
                    causes=tuple(c.kind for c in likely),
                    facts=tuple(f for c in likely for f in c.facts),
                ),
                self.now,
            )
            self.made.say(
                FindingOpened(number=self.owned.number, platform=platform, finding=found.kind, why=found.why),
                self.now,
            )
        self._act_on(found, new, case, likely, returned=change.old is not None and not change.old.marked)

    def _act_on(
        self,
        found: Finding,
        new: Verdict,
        case: Case | None,
        likely: Iterable[cause.Cause],
        *,
        returned: bool,
    ) -> None:
        platform = self.context.platforms[new.platform]
        if self.owned.watch is not Watch.YES:
            return
        shown = (new.belief.words if new.belief else None) or found.category
        again = a.Returned(found.kind, found.category, shown)
        if case is not None and case.open:
            if returned:
                self.book.happen(case.id, again, new)
            return
        within = self.context.appeal.watch_period
        if case is not None and case.outcome == "cleared" and self.now - (case.closed_at or 0.0) <= within:
            self.book.happen(case.id, again, new)
            return
        if platform.appeal is None or platform.appeal.channel == "none" or found.category not in platform.appeal.takes:
            return
        n = self.record.counts.get(platform.id, 0) + 1
        opened = self.book.open(platform.id, n, found, new, tuple(likely))
        refs = {**self.record.cases, platform.id: CaseRef(opened.id, opened.snapshot.state, open=True)}
        self.record = structs.replace(self.record, cases=refs, counts={**self.record.counts, platform.id: n})

    def _set_finding(self, platform: str, found: Finding | None) -> None:
        self.made.durable = True
        findings = {k: v for k, v in self.record.findings.items() if k != platform}
        if found is not None:
            findings[platform] = found
        self.record = structs.replace(self.record, findings=findings)

    def _newest_case(self, platform: str) -> Case | None:
        ref = self.record.cases.get(platform)
        return self.book.get(ref.id) if ref is not None else None

    def _open_case(self, platform: str) -> Case | None:
        ref = self.record.cases.get(platform)
        if ref is None or (not ref.open and ref.id not in self.made.cases):
            return None
        case = self.book.get(ref.id)
        return case if case is not None and case.open else None

    # ----------------------------------------------------------------------------------------------------- events

    def refresh(self) -> None:
        """Configuration or evidence changed: compare findings anew and tell the cases that wait for papers."""
        for platform, stored in list(self.record.verdicts.items()):
            if platform not in self.context.platforms:
                continue
            current = verdict.through(stored, self.context.views(self.owned, platform))
            if current is not stored:
                self._set_verdict(stored, current)
            found = finding.find(current, self.owned.accept)
            news = (found is None) != (platform not in self.record.findings)
            # A finding without a case may have become one to act on: the number is in use now, the platform takes it.
            if current.belief is not None and (news or (found is not None and platform not in self.record.cases)):
                change = Change(ChangeKind.CHANGED, current.belief, current.belief, 0, (), "configuration changed")
                self._weigh(current, change)
        for platform in self.record.cases:
            if (case := self._open_case(platform)) is not None:
                seen = self.record.verdicts.get(platform)
                if why := self._not_wanted(seen):
                    self.book.happen(case.id, a.Withdraw(why), seen, "configuration")
                else:
                    self.book.happen(case.id, a.EvidenceChanged(), seen)

    def _not_wanted(self, seen: Verdict | None) -> str | None:
        """Why the owner no longer wants a label to be appealed; `None` when he does."""
        if self.owned.watch is not Watch.YES:
            return f"the number is on {self.owned.watch}: nothing is appealed for it"
        if seen is not None and seen.marked and finding.find(seen, self.owned.accept) is None:
            return ACCEPTED
        return None

    def retire(self) -> None:
        """The number is no longer configured: its cases are given up, except one whose submission may be on its way.

        So are the beliefs behind them: should the number come back, what is then shown is looked at with new eyes.
        """
        for platform in self.record.cases:
            if (case := self._open_case(platform)) is not None and self._happen(
                case.id, a.Withdraw("the number is no longer configured"), "configuration"
            ):
                verdicts = {k: v for k, v in self.record.verdicts.items() if k != platform}
                self.record = structs.replace(self.record, verdicts=verdicts)
                self._set_finding(platform, None)

    def timer(self, message: TimerDue) -> None:
        """A case's time is over; a stale timer changes nothing, nor one whose clock was set back on its way here."""
        case = self.book.get(message.case)
        if case is not None and case.snapshot.deadline is not None and case.snapshot.deadline <= self.now:
            self._happen(message.case, TimedOut(message.seq))

    def answered(self, message: Answered, action: Action | None) -> None:
        """An action ended; its row goes in the same transaction, even when the case no longer cares.

        `action` is the row; when it is gone, the outcome was taken in before and this is a second telling.
        """
        if action is None:
            return
        self.made.done_actions.append(message.action)
        self.made.durable = True
        case = self.book.get(message.case)
        if case is not None and case.data.attempt == action.attempt:  # else it is of an attempt long past
            self._happen(message.case, message.event)

    def order(self, message: Order) -> None:
        """A person's order to a case. Raises `RefusedError` when the case's state does not allow it."""
        case = self.book.get(message.case)
        newest = self.record.cases.get(case.platform) if case is not None else None
        if case is not None and newest is not None and newest.id != case.id:
            # An older case that moved again would stand in the newest one's place, and one of them would be lost.
            raise RefusedError(f"case {newest.id} has taken the place of {case.id}: give it the order")
        if not self._happen(message.case, message.event, message.by):
            raise RefusedError(self._why_not(message.case, type(message.event).__name__.lower()))

    def answer(self, message: TaskAnswer) -> None:
        """A person's answer to a task. Raises `RefusedError` when the task cannot be answered so."""
        task = self.book.task(message.task)
        if task is None or task.state is not TaskState.OPEN:
            state = "unknown" if task is None else f"already {task.state}"
            raise RefusedError(f"task {message.task} is {state}; `tasks` lists the open ones")
        event = answer_event(task, message)
        if isinstance(event, a.StillInReview):
            # The task stays open until there is an answer; only an overdue review takes note.
            self._happen(task.case, event, message.by)
            self.made.told = self.made.told or Told(task.case, "", "")
            return
        outcome = outcome_of(task, message)
        self.book.close_task(task, outcome, message.note or message.reason or message.receipt, message.by)
        if not self._happen(task.case, event, message.by):
            raise RefusedError(self._why_not(task.case, outcome))

    def _happen(self, identity: str, event: Event, by: str = "") -> bool:
        case = self.book.get(identity)
        if case is None:
            return False
        return self.book.happen(identity, event, self.record.verdicts.get(case.platform), by)

    def _why_not(self, identity: str, what: str) -> str:
        case = self.book.get(identity)
        if case is None:
            return f"there is no case {identity}"
        if what == "supplied":
            return f"papers are still missing for case {identity}; register them in [[evidence]] and reload"
        return f"case {identity} is {case.snapshot.state} ({case.meaning}): {what} does nothing there"


def _believed(verdict: Verdict | None) -> str:
    return "unknown" if verdict is None or verdict.belief is None else verdict.belief.key


def outcome_of(task: Task, message: TaskAnswer) -> str:
    """The answer that was given. Left out, it must be plain: the only one that there is, or a receipt was brought back.

    Raises `RefusedError` naming the answers otherwise: the usual answer is not what happened because nobody said so.
    """
    answers = ANSWERS[task.kind]
    if message.outcome:
        return message.outcome
    if len(answers) == 1 or (message.receipt and answers[0] in ("submitted", "happened")):
        return answers[0]
    raise RefusedError(f"say what happened with --outcome: one of {', '.join(answers)}")


def answer_event(task: Task, message: TaskAnswer) -> Event:
    """The event that an answer means to the task's case. Raises `RefusedError` naming the answers that there are."""
    reason = message.reason or message.note
    if message.outcome == "failed":
        return a.TaskFailed(reason or "no reason given")
    outcome = outcome_of(task, message)
    if outcome not in ANSWERS[task.kind]:
        raise RefusedError(f"{outcome!r} does not answer {task.kind}: one of {', '.join(ANSWERS[task.kind])}")
    if outcome in ("rejected", "refused", "info_requested") and not reason:
        raise RefusedError(f"{outcome} needs the platform's reason: it decides what the next attempt brings")
    match outcome:
        case "submitted" | "happened":
            return a.Accepted(message.receipt)
        case "refused":
            return a.Refused(reason)
        case "approved":
            return a.Approve(message.by) if task.kind is TaskKind.APPROVE else a.Approved()
        case "rejected":
            return a.Rejected(reason)
        case "info_requested":
            return a.InfoRequested(reason)
        case "still_waiting":
            return a.StillInReview()
        case "did_not_happen":
            return a.NotHappened()
        case "supplied":
            return a.EvidenceChanged()
        case "retry":
            return a.Advance(reason or "a person sends it round again")
        case _:
            return a.ClosedByPerson(reason or "a person gave it up")
