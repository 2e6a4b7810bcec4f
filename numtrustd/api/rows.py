"""The rows and parts of which answers are made: what a person wants to see of a number, a case, a task."""

from numtrustd.api.declare import Result, When


class NumberRow(Result, frozen=True, kw_only=True):
    """One number in a list.

    `labelled` are the platforms that show a label, `clean`, `certified`, `unknown` and `blind` count the
    others: believed clean, believed certified, not known yet, not visible at present. `next_look` is the
    soonest one. `last_look` was really made; `missed_look` is when one that was due could not be, because its source
    is down.
    """

    number: str
    name: str
    group: str
    kind: str
    labelled: tuple[str, ...]
    clean: int
    certified: int
    unknown: int
    blind: int
    findings: tuple[str, ...]
    open_cases: int
    parked: bool
    last_look: When | None = None
    next_look: When | None = None
    missed_look: When | None = None


class ViewRow(Result, frozen=True, kw_only=True):
    """What one view of a platform (a source and a surface) says of a number.

    `said` is what it last said when it could see, at `said_at`, with the `words`, `category`, `marks`, `shown_name`,
    `logo` and `tag` of that time; `status` is what it says now, at `at`, with the `reason` and since when
    (`blind_since`) where it cannot see. `looked_at` is when it was last really looked through; `missed` says that at
    `at` it was not, though a look was due, because the source is down. `agrees` tells whether that is what is believed,
    left out where there is nothing to compare.
    """

    source: str
    surface: str
    status: str
    at: When
    looked_at: When | None = None
    missed: bool | None = None
    said: str | None = None
    said_at: When | None = None
    agrees: bool | None = None
    category: str | None = None
    words: str | None = None
    marks: int | None = None
    hidden: bool | None = None
    shown_name: str | None = None
    logo: str | None = None
    tag: str | None = None
    reason: str | None = None
    blind_since: When | None = None


class DisplayFault(Result, frozen=True, kw_only=True):
    """A name, logo or tag that differs from what is wanted. `finding` is its kind; `confirmed` is false until enough
    looks saw it.
    """

    finding: str
    source: str
    surface: str
    why: str
    since: When
    confirmed: bool


class VerdictRow(Result, frozen=True, kw_only=True):
    """What is believed of one number on one platform.

    `verdict` is marked, clean, certified or unknown, `since` when. `words`, `category`, `marks` and
    `shown_name` are what the platform shows. `finding` says why that is a problem. `last_said` is the
    latest look's own word, with the reason where it could not see, `missed_look` when one was due and was not made,
    because its source is down; `tending` what the looks that
    disagree with the belief say so far. `views` is who says what; `disagreement` who disagrees with whom, `apart_since`
    since when. `hidden` marks are counted by the platform and not displayed. `faults` are of name, logo and tag.
    """

    platform: str
    platform_name: str
    verdict: str
    flapping: bool
    since: When | None = None
    category: str | None = None
    words: str | None = None
    marks: int | None = None
    shown_name: str | None = None
    finding: str | None = None
    tending: str | None = None
    last_look: When | None = None
    last_said: str | None = None
    missed_look: When | None = None
    blind_since: When | None = None
    next_look: When | None = None
    case: str | None = None
    hidden: bool | None = None
    disagreement: str | None = None
    apart_since: When | None = None
    views: tuple[ViewRow, ...]
    faults: tuple[DisplayFault, ...]


class Maintenance(Result, frozen=True, kw_only=True):
    """A platform is under maintenance. `kind` is routine, major, policy, industry, data_sync or unknown;
    `by` says who declared it. `expected` is when one of its kind should be over at the latest; `overdue` is true when
    it goes on after that.
    """

    kind: str
    since: When
    by: str
    until: When | None = None
    expected: When | None = None
    overdue: bool | None = None


class PlatformRow(Result, frozen=True, kw_only=True):
    """One platform and how the numbers stand on it. `appeal` is the channel: http, manual or none.

    `sources` are those in use that look at it, `numbers` counts the numbers that they can look at; `unseen_why`
    says why nobody looks, where that is so.
    """

    platform: str
    name: str
    name_en: str
    kind: str
    importance: float
    grade: str
    checked: str
    sources: tuple[str, ...]
    appeal: str
    numbers: int
    labelled: int
    clean: int
    certified: int
    unknown: int
    blind: int
    open_cases: int
    maintenance: Maintenance | None = None
    unseen_why: str | None = None


class OpenBatches(Result, frozen=True, kw_only=True):
    """What a source has handed in and not all collected: how many batches are `open`, `since` when the oldest, how many
    numbers are `awaited`, and when the platform is asked `next`.
    """

    open: int
    awaited: int
    since: When
    next: When | None = None


class SourceRow(Result, frozen=True, kw_only=True):
    """One source and its health.

    `state` is ok, failing, open (the breaker is open), limited, quarantined, parked or off, `since` when
    and `why`. `looks` and `failures` count since the start (of a source that is told: what was reported, and how much
    of that saw nothing; its `last_good` is the last report that saw something), `waiting` the looks that are due now.
    `interval` is the least time between two requests, `cadence` the usual one between two looks at a
    number, both in seconds. `via` is the way out that it takes, if it does not go out directly. `kind` is how it
    looks: http, batch, command, or report (it is told). `batches` are those of a source that takes numbers in batches.
    `blind_since` is since when nothing of it moves a verdict: its breaker is open, it is not believed, or it is parked.
    `when` is "always", or "doubt" where it is asked only while something is in doubt. `hours` are those in which alone
    it is asked. `http_status` is what its last failure was answered with, `refused_credentials` are the names of those
    that the platform did not accept then: each needs a valid key, and the daemon a reload. `retrying`: it was not asked
    since the last reload or start, which may have brought one.
    """

    source: str
    title: str
    kind: str
    platforms: tuple[str, ...]
    state: str
    looks: int
    failures: int
    waiting: int
    interval: float
    cadence: float
    grade: str
    when: str
    via: str | None = None
    since: When | None = None
    why: str | None = None
    last_good: When | None = None
    next_slot: When | None = None
    batches: OpenBatches | None = None
    blind_since: When | None = None
    hours: str | None = None
    http_status: int | None = None
    refused_credentials: tuple[str, ...] | None = None
    retrying: bool | None = None


class CaseRow(Result, frozen=True, kw_only=True):
    """One case in a list.

    `waits_for` is whose move it is: daemon, platform, person or nobody; `meaning` what is waited for,
    `then` what happens when the wait is over, at `due`. `acked_by` is who has seen it in this state, and `acked_at`
    when. `rests` says why nobody works on an open case at all; `then` what makes it go on.
    """

    case: str
    kind: str
    number: str
    platform: str
    state: str
    meaning: str
    waits_for: str
    attempt: int
    opened_at: When
    moved_at: When
    then: str | None = None
    due: When | None = None
    task: str | None = None
    outcome: str | None = None
    closed_at: When | None = None
    acked_by: str | None = None
    acked_at: When | None = None
    rests: str | None = None


INSTANTS = frozenset(
    {
        "submitted",
        "answer expected by",
        "platform agreed",
        "not before",
        "granted",
        "expires",
        "not shown since",
        "shown again",
        "clock since",
        "given up",
        "held until",
        "last counted look not before",
    }
)
"""The facts of a case whose value is an instant."""


class Fact(Result, frozen=True, kw_only=True):
    """One thing that is known, in words; an instant is RFC 3339 in UTC."""

    name: str
    value: str


class Move(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """One transition of a case, why, and on whose word."""

    at: When
    old: str
    new: str
    reason: str
    by: str | None = None


class ActionRow(Result, frozen=True, kw_only=True):
    """One thing done to the outside. `state` is planned, sending, or how it ended; `ref` is our reference
    at the platform.
    """

    action: str
    kind: str
    state: str
    attempt: int
    ref: str
    planned_at: When
    sent_at: When | None = None
    ended_at: When | None = None
    receipt: str | None = None
    detail: str | None = None


class Paper(Result, frozen=True, kw_only=True):
    """One piece of evidence that is demanded. `title` is what the platform calls it; `on_file` where ours is, `why` why
    it does not count.
    """

    kind: str
    title: str
    held: bool
    on_file: str | None = None
    expires: str | None = None
    why: str | None = None


class ExplainLine(Result, frozen=True, kw_only=True):
    """One thing that is so, why, what happens next and when, and who must act (daemon, platform, person,
    nobody).
    """

    fact: str
    why: str
    next: str
    who: str
    platform: str | None = None
    case: str | None = None
    task: str | None = None
    when: When | None = None


class LeavingRow(Result, frozen=True, kw_only=True):
    """A number that leaves: the `case` that cancels it and its `state`, what that still waits for, and whether the
    number may be given up. Of one that was: when, by whom, why, and whether it was `forced` before that was safe.
    """

    state: str
    safe_to_release: bool
    waits_for: tuple[str, ...]
    case: str | None = None
    reason: str | None = None
    released_at: When | None = None
    released_by: str | None = None
    forced: bool | None = None
    why: str | None = None


class HistoryRow(Result, frozen=True, kw_only=True, rename={"old": "from", "new": "to"}):
    """One thing that happened to a number: `action` is its name in the event catalogue, `text` says it in
    words. Where something moved (a verdict, a case), `from` and `to` say from what to what.
    """

    at: When
    action: str
    text: str
    platform: str | None = None
    source: str | None = None
    case: str | None = None
    old: str | None = None
    new: str | None = None


class TaskRow(Result, frozen=True, kw_only=True):
    """One task for a person in a list. `answers` are the outcomes it can have, the usual one first. One that asks for
    looks has `numbers` in the place of case and number.
    """

    task: str
    kind: str
    title: str
    state: str
    case: str
    number: str
    platform: str
    platform_name: str
    opened_at: When
    due: When
    answers: tuple[str, ...]
    outcome: str | None = None
    note: str | None = None
    by: str | None = None
    closed_at: When | None = None
    numbers: tuple[str, ...] | None = None


class ObservationRow(Result, frozen=True, kw_only=True):
    """What one look said. `status` is marked, clean, certified or unknown; `reason` and `detail` say why
    unknown.
    """

    at: When
    platform: str
    source: str
    surface: str
    status: str
    category: str | None = None
    words: str | None = None
    marks: int | None = None
    shown_name: str | None = None
    logo: str | None = None
    tag: str | None = None
    reason: str | None = None
    detail: str | None = None
    rule: str | None = None


class PendingLook(Result, frozen=True, kw_only=True):
    """A look that was asked for and is still to be made, `when` at the soonest and `why` not sooner; without `when` it
    is on its way.
    """

    source: str
    when: When | None = None
    why: str | None = None


class PaperFinding(Result, frozen=True, kw_only=True):
    """What is the matter with a paper on file: `finding` is paper_expiring, paper_expired, paper_changed or
    paper_missing. It is the company's, of no number.
    """

    finding: str
    kind: str
    title: str
    path: str
    why: str
    expires: str | None = None


class StoreStatus(Result, frozen=True, kw_only=True):
    """The state on disk. `limit` is the most that it may grow to; `nearly_full` stops new submissions. With `trouble`
    (`disk_full`, `map_full`, `no_memory`) nothing can be stored at all.
    """

    bytes: int
    limit: int
    nearly_full: bool
    trouble: str | None = None
