"""Events of what is seen: sources, observations, verdicts, causes, findings, numbers and platforms."""

from numtrustd.domain.finding import FindingKind
from numtrustd.events import fields as f
from numtrustd.events.base import Event, Level


class SourceFailed(Event, frozen=True, kw_only=True):
    """A source stopped answering usefully. Said once, not at every repeat, until it recovers."""

    action = "source.failed"
    level = Level.WARN
    message = "source {source} fails: {reason}[ ({detail})][; tried again {retry_at}]"

    source: f.Source
    reason: f.Reason
    failures: f.Failures
    detail: f.Detail | None = None
    retry_at: f.RetryAt | None = None
    server_address: f.ServerAddress | None = None
    http_status: f.HttpStatus | None = None


class SourceRecovered(Event, frozen=True, kw_only=True):
    """A source that failed answers again."""

    action = "source.recovered"
    level = Level.INFO
    message = "source {source} answers again after {down_seconds}"

    source: f.Source
    down_seconds: f.DownSeconds
    failures: f.Failures | None = None


class SourceSaid(Event, frozen=True, kw_only=True):
    """A source that is a program said something of itself, on its standard error, or answered what cannot be read."""

    action = "source.said"
    level = Level.INFO
    message = "source {source}: {text}[; {lines|line} left out]"

    source: f.Source
    text: f.Text
    lines: f.Lines | None = None


class SourceLimited(Event, frozen=True, kw_only=True):
    """A platform asked us to slow down, or a quota is used up; the source rests until then."""

    action = "source.limited"
    level = Level.WARN
    message = "source {source} rests until {until}: {why}"

    source: f.Source
    until: f.Until
    why: f.Why
    server_address: f.ServerAddress | None = None
    http_status: f.HttpStatus | None = None


class SourceQuarantined(Event, frozen=True, kw_only=True):
    """A source is no longer believed: its answers are kept but move no verdict."""

    action = "source.quarantined"
    level = Level.ERROR
    message = "source {source} is not believed: {why}"

    source: f.Source
    why: f.Why
    facts: f.Facts = ()


class SourceReleased(Event, frozen=True, kw_only=True):
    """A quarantined source is believed again."""

    action = "source.released"
    level = Level.INFO
    message = "source {source} is believed again[ after {down_seconds}][: {why}]"

    source: f.Source
    down_seconds: f.DownSeconds | None = None
    why: f.Why | None = None
    by: f.By | None = None


class SourceBatchSubmitted(Event, frozen=True, kw_only=True):
    """A platform took a batch of numbers in; it answers later."""

    action = "source.batch_submitted"
    level = Level.INFO
    message = (
        "source {source} took batch {batch} of {handed_in} numbers as {receipt}, answers from {expected} to {until}"
    )

    source: f.Source
    batch: f.Batch
    handed_in: f.HandedIn
    receipt: f.Receipt
    expected: f.Expected
    until: f.Until


class SourceBatchCollected(Event, frozen=True, kw_only=True):
    """A batch is over: every answer that came has been taken, and the numbers without one read unknown."""

    action = "source.batch_collected"
    level = Level.INFO
    message = "source {source} answered {answered} of {handed_in|number} of batch {batch} in {took_seconds}"

    source: f.Source
    batch: f.Batch
    handed_in: f.HandedIn
    answered: f.Answered
    took_seconds: f.TookSeconds


class SourceBatchRefused(Event, frozen=True, kw_only=True):
    """A batch was certainly not taken in. Said once, not at every repeat, until one is."""

    action = "source.batch_refused"
    level = Level.WARN
    message = "source {source} did not take batch {batch} of {handed_in|number}: {reason}[ ({detail})]"

    source: f.Source
    batch: f.Batch
    handed_in: f.HandedIn
    reason: f.Reason
    detail: f.Detail | None = None
    http_status: f.HttpStatus | None = None


class SourceBatchUncertain(Event, frozen=True, kw_only=True):
    """Nobody knows whether a batch arrived. It is not handed in again, since it may have been paid for."""

    action = "source.batch_uncertain"
    level = Level.WARN
    message = "nobody knows whether source {source} took batch {batch} of {handed_in|number}: {detail}; {next}"

    source: f.Source
    batch: f.Batch
    handed_in: f.HandedIn
    reason: f.Reason
    detail: f.Detail
    next: f.Next
    http_status: f.HttpStatus | None = None


class SourceBatchOverdue(Event, frozen=True, kw_only=True):
    """A batch was given up with numbers that no answer came for; late answers still count for a while."""

    action = "source.batch_overdue"
    level = Level.WARN
    message = "batch {batch} of source {source}: {why}, {answered} of {handed_in|number} answered"

    source: f.Source
    batch: f.Batch
    handed_in: f.HandedIn
    answered: f.Answered
    why: f.Why
    receipt: f.Receipt | None = None


class ObservationReported(Event, frozen=True, kw_only=True):
    """Somebody, or a relay, told what was seen: a device test, a look behind a gate, a webhook. It was stored."""

    action = "observation.reported"
    level = Level.INFO
    message = "{by} saw {number} on {platform} ({surface})[ on {device}]: {status}[ {words}][ ({reason})]"

    number: f.Number
    platform: f.Platform
    source: f.Source
    surface: f.Surface
    status: f.Status
    by: f.By
    category: f.Category | None = None
    words: f.Words | None = None
    marks: f.Marks | None = None
    name: f.Name | None = None
    reason: f.Reason | None = None
    seen_at: f.SeenAt | None = None
    device: f.Device | None = None
    screenshot: f.Screenshot | None = None
    path: f.Path | None = None


class ObservationRecorded(Event, frozen=True, kw_only=True):
    """One look at one number was made and stored."""

    action = "observation.recorded"
    level = Level.DEBUG
    message = "{source} says of {number} on {platform}: {status}[ {words}][ ({reason})]"

    number: f.Number
    platform: f.Platform
    source: f.Source
    surface: f.Surface
    status: f.Status
    category: f.Category | None = None
    words: f.Words | None = None
    marks: f.Marks | None = None
    name: f.Name | None = None
    reason: f.Reason | None = None
    detail: f.Detail | None = None
    rule: f.Rule | None = None
    digest: f.Digest | None = None
    quarantined: f.Quarantined | None = None


class LabelUnknownWord(Event, frozen=True, kw_only=True):
    """A platform used a word that nobody taught the daemon: said once; it counts as `other` until someone does."""

    action = "label.unknown_word"
    level = Level.WARN
    message = "{platform} uses a word that is not in the table: {words}"

    platform: f.Platform
    source: f.Source
    words: f.Words
    number: f.Number | None = None


class VerdictBaseline(Event, frozen=True, kw_only=True):
    """The first looks at a number agree: this is how it was found, not a change."""

    action = "verdict.baseline"
    level = Level.INFO
    message = "{number} was found on {platform} as {to}[ {words}][, {marks} marks]"

    number: f.Number
    platform: f.Platform
    to: f.To
    category: f.Category | None = None
    words: f.Words | None = None
    marks: f.Marks | None = None
    name: f.Name | None = None
    sources: f.Sources = ()
    agree: f.Agree = ()
    disagree: f.Disagree = ()
    looks: f.Looks | None = None
    why: f.Why | None = None


class VerdictChanged(Event, frozen=True, kw_only=True):
    """Enough looks agree that what is shown has changed."""

    action = "verdict.changed"
    level = Level.INFO
    message = "{number} on {platform} changed from {from_} to {to}[ {words}][, {marks} marks]"

    number: f.Number
    platform: f.Platform
    from_: f.From
    to: f.To
    category: f.Category | None = None
    words: f.Words | None = None
    marks: f.Marks | None = None
    name: f.Name | None = None
    sources: f.Sources = ()
    agree: f.Agree = ()
    disagree: f.Disagree = ()
    looks: f.Looks | None = None
    why: f.Why | None = None


class VerdictFlapping(Event, frozen=True, kw_only=True):
    """What is shown goes back and forth; it is held as it is and not reported each time."""

    action = "verdict.flapping"
    level = Level.WARN
    message = "{number} on {platform} goes back and forth between {from_} and {to}[, held until {until}]"

    number: f.Number
    platform: f.Platform
    from_: f.From
    to: f.To
    category: f.Category | None = None
    words: f.Words | None = None
    marks: f.Marks | None = None
    sources: f.Sources = ()
    looks: f.Looks | None = None
    until: f.Until | None = None
    why: f.Why | None = None


class CauseFound(Event, frozen=True, kw_only=True):
    """Why a confirmed label probably appeared."""

    action = "cause.found"
    level = Level.INFO
    message = "likely cause of the label of {number} on {platform}: {causes}: {facts}"

    number: f.Number
    platform: f.Platform
    causes: f.Causes
    facts: f.Facts
    case: f.Case | None = None


class FindingOpened(Event, frozen=True, kw_only=True):
    """What is shown differs from what the owner wants."""

    action = "finding.opened"
    level = Level.WARN
    lower = "of a `display_missing`: nobody is turned away by a name that only lacks"
    message = "{finding} of {number} on {platform}: {why}"

    number: f.Number
    platform: f.Platform
    finding: f.Finding
    why: f.Why
    view: f.View | None = None
    category: f.Category | None = None

    @property
    def grade(self) -> Level:
        """A name or a logo that only lacks costs nothing that there was before."""
        return Level.INFO if self.finding == FindingKind.DISPLAY_MISSING else self.level


class FindingClosed(Event, frozen=True, kw_only=True):
    """What is shown is what the owner wants again, or the owner wants something else."""

    action = "finding.closed"
    level = Level.INFO
    message = "{finding} of {number} on {platform} is over: {why}"

    number: f.Number
    platform: f.Platform
    finding: f.Finding
    why: f.Why
    view: f.View | None = None


class NumberAdded(Event, frozen=True, kw_only=True):
    """A number is watched from now on."""

    action = "number.added"
    level = Level.INFO
    message = "{number} is watched[: {name}]"

    number: f.Number
    kind: f.Kind | None = None
    name: f.Name | None = None


class NumberRemoved(Event, frozen=True, kw_only=True):
    """A number is watched no longer; its history stays."""

    action = "number.removed"
    level = Level.INFO
    message = "{number} is watched no longer[: {why}]"

    number: f.Number
    why: f.Why | None = None


class NumberCasesRest(Event, frozen=True, kw_only=True):
    """Numbers with open cases are no longer configured: these cases rest, and no deadline of theirs runs, until the
    numbers are configured again. Said at a start, and when a reload leaves some.
    """

    action = "number.cases_rest"
    level = Level.WARN
    message = (
        "nothing is done for {open_cases|open case} of {resting}: no longer configured; put the rows back and reload"
    )

    open_cases: f.OpenCases
    resting: f.Resting


class NumberReleased(Event, frozen=True, kw_only=True):
    """The owner gave a number up; `forced`, before every platform was verified gone."""

    action = "number.released"
    level = Level.INFO
    message = "{number} was given up[ by {by}][: {why}]"

    number: f.Number
    by: f.By | None = None
    why: f.Why | None = None
    forced: f.Forced | None = None
    case: f.Case | None = None


class PlatformMaintenance(Event, frozen=True, kw_only=True):
    """A platform's maintenance begins, is longer than it should be, or ends; deadlines stretch with it."""

    action = "platform.maintenance"
    level = Level.INFO
    message = "maintenance of {platform}: {state}[, until {until}][: {why}]"

    platform: f.Platform
    state: f.State
    kind: f.Kind | None = None
    until: f.Until | None = None
    why: f.Why | None = None


class PhishingSuspected(Event, frozen=True, kw_only=True):
    """A link, receipt or redirect is not of the platform's official hosts, or asks what no platform asks."""

    action = "phishing.suspected"
    level = Level.ERROR
    message = "suspected phishing[ in the name of {platform}]: {why}"

    why: f.Why
    platform: f.Platform | None = None
    number: f.Number | None = None
    case: f.Case | None = None
    url: f.Url | None = None
    server_address: f.ServerAddress | None = None
