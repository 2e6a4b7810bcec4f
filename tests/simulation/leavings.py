"""Numbers that leave, as the oracle sees them: what has to be gone and done before one is given up, and what is due.

The oracle knows by itself which platforms show something of ours, what each reason takes, and by when; of the daemon it
reads only how the removals ended, each of which `displays` holds against the looks that were made.
"""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from numtrustd import events as e
from numtrustd.domain.case import Case
from numtrustd.domain.task import ERRANDS, Task, TaskKind
from numtrustd.sim.traits import TRAITS
from numtrustd.store import records
from tests.simulation.desks import Handed
from tests.simulation.plan import CHINESE, EXPIRING, HOUR, NAME, Leave
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case, _all_cases, _get_task = records.get_case, records.all_cases, records.get_task  # before any mutant

STAYS = frozenset({"renamed", "wrong_info"})
"""Reasons for which the number stays its owner's, and only what is wrong goes."""
_LINKED, _NOTICE = TaskKind.UNBIND_LINKED, TaskKind.PUBLISH_NOTICE
TAKES: dict[str, frozenset[TaskKind]] = {
    "renamed": frozenset({_LINKED, _NOTICE}),
    "wrong_info": frozenset(),
    "disused": frozenset({_LINKED, _NOTICE}),
    "company_closing": frozenset({_LINKED, _NOTICE}),
    "staff_left": frozenset({_LINKED, TaskKind.REMOVE_BINDING, TaskKind.FREEZE_OUTBOUND}),
    "transferred": frozenset({_LINKED, _NOTICE}),
}
"""What people have to do for each reason, beside the deletions."""
SAME_DAY = frozenset({"staff_left", "transferred"})
WITHIN = dict.fromkeys(ERRANDS, 12 * HOUR) | {_NOTICE: 8 * HOUR}
"""Seconds that people have for each, where it is not due on the same day."""
NOT_ASKED = frozenset({"tag", "correction", "certification"})
"""Requests that nobody makes of a number that leaves."""
CHINA = ZoneInfo("Asia/Shanghai")


class Leavings:
    """Of all numbers."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._orders: list[Leave] = []
        self._reasons: dict[str, str] = {}
        self._done: dict[str, set[TaskKind]] = {}
        self._vouched: set[str] = set()
        self._still: set[str] = set()
        self._free: set[str] = set()
        self._forced: set[str] = set()
        self._given_up: dict[str, tuple[bool, str]] = {}
        self._taken_back: set[str] = set()
        self._said: set[tuple[str, float]] = set()

    # ------------------------------------------------------------------------------------------------------- orders

    def ordered(self, number: str, reason: str) -> None:
        """The owner is about to have everything of a number deleted."""
        self._orders.append(Leave(number, reason))

    def began(self, case: str, reason: str) -> None:
        """It was taken: this is its case."""
        self._reasons[case] = reason
        number, mine = case.split("/")[0], [c for c in self._cases(case) if c.workflow == "cancellation"]
        ordered = sum(order.number == number for order in self._orders)
        what = f"{number} has {len(mine)} cancellations, {ordered} were ordered"
        self._oracle.expect(len(mine) <= ordered, Promise.TOLD_ONCE, what)
        still = [c.id for c in mine if c.open]
        self._oracle.expect(len(still) <= 1, Promise.TOLD_ONCE, f"{number} is cancelled twice at once: {still}")

    def giving_up(self, number: str, *, force: bool) -> None:
        """The owner is about to give a number up."""
        self._taken_back.discard(number)
        (self._forced if force else self._free).add(number)

    def given_up(self, number: str, *, forced: bool, why: str) -> None:
        """It was said to him that it is."""
        if number in self._taken_back:  # which was quicker than the answer
            return
        self._given_up[number] = forced, why
        self._kept_on_record(number)

    def telling(self, task: Task, outcome: str) -> None:
        """A person is about to say, rightly or not, what came of a task."""
        if task.kind in ERRANDS and outcome not in ("failed", "nonsense"):
            self._done.setdefault(task.case, set()).add(task.kind)
        elif task.kind is TaskKind.RELEASE_NUMBER and outcome == "released":
            self.giving_up(task.number, force=False)
        elif task.kind is TaskKind.RELEASE_NUMBER and outcome == "kept":  # also what was given up by force before
            self._given_up.pop(task.number, None)
        elif task.kind is TaskKind.CONFIRM_GONE:
            {"gone": self._vouched, "still_shown": self._still}.get(outcome, set()).add(task.case)

    def told(self, task: Task, outcome: str) -> None:
        """It was taken."""
        if task.kind is TaskKind.RELEASE_NUMBER and outcome == "released":
            self.given_up(task.number, forced=False, why="")

    def intervened(self, case: str) -> None:
        """A person gave an order to a case: what was given up may be taken back."""
        if case.split("/")[1] == "cancellation":
            self._given_up.pop(case.split("/")[0], None)
            self._taken_back.add(case.split("/")[0])

    def nothing_lost(self) -> None:
        """What was given up is given up, by the store as well."""
        for number in self._given_up:
            self._kept_on_record(number)

    def _kept_on_record(self, number: str) -> None:
        record, (forced, why) = self._oracle.record(number), self._given_up[number]
        gone = None if record is None else record.released
        kept = gone is not None and gone.forced == forced and gone.why == why
        what = f"{number} was given up (forced: {forced}), on record is {gone}"
        self._oracle.expect(kept, Promise.SAFE_RELEASE, what)

    # ------------------------------------------------------------------------------------------------- what is gone

    def leaves(self, number: str) -> bool:
        """Whether all of ours is to be deleted for a number at present, as far as the store knows."""
        record = self._oracle.record(number)
        return record is not None and (record.released is not None or record.leaving == "all")

    def ours(self, number: str, name: str, tag: str, at: float) -> bool:
        """Whether a name and a tag that are shown are among what has to go."""
        if self.leaves(number):
            return name == NAME or self._oracle.tags.known(number, tag)
        return name not in ("", NAME) or (tag != "" and tag not in self._oracle.tags.right(number, at))

    def ours_at(self, number: str, platform: str) -> str:
        """What a platform really shows that has to go; empty for nothing, as where nobody can look."""
        if platform not in TRAITS:
            return ""
        face = self._run.world.face(platform, number, self._run.now)
        shown = face.words is None and self.ours(number, face.name, face.tag if face.name else "", self._oracle.wall)
        return f"{face.name} {face.tag}" if shown else ""

    def vouched(self, case: str) -> bool:
        """Whether a person said that nothing is shown, where no source can tell."""
        return case in self._vouched

    def _cases(self, case: str) -> list[Case]:
        return list(_all_cases(self._oracle.store, f"{case.split('/')[0]}/"))

    def _proved(self, case: Case) -> list[str]:
        """What of a cancellation nobody has proved yet."""
        each = sorted(self._cases(case.id), key=lambda c: int(c.id.rsplit("/", 1)[1]))
        removals = {c.platform: c for c in each if c.workflow == "removal"}  # the newest of each
        ours = case.number in CHINESE and self._run.plan.knobs.names
        lacking = [
            platform
            for platform in ((*self._run.plan.knobs.names, EXPIRING) if ours else ())
            if platform not in removals or removals[platform].outcome != "cleared"
        ]
        reason = self._reasons.get(case.id)
        if reason is None:  # it was taken, and nobody was told
            reasons = {order.reason for order in self._orders if order.number == case.number}
            done = any(TAKES[reason] <= self._done.get(case.id, set()) for reason in reasons)
        else:
            done = TAKES[reason] <= self._done.get(case.id, set())
        return lacking if done else [*lacking, "what people have to do"]

    # --------------------------------------------------------------------------------------------------- what is said

    def moved(self, event: e.CaseMoved) -> None:
        """A case moved."""
        case = _get_case(self._oracle.store, event.case)
        if case is None:
            return
        if event.kind == "cancellation" and event.to in ("safe_to_release", "cleared"):
            by_keeping = event.from_ == "safe_to_release"
            lacking = [] if by_keeping else self._proved(case)
            what = f"{case.id} is {event.to}, and nobody has proved {', '.join(lacking)}"
            self._oracle.expect(not lacking, Promise.SAFE_RELEASE, what)
        elif event.kind == "removal" and event.from_ == "verifying" and event.to == "cooling":
            self._residual(case, event)
        elif event.kind in NOT_ASKED and event.to in ("at_person", "submitting") and event.from_ == "waiting":
            record = self._oracle.record(case.number)
            leaves = record is not None and (record.leaving is not None or record.released is not None)
            self._oracle.expect(not leaves, Promise.SAFE_RELEASE, f"{case.id} is handed in for a number that leaves")

    def released(self, event: e.NumberReleased) -> None:
        """A number was said to be given up: was it safe, or forced?"""
        expect, number = self._oracle.expect, event.number
        record = self._oracle.record(number)
        gone = None if record is None else record.released
        if gone is None:
            self._oracle.broke(Promise.NOTHING_LOST, f"{number} is given up, and the store does not know")
            return
        expect((number, gone.at) not in self._said, Promise.TOLD_ONCE, f"{number} is said to be given up twice")
        self._said.add((number, gone.at))
        self._run.counts["numbers given up"] += 1
        if event.forced:
            fine = number in self._forced and gone.forced and gone.why
            expect(fine, Promise.SAFE_RELEASE, f"{number} is given up by force: {gone}")
            return
        expect(number in self._free | self._forced, Promise.ONLY_DECIDED, f"{number} is given up by nobody")
        case = _get_case(self._oracle.store, event.case or "")
        lacking = ["any cancellation"] if case is None else self._proved(case)
        what = f"{number} is given up, and nobody has proved {', '.join(lacking)}"
        expect(not lacking, Promise.SAFE_RELEASE, what)

    def asked(self, event: e.TaskOpened) -> None:
        """People are asked to do something: by when?"""
        task = _get_task(self._oracle.store, event.task)
        if task is None or task.kind not in ERRANDS:
            return
        case = _get_case(self._oracle.store, task.case)
        reason = self._reasons.get(task.case) if case is not None else None
        if case is None or reason is None:
            return
        what = f"{task.id} ({task.kind}) of {reason} is due at {task.due:.0f}"
        if reason in SAME_DAY:
            day = datetime.fromtimestamp(case.data.not_before, CHINA).date()  # type: ignore[union-attr]  # a request's
            midnight = datetime.combine(day + timedelta(days=1), time(), CHINA).timestamp()
            self._oracle.expect(task.due <= midnight, Promise.IN_TIME, f"{what}, its day ends at {midnight:.0f}")
        else:
            due = case.opened_at + WITHIN[task.kind]
            again = any(move.old in ("cleared", "released", "withdrawn") for move in case.moves)
            self._oracle.expect(again or abs(task.due - due) < 1.0, Promise.IN_TIME, f"{what}, not {due:.0f}")

    # -------------------------------------------------------------------------------------------------- the residual

    def _residual(self, case: Case, event: e.CaseMoved) -> None:
        """What a platform still shows is taken for a residual: it has been shown, and after the caches' time."""
        at = max((n for n, m in enumerate(case.moves) if (m.old, m.new) == (event.from_, event.to)), default=-1)
        if at < 0 or case.moves[at].by or case.id in self._still:
            return
        moved, knobs = case.moves[at].at, self._run.knobs
        granted = next((m.at for m in reversed(case.moves[:at]) if m.new == "propagating"), None)
        if granted is not None and self._run.last_jump < self._run.true_time(granted):
            wait = knobs.propagation + knobs.residual
            what = f"{case.id} calls it a residual {(moved - granted) / HOUR:.1f} h after it was granted"
            self._oracle.expect(moved - granted >= wait - 1.0, Promise.RESIDUAL_ONLY, what)
        begun = next((m for m in reversed(case.moves[: at + 1]) if m.new == "verifying"), case.moves[at])
        start = self._oracle.beliefs.begins_verifying(case.id, begun) - 0.001
        self._shown_since(case, start, f"{case.id} is a residual")

    def _shown_since(self, case: Case, start: float, what: str) -> None:
        """Some look since then showed what has to go."""
        looks = self._oracle.displays.looks(case.number, case.platform, start)
        # Of a wish of which nobody here knows whether it was taken in, the daemon knows what has to go.
        shown = any(
            self.ours(case.number, name, tag, look.at)
            or (tag and len(self._oracle.tags.right(case.number, look.at)) > 1)
            for look, _, name, tag in looks
        )
        what = f"{what}, and none of {len(looks)} looks showed anything of ours"
        self._oracle.expect(shown, Promise.RESIDUAL_ONLY, what)

    def asked_again(self, case: Case, earlier: list[Handed]) -> None:
        """A deletion is asked for at a desk, which it was `earlier`: the last time was in vain, or still to be seen."""
        if not earlier or not earlier[-1].granted or self._run.oracle.traffic.acted(case.id) >= earlier[-1].at:
            return
        self._shown_since(case, earlier[-1].decided, f"{case.id} is asked for again")
