"""What people answer to a task: what is so, as an able person finds it out, or something that is not.

`people` beside this has the person who does the tasks.
"""

import random
from typing import TYPE_CHECKING, Any

from msgspec import structs

from numtrustd.actors import incidents
from numtrustd.domain.case import Case, reference
from numtrustd.domain.label import classify
from numtrustd.domain.task import ANSWERS, ERRANDS, PAUSES, Task, TaskKind
from numtrustd.domain.workflows.request import RequestData
from numtrustd.sim.state import Appeal, Arrive, Ruling
from numtrustd.sim.traits import TRAITS
from numtrustd.sim.world import Taken
from numtrustd.store import Store, records
from tests.simulation.plan import PAPERS

if TYPE_CHECKING:
    from tests.simulation.run import Run

get_case, all_cases = records.get_case, records.all_cases  # before any mutant

AT_DESKS = frozenset(
    {TaskKind.SUBMIT_CORRECTION, TaskKind.SUBMIT_TAG, TaskKind.SUBMIT_CERTIFICATION, TaskKind.SUBMIT_REMOVAL}
)
"""What is handed in at the desks that take no appeals."""


class Replies:
    """Of one run."""

    def __init__(self, run: "Run") -> None:
        self._run = run

    @property
    def _store(self) -> Store:
        assert self._run.store is not None
        return self._run.store

    def wrong(self, task: Task, rng: random.Random) -> dict[str, Any] | None:
        """Something that is not so, or no answer at all to this task."""
        wrong: list[dict[str, Any]] = [{"outcome": "failed"}, {"outcome": "nonsense"}]
        match task.kind:
            case kind if kind is TaskKind.SUBMIT_APPEAL or kind in AT_DESKS:
                wrong += [
                    {"outcome": "submitted", "receipt": "NEVER-SENT"},
                    {"outcome": "submitted", "no_receipt": True},
                ]
                wrong += [{"outcome": "refused", "reason": "page not found"}, {"outcome": "refused"}]
            case TaskKind.REPORT_ANSWER | TaskKind.CHASE_REVIEW:
                wrong += [{"outcome": "approved"}, {"outcome": "rejected", "reason": "材料不足"}]
                wrong += [{"outcome": "rejected"}, {"outcome": "info_requested", "reason": "screenshots"}]
                wrong += [{"outcome": "still_waiting"}]
            case TaskKind.DID_IT_ARRIVE:
                wrong += [{"outcome": "happened", "receipt": "NEVER-SENT"}, {"outcome": "did_not_arrive"}]
            case TaskKind.SUPPLY_EVIDENCE:
                wrong += [{"outcome": "supplied"}]
            case TaskKind.APPROVE:
                wrong += [{"outcome": "approved"}]
            case TaskKind.GATHER_PROOF:
                wrong += [{"outcome": "gathered"}, {"outcome": "published"}]
            case TaskKind.FIND_CAUSE | TaskKind.CHASE_PAUSE:
                wrong += [{"outcome": cause} for cause in PAUSES]
            case TaskKind.HAND_OVER_PAPERS:
                wrong += [{"outcome": "handed_over"}, {"outcome": "gathered"}]
            case TaskKind.UPDATE_WORDING:
                wrong += [{"outcome": "published"}, {"outcome": "gathered"}]
            case TaskKind.DECIDE:
                wrong += [{"outcome": "retry"}, {"outcome": "abandon"}]
            case TaskKind.BRING_RECEIPT:
                wrong += [{"outcome": "brought", "receipt": "NEVER-GIVEN"}, {"outcome": "brought"}]
            case TaskKind.CONFIRM_GONE | TaskKind.RELEASE_NUMBER:
                wrong += [{"outcome": outcome} for outcome in ANSWERS[task.kind]]
            case kind if kind in ERRANDS:
                wrong += [{"outcome": outcome} for outcome in ANSWERS[kind]]
        return rng.choice(wrong)

    async def right(self, task: Task) -> dict[str, str] | None:
        """What an able person does and says; `None` while there is nothing to say."""
        case = get_case(self._store, task.case)
        assert case is not None, task.case
        ref = reference(self._store.uuid, case.id, case.data.attempt)
        match task.kind:
            case TaskKind.SUBMIT_APPEAL:
                return self._hand_in(task, case, ref)
            case kind if kind in AT_DESKS:
                handed = self._run.desks.found(ref) or self._run.desks.hand_in(case, ref, task.packet)
                return {"outcome": "submitted", "receipt": handed.receipt}
            case TaskKind.REPORT_ANSWER | TaskKind.CHASE_REVIEW if case.workflow != "appeal":
                return self._run.desks.answer(ref)
            case TaskKind.DECIDE if case.workflow not in ("appeal", "incident"):
                hopeless = any("forbidden" in line for line in task.detail[-1:])
                return {"outcome": "abandon" if hopeless else "retry", "reason": "as it stands"}
            case TaskKind.BRING_RECEIPT:
                receipt = self._run.desks.deletion(case, ref)
                return None if receipt is None else {"outcome": "brought", "receipt": receipt}
            case TaskKind.CONFIRM_GONE:
                shown = self._run.oracle.leavings.ours_at(case.number, case.platform)
                return {"outcome": "still_shown", "reason": shown} if shown else {"outcome": "gone"}
            case TaskKind.RELEASE_NUMBER:
                return {"outcome": "released" if self._run.owner.decides_to_release(task.id) else "kept"}
            case kind if kind in ERRANDS:
                return {"outcome": ANSWERS[kind][0]}
            case TaskKind.DID_IT_ARRIVE if case.workflow != "appeal":
                known = self._run.desks.found(ref)
                return (
                    {"outcome": "did_not_happen"}
                    if known is None
                    else {"outcome": "happened", "receipt": known.receipt}
                )
            case TaskKind.DID_IT_ARRIVE:
                found = self._found(case, ref)
                if found is None:
                    return {"outcome": "did_not_happen"}
                return {"outcome": "happened", "receipt": found.receipt}
            case TaskKind.REPORT_ANSWER | TaskKind.CHASE_REVIEW:
                return self._report(case, ref)
            case TaskKind.SUPPLY_EVIDENCE:
                await self._file_papers()
                return {"outcome": "supplied"}
            case TaskKind.APPROVE:
                return {"outcome": "approved"}
            case TaskKind.GATHER_PROOF:
                return {"outcome": "gathered"}
            case TaskKind.FIND_CAUSE:
                return {"outcome": "technical"}
            case TaskKind.CHASE_PAUSE:
                return {"outcome": "still_waiting"}
            case TaskKind.HAND_OVER_PAPERS:
                return {"outcome": "handed_over"}
            case TaskKind.UPDATE_WORDING:
                return {"outcome": "published"}
            case TaskKind.DECIDE if case.workflow == "incident":
                # A certificate is open for as long as it is valid, and brings no emergency to its end.
                each = all_cases(self._store, f"{case.number}/")
                going_on = any(c.open and c.workflow in incidents.WATCHED for c in each)
                return {"outcome": "retry" if going_on else "abandon", "reason": "as its cases stand"}
            case TaskKind.DECIDE:
                shown = self._run.world.face(case.platform, case.number, self._run.now).words or case.data.words
                if classify(shown)[0] in TRAITS[case.platform].refuses:
                    return {"outcome": "abandon", "reason": "the platform takes no such appeals"}
                return {"outcome": "retry", "reason": "once more"}
            case _:
                raise AssertionError(f"nobody here knows what to do about {task.kind}")

    def _found(self, case: Case, ref: str) -> Appeal | None:
        appeals = self._run.world.appeals(case.platform, self._run.now)
        return next((a for a in appeals if a.ref == ref and a.number == case.number), None)

    def _hand_in(self, task: Task, case: Case, ref: str) -> dict[str, str]:
        earlier = self._found(case, ref)
        if earlier is not None:
            return {"outcome": "submitted", "receipt": earlier.receipt}
        assert task.packet is not None
        kinds = tuple(line.split(":")[0] for line in task.packet.papers)
        arrive = Arrive(case.platform, (case.number,), ref, task.packet.letter, kinds, "form")
        [result] = self._run.world.submit(arrive, self._run.now)
        self._run.oracle.traffic.none_twice()
        if isinstance(result, Taken):
            return {"outcome": "submitted", "receipt": result.appeal.receipt}
        if result.earlier:
            return {"outcome": "submitted", "receipt": result.earlier}
        return {"outcome": "refused", "reason": result.reason}

    def _report(self, case: Case, ref: str) -> dict[str, str] | None:
        found = self._found(case, ref)
        assert isinstance(case.data, RequestData)
        if found is None and case.data.receipt:
            held = self._run.world.appeals(case.platform, self._run.now, case.data.receipt)
            found = held[0] if held else None
        if found is None:
            return {"outcome": "rejected", "reason": "the platform knows of no such appeal"}
        match found.ruling:
            case Ruling.IN_REVIEW:
                return None
            case Ruling.REJECTED:
                return {"outcome": "rejected", "reason": found.reason}
            case _:
                return {"outcome": "approved"}

    async def _file_papers(self) -> None:
        run = self._run
        if run.knobs.papers != PAPERS:
            run.knobs = structs.replace(run.knobs, papers=PAPERS)
            await run.agenda.reload()
