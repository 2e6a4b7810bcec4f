"""What a person's answer to a task means to its case. Pure; `decide` beside this module lets it happen."""

from numtrustd.actors.messages import RefusedError, TaskAnswer
from numtrustd.domain.near import did_you_mean
from numtrustd.domain.task import ANSWERS, ERRANDS, Task, TaskKind, meant
from numtrustd.domain.workflow import Event
from numtrustd.domain.workflows import leaving as c
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.certificate import PapersHanded, PauseTold


def outcome_of(task: Task, message: TaskAnswer) -> str:
    """The answer that was given. Left out, it must be plain: the only one that there is, or a receipt was brought back.

    Raises `RefusedError` naming the answers otherwise: the usual answer is not what happened because nobody said so.
    """
    answers = ANSWERS[task.kind]
    if message.outcome:
        return message.outcome
    if len(answers) == 1 or (message.receipt and answers[0] in ("submitted", "happened")):
        return answers[0]
    raise RefusedError(f"say what happened with --outcome: one of {', '.join(answers)}")


def answer_event(task: Task, message: TaskAnswer) -> Event:
    """The event that an answer means to the task's case. Raises `RefusedError` naming the answers that there are."""
    reason = message.reason or message.note
    if message.outcome == "failed":
        return a.TaskFailed(reason or "no reason given")
    outcome = outcome_of(task, message)
    if outcome not in ANSWERS[task.kind]:
        asked = did_you_mean(meant(task.kind, outcome))
        raise RefusedError(
            f"--outcome {outcome!r} does not answer {task.kind}: {asked}one of {', '.join(ANSWERS[task.kind])}"
        )
    if outcome in ("rejected", "refused", "info_requested") and not reason:
        raise RefusedError(
            f"{outcome} needs the platform's reason: give it with --reason, since it decides what the next attempt "
            "brings"
        )
    match outcome:
        case _ if task.kind in (TaskKind.GATHER_PROOF, TaskKind.UPDATE_WORDING):
            return a.Accepted(message.receipt)
        case "submitted" | "happened":
            return a.Accepted(message.receipt)
        case "expedited":
            return a.Expedited(message.receipt)
        case "refused":
            return a.Refused(reason)
        case "approved":
            return a.Approve(message.by) if task.kind is TaskKind.APPROVE else a.Approved(message.receipt)
        case "brought":
            if not message.receipt:
                raise RefusedError("say what the platform gave with --receipt: it is what the task asks for")
            return a.ReceiptBrought(message.receipt)
        case "gone":
            return a.SeenGone(message.by)
        case "still_shown":
            return a.StillShown(reason)
        case "released":
            return c.GivenUp(message.by, reason=reason)
        case "kept":
            return c.Kept(reason)
        case _ if task.kind in ERRANDS:
            return c.ErrandDone(task.kind, outcome)
        case "rejected":
            return a.Rejected(reason)
        case "info_requested":
            return a.InfoRequested(reason)
        case "still_waiting":
            return a.StillInReview()
        case "did_not_happen":
            return a.NotHappened()
        case "supplied":
            return a.EvidenceChanged()
        case "technical" | "policy" | "papers" | "complaints":
            return PauseTold(outcome)
        case "handed_over":
            return PapersHanded()
        case "retry":
            return a.Advance(reason or "a person sends it round again")
        case _:
            return a.ClosedByPerson(reason or "a person gave it up")
