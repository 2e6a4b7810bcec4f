"""What a month came to over all numbers: cases, emergencies, calls, money, and what each kind of action brought. Pure.

`Tally` counts one number after the other, in any order, so that whoever reads them can let others go first in between;
`label_days` beside this module counts the labels, `benefit` says what one case cost and brought.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

from msgspec import Struct

from numtrustd.domain import benefit, call_stats, ledger
from numtrustd.domain.benefit import BenefitPolicy, CaseSpan, Rate
from numtrustd.domain.call_stats import DayCalls
from numtrustd.domain.case import Case
from numtrustd.domain.label_days import Belief, LabelTally, Turn
from numtrustd.domain.ledger import Charge, Fen, Standing, What
from numtrustd.domain.observation import Instant
from numtrustd.domain.period import ONE_DAY, Period
from numtrustd.domain.workflows import REGISTRY
from numtrustd.domain.workflows.incident import IncidentData, MarkName
from numtrustd.domain.workflows.request import RequestData

SHOWN = 20
"""How many of the open cases (the oldest), and of the missed marks (the latest), are told one by one."""

DONE = frozenset({"cleared", "resolved", "released"})
"""The ends of cases that have reached what they were opened for."""

STANDING = frozenset({"certificate"})
"""Kinds of cases that stand open as long as all is well; they are no work that waits."""


class NumberFacts(Struct, frozen=True):
    """What is known of one number: its cases, what was told of its calls, and what its beliefs did (`label_days`).
    `accepted` are the categories that are no problem of it."""

    number: str
    cases: tuple[Case, ...] = ()
    days: Sequence[DayCalls] = ()
    turns: Mapping[str, Sequence[Turn]] = {}
    beliefs: Mapping[str, Belief] = {}
    accepted: frozenset[str] = frozenset()


class Round(Struct, frozen=True):
    """A case from one opening to its end, if it has one: reopened, it has another."""

    opened: Instant
    closed: Instant | None = None
    outcome: str = ""


class OpenCase(Struct, frozen=True, order=True):
    """A case that was open when the period ended, in the state in which it was then."""

    opened: Instant
    id: str
    kind: str
    platform: str
    state: str


class MissedMark(Struct, frozen=True, order=True):
    """A mark of an emergency that was missed, and when that was told."""

    at: Instant
    incident: str
    mark: MarkName


class CaseSums(Struct):
    """The cases of one kind at one platform; `took` is how long each took that reached its end, in seconds, `given_up`
    counts those that ended without."""

    opened: int = 0
    given_up: int = 0
    open_at_end: int = 0
    took: list[float] = []


class MarkSums(Struct):
    """One mark of all emergencies: `ahead` counts those that were still running when the period ended."""

    met: int = 0
    missed: int = 0
    ahead: int = 0


class DayTold(Struct):
    """What was told of the calls of one day, of so many numbers."""

    calls: int = 0
    answered: int = 0
    numbers: int = 0


class Spend(Struct):
    """The charges of one kind at one platform; fen."""

    committed: Fen = 0
    planned: Fen = 0
    void: Fen = 0
    entries: int = 0


class Brought(Struct):
    """What the actions of one kind at one platform cost and brought.

    Of the `compared` ones, whose number's calls are told of both the time of the case and the time after it, the rates
    are held together and `gained` is how many more calls a day are answered. `lost` is what a further day of those that
    are still open costs in answered calls, `measured` whether all of that was seen in calls.
    """

    cases: int = 0
    ended: int = 0
    paid: Fen = 0
    compared: int = 0
    before: Rate = Rate(0, 0, 0)
    during: Rate = Rate(0, 0, 0)
    after: Rate = Rate(0, 0, 0)
    gained: float = 0.0
    lost: tuple[float, float] = (0.0, 0.0)
    measured: bool = True


def rounds(case: Case) -> tuple[Round, ...]:
    """From opening to end, as often as the case was opened; of one that was reopened for years, what its moves still
    tell."""
    finals = {str(state) for state, row in REGISTRY[case.workflow].rows.items() if row.final}
    found: list[Round] = []
    cut = bool(case.moves) and case.moves[0].old != ""
    since: Instant | None = case.moves[0].at if cut else case.opened_at
    for move in case.moves:
        if move.new in finals:
            if since is not None:
                found.append(Round(since, move.at, move.new))
            since = None
        elif move.old in finals:
            since = move.at
    if since is not None:
        found.append(Round(since, case.closed_at, case.outcome))
    return tuple(found)


def present(each: Iterable[Round], period: Period) -> tuple[Round, ...]:
    """Those that were open at any time of the period, as they stood at its end."""
    there = (r for r in each if r.opened < period.until and (r.closed is None or r.closed >= period.begins))
    return tuple(r if r.closed is None or r.closed < period.until else Round(r.opened) for r in there)


def days_wanted(cases: Iterable[Case], period: Period, window: int) -> tuple[date, date]:
    """From which to which day a number's calls are asked for: the month, and what its cases are compared with."""
    first, last, around = period.days[0], period.days[-1], timedelta(days=window)
    for case in filter(_is_action, cases):
        for each in present(rounds(case), period):
            first = min(first, call_stats.day_of(each.opened, period.zone) - around)
            if each.closed is not None:
                last = max(last, call_stats.day_of(each.closed, period.zone) + around)
    return first, last


def _is_action(case: Case) -> bool:
    """Whether something is asked of a platform; emergencies and kept certificates only watch."""
    return bool(case.platform) and isinstance(case.data, RequestData)


def _plus(one: Rate, more: Rate | None) -> Rate:
    if more is None:
        return one
    return Rate(one.days + more.days, one.calls + more.calls, one.answered + more.answered)


class Tally:
    """The sums of a month. `charge` everything first: what a case cost is told with the case. `callers` counts the
    numbers of whose calls anything was told."""

    def __init__(self, period: Period, policy: BenefitPolicy, now: Instant) -> None:
        self._policy, self._now = policy, now
        self._of_case: dict[str, list[Charge]] = {}
        self.period = period
        self.labels = LabelTally(period)
        self.numbers = 0
        self.callers = 0
        self.cases: dict[tuple[str, str], CaseSums] = {}
        self.open_cases: list[OpenCase] = []
        self.marks = {name: MarkSums() for name in MarkName}
        self.missed: list[MissedMark] = []
        self.calls = [DayTold() for _ in period.days]
        self.spend: dict[tuple[What, str], Spend] = {}
        self.brought: dict[tuple[str, str], Brought] = {}

    def charge(self, charge: Charge) -> None:
        """Count one entry of the ledger."""
        if charge.case and charge.fen:
            self._of_case.setdefault(charge.case, []).append(charge)
        if not ledger.within((charge,), self.period.month, self.period.zone, self._now):
            return
        sums = self.spend.setdefault((charge.what, charge.platform), Spend())
        sums.entries += 1
        match charge.standing:
            case Standing.COMMITTED:
                sums.committed += charge.fen
            case Standing.PLANNED:
                sums.planned += charge.fen
            case Standing.VOID:
                sums.void += charge.fen

    def add(self, facts: NumberFacts) -> None:
        """Count one number."""
        self.numbers += 1
        self.labels.add(facts.turns, facts.beliefs, facts.accepted)
        first = self.period.days[0]
        of_month = call_stats.between(facts.days, first, self.period.days[-1])
        self.callers += bool(of_month)
        for day in of_month:
            told = self.calls[(date.fromisoformat(day.day) - first) // ONE_DAY]
            told.calls, told.answered, told.numbers = (
                told.calls + day.calls,
                told.answered + day.answered,
                told.numbers + 1,
            )
        self._cases(facts)

    # ------------------------------------------------------------------------------------------------------- cases

    def _cases(self, facts: NumberFacts) -> None:
        actions: list[tuple[CaseSpan, Round]] = []
        for case in facts.cases:
            there = present(rounds(case), self.period)
            for each in there if case.workflow not in STANDING else ():
                self._case(case, each)
            if isinstance(case.data, IncidentData):
                self._emergency(case, case.data, there)
            elif there and _is_action(case):
                actions.append((self._span(case, there[-1]), there[-1]))
        for (kind, platform), group in groupby(sorted(actions, key=_place), key=_place):
            self._bring(kind, platform, [span for span, _ in group], facts.days)

    def _case(self, case: Case, each: Round) -> None:
        sums = self.cases.setdefault((case.workflow, case.platform), CaseSums())
        sums.opened += self.period.has(each.opened)
        if each.closed is None:
            sums.open_at_end += 1
            state = next((m.new for m in reversed(case.moves) if m.at < self.period.until), case.snapshot.state)
            insort(self.open_cases, OpenCase(each.opened, case.id, case.workflow, case.platform, state))
            del self.open_cases[SHOWN:]
        elif each.outcome in DONE:
            sums.took.append(each.closed - each.opened)
        else:
            sums.given_up += 1

    def _emergency(self, case: Case, data: IncidentData, there: Sequence[Round]) -> None:
        told = [mark for mark in (*data.earlier, *data.marks) if mark.at < self.period.until]
        for mark in told:
            if mark.at < self.period.begins:
                continue
            sums = self.marks[mark.name]
            sums.met, sums.missed = sums.met + mark.met, sums.missed + (not mark.met)
            if not mark.met:
                insort(self.missed, MissedMark(mark.at, case.id, mark.name))
                del self.missed[:-SHOWN]
        if there and there[-1].closed is None:
            since = there[-1].opened
            for name in MarkName:
                self.marks[name].ahead += all(mark.name is not name or mark.at < since for mark in told)

    # ----------------------------------------------------------------------------------------------------- benefit

    def _span(self, case: Case, each: Round) -> CaseSpan:
        zone = self.period.zone
        closed = None if each.closed is None else call_stats.day_of(each.closed, zone)
        return CaseSpan(case.id, case.workflow, case.platform, call_stats.day_of(each.opened, zone), closed)

    def _bring(self, kind: str, platform: str, spans: Sequence[CaseSpan], days: Sequence[DayCalls]) -> None:
        sums = self.brought.setdefault((kind, platform), Brought())
        charges = [charge for span in spans for charge in self._of_case.get(span.id, ())]
        for row in benefit.table(spans, days, charges, self.period.days[-1], self._policy):
            seen, ended = row.phases, row.case.closed is not None
            sums.cases, sums.ended, sums.paid = sums.cases + 1, sums.ended + ended, sums.paid + row.paid
            if not ended and row.loss is not None:
                sums.lost = sums.lost[0] + row.loss.least, sums.lost[1] + row.loss.most
                sums.measured = sums.measured and row.loss.measured
            if seen.gain is not None and seen.after is not None:
                sums.compared += 1
                sums.before = _plus(sums.before, seen.before)
                sums.during, sums.after = _plus(sums.during, seen.during), _plus(sums.after, seen.after)
                sums.gained += seen.gain * seen.after.calls_a_day

    def worth(self, calls: float) -> Fen:
        """What so many answered calls are worth."""
        return round(calls * ledger.fen(self._policy.answered_call))


def _place(action: tuple[CaseSpan, Round]) -> tuple[str, str]:
    return action[0].kind, action[0].platform
