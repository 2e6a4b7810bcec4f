"""Events about what people keep an eye on, or do not want to be alarmed about for a while."""

from numtrustd.events import fields as f
from numtrustd.events.base import Event, Level


class SilenceAdded(Event, frozen=True, kw_only=True):
    """Somebody does not want to be alarmed about something for a while: lines about it are lowered to info."""

    action = "silence.added"
    level = Level.INFO
    message = "silence {silence} of {targets} until {until}, by {by}: {why}"

    silence: f.Silence
    targets: f.Targets
    until: f.Until
    by: f.By
    why: f.Why


class SilenceEnded(Event, frozen=True, kw_only=True):
    """A silence is over: its time has come, or somebody ended it. What it is about is said as loudly as before."""

    action = "silence.ended"
    level = Level.INFO
    message = "silence {silence} of {targets} ended: {why}"

    silence: f.Silence
    targets: f.Targets
    why: f.Why
    by: f.By | None = None


class CaseAcknowledged(Event, frozen=True, kw_only=True):
    """A person has seen a case in its present state. It counts until the case moves."""

    action = "case.acknowledged"
    level = Level.INFO
    message = "case {case} was seen by {by} as it is, {state}[: {why}]"

    case: f.Case
    number: f.Number
    platform: f.Platform
    state: f.State
    by: f.By
    why: f.Why | None = None


class CalendarUnknown(Event, frozen=True, kw_only=True):
    """The public holidays of a year that deadlines already reach into are not on file: its working days are counted
    plainly from Monday to Friday. Said once a run; a newer version of the package `holidays` may know them.
    """

    action = "calendar.unknown"
    level = Level.WARN
    message = "the public holidays of {year} in {country} are not on file: working days are counted Monday to Friday"

    country: f.Country
    year: f.Year


class EvidenceAdded(Event, frozen=True, kw_only=True):
    """Somebody put a paper on file, or one of his own anew, as its file is now."""

    action = "evidence.added"
    level = Level.INFO
    message = "{kind} {path} was put on file by {by}"

    kind: f.Kind
    path: f.Path
    digest: f.Digest
    by: f.By
    agent: f.Agent | None = None


class EvidenceRemoved(Event, frozen=True, kw_only=True):
    """Somebody took a paper off the file; its file is left alone."""

    action = "evidence.removed"
    level = Level.INFO
    message = "{kind} {path} was taken off the file by {by}"

    kind: f.Kind
    path: f.Path
    by: f.By


class EvidenceRestored(Event, frozen=True, kw_only=True):
    """What was found of a paper is over: its file is the one that was put on file, and has not expired."""

    action = "evidence.restored"
    level = Level.INFO
    message = "{kind} {path} is in order again: {finding} is over"

    kind: f.Kind
    path: f.Path
    finding: f.Finding


class NumberWarned(Event, frozen=True, kw_only=True):
    """A number is used in a way for which platforms mark numbers. Said once an episode, before any of them does."""

    action = "number.warned"
    level = Level.WARN
    message = "{number} is likely to be marked for it ({reason}): {facts}"

    number: f.Number
    reason: f.Reason
    facts: f.Facts


class ComplaintsHigh(Event, frozen=True, kw_only=True):
    """So many people complained about a number on one day that it is an emergency, or an alarm (`state`). Said once a
    day for each of the two.
    """

    action = "complaints.high"
    level = Level.WARN
    message = "{complaints|complaint} about {number} on {day}: {state}"

    number: f.Number
    day: f.Day
    complaints: f.Complaints
    state: f.State
