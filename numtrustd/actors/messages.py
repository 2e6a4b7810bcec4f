"""What actors say to a number's actor. Each is handled in one step: decide, commit, act."""

from collections.abc import Sequence

from msgspec import Struct

from numtrustd.actors.mailbox import Reply
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.identity import Wanted
from numtrustd.domain.observation import Instant, Observation
from numtrustd.domain.report import Report
from numtrustd.domain.workflow import Event


class Observed(Struct, frozen=True, gc=False):
    """A source looked: one observation per reading. From one that is in quarantine they move no verdict.

    Answers of a `batch` (its id) may come in parts, and twice over a restart: what was taken of it once counts once.
    What was `paid` for, or may have been, is not asked again any sooner because nothing was seen. `missed`: no look was
    made when it was due, because the source is down.
    """

    source: str
    at: Instant
    observations: Sequence[Observation]
    quarantined: bool = False
    batch: str = ""
    paid: bool = False
    missed: bool = False


class TimerDue(Struct, frozen=True):
    """A durable timer fired."""

    case: str
    seq: int


class Answered(Struct, frozen=True):
    """An action of the outbox came to an end."""

    action: str
    case: str
    event: Event


class Told(Struct, frozen=True):
    """What an order changed; of a report, what was believed before it and after it, and why it did not count."""

    case: str
    old: str
    new: str
    uncounted: str = ""


class Order(Struct, frozen=True):
    """A person acts on a case through the control socket."""

    case: str
    event: Event
    by: str
    reply: Reply[Told]


class TaskAnswer(Struct, frozen=True):
    """A person answers a task: the outcome is one of `task.ANSWERS`, or `failed`. `vouch` is why a suspicious link in
    it is right all the same, where there is one.
    """

    task: str
    outcome: str
    receipt: str
    reason: str
    note: str
    by: str
    reply: Reply[Told]
    vouch: str = ""


class Begin(Struct, frozen=True):
    """Somebody asks for a case: a certification or the change of a tag. `held`: it is certified already, until
    `expires` where he knows that."""

    kind: str
    platform: str
    by: str
    reply: Reply[Told]
    held: bool = False
    expires: Instant | None = None


class Complained(Struct, frozen=True):
    """Many people complained about the number on one day."""

    day: DayCalls


class SetIdentity(Struct, frozen=True):
    """Somebody wants something else to be shown, beside what the settings want."""

    wanted: Wanted
    by: str
    reply: Reply[Told]


class Cancel(Struct, frozen=True):
    """A person wants all that is shown of the number to go, for this reason (`domain.leaving.Reason`)."""

    reason: str
    note: str
    by: str
    reply: Reply[Told]


class Release(Struct, frozen=True):
    """A person gives the number up; `force`: although it is not verified gone everywhere."""

    force: bool
    why: str
    by: str
    reply: Reply[Told]


class Reported(Struct, frozen=True):
    """Somebody saw something. The reply says what was believed before and is now, and whether it was new."""

    observation: Observation
    report: Report
    reply: Reply[Told]


class Refresh(Struct, frozen=True):
    """Configuration or evidence changed: look at everything again with new eyes."""


class Retire(Struct, frozen=True):
    """The number leaves the configuration: give its cases up, so that none waits for ever."""

    reply: Reply[None]


class Stop(Struct, frozen=True):
    """Commit nothing more and end. `why` is what those are told whose messages are still in the box."""

    reply: Reply[None]
    why: str = "no longer watched"


class RefusedError(Exception):
    """An order that the present state does not allow; the message says why and what would."""


class ReloadRejectedError(Exception):
    """The new configuration has problems, each said as `file:line: key: what: remedy`; the running one is untouched."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


Asked = Order | TaskAnswer | Reported | Begin | SetIdentity | Cancel | Release
"""What a person waits for an answer to."""

NumberMessage = Observed | TimerDue | Answered | Asked | Complained | Refresh | Retire | Stop
