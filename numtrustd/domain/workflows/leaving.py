"""What a cancellation is made of: its data and policy, its events and effects, and its small functions.

Every function here takes (data, event, now, policy). `cancellation` beside this module draws the table.
"""

from collections.abc import Mapping

from msgspec import Struct, field, structs

from numtrustd.domain import task
from numtrustd.domain.leaving import Scope, scope_of
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event
from numtrustd.domain.workflows.request.data import MAX_REASONS, RequestData
from numtrustd.domain.workflows.request.events import OpenTask, TaskFailed

DAY = 86_400.0

OVER = "cleared"
GIVEN_UP = "withdrawn"
"""How a removal ends: verified gone, or given up by a person, which proves nothing."""


class CancellationPolicy(Struct, frozen=True):
    """What configuration and present say to a cancellation; times in seconds. `states` are those of its removals, by
    case; one that is not there has not begun. `urgent_until` is when urgent errands are due.
    """

    states: Mapping[str, str] = {}
    errand_deadline: float = 3 * DAY
    notice_deadline: float = 2 * DAY
    release_deadline: float = 7 * DAY
    remind_interval: float = DAY
    urgent_until: Instant = 0.0


class CancellationData(RequestData, frozen=True, omit_defaults=True, tag="cancellation"):
    """What a cancellation remembers: the `reason`, the cases of its removals, the errands of people that belong to it
    and those that are done (with what came of them), and how the number was given up.
    """

    reason: str = ""
    note: str = ""
    urgent: bool = False
    children: tuple[str, ...] = ()
    errands: tuple[str, ...] = ()
    done: dict[str, str] = field(default_factory=dict)
    bindings: tuple[str, ...] = ()
    asked: bool = False
    failed: bool = False
    released_by: str = ""
    released_at: Instant | None = None
    forced: bool = False
    why: str = ""

    @property
    def scope(self) -> Scope:
        """What has to go."""
        return scope_of(self.reason)

    @property
    def errands_left(self) -> tuple[str, ...]:
        """What people still have to do beside the removals."""
        return tuple(kind for kind in self.errands if kind not in self.done)


def unproved(data: CancellationData, states: Mapping[str, str]) -> tuple[str, ...]:
    """The removals of which nobody has seen yet that they reached their end."""
    return tuple(case for case in data.children if states.get(case) != OVER)


# ----------------------------------------------------------------------------------------------- events and effects


class ChildMoved(Event, frozen=True):
    """A removal of this cancellation moved, or was opened."""

    case: str
    state: str

    @property
    def reason(self) -> str:
        """Which, for people."""
        return f"{self.case} is {self.state}"


class ErrandDone(Event, frozen=True):
    """A person did one of the errands; what came of it."""

    kind: str
    outcome: str

    @property
    def reason(self) -> str:
        """Which, for people."""
        return f"{self.kind} {self.outcome}"


class GivenUp(Event, frozen=True):
    """The owner gives the number up."""

    author: str
    forced: bool = False
    reason: str = ""


class Kept(Event, frozen=True):
    """The owner keeps the number."""

    reason: str = ""


class AskErrands(Effect, frozen=True):
    """Open, or remind of, several tasks at once."""

    tasks: tuple[OpenTask, ...]


class CloseKind(Effect, frozen=True):
    """The case's open tasks of one kind are no longer needed."""

    kind: str


class TellChildren(Effect, frozen=True):
    """Give the removals an order: "hold", "advance", "withdraw", or "reopen" (those that were given up; all that are
    closed where `cleared`, too)."""

    order: str
    cleared: bool = False


class SayReleased(Effect, frozen=True):
    """Tell everybody that the number was given up."""


# ----------------------------------------------------------------------------------------------------------- guards


def _after(data: CancellationData, event: object) -> CancellationData:
    """The data with what the event brings."""
    if isinstance(event, ErrandDone):
        return structs.replace(data, done={**data.done, event.kind: event.outcome})
    if isinstance(event, ChildMoved) and event.case not in data.children:
        return structs.replace(data, children=(*data.children, event.case))
    return data


def all_gone(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> bool:
    """Every platform is verified gone, and every errand done."""
    data = _after(data, event)
    return not unproved(data, policy.states) and not data.errands_left


def gone_and_kept(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> bool:
    return all_gone(data, event, now, policy) and not data.scope.gives_up


def stuck(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> bool:
    """A removal was given up, or an errand cannot be done."""
    failed = bool(_after(data, event).errands_left) and data.failed
    return failed or any(policy.states.get(case) == GIVEN_UP for case in data.children)


def forced(data: CancellationData, event: GivenUp, now: Instant, policy: CancellationPolicy) -> bool:
    return event.forced


# ---------------------------------------------------------------------------------------------- updates and effects


def note_news(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return _after(data, event)


def note_asked(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return structs.replace(data, asked=True)


def note_reminder(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return structs.replace(_after(data, event), reminders=data.reminders + 1)


def note_failure(
    data: CancellationData, event: TaskFailed, now: Instant, policy: CancellationPolicy
) -> CancellationData:
    return structs.replace(data, failed=True, reasons=(*data.reasons, event.reason)[-MAX_REASONS:])


def note_retry(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return structs.replace(data, failed=False, asked=True)


def note_given_up(data: CancellationData, event: GivenUp, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return structs.replace(data, released_by=event.author, released_at=now, forced=event.forced, why=event.reason)


def begin_again(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> CancellationData:
    return structs.replace(
        data,
        not_before=now,
        asked=False,
        failed=False,
        reminders=0,
        released_by="",
        released_at=None,
        forced=False,
        why="",
        reasons=(),
    )


def ask_errands(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    """Due from when it was ordered on: a reminder moves no deadline."""
    began = data.not_before
    due = dict.fromkeys(task.ERRANDS, began + policy.errand_deadline)
    due[task.TaskKind.PUBLISH_NOTICE] = began + policy.notice_deadline
    if data.urgent:
        due = {kind: min(at, policy.urgent_until) for kind, at in due.items()}
    left = (task.TaskKind(kind) for kind in data.errands_left)
    detail = {task.TaskKind.UNBIND_LINKED: data.bindings}
    return AskErrands(tuple(OpenTask(kind, due[kind], detail.get(kind, ())) for kind in left))


def ask_for_release(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return OpenTask(task.TaskKind.RELEASE_NUMBER, now + policy.release_deadline)


def ask_for_decision(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    given_up = tuple(f"{case} was given up" for case in data.children if policy.states.get(case) == GIVEN_UP)
    failed = data.reasons[-1:] if data.errands_left else ()
    return OpenTask(task.TaskKind.DECIDE, now + policy.errand_deadline, (*given_up, *failed))


def close_decision(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return CloseKind(task.TaskKind.DECIDE)


def close_release(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return CloseKind(task.TaskKind.RELEASE_NUMBER)


def hold_removals(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return TellChildren("hold")


def advance_removals(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return TellChildren("advance")


def withdraw_removals(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return TellChildren("withdraw")


def reopen_removals(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return TellChildren("reopen")


def reopen_all(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return TellChildren("reopen", cleared=True)


def say_released(data: CancellationData, event: object, now: Instant, policy: CancellationPolicy) -> Effect:
    return SayReleased()
