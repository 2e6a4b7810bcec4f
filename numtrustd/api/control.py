"""`io.numtrust.Control`: everything that tells or acts. Every answer says what changed, from what to what.

`author` is who says so, as far as the caller tells; under PrivateUsers= the daemon cannot know better.
"""

from typing import Annotated, Literal

from msgspec import Meta

from numtrustd.api import calls, errors, evidence, ledger, silence, wants
from numtrustd.api.declare import InterfaceSpec, Params, Result, When, method
from numtrustd.api.rows import ObservationRow, Paper, PendingLook
from numtrustd.api.status import Text

Note = Annotated[str, Meta(max_length=4096)]
Level = Literal["debug", "info", "warn", "error"]
MaintenanceKind = Literal["routine", "major", "policy", "industry", "data_sync"]


class CaseChange(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A case that moved, or stayed (`from` = `to`), and what happens next. `lacking` are the papers that its next
    attempt has to bring and that are not in order, while it waits out a rejection.
    """

    now: When
    case: str
    number: str
    platform: str
    old: str
    new: str
    meaning: str
    then: str | None = None
    due: When | None = None
    lacking: tuple[Paper, ...] | None = None


class TaskChange(CaseChange, frozen=True, kw_only=True):
    """A task that was answered, and where that took its case."""

    task: str
    outcome: str


class TaskDone(Params[TaskChange], frozen=True, kw_only=True):
    """A person did a task. outcome is one of the task's answers (its usual one when left out).

    receipt is what the platform gave; reason its words where it refused or rejected. Where the task says what to bring
    back, something that was submitted needs a receipt, or no_receipt: the platform gave nothing for it.
    What holds a link off the platform's official hosts, or asks for a card or a code, is refused; vouch is why it is
    right all the same.
    """

    task: Text
    outcome: Text | None = None
    receipt: Text | None = None
    no_receipt: bool = False
    reason: Note | None = None
    note: Note | None = None
    vouch: Note | None = None
    author: Text | None = None


class TaskFail(Params[TaskChange], frozen=True, kw_only=True):
    """A person could not do a task, and why."""

    task: Text
    why: Note
    author: Text | None = None


class LookResult(Result, frozen=True, kw_only=True):
    """The sources that were asked, what they said so far, and which of them have still to be heard."""

    now: When
    number: str
    sources: tuple[str, ...]
    observations: tuple[ObservationRow, ...]
    pending: tuple[PendingLook, ...] | None = None


class Look(Params[LookResult], frozen=True, kw_only=True):
    """Look at a number now, on one platform or all, inside every source's limits. Waits for the answers for
    a while.
    """

    number: Text
    platform: Text | None = None
    source: Text | None = None


class ObserveResult(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A report that was stored, what was believed of the number there before it and is now, and why it did not count
    if it did not. Of a rehearsal, what would have been stored. Where looks disagree with what is believed, `tending`
    says so: `looks` of them so far, of those that it `takes`, the last of which counts from `counts_from` on if that is
    still to come; `asked_at` is when a person is asked for the next one.
    """

    now: When
    number: str
    platform: str
    source: str
    surface: str
    status: str
    old: str
    new: str
    counted: bool
    category: str | None = None
    why: str | None = None
    looks: int | None = None
    takes: int | None = None
    counts_from: When | None = None
    tending: str | None = None
    asked_at: When | None = None


Kept = Annotated[str, Meta(min_length=1, max_length=500)]


class Observe(Params[ObserveResult], frozen=True, kw_only=True):
    """Somebody saw what a platform shows of a number: on a handset, behind a gate for people, or a relay heard of it.

    words are the label's, name what is shown as the owner's. device and os say on which handset, app which app's label
    an iPhone showed, at when (just now if left out). screenshot_digest and logo_digest are sha256: and 64 hex digits,
    evidence is where the picture lies. key makes two reports the same one; without it, being equal does, and saying the
    same within five minutes. With rehearse
    it is only looked over: nothing is stored.
    """

    number: Text
    platform: Text
    surface: Text
    status: Literal["marked", "clean", "certified", "unknown"]
    reason: Text | None = None
    words: Kept | None = None
    marks: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    name: Kept | None = None
    logo_digest: Kept | None = None
    tag: Kept | None = None
    device: Text | None = None
    os: Text | None = None
    app: Text | None = None
    at: When | None = None
    screenshot_digest: Text | None = None
    evidence: Note | None = None
    source: Text | None = None
    key: Text | None = None
    rehearse: bool = False
    author: Text | None = None


class Approve(Params[CaseChange], frozen=True, kw_only=True):
    """Allow a case's submission."""

    case: Text
    reason: Note | None = None
    author: Text | None = None


class Hold(Params[CaseChange], frozen=True, kw_only=True):
    """Stop a case where it is: until an instant or for so many seconds, after which it goes on by itself and says so;
    without either until somebody ends it. Of one that is held, the latest word counts.
    """

    case: Text
    reason: Note | None = None
    until: When | None = None
    seconds: Annotated[float, Meta(gt=0, le=315_360_000)] | None = None
    author: Text | None = None


class Advance(Params[CaseChange], frozen=True, kw_only=True):
    """End a hold or a wait: the next step is taken now."""

    case: Text
    reason: Note | None = None
    author: Text | None = None


class Reject(Params[CaseChange], frozen=True, kw_only=True):
    """Tell a case that the platform refused, in the platform's words, which are held against its official hosts like
    those of `TaskDone`; vouch is why they are right all the same.
    """

    case: Text
    reason: Note
    vouch: Note | None = None
    author: Text | None = None


class Withdraw(Params[CaseChange], frozen=True, kw_only=True):
    """Give a case up."""

    case: Text
    reason: Note | None = None
    author: Text | None = None


class Reopen(Params[CaseChange], frozen=True, kw_only=True):
    """Start a closed case again."""

    case: Text
    reason: Note | None = None
    author: Text | None = None


class Cancel(Params[CaseChange], frozen=True, kw_only=True):
    """Have all that is shown of a number deleted, at every platform at once. `reason` says why, and so which papers it
    takes; the case that is opened says what is still open, and when the number may be given up.
    """

    number: Text
    reason: Literal["renamed", "disused", "wrong_info", "company_closing", "staff_left", "transferred"]
    note: Note | None = None
    author: Text | None = None


class ReleaseResult(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A number that was given up; `forced` if it was not safe to. Its cancellation's `case`, if it had one, and what
    was believed to be left (`waits_for`)."""

    now: When
    number: str
    old: str
    new: str
    forced: bool
    waits_for: tuple[str, ...]
    case: str | None = None


class Release(Params[ReleaseResult], frozen=True, kw_only=True):
    """Give a number up: it is on farewell watch from then on. Refused while not every platform is verified gone, unless
    it is forced, which needs a reason and is recorded.
    """

    number: Text
    force: bool = False
    reason: Note | None = None
    author: Text | None = None


class ReloadResult(Result, frozen=True, kw_only=True):
    """What the new configuration changed. Unchanged parts were left alone."""

    now: When
    numbers_added: int
    numbers_removed: int
    numbers_changed: int
    platforms_changed: tuple[str, ...]
    sources_changed: tuple[str, ...]
    warnings: tuple[str, ...]


class Reload(Params[ReloadResult], frozen=True, kw_only=True):
    """Read the configuration again. A bad one is refused with all its problems, and nothing changes. So is one that
    lacks numbers with open cases, unless `give_up` says that these are to be given up with them."""

    give_up: bool | None = None


class BackupResult(Result, frozen=True, kw_only=True):
    """The copy that was made."""

    path: str
    bytes: int
    seconds: float


class Backup(Params[BackupResult], frozen=True, kw_only=True):
    """Copy a consistent snapshot of the state to a new directory, by its absolute path, while running."""

    path: Text


class NumberChange(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A number that was parked or set going again."""

    now: When
    number: str
    old: str
    new: str


class Park(Params[NumberChange], frozen=True, kw_only=True):
    """Stop all work on a number until it is unparked."""

    number: Text
    reason: Note | None = None
    author: Text | None = None


class Unpark(Params[NumberChange], frozen=True, kw_only=True):
    """Set a parked number going again."""

    number: Text
    author: Text | None = None


class SourceChange(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A source that is believed again, or was all the time."""

    now: When
    source: str
    old: str
    new: str


class TrustSource(Params[SourceChange], frozen=True, kw_only=True):
    """Believe a quarantined source again: a person has made sure that what it says is so."""

    source: Text
    reason: Note | None = None
    author: Text | None = None


class LevelChange(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """The least level of log records that are written."""

    old: str
    new: str


class SetLogLevel(Params[LevelChange], frozen=True, kw_only=True):
    """Write log records of this level and above: debug, info, warn or error. Until the next start."""

    level: Level


class MaintenanceChange(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """A platform whose maintenance began or ended; `cases` have their deadlines moved by it."""

    now: When
    platform: str
    old: str
    new: str
    cases: int
    kind: str | None = None
    since: When | None = None
    until: When | None = None


class MaintenanceStart(Params[MaintenanceChange], frozen=True, kw_only=True):
    """A platform is under maintenance: its reviews' deadlines stretch. kind says how long it takes."""

    platform: Text
    kind: MaintenanceKind | None = None
    until: When | None = None
    author: Text | None = None


class MaintenanceEnd(Params[MaintenanceChange], frozen=True, kw_only=True):
    """A platform's maintenance is over."""

    platform: Text
    author: Text | None = None


CONTROL = InterfaceSpec(
    "io.numtrust.Control",
    "Telling the daemon what happened, and having it act. The mode of the socket decides who may.",
    (
        method(TaskDone),
        method(TaskFail),
        method(Look),
        method(Observe),
        method(Approve),
        method(Hold),
        method(Advance),
        method(Reject),
        method(Withdraw),
        method(Reopen),
        method(wants.Certify),
        method(wants.ChangeTag),
        method(wants.SetIdentity),
        method(Cancel),
        method(Release),
        method(Reload),
        method(Backup),
        method(Park),
        method(Unpark),
        method(TrustSource),
        method(SetLogLevel),
        method(MaintenanceStart),
        method(MaintenanceEnd),
        method(calls.ReportCalls),
        method(calls.Complain),
        method(ledger.RecordCharge),
        method(silence.SilenceAdd),
        method(silence.SilenceRemove),
        method(silence.Ack),
        method(evidence.EvidenceAdd),
        method(evidence.EvidenceRemove),
    ),
    errors.ACTING,
)
