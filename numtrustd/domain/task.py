"""Something that only a person can do, with everything needed to do it."""

import enum

from msgspec import Struct

from numtrustd.domain.near import near
from numtrustd.domain.observation import Instant


class TaskState(enum.StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"
    CLOSED = "closed"  # no longer needed


class TaskKind(enum.StrEnum):
    """What is asked, and so which answers `task done` takes."""

    SUBMIT_APPEAL = "submit_appeal"
    SUBMIT_CORRECTION = "submit_correction"
    SUBMIT_TAG = "submit_tag"
    SUBMIT_CERTIFICATION = "submit_certification"
    FIND_CAUSE = "find_cause"
    CHASE_PAUSE = "chase_pause"
    HAND_OVER_PAPERS = "hand_over_papers"
    GATHER_PROOF = "gather_proof"
    UPDATE_WORDING = "update_wording"
    SUBMIT_REMOVAL = "submit_removal"
    BRING_RECEIPT = "bring_receipt"
    CONFIRM_GONE = "confirm_gone"
    UNBIND_LINKED = "unbind_linked"
    PUBLISH_NOTICE = "publish_notice"
    REMOVE_BINDING = "remove_binding"
    FREEZE_OUTBOUND = "freeze_outbound"
    RELEASE_NUMBER = "release_number"
    REPORT_ANSWER = "report_answer"
    CHASE_REVIEW = "chase_review"
    EXPEDITE_REVIEW = "expedite_review"
    DID_IT_ARRIVE = "did_it_arrive"
    SUPPLY_EVIDENCE = "supply_evidence"
    APPROVE = "approve"
    DECIDE = "decide"
    DEVICE_TEST = "device_test"
    ASSISTED_LOOK = "assisted_look"


TITLES: dict[TaskKind, str] = {
    TaskKind.SUBMIT_APPEAL: "Hand in the appeal",
    TaskKind.SUBMIT_CORRECTION: "Hand in the correction",
    TaskKind.SUBMIT_TAG: "Hand in the change of the tag",
    TaskKind.SUBMIT_CERTIFICATION: "Hand in the certification",
    TaskKind.FIND_CAUSE: "Find out why the certified name is not shown",
    TaskKind.CHASE_PAUSE: "Chase the certification that is paused for too long",
    TaskKind.HAND_OVER_PAPERS: "Give the provider the new papers",
    TaskKind.GATHER_PROOF: "Gather recordings and order screenshots",
    TaskKind.UPDATE_WORDING: "Update what customers are told",
    TaskKind.SUBMIT_REMOVAL: "Hand in the request to delete what is shown",
    TaskKind.BRING_RECEIPT: "Bring the platform's receipt of the deletion",
    TaskKind.CONFIRM_GONE: "Make sure on a handset that nothing of ours is shown any more",
    TaskKind.UNBIND_LINKED: "Unbind the number from the accounts that do not follow by themselves",
    TaskKind.PUBLISH_NOTICE: "Publish the notice to customers",
    TaskKind.REMOVE_BINDING: "Unbind the number from the person who left",
    TaskKind.FREEZE_OUTBOUND: "Freeze the number's right to call out",
    TaskKind.RELEASE_NUMBER: "Give the number up, or keep it",
    TaskKind.REPORT_ANSWER: "Report the platform's answer",
    TaskKind.CHASE_REVIEW: "Chase the overdue review",
    TaskKind.EXPEDITE_REVIEW: "Pay for a quicker review",
    TaskKind.DID_IT_ARRIVE: "Find out whether the submission arrived",
    TaskKind.SUPPLY_EVIDENCE: "Supply the missing papers",
    TaskKind.APPROVE: "Approve the submission",
    TaskKind.DECIDE: "Decide how to go on",
    TaskKind.DEVICE_TEST: "Look on a handset and report what it shows",
    TaskKind.ASSISTED_LOOK: "Look at a page for people and report what it shows",
}

PAUSES = ("technical", "policy", "papers", "complaints")
"""Why a certified name may not be shown for a while; `workflows.certificate.PauseCause`."""

ANSWERS: dict[TaskKind, tuple[str, ...]] = {
    TaskKind.SUBMIT_APPEAL: ("submitted", "refused"),
    TaskKind.SUBMIT_CORRECTION: ("submitted", "refused"),
    TaskKind.SUBMIT_TAG: ("submitted", "refused"),
    TaskKind.SUBMIT_CERTIFICATION: ("submitted", "refused"),
    TaskKind.FIND_CAUSE: PAUSES,
    TaskKind.CHASE_PAUSE: ("still_waiting", *PAUSES),
    TaskKind.HAND_OVER_PAPERS: ("handed_over",),
    TaskKind.GATHER_PROOF: ("gathered",),
    TaskKind.UPDATE_WORDING: ("published",),
    TaskKind.SUBMIT_REMOVAL: ("submitted", "refused"),
    TaskKind.BRING_RECEIPT: ("brought",),
    TaskKind.CONFIRM_GONE: ("gone", "still_shown"),
    TaskKind.UNBIND_LINKED: ("unbound", "none_bound"),
    TaskKind.PUBLISH_NOTICE: ("published", "not_needed"),
    TaskKind.REMOVE_BINDING: ("removed",),
    TaskKind.FREEZE_OUTBOUND: ("frozen",),
    TaskKind.RELEASE_NUMBER: ("released", "kept"),
    TaskKind.REPORT_ANSWER: ("approved", "rejected", "info_requested", "still_waiting"),
    TaskKind.CHASE_REVIEW: ("approved", "rejected", "info_requested", "still_waiting"),
    TaskKind.EXPEDITE_REVIEW: ("expedited", "approved", "rejected", "info_requested", "still_waiting"),
    TaskKind.DID_IT_ARRIVE: ("happened", "did_not_happen"),
    TaskKind.SUPPLY_EVIDENCE: ("supplied",),
    TaskKind.APPROVE: ("approved",),
    TaskKind.DECIDE: ("retry", "abandon"),
    TaskKind.DEVICE_TEST: ("reported",),
    TaskKind.ASSISTED_LOOK: ("reported",),
}
"""The outcomes that each kind of task can be done with; the first one is the default."""

_OUTCOMES = frozenset(outcome for answers in ANSWERS.values() for outcome in answers)


def meant(kind: TaskKind, outcome: str) -> str | None:
    """The answer that was misspelt. What answers tasks of another kind was not: whoever says it means another thing."""
    other = outcome.casefold() in _OUTCOMES.difference(ANSWERS[kind])
    return None if other else near(outcome, ANSWERS[kind])


HAND_INS = frozenset(
    {
        TaskKind.SUBMIT_APPEAL,
        TaskKind.SUBMIT_CORRECTION,
        TaskKind.SUBMIT_TAG,
        TaskKind.SUBMIT_CERTIFICATION,
        TaskKind.SUBMIT_REMOVAL,
    }
)
"""The kinds that ask a person to hand something in at a platform."""


ERRANDS = frozenset(
    {TaskKind.UNBIND_LINKED, TaskKind.PUBLISH_NOTICE, TaskKind.REMOVE_BINDING, TaskKind.FREEZE_OUTBOUND}
)
"""The kinds that belong to no platform's request and have to be done before a cancellation is through."""


class Packet(Struct, frozen=True, omit_defaults=True):
    """All that a person needs to hand an appeal in by hand, or to look; `reports` tell what was seen."""

    address: str
    fields: dict[str, str] = {}
    letter: str = ""
    papers: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    bring_back: str = ""
    reports: tuple[str, ...] = ()


class Task(Struct, frozen=True, omit_defaults=True):
    """One task. `id` is the id of the effect that opened it. One that asks for looks has no case and no number but
    `numbers`, and the `source` through which people tell. `attempt` is the one of its case that it was opened in; 0
    where that is not known.
    """

    id: str
    case: str
    number: str
    platform: str
    kind: TaskKind
    opened_at: Instant
    due: Instant
    detail: tuple[str, ...] = ()
    packet: Packet | None = None
    state: TaskState = TaskState.OPEN
    closed_at: Instant | None = None
    outcome: str = ""
    note: str = ""
    by: str = ""
    numbers: tuple[str, ...] = ()
    source: str = ""
    attempt: int = 0

    @property
    def title(self) -> str:
        return TITLES[self.kind]
