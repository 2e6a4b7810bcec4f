"""What is going on over all numbers, kept up to date by their actors, so that `status` needs no scan.

Numbers that look alike (the same belief on the same platforms) share one `Shape`, so a quiet number costs a slot in a
dictionary, and sums are over shapes: there are few, however many numbers there are.
"""

from collections.abc import Container, Iterable, Mapping
from operator import attrgetter
from typing import Any

from msgspec import Struct, structs

from numtrustd.domain.observation import Instant, Status, UnknownReason
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import Task, TaskState
from numtrustd.store import Store, records

RATE_WINDOW = 30.0
"""Real seconds over which looks are counted for their rate; the present and the last such window count."""


class Line(Struct, frozen=True, gc=False):
    """How numbers × platforms stand: believed so, not known yet though looked at, not visible at present, …"""

    labelled: int = 0
    clean: int = 0
    certified: int = 0
    unseen: int = 0
    blind: int = 0
    maintenance: int = 0
    open_cases: int = 0
    findings: int = 0

    def __add__(self, other: "Line") -> "Line":
        return Line(*map(int.__add__, _fields(self), _fields(other)))

    def __mul__(self, times: int) -> "Line":
        return Line(*(n * times for n in _fields(self)))


_fields = attrgetter(*Line.__struct_fields__)

QUIET = Line()

Key = tuple[tuple[str, Line], ...]


class Shape:
    """What some numbers have in common: their line on each platform, and how many they are."""

    __slots__ = ("key", "line", "numbers")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.line = sum((line for _, line in key), QUIET)
        self.numbers = 0


_LINES: dict[tuple[Any, ...], Line] = {}
"""There are at most some dozens of them; one of each is enough."""


def _line_at(record: NumberRecord, platform: str) -> Line:
    verdict = record.verdicts.get(platform)
    status = None if verdict is None or verdict.belief is None else verdict.belief.status
    facts = (
        status is Status.MARKED,
        status is Status.CLEAN,
        status is Status.CERTIFIED,
        verdict is not None and status is None,
        verdict is not None and verdict.blind_since is not None,
        verdict is not None and verdict.maintenance,
        sum(1 for ref in record.every_case if ref.open and ref.platform == platform),
        platform in record.findings
        or (verdict is not None and (verdict.blind_said or verdict.apart_said))
        or any(flaw.said for flaw in record.flaws.get(platform, ())),
    )
    return _LINES.get(facts) or _LINES.setdefault(facts, Line(*map(int, facts)))


def key_of(record: NumberRecord) -> Key:
    """Where one number stands on each platform that was ever looked at for it."""
    return tuple((platform, _line_at(record, platform)) for platform in sorted(record.verdicts))


class Totals(Struct, frozen=True):
    """Sums over all numbers; `labelled_numbers` counts numbers, the others number × platform."""

    labelled_numbers: int
    labelled: int
    clean: int
    certified: int
    unseen: int
    open_cases: int
    blind: int
    findings: int


class Hearsay(Struct, frozen=True):
    """What people told through one source since the start: how many looks, how many of them saw nothing; and when the
    last was made that did see, before the start, too."""

    looks: int = 0
    failures: int = 0
    last_good: Instant | None = None


class Board:
    """Where every number stands, which cases and tasks are open, and counters of what was done."""

    def __init__(self) -> None:
        self._shapes: dict[Key, Shape] = {}
        self._numbers: dict[str, Shape] = {}
        self._cases: dict[str, tuple[str, ...]] = {}
        self._open_cases = 0
        self.resting: dict[str, tuple[str, ...]] = {}
        """The open cases of each number that is not watched: nothing is done for them until it is again."""
        self._tasks: dict[str, dict[str, Instant]] = {}
        self._maintenance: dict[str, Instant] = {}
        self._window: float | None = None
        self._before = (0, 0.0)
        self._within = 0
        self.looks = 0
        self.known_looks = 0
        self.last_look_at: Instant | None = None
        self._told: dict[str, Hearsay] = {}

    def load(self, store: Store) -> None:
        """Take over the open tasks that are stored, before any actor runs."""
        self.note_tasks(records.all_tasks(store))

    # ----------------------------------------------------------------------------------------------------- numbers

    def update(self, number: str, record: NumberRecord) -> tuple[tuple[str, bool], ...]:
        """A number's record was stored.

        Returns the platforms of which it is the first number to see their maintenance (with true), or was the last.
        """
        key = key_of(record)
        before = self._numbers.get(number)
        changes: tuple[tuple[str, bool], ...] = ()
        if before is None or before.key != key:
            self._leave(before)
            shape = self._shapes.get(key)
            if shape is None:
                shape = self._shapes[key] = Shape(key)
            shape.numbers += 1
            self._numbers[number] = shape
            changes = self._note_maintenance(record, before, shape)
        cases = tuple(ref.id for ref in record.every_case if ref.open)
        self._open_cases += len(cases) - len(self._cases.pop(number, ()))
        if cases:
            self._cases[number] = cases
        return changes

    def forget(self, number: str) -> None:
        """A number is no longer watched."""
        before = self._numbers.pop(number, None)
        self._leave(before)
        cases = self._cases.pop(number, ())
        self._open_cases -= len(cases)
        if cases:
            self.resting[number] = cases
        if before is not None and before.line.maintenance:
            self._drop_maintenance(before)

    def _leave(self, shape: Shape | None) -> None:
        if shape is not None:
            shape.numbers -= 1
            if not shape.numbers:
                del self._shapes[shape.key]

    def _note_maintenance(
        self, record: NumberRecord, before: Shape | None, shape: Shape
    ) -> tuple[tuple[str, bool], ...]:
        changes: list[tuple[str, bool]] = []
        if shape.line.maintenance:
            for platform, line in shape.key:
                if line.maintenance and platform not in self._maintenance:
                    views = record.verdicts[platform].views.values()
                    since = [v.unknown_since or v.at for v in views if v.reason is UnknownReason.MAINTENANCE]
                    self._maintenance[platform] = min(since)
                    changes.append((platform, True))
        if before is not None and before.line.maintenance:
            changes += [(platform, False) for platform in self._drop_maintenance(before)]
        return tuple(changes)

    def _drop_maintenance(self, before: Shape) -> list[str]:
        over = [p for p, line in before.key if line.maintenance and not self.at(p).maintenance]
        for platform in over:
            self._maintenance.pop(platform, None)
        return over

    def line(self, number: str) -> Line:
        """One number's share of the totals."""
        shape = self._numbers.get(number)
        return QUIET if shape is None else shape.line

    def alike(self, number: str) -> object:
        """The same object for all numbers that stand alike on every platform: what is asked of very many numbers needs
        an answer for each of these only."""
        return self._numbers.get(number)

    def line_at(self, number: str, platform: str) -> Line:
        """How one number stands on one platform."""
        shape = self._numbers.get(number)
        return QUIET if shape is None else next((line for name, line in shape.key if name == platform), QUIET)

    def at(self, platform: str) -> Line:
        """How all numbers stand on one platform."""
        return self.platforms().get(platform, QUIET)

    def platforms(self) -> Mapping[str, Line]:
        """How all numbers stand on each platform."""
        sums: dict[str, Line] = {}
        for shape in self._shapes.values():
            for platform, line in shape.key:
                sums[platform] = sums.get(platform, QUIET) + line * shape.numbers
        return sums

    def maintenance_since(self, platform: str) -> Instant | None:
        """Since when looks say that the platform is under maintenance; `None` when none does."""
        return self._maintenance.get(platform)

    def totals(self, known: Container[str] | None = None) -> Totals:
        """Sums over all platforms, or over those that are `known`; the open cases are all that there are."""
        line, labelled = QUIET, 0
        for shape in self._shapes.values():
            share = sum((at for platform, at in shape.key if known is None or platform in known), QUIET)
            line += share * shape.numbers
            labelled += shape.numbers if share.labelled else 0
        return Totals(
            labelled_numbers=labelled,
            labelled=line.labelled,
            clean=line.clean,
            certified=line.certified,
            unseen=line.unseen,
            open_cases=self._open_cases,
            blind=line.blind,
            findings=line.findings,
        )

    # ------------------------------------------------------------------------------------------- cases, tasks, looks

    def cases(self, number: str | None = None) -> list[str]:
        """The ids of the open cases, of one number or of all, in the order of the ids."""
        if number is not None:
            return sorted(self._cases.get(number, ()))
        return sorted(case for cases in self._cases.values() for case in cases)

    def note_tasks(self, tasks: Iterable[Task]) -> None:
        """Tasks were stored."""
        for task in tasks:
            of_case = self._tasks.setdefault(task.case, {})
            if task.state is TaskState.OPEN:
                of_case[task.id] = task.due
            else:
                of_case.pop(task.id, None)
            if not of_case:
                del self._tasks[task.case]

    def tasks(self) -> list[tuple[Instant, str]]:
        """(due, id) of the open tasks, the most urgent first."""
        return sorted((due, task) for tasks in self._tasks.values() for task, due in tasks.items())

    def tasks_of(self, case: str) -> list[str]:
        """The ids of a case's open tasks, the most urgent first."""
        tasks = self._tasks.get(case, {})
        return sorted(tasks, key=lambda task: (tasks[task], task))

    @property
    def tasks_open(self) -> int:
        """How many tasks people have."""
        return sum(map(len, self._tasks.values()))

    def looked(self, at: Instant, monotonic: float, *, known: bool) -> None:
        """A look was made and taken in."""
        self.looks += 1
        self.known_looks += known
        self.last_look_at = at
        self._open_window(monotonic)
        self._within += 1

    def told(self, source: str, at: Instant, *, known: bool) -> None:
        """Somebody reported a look that he made. These are no proof that the daemon looks, so that they are counted
        apart."""
        before = self.told_by(source)
        good = max(at, before.last_good or at) if known else before.last_good
        self._told[source] = Hearsay(before.looks + 1, before.failures + (not known), good)

    def recall(self, record: NumberRecord) -> None:
        """What is stored of a number's reports says when people last saw something through each source."""
        for where in record.reports:
            platform, _, view = where.partition(" ")
            verdict = record.verdicts.get(platform)
            state = None if verdict is None else verdict.views.get(view)
            if state is not None and state.last is not None:
                source, at = view.partition("/")[0], state.last[1]
                before = self.told_by(source)
                self._told[source] = structs.replace(before, last_good=max(at, before.last_good or at))

    def told_by(self, source: str) -> Hearsay:
        """What was told through a source since the start, and when somebody last saw something through it."""
        return self._told.get(source, Hearsay())

    @property
    def looks_told(self) -> int:
        """How many looks people reported since the start."""
        return sum(told.looks for told in self._told.values())

    def rate(self, monotonic: float) -> float:
        """Looks a (real) second, lately."""
        age = self._open_window(monotonic)
        looks, seconds = self._before
        return (looks + self._within) / max(seconds + age, 1.0)

    def _open_window(self, monotonic: float) -> float:
        """Make sure that the present window is not too old; returns its age."""
        age = 0.0 if self._window is None else monotonic - self._window
        if self._window is None or age >= RATE_WINDOW:
            self._before = (self._within, age)
            self._within, self._window = 0, monotonic
            return 0.0
        return age
