"""Fees and wishes, as the oracle sees them: what people paid is in the ledger, and over the budget they were asked.

Only certifications cost anything in the simulated world, each the same, and changes of a tag beyond the free ones of a
year; nobody pays for what he does not hand in.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from numtrustd import events as e
from numtrustd.domain.case import Case
from numtrustd.domain.ledger import Standing, What
from numtrustd.domain.task import Task
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.domain.workflows.request import CertificationData, TagData
from numtrustd.store import records
from tests.simulation.plan import DAY, FEE, NAME, PAUSE, TAG_FEE
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case, _all_charges = records.get_case, records.all_charges  # before any mutant

FEN, TAG_FEN = int(FEE * 100), int(TAG_FEE * 100)
COSTS = {What.CERTIFICATION: (FEN,), What.TAG_CHANGE: (0, TAG_FEN)}
"""What each kind of charge may come to."""
PAID = CertificationData | TagData
PAYING = frozenset({"submitted", "happened"})
OUT = frozenset({"submitting", "uncertain", "looking_up", "asking", "at_person"})
"""States of a request that is being handed in."""


SENT = frozenset({"submitting", "at_person"})
"""Of these, where it is on its way for the first time."""


def _month(at: float) -> str:
    """The month of a budget that something falls into, by the ledger's zone."""
    return f"{datetime.fromtimestamp(at, ZoneInfo('Asia/Shanghai')):%Y-%m}"


class Money:
    """All that is paid in a run. `wanted` are the numbers of which somebody said which name is wanted."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle
        self._run = oracle.run
        self._telling: dict[str, set[int]] = {}
        self._told: set[tuple[str, int]] = set()
        self._former: set[str] = set()
        self.wanted: set[str] = set()

    def telling(self, task: Task, outcome: str) -> None:
        """A person is about to say that something was handed in, and so paid."""
        case = _get_case(self._oracle.store, task.case)
        if outcome in PAYING and case is not None and isinstance(case.data, PAID):
            self._telling.setdefault(case.id, set()).add(task.attempt)

    def told(self, task: Task, outcome: str) -> None:
        """It was taken in."""
        if outcome in PAYING and task.case in self._telling:
            self._told.add((task.case, task.attempt))

    def forget(self) -> None:
        """A backup was put back: what was told since was paid all the same, and cases may begin anew."""
        self._former |= {f"{case}/{attempt}" for case, attempts in self._telling.items() for attempt in attempts}
        self._telling.clear()

    def moved(self, event: e.CaseMoved) -> None:
        """A request was given to a person to hand in: the charge is there, and the budget has it or somebody does."""
        case = _get_case(self._oracle.store, event.case)
        if event.from_ != "waiting" or event.to not in SENT or case is None:  # a restored one makes sure, and costs
            return  # what it may have cost already
        if not isinstance(case.data, PAID):
            return
        charges = [c for c in _all_charges(self._oracle.store) if c.standing is not Standing.VOID]
        entered = next((charge for charge in charges if charge.id == f"{case.id}/{case.data.attempt}"), None)
        if entered is None:
            self._oracle.broke(Promise.LEDGER, f"{case.id} goes out, and no charge is entered")
            return
        if isinstance(case.data, TagData):
            others = [c for c in charges if c.what is What.TAG_CHANGE and c.number == case.number and c is not entered]
            before = [c for c in others if c.at != entered.at]  # two that went out at once were one before the other
            free = self._run.knobs.free_tags
            costs = {TAG_FEN if len(each) >= free else 0 for each in (before, others)}
            what = f"{case.id} is entered as {entered.fen} fen, after {len(others)} changes of a tag, {free} are free"
            self._oracle.expect(entered.fen in costs, Promise.LEDGER, what)
        month = [c.fen for c in charges if _month(c.at) == _month(entered.at)]
        over = sum(month) > self._run.knobs.budget * 100 and entered.fen
        what = f"{case.id} goes out over the budget, and nobody approved it"
        self._oracle.expect(not over or case.data.approved_by, Promise.BUDGET, what)

    def audit(self) -> None:
        """The ledger: what was paid, and nothing that is planned for ever."""
        oracle, store = self._oracle, self._oracle.store
        committed = {c.id for c in _all_charges(store) if c.standing is Standing.COMMITTED and c.what in COSTS}
        told = {f"{case}/{attempt}" for case, attempt in self._told}
        paid = {f"{case}/{attempt}" for case, attempts in self._telling.items() for attempt in attempts} | self._former
        oracle.expect(told <= committed, Promise.LEDGER, f"paid and not in the ledger: {sorted(told - committed)}")
        oracle.expect(committed <= paid, Promise.LEDGER, f"nobody paid {sorted(committed - paid)}")
        for charge in _all_charges(store):
            oracle.expect(charge.fen in COSTS.get(charge.what, (0,)), Promise.LEDGER, f"{charge} is not what it costs")
            if charge.standing is Standing.PLANNED:
                case = _get_case(store, charge.case)
                out = case is not None and case.snapshot.state in OUT
                oracle.expect(out, Promise.LEDGER, f"{charge.id} is planned, and its case goes nowhere")
        for number in self.wanted:
            record = oracle.record(number)
            names = () if record is None or record.wanted is None else record.wanted.names
            oracle.expect(any(v.text == NAME for v in names), Promise.WISH_KEPT, f"nobody knows what {number} is to be")

    def pause(self, case: Case) -> None:
        """A certificate in quiet times: a pause that lasts longer than it may is chased."""
        if not isinstance(case.data, CertificateData) or case.snapshot.state != "paused" or not case.data.pauses:
            return
        since, longest = case.data.pauses[-1].since, max(PAUSE, 4 * DAY)  # a working day may lie behind a weekend
        technical = case.data.pauses[-1].cause != "policy"
        late = self._oracle.wall - since - (PAUSE if technical else longest) - 1_800.0
        self._oracle.expect(
            late <= 0, Promise.PAUSE_CHASED, f"{case.id} is paused since {since}, {late:.0f} s too long"
        )
