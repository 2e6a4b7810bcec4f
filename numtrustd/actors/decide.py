"""One number's decisions: (record, cases, message, now) in, everything to be stored, said and done out. Pure.

`number` beside this module commits a `Decision` and only then acts on it; `weigh` takes in what was seen, `cases`
decides inside one case.
"""

from datetime import timedelta

from msgspec import structs

from numtrustd.actors import receipts
from numtrustd.actors.leave import Leaver
from numtrustd.actors.messages import Answered, Order, RefusedError, TaskAnswer, TimerDue, Told
from numtrustd.actors.pace import views_asked
from numtrustd.actors.task_answer import answer_event, outcome_of
from numtrustd.domain import call_stats, verdict
from numtrustd.domain.case import Action, Case, track
from numtrustd.domain.label import Category
from numtrustd.domain.owned import Watch
from numtrustd.domain.task import HAND_INS, Task, TaskState
from numtrustd.domain.workflow import Event, TimedOut
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.leaving import CancellationData


class Decider(Leaver):
    """Decides for one number during one message: what was seen (`Weigher`), what its cases mean to each other (`Kin`),
    that it leaves (`Leaver`), and what happens to its cases."""

    def refresh(self) -> None:
        """Configuration or evidence changed: compare findings anew and tell the cases that wait for papers."""
        for case in self._open_cases():
            self.book.put_right(case)
        for platform, stored in list(self.record.verdicts.items()):
            if platform not in self.context.platforms:
                continue
            current = verdict.through(stored, views_asked(self.context, self.owned, self.record, platform))
            if current is not stored:
                self._set_verdict(stored, current)
            found = self._find(current)
            news = (found is None) != (platform not in self.record.findings)
            # A finding without a case may have become one to act on: the number is in use now, the platform takes it.
            if news or (found is not None and self._left_alone(platform, found)):
                self._act_anew(current, "configuration changed")
            self._display(platform, None)
        self._recent_complaints()
        for case in self._open_cases():
            if why := self._not_wanted(case):
                self.book.happen(case.id, a.Withdraw(why), "configuration")
            else:
                self.book.happen(case.id, a.EvidenceChanged())

    def _recent_complaints(self) -> None:
        """Those that were told while nobody was at work here."""
        today = call_stats.day_of(self.now, self.context.cause.zone)
        oldest = (today - timedelta(days=self.context.prevention.complaints_days)).isoformat()
        for day in self.present.calls():
            if day.complaints and oldest < day.day <= today.isoformat():
                self.complained(day)

    def _not_wanted(self, case: Case) -> str | None:
        if (why := super()._not_wanted(case)) is not None or isinstance(case.data, a.RemovalData | CancellationData):
            return why
        if self.owned.watch is not Watch.YES:
            return f"the number is on {self.owned.watch}: nothing is appealed for it"
        if isinstance(case.data, a.IdentityData):
            return "no name, logo or tag is wanted of it any more" if self.owned.wanted is None else None
        if not isinstance(case.data, a.AppealData):
            return None
        marked = [seen.belief for seen in self._verdicts_of(case) if seen.marked and seen.belief is not None]
        if marked and all(belief.displayed for belief in marked) and not any(map(self._find, self._verdicts_of(case))):
            return self._accepted(marked[0].category or Category.OTHER)
        return None

    def retire(self) -> None:
        """The number is no longer configured: its cases are given up, except one whose submission may be on its way.

        So are the beliefs behind them: should the number come back, what is then shown is looked at with new eyes.
        """
        for case in sorted(self._open_cases(), key=lambda case: bool(case.platform)):  # what is over others goes first
            self._happen(case.id, a.Withdraw("the number is no longer configured"), "configuration")
            after = self.book.get(case.id)
            if after is not None and not after.open:
                about = (case.platform, *case.data.displays)
                verdicts = {k: v for k, v in self.record.verdicts.items() if k not in about}
                self.record = structs.replace(self.record, verdicts=verdicts)
                for each in about:
                    self._set_finding(each, None)

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
        newest = None
        if case is not None:
            known = self.record.cases if case.workflow == "appeal" else self.record.tracks
            newest = known.get(track(case.platform, case.workflow))
        if case is not None and newest is not None and newest.id != case.id:
            # An older case that moved again would stand in the newest one's place, and one of them would be lost.
            raise RefusedError(f"case {newest.id} has taken the place of {case.id}: give it the order")
        if case is not None and isinstance(case.data, a.RemovalData) and isinstance(message.event, a.Reopen):
            over = self.book.get(case.data.parent)
            if over is not None and over.outcome == "withdrawn":
                raise RefusedError(f"its cancellation {over.id} was withdrawn: reopen that one")
        if case is not None and isinstance(message.event, a.Reopen) and (why := self._not_wanted(case)) is not None:
            raise RefusedError(f"{why}: wait until its cancellation is over, or withdraw that one")
        if not self._happen(message.case, message.event, message.by):
            raise RefusedError(self._why_not(message.case, type(message.event).__name__.lower()))

    def answer(self, message: TaskAnswer) -> None:
        """A person's answer to a task. Raises `RefusedError` when the task cannot be answered so."""
        task = self.book.tasks.get(message.task)
        if task is not None and (self._late(task, message) or self._receipt_corrected(task, message)):
            return
        if task is None or task.state is not TaskState.OPEN:
            state = "unknown" if task is None else f"already {task.state}"
            if task is not None and message.receipt and receipts.too_late(task, self.book.get(task.case)):
                raise RefusedError(
                    f"task {task.id} is done, and a receipt is corrected only while the review goes on: "
                    f"see `numtrustctl case {task.case}`"
                )
            raise RefusedError(f"task {message.task} is {state}; `numtrustctl tasks` lists the open ones")
        event = answer_event(task, message)
        if isinstance(event, a.StillInReview):
            # The task stays open until there is an answer; only an overdue review takes note.
            self._happen(task.case, event, message.by)
            self.made.told = self.made.told or Told(task.case, "", "")
            return
        outcome = outcome_of(task, message)
        note = message.note or message.reason or message.receipt
        if message.vouch:
            note = f"{note} (suspicious, and vouched for: {message.vouch})"
        self.book.tasks.answered(task, outcome, note, message.by)
        if not self._happen(task.case, event, message.by):
            raise RefusedError(self._why_not(task.case, outcome))

    def _late(self, task: Task, message: TaskAnswer) -> bool:
        """A person had handed something in before it was no longer needed, and tells so late: what he paid is booked
        all the same, and his receipt is kept. Not where it has gone its way again since: that one has its own task."""
        if task.state is not TaskState.CLOSED or task.kind not in HAND_INS or outcome_of(task, message) != "submitted":
            return False
        case = self.book.get(task.case)
        if case is None or (case.open and case.snapshot.state != "verifying"):
            return False
        self.book.tasks.answered(task, "submitted", message.note or message.receipt, message.by)
        self.book.handed_in_late(task, case)
        if case.snapshot.state == "verifying":
            self._happen(task.case, a.Accepted(message.receipt), message.by)
        self.made.told = Told(case.id, case.snapshot.state, case.snapshot.state)
        return True

    def _receipt_corrected(self, task: Task, message: TaskAnswer) -> bool:
        """Whether what was handed in is only told with another receipt."""
        case = receipts.corrected(task, self.book.get(task.case), message, self.now)
        if case is None:
            return False
        self.made.cases[case.id] = case
        self.made.tasks[task.id] = structs.replace(task, note=message.receipt)
        self.made.durable = True
        self.made.say(receipts.news(case), self.now, message.by)
        self.made.told = Told(case.id, case.snapshot.state, case.snapshot.state)
        return True

    def _happen(self, identity: str, event: Event, by: str = "") -> bool:
        case = self.book.get(identity)
        if case is None:
            return False
        return self.book.happen(identity, event, by)

    def _why_not(self, identity: str, what: str) -> str:
        case = self.book.get(identity)
        if case is None:
            return f"there is no case {identity}: `numtrustctl cases` lists them"
        if what == "supplied":
            return f"papers are still missing for case {identity}; register them in [[evidence]] and reload"
        return (
            f"case {identity} is {case.snapshot.state} ({case.meaning}): {what} does nothing there; "
            f"`numtrustctl case {identity}` shows its way"
        )
