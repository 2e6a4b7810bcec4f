"""A month as a manager reads of it, summed up over all numbers: rows by day, by platform, by kind of work.

Amounts are fen, days are dates in the report's `zone`. Where nothing was told (calls, what a call is worth), the field
is left out: it is not zero. Whoever draws the report makes its charts; here are the figures.
"""

from typing import Annotated

from msgspec import Meta

from numtrustd.api.declare import Params, Result, When
from numtrustd.api.evidence import Lacking
from numtrustd.api.rows import TaskRow

Text = Annotated[str, Meta(max_length=1024)]


class ReportPlatform(Result, frozen=True, kw_only=True):
    """How a platform that the report names is called."""

    platform: str
    name: str
    name_en: str


class ReportDay(Result, frozen=True, kw_only=True):
    """One day. `labels` stood at its end, on `numbers` numbers, of `known` pairs of number and platform of which
    anything was believed; `found` were there at the first look, others `appeared` and were `cleared`. What was told of
    the calls of `callers` numbers is left out where nothing was.
    """

    day: str
    labels: int
    numbers: int
    known: int
    found: int
    appeared: int
    cleared: int
    calls: int | None = None
    answered: int | None = None
    callers: int | None = None


class LabelMonth(Result, frozen=True, kw_only=True):
    """The labels at one platform; `label_days` is how long all of them stood together."""

    platform: str
    at_start: int
    found: int
    appeared: int
    cleared: int
    at_end: int
    label_days: float


class CaseMonth(Result, frozen=True, kw_only=True):
    """The cases of one kind at one platform, or of whole numbers: `cleared` reached their end, others were given up.
    The seconds that those took which were cleared are left out where none was.
    """

    kind: str
    opened: int
    cleared: int
    given_up: int
    open_at_end: int
    platform: str | None = None
    quickest: float | None = None
    median: float | None = None
    slowest: float | None = None


class MarkMonth(Result, frozen=True, kw_only=True):
    """One mark of all emergencies, due so many seconds after their beginning; `ahead` was still to come when the
    report's time ended."""

    mark: str
    within: float
    met: int
    missed: int
    ahead: int


class MissedMark(Result, frozen=True, kw_only=True):
    """A mark that was missed, and when that was told."""

    incident: str
    mark: str
    at: When


class Rate(Result, frozen=True, kw_only=True):
    """Some days together: their calls, and how many of these were answered."""

    days: int
    calls: int
    answered: int


class BenefitMonth(Result, frozen=True, kw_only=True):
    """What the actions of one kind at one platform cost and brought: `cases` that were open in the month, of which so
    many `ended`, and what was `paid` for them all their time.

    before, during and after are the rates of the `compared` ones, whose calls were told of; `gained` is how many more
    calls are answered in a day since. lost_least and lost_most are the answered calls that a further day of the open
    ones costs, `measured` in their calls or as labels usually do.
    """

    kind: str
    platform: str
    cases: int
    ended: int
    paid: int
    compared: int
    before: Rate | None = None
    during: Rate | None = None
    after: Rate | None = None
    gained: float | None = None
    gained_fen: int | None = None
    lost_least: float | None = None
    lost_most: float | None = None
    measured: bool | None = None


class SpendMonth(Result, frozen=True, kw_only=True):
    """The charges of one kind at one platform."""

    what: str
    committed: int
    planned: int
    void: int
    entries: int
    platform: str | None = None


class OpenCase(Result, frozen=True, kw_only=True):
    """A case that was open when the report's time ended, as it stood then."""

    case: str
    kind: str
    opened_at: When
    state: str
    meaning: str
    platform: str | None = None


class InspectionMonth(Result, frozen=True, kw_only=True):
    """An inspection that ended in the month, and what it found."""

    inspection: int
    began_at: When
    ended_at: When
    numbers: int
    looks_wanted: int
    looks_made: int
    labelled: int
    open_cases: int
    inconsistent: int
    wrong_names: int
    stale_tags: int
    papers: tuple[str, ...]
    quotas: tuple[str, ...] | None = None


class Work(Result, frozen=True, kw_only=True):
    """The open tasks of one kind, now."""

    kind: str
    title: str
    open: int
    overdue: int
    next_due: When


class Report(Result, frozen=True, kw_only=True):
    """The month from `since` to `until`; `whole` if it is over. Nothing was recorded before `recorded_from`.

    `numbers` are those that are watched; `unwatched` ones count in cases, emergencies and money, and not in labels.
    Of `unreadable` records nothing is told. `budget` is that of any month. `open_cases` are the oldest of `open_count`,
    `missed` the latest missed marks. `work`, `tasks` (the most urgent of `tasks_open`), `parked`, `papers` and
    `lacking` (what open cases have to bring and of which none counts) are as things stand now, whatever the month.
    """

    now: When
    month: str
    zone: str
    since: When
    until: When
    whole: bool
    recorded_from: When
    numbers: int
    callers: int
    platforms: tuple[ReportPlatform, ...]
    days: tuple[ReportDay, ...]
    labels: tuple[LabelMonth, ...]
    cases: tuple[CaseMonth, ...]
    marks: tuple[MarkMonth, ...]
    missed: tuple[MissedMark, ...]
    benefit: tuple[BenefitMonth, ...]
    budget: int
    spend: tuple[SpendMonth, ...]
    open_count: int
    open_cases: tuple[OpenCase, ...]
    inspection_every: str
    inspections: tuple[InspectionMonth, ...]
    tasks_open: int
    tasks_overdue: int
    work: tuple[Work, ...]
    tasks: tuple[TaskRow, ...]
    parked: int
    papers: tuple[str, ...]
    unwatched: int | None = None
    unreadable: int | None = None
    call_worth: int | None = None
    inspection_since: When | None = None
    lacking: tuple[Lacking, ...] | None = None


class GetReport(Params[Report], frozen=True, kw_only=True):
    """A month over all numbers (2026-11; the last one that is over if left out): labels, cases, the marks of
    emergencies, calls, money, and what needs a person. It may take some seconds where there are many numbers.
    """

    month: Text | None = None
