"""What can happen to a request, and what it can ask to be done."""

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Effect, Event


class EvidenceChanged(Event, frozen=True):
    """The papers on file changed."""


class Accepted(Event, frozen=True):
    """The platform has the submission: said by it, found by a look-up, or told by the person who sent it."""

    receipt: str = ""


class Refused(Event, frozen=True):
    """The platform refused to take the submission in."""

    reason: str


class Later(Event, frozen=True):
    """Not taken in; may be sent again after `retry_after` seconds."""

    retry_after: float | None = None


class NotSent(Event, frozen=True):
    """No byte left this machine."""

    reason: str


class OutcomeUnknown(Event, frozen=True):
    """The submission may or may not have arrived."""

    reason: str


class NotFound(Event, frozen=True):
    """The platform does not know our reference."""


class LookUpFailed(Event, frozen=True):
    """The platform could not be asked for our reference."""

    reason: str


class NotHappened(Event, frozen=True):
    """A person made sure that the submission did not arrive."""


class Approved(Event, frozen=True):
    """The platform agreed; of a removal, with its receipt of the deletion."""

    receipt: str = ""


class Rejected(Event, frozen=True):
    """The platform disagreed."""

    reason: str


class InfoRequested(Event, frozen=True):
    """The platform wants more: a kind of evidence, or words for a person."""

    what: str


class StillInReview(Event, frozen=True):
    """No answer yet."""


class QueryFailed(Event, frozen=True):
    """The platform could not be asked for its answer."""

    reason: str


class Expedited(Event, frozen=True):
    """Somebody has paid the platform to hurry."""

    receipt: str = ""


class TaskFailed(Event, frozen=True):
    """A person could not do what was asked."""

    reason: str


class ClosedByPerson(Event, frozen=True):
    """A person decided that nothing more is to be done."""

    reason: str


class Looked(Event, frozen=True):
    """One known look at the platform: whether it shows what the request is to end."""

    view: str
    wrong: bool
    at: Instant


class Gone(Event, frozen=True):
    """What is wrong is believed to be shown no longer."""


class Returned(Event, frozen=True):
    """It is believed to be shown again, or something else that is wrong; what it is now, where that is known."""

    finding: str = ""
    category: str = ""
    words: str = ""


class Approve(Event, frozen=True):
    """The owner allows the submission."""

    author: str


class Hold(Event, frozen=True):
    """An operator stops the case where it is, until a time where he names one; `lasts` where he said for how long."""

    reason: str
    author: str = ""
    until: Instant | None = None
    lasts: float | None = None


class Advance(Event, frozen=True):
    """An operator ends a wait or a hold."""

    reason: str


class Withdraw(Event, frozen=True):
    """An operator gives the case up."""

    reason: str


class Restored(Event, frozen=True):
    """The state is an older copy: what was done since is forgotten, this case's submission perhaps among it."""


class Reopen(Event, frozen=True):
    """An operator starts a closed case again."""

    reason: str


class Submit(Effect, frozen=True):
    """Send the request of this attempt over the platform's API. Never repeatable."""

    attempt: int


class Query(Effect, frozen=True):
    """Ask the platform for its answer. Repeatable."""

    receipt: str


class LookUp(Effect, frozen=True):
    """Ask the platform whether it has our reference. Repeatable."""

    attempt: int


class ReceiptBrought(Event, frozen=True):
    """A person brought the platform's receipt of the deletion."""

    receipt: str


class SeenGone(Event, frozen=True):
    """A person made sure that nothing of ours is shown any more, where no source can tell."""

    author: str


class StillShown(Event, frozen=True):
    """A person saw that something of ours is still shown."""

    what: str = ""


class OpenTask(Effect, frozen=True):
    """Something for a person, with what was missing or said, due at an instant."""

    kind: str
    due: Instant
    detail: tuple[str, ...] = ()


class CloseTasks(Effect, frozen=True):
    """The case's open tasks are no longer needed."""
