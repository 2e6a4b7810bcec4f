"""The rows of cases and tasks: where each stands, what was done, and all that a person needs for the next thing."""

from datetime import date
from typing import Any

from msgspec import structs

from numtrustd.actors import errands, incidents
from numtrustd.actors.control import onlookers, resting, stand_ins, task_words
from numtrustd.actors.control.case_facts import facts_of
from numtrustd.actors.control.leaning import takes
from numtrustd.actors.control.views import Sight, shown_at
from numtrustd.actors.packets import standing
from numtrustd.actors.policy import policy_for
from numtrustd.actors.present import Present
from numtrustd.actors.silences import ack_of
from numtrustd.api import when
from numtrustd.api.incidents import MarkRow
from numtrustd.api.rows import ActionRow, CaseRow, Fact, Move, Paper, TaskRow
from numtrustd.api.status import CaseView, TaskView
from numtrustd.domain import wording
from numtrustd.domain.calendar import local_date
from numtrustd.domain.case import Case, reference
from numtrustd.domain.evidence import KINDS, why_missing
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.task import ANSWERS, HAND_INS, Task, TaskKind, TaskState
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows.incident import IncidentData, IncidentPolicy, MarkName
from numtrustd.domain.workflows.request import RemovalData, RequestData, RequestPolicy, required
from numtrustd.store import records
from numtrustd.store.errors import DamagedRecord

PAPER_TASKS = HAND_INS | {TaskKind.SUPPLY_EVIDENCE, TaskKind.APPROVE}
"""Tasks for which one wants to see the papers."""

AT_PLATFORM = frozenset({TaskKind.REPORT_ANSWER, TaskKind.CHASE_REVIEW, TaskKind.DID_IT_ARRIVE})
"""Tasks for which one has to find the submission at the platform."""


def present_of(sight: Sight, number: str) -> Present:
    """What is so at present outside of a number, for who explains its cases."""
    house = sight.house
    return Present(
        declared=house.maintenance,
        charges=lambda: tuple(records.charges(house.store, number)),
        paid=house.book.charges.values,
    )


def policy_of(sight: Sight, case: Case) -> Any:
    """What configuration, pack and present say to a case; to a cancellation, which asks for nothing itself, what they
    say to any."""
    owned = sight.owned(case.number)
    try:
        record = sight.record(case.number)
    except DamagedRecord:
        record = NumberRecord(case.number, case.opened_at)
    return policy_for(
        sight.context,
        owned,
        record,
        case.platform,
        case.workflow,
        case.data,
        sight.now(),
        present_of(sight, case.number),
        opened_at=case.opened_at,
    )


# ----------------------------------------------------------------------------------------------------------- cases


def case_row(sight: Sight, case: Case) -> CaseRow:
    """One case in a list."""
    snapshot, ack, rests = case.snapshot, ack_of(sight.house, case), resting.rests(sight, case)
    return CaseRow(
        case=case.id,
        kind=case.workflow,
        number=case.number,
        platform=case.platform,
        state=snapshot.state,
        meaning=case.meaning,
        waits_for=Who.NOBODY if rests else onlookers.who(sight, case),
        attempt=case.data.attempt,
        opened_at=when(case.opened_at),
        moved_at=when(snapshot.entered_at),
        then=resting.REMEDY if rests else case.then or None,
        due=None if rests else shown_at(case.due),
        task=None if rests else next(iter(sight.house.board.tasks_of(case.id)), None),
        outcome=case.outcome or None,
        closed_at=shown_at(case.closed_at),
        acked_by=None if ack is None else ack.by,
        acked_at=None if ack is None else when(ack.at),
        rests=resting.WHY if rests else None,
    )


def case_view(sight: Sight, case: Case) -> CaseView:
    """One case with all that is known of it."""
    policy = policy_of(sight, case)
    return CaseView(
        **structs.asdict(case_row(sight, case)),
        now=when(sight.now()),
        platform_name=sight.platform_name(case.platform),
        finding=case.data.finding,
        causes=_causes(sight, case),
        data=tuple(Fact(name=name, value=value) for name, value in facts_of(sight, case, policy)),
        evidence=papers(sight, case, policy),
        actions=_actions(sight, case),
        history=tuple(Move(at=when(m.at), old=m.old, new=m.new, reason=m.reason, by=m.by or None) for m in case.moves),
        marks=mark_rows(case.data, policy) if isinstance(case.data, IncidentData) else None,
    )


def _causes(sight: Sight, case: Case) -> tuple[str, ...]:
    data = standing(case, sight.owned(case.number), sight.context).data
    return data.causes if isinstance(data, RequestData) else ()


def mark_rows(data: IncidentData, policy: IncidentPolicy) -> tuple[MarkRow, ...]:
    """The marks of an emergency's clock, those to come as well."""
    ended = {mark.name: mark for mark in data.marks}
    return tuple(
        MarkRow(
            mark=name,
            due=when(incidents.due(data, name, policy)),
            met=ended[name].met if name in ended else None,
            at=shown_at(ended[name].at) if name in ended else None,
        )
        for name in MarkName
    )


COOLING = "cooling"
"""The state of a request that was rejected and whose next attempt is still to come."""


def papers(sight: Sight, case: Case, policy: RequestPolicy) -> tuple[Paper, ...]:
    """The papers that the case's present attempt must bring, and where ours are."""
    if not isinstance(case.data, RequestData):
        return ()
    return tuple(_paper(sight, kind, policy, case) for kind in required(case.data, policy))


def lacking(sight: Sight, case: Case) -> tuple[Paper, ...]:
    """The papers that the case's present attempt must bring, and that are not in order. An attempt that was rejected is
    over: the present one is the next."""
    policy = policy_of(sight, case)
    return tuple(p for p in papers(sight, case, policy) if not p.held) if isinstance(policy, RequestPolicy) else ()


def _paper(sight: Sight, kind: str, policy: RequestPolicy, case: Case) -> Paper:
    ours = [document for document in sight.context.documents if document.kind == kind]
    # One that serves there and is in order, rather one that is of few numbers than of all, then the one that is valid
    # longest; without a date a paper does not expire.
    best = max(
        ours,
        key=lambda document: (
            document.serves(case.platform, case.workflow, case.number),
            not document.trouble,
            bool(document.numbers),
            document.expires or date.max,
        ),
        default=None,
    )
    return Paper(
        kind=kind,
        title=KINDS.get(kind, kind),
        held=kind in policy.held,
        on_file=None if best is None else best.path,
        expires=None if best is None or best.expires is None else best.expires.isoformat(),
        why=_why_missing(sight, kind, policy, case),
    )


def _why_missing(sight: Sight, kind: str, policy: RequestPolicy, case: Case) -> str | None:
    if kind in policy.held:
        return None
    today, agent = local_date(sight.now(), policy.country), sight.context.agents.get(case.platform, "")
    return why_missing(sight.context.documents, kind, today, case.platform, case.workflow, agent, case.number)


def _actions(sight: Sight, case: Case) -> tuple[ActionRow, ...]:
    store, prefix = sight.house.store, f"{case.id}/"
    rows = [
        ActionRow(
            action=done.id,
            kind="submit",
            state=done.result,
            attempt=done.attempt,
            ref=done.ref,
            planned_at=when(done.planned_at),
            sent_at=shown_at(done.sent_at),
            ended_at=when(done.ended_at),
            receipt=done.receipt or None,
        )
        for done in records.all_done(store, prefix)
    ]
    rows += [
        ActionRow(
            action=action.id,
            kind=action.kind,
            state=action.state,
            attempt=action.attempt,
            ref=action.ref,
            planned_at=when(action.planned_at),
            sent_at=shown_at(action.sent_at),
        )
        for action in records.all_actions(store, prefix)
    ]
    return tuple(sorted(rows, key=lambda row: row.planned_at))


# ----------------------------------------------------------------------------------------------------------- tasks


def task_row(sight: Sight, task: Task) -> TaskRow:
    """One task in a list."""
    return TaskRow(
        task=task.id,
        kind=task.kind,
        title=task.title,
        state=task.state,
        case=task.case,
        number=task.number,
        platform=task.platform,
        platform_name=sight.platform_name(task.platform),
        opened_at=when(task.opened_at),
        due=when(task.due),
        answers=ANSWERS[task.kind],
        outcome=task.outcome or None,
        note=task.note or None,
        by=task.by or None,
        closed_at=shown_at(task.closed_at),
        numbers=task.numbers or None,
    )


def task_view(sight: Sight, task: Task) -> TaskView:
    """One task with all that is needed to do it."""
    packet, case = task.packet, None
    if task.case:
        case = records.get_case(sight.house.store, task.case)
    evidence: tuple[Paper, ...] = ()
    if case is not None and task.kind in PAPER_TASKS:
        policy = policy_of(sight, case)
        if packet is not None:  # what was, or is to be, handed in: the case may be further by now
            kinds = (line.partition(":")[0] for line in packet.papers)
            evidence = tuple(_paper(sight, kind, policy, case) for kind in kinds)
        else:
            evidence = papers(sight, case, policy)
    left = _left(sight, task)
    fields = {} if packet is None else packet.fields if left is None else left.fields
    reports = () if packet is None else packet.reports if left is None else left.reports
    return TaskView(
        **structs.asdict(task_row(sight, task)),
        now=when(sight.now()),
        detail=_detail(sight, task, case) if left is None else (*task.detail, _takes(sight, task), *left.detail),
        steps=stand_ins.steps(sight, task),
        fields=tuple(Fact(name=n, value=v) for n, v in fields.items()),
        evidence=evidence,
        address=packet.address or None if packet is not None else None,
        letter=packet.letter or None if packet is not None else None,
        bring_back=packet.bring_back or None if packet is not None else None,
        reports=reports or None,
        asked=_asked(task, case),
        claims=_claims(task),
    )


def _claims(task: Task) -> tuple[str, ...] | None:
    """What whoever lets the letter of a task out has to make sure of."""
    lets_out = task.kind is TaskKind.APPROVE or task.kind in HAND_INS
    if task.packet is None or task.state is not TaskState.OPEN or not lets_out:
        return None
    return wording.claims(task.packet.letter) or None


def _asked(task: Task, case: Case | None) -> str | None:
    """The platform's latest words, where papers are lacking because it answered: it refused, or wanted more."""
    if task.kind is not TaskKind.SUPPLY_EVIDENCE or case is None or not isinstance(case.data, RequestData):
        return None
    return case.data.reasons[-1] if case.data.reasons else None


def _left(sight: Sight, task: Task) -> errands.Left | None:
    """What is left to do of a task that asks for looks; `None` of any other, and of one that has ended."""
    hands, source = sight.house.hands, sight.context.sources.get(task.source)
    if hands is None or source is None or task.packet is None or task.state is not TaskState.OPEN:
        return None
    return errands.left(task, source, hands.missing(task))


def _takes(sight: Sight, task: Task) -> str:
    """That one round of looks may not be enough, lest somebody believes so once all is reported."""
    return takes(sight.context.verdict_of(task.platform))


def _lacking(sight: Sight, kind: str, case: Case | None) -> str:
    text = f"missing: {KINDS.get(kind, kind)} ({kind})"
    if case is not None and isinstance(case.data, RemovalData):
        others = sight.context.leaving.instead_of(case.data.reason, kind)
        text += "".join(f", or {KINDS.get(other, other)} ({other})" for other in others)
    why = None if case is None else _why_missing(sight, kind, policy_of(sight, case), case)
    return f"{text}: {why}" if why else text


def _detail(sight: Sight, task: Task, case: Case | None) -> tuple[str, ...]:
    if task.kind in HAND_INS:
        return ()  # its detail is the papers, which stand for themselves
    if task.kind is TaskKind.SUPPLY_EVIDENCE:
        how = (
            "once each is on file the case goes on by itself; what [[evidence]] names is put right in the settings, "
            "then `numtrustctl reload`"
        )
        return (*(_lacking(sight, kind, case) for kind in task.detail), how)
    detail = [text for text in task.detail if text]
    if case is not None and task.state is TaskState.OPEN:
        detail += task_words.told(task, case)
    if case is not None and task.state is TaskState.OPEN and task.kind in AT_PLATFORM:
        detail.append(f"our reference: {reference(sight.context.store, case.id, case.data.attempt)}")
        if isinstance(case.data, RequestData) and case.data.receipt:
            detail.append(f"the platform's receipt: {case.data.receipt}")
    return tuple(detail)
