"""Events of what is done about a label: cases, actions, tasks for people, incidents, papers and money."""

from numtrustd.events import fields as f
from numtrustd.events.base import Event, Level


class CallsRecorded(Event, frozen=True, kw_only=True):
    """The company told how its calls went."""

    action = "calls.recorded"
    level = Level.INFO
    message = "{days|day} of calls of {numbers_told|number}, {first_day} to {last_day}, told by {by}"

    numbers_told: f.NumbersTold
    days: f.Days
    first_day: f.Day
    last_day: f.Day
    by: f.By


class ComplaintRecorded(Event, frozen=True, kw_only=True):
    """Somebody who was called complained."""

    action = "complaint.recorded"
    level = Level.INFO
    message = "a complaint about {number} on {day}, the {complaints}. of that day[: {said}]"

    number: f.Number
    day: f.Day
    complaints: f.Complaints
    said: f.Said | None = None
    by: f.By


class CaseOpened(Event, frozen=True, kw_only=True):
    """A case was opened to end a finding; one of the whole number has no platform."""

    action = "case.opened"
    level = Level.INFO
    message = "{kind} case {case} opened for {number}[ on {platform}][: {reason}]"

    case: f.Case
    number: f.Number
    platform: f.Platform | None = None
    kind: f.Kind
    to: f.To
    reason: f.Reason | None = None
    finding: f.Finding | None = None
    incident: f.Incident | None = None
    displays: f.Displays | None = None
    deadline: f.Deadline | None = None
    next: f.Next | None = None


class CaseJoined(Event, frozen=True, kw_only=True):
    """The label of an open case is shown by one platform more, which takes no appeals: it has to go there, too."""

    action = "case.joined"
    level = Level.INFO
    message = "case {case} for {number} on {platform} is also about what {display} shows"

    case: f.Case
    number: f.Number
    platform: f.Platform
    display: f.Display


class CasesJoined(Event, frozen=True, kw_only=True):
    """A wrong label and a wrong name of one number at one platform went two ways at once, and both have ended."""

    action = "cases.joined"
    level = Level.INFO
    message = "both tracks for {number} on {platform} have ended: {joined}"

    number: f.Number
    platform: f.Platform
    joined: f.Joined


class IdentityWanted(Event, frozen=True, kw_only=True):
    """Somebody said over the control socket what is to be shown of a number; what is left out stays as it is."""

    action = "identity.wanted"
    level = Level.INFO
    message = "of {number} is wanted:[ name {wanted_name}][ logo {wanted_logo}][ tag {wanted_tag}] ({by})"

    number: f.Number
    by: f.By
    wanted_name: f.WantedText | None = None
    wanted_logo: f.WantedText | None = None
    wanted_tag: f.WantedText | None = None


class CaseMoved(Event, frozen=True, kw_only=True):
    """A case went from one state to the next."""

    action = "case.moved"
    level = Level.INFO
    message = "{kind} case {case}: {from_} → {to}[ ({reason})]"

    case: f.Case
    number: f.Number
    platform: f.Platform | None = None
    kind: f.Kind
    from_: f.From
    to: f.To
    reason: f.Reason | None = None
    detail: f.Detail | None = None
    attempt: f.Attempt | None = None
    by: f.By | None = None
    incident: f.Incident | None = None
    deadline: f.Deadline | None = None
    next: f.Next | None = None


class CaseClosed(Event, frozen=True, kw_only=True):
    """A case has ended."""

    action = "case.closed"
    level = Level.INFO
    message = "{kind} case {case} of {number}[ on {platform}] closed: {outcome}[ ({reason})][ after {took_seconds}]"

    case: f.Case
    number: f.Number
    platform: f.Platform | None = None
    kind: f.Kind
    from_: f.From
    to: f.To
    outcome: f.Outcome
    reason: f.Reason | None = None
    attempt: f.Attempt | None = None
    by: f.By | None = None
    incident: f.Incident | None = None
    took_seconds: f.TookSeconds | None = None


class ActionPlanned(Event, frozen=True, kw_only=True):
    """Something will be done to the outside; the intent is stored, nothing has left the machine."""

    action = "action.planned"
    level = Level.INFO
    message = "{kind} to {platform} by {channel} planned for case {case}"

    action_id: f.ActionId
    case: f.Case
    number: f.Number
    platform: f.Platform
    kind: f.Kind
    channel: f.Channel
    attempt: f.Attempt | None = None
    ref: f.Ref | None = None
    detail: f.Detail | None = None
    incident: f.Incident | None = None


class ActionSent(Event, frozen=True, kw_only=True):
    """It has left the machine."""

    action = "action.sent"
    level = Level.INFO
    message = "{kind} sent to {platform} by {channel} for case {case}"

    action_id: f.ActionId
    case: f.Case
    number: f.Number
    platform: f.Platform
    kind: f.Kind
    channel: f.Channel
    attempt: f.Attempt | None = None
    ref: f.Ref | None = None
    detail: f.Detail | None = None
    incident: f.Incident | None = None
    server_address: f.ServerAddress | None = None


class ActionAnswered(Event, frozen=True, kw_only=True):
    """The platform, or the person, answered."""

    action = "action.answered"
    level = Level.INFO
    message = "{platform} answered {kind} of case {case}: {result}[ (receipt {receipt})]"

    action_id: f.ActionId
    case: f.Case
    number: f.Number
    platform: f.Platform
    kind: f.Kind
    channel: f.Channel
    result: f.Result
    receipt: f.Receipt | None = None
    ref: f.Ref | None = None
    detail: f.Detail | None = None
    incident: f.Incident | None = None
    http_status: f.HttpStatus | None = None


class ActionFailed(Event, frozen=True, kw_only=True):
    """It certainly did not happen, and may be tried again."""

    action = "action.failed"
    level = Level.WARN
    message = "{kind} to {platform} for case {case} failed: {reason}[ ({detail})]"

    action_id: f.ActionId
    case: f.Case
    number: f.Number
    platform: f.Platform
    kind: f.Kind
    channel: f.Channel
    reason: f.Reason
    ref: f.Ref | None = None
    detail: f.Detail | None = None
    retry_at: f.RetryAt | None = None
    incident: f.Incident | None = None
    server_address: f.ServerAddress | None = None
    http_status: f.HttpStatus | None = None


class ActionUncertain(Event, frozen=True, kw_only=True):
    """It may or may not have happened: it is not sent again until the platform or a person says which."""

    action = "action.uncertain"
    level = Level.ERROR
    message = "nobody knows whether {kind} for case {case} reached {platform}: {reason}[ ({detail})]"

    action_id: f.ActionId
    case: f.Case
    number: f.Number
    platform: f.Platform
    kind: f.Kind
    channel: f.Channel
    reason: f.Reason
    ref: f.Ref | None = None
    detail: f.Detail | None = None
    next: f.Next | None = None
    incident: f.Incident | None = None
    server_address: f.ServerAddress | None = None
    http_status: f.HttpStatus | None = None


class TaskOpened(Event, frozen=True, kw_only=True):
    """A person has something to do."""

    action = "task.opened"
    level = Level.INFO
    message = "task {task} for a person: {title}[, by {due}]"

    task: f.Task
    kind: f.Kind
    title: f.Title
    due: f.Due | None = None
    case: f.Case | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    incident: f.Incident | None = None


class TaskReminded(Event, frozen=True, kw_only=True):
    """A person was reminded."""

    action = "task.reminded"
    level = Level.WARN
    message = "task {task} still waits: {title}[, by {due}]"

    task: f.Task
    kind: f.Kind
    title: f.Title
    due: f.Due | None = None
    attempt: f.Attempt | None = None
    case: f.Case | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    incident: f.Incident | None = None


class TaskDone(Event, frozen=True, kw_only=True):
    """A person did it, or said that it cannot be done (`result`)."""

    action = "task.done"
    level = Level.INFO
    message = "task {task} ({title}): {result}[, as {by} reported]"

    task: f.Task
    kind: f.Kind
    title: f.Title
    result: f.Result
    by: f.By | None = None
    receipt: f.Receipt | None = None
    detail: f.Detail | None = None
    case: f.Case | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    incident: f.Incident | None = None


class TaskExpired(Event, frozen=True, kw_only=True):
    """Nobody did it in time, or it is no longer needed."""

    action = "task.expired"
    level = Level.WARN
    message = "task {task} expired[ ({why})]: {title}"

    task: f.Task
    kind: f.Kind
    title: f.Title
    why: f.Why | None = None
    due: f.Due | None = None
    case: f.Case | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    incident: f.Incident | None = None


class IncidentOpened(Event, frozen=True, kw_only=True):
    """An emergency of a number begins, and with it the 48-hour clock."""

    action = "incident.opened"
    level = Level.WARN
    message = "incident {incident} of {number} opened: {why}"

    incident: f.Incident
    number: f.Number
    why: f.Why
    platform: f.Platform | None = None
    deadline: f.Deadline | None = None


class IncidentMilestone(Event, frozen=True, kw_only=True):
    """A mark of the 48-hour clock was met or missed."""

    action = "incident.milestone"
    level = Level.WARN
    message = "incident {incident} of {number}: mark {mark} came due, met: {met}[ ({why})]"

    incident: f.Incident
    number: f.Number
    mark: f.Mark
    met: f.Met
    due: f.Due | None = None
    why: f.Why | None = None


class IncidentClosed(Event, frozen=True, kw_only=True):
    """The emergency is over, or was handed to a person."""

    action = "incident.closed"
    level = Level.WARN
    message = "incident {incident} of {number} closed: {outcome}[, after {took_seconds}]"

    incident: f.Incident
    number: f.Number
    outcome: f.Outcome
    took_seconds: f.TookSeconds | None = None
    why: f.Why | None = None


class InspectionOpened(Event, frozen=True, kw_only=True):
    """The regular inspection begins: people look at the handsets anew."""

    action = "inspection.opened"
    level = Level.INFO
    message = "inspection {inspection} of {numbers} numbers begins: {looks_wanted} looks wanted[ by {deadline}]"

    inspection: f.Inspection
    numbers: f.Numbers
    looks_wanted: f.LooksWanted
    deadline: f.Deadline | None = None


class InspectionClosed(Event, frozen=True, kw_only=True):
    """The regular inspection is over, and this is what it found."""

    action = "inspection.closed"
    level = Level.INFO
    message = (
        "inspection {inspection} of {numbers} numbers is over: {looks_made} of {looks_wanted} looks made, "
        "{labelled} labelled, {inconsistent} inconsistent, {wrong_names} wrong names, {stale_tags} stale tags, "
        "{open_cases} open cases"
    )

    inspection: f.Inspection
    numbers: f.Numbers
    looks_wanted: f.LooksWanted
    looks_made: f.LooksMade
    labelled: f.Labelled
    open_cases: f.OpenCases
    inconsistent: f.Inconsistent
    wrong_names: f.WrongNames
    stale_tags: f.StaleTags
    papers: f.PapersAmiss
    quotas: f.QuotasTight
    spent: f.Spent
    forecast: f.Forecast
    took_seconds: f.TookSeconds


class EvidenceMissing(Event, frozen=True, kw_only=True):
    """A case waits for a paper that does not count as on file, or the file of one that is cannot be read."""

    action = "evidence.missing"
    level = Level.WARN
    message = "{kind} is missing[ for case {case}][: {why}]"

    kind: f.Kind
    why: f.Why | None = None
    path: f.Path | None = None
    case: f.Case | None = None
    number: f.Number | None = None
    platform: f.Platform | None = None
    deadline: f.Deadline | None = None
    finding: f.Finding | None = None


class EvidenceExpiring(Event, frozen=True, kw_only=True):
    """A paper on file expires soon, or has expired."""

    action = "evidence.expiring"
    level = Level.WARN
    message = "{kind} {path} expires {expires}[: {why}]"

    kind: f.Kind
    path: f.Path
    expires: f.Expires
    why: f.Why | None = None
    number: f.Number | None = None
    finding: f.Finding | None = None


class EvidenceChanged(Event, frozen=True, kw_only=True):
    """A file is no longer the one that was put on file."""

    action = "evidence.changed"
    level = Level.WARN
    message = "{kind} {path} is not the file that was put on file"

    kind: f.Kind
    path: f.Path
    digest: f.Digest | None = None
    number: f.Number | None = None
    finding: f.Finding | None = None


class LedgerCharged(Event, frozen=True, kw_only=True):
    """A fee or a use of a quota was entered."""

    action = "ledger.charged"
    level = Level.INFO
    message = "{kind} at {platform} entered[: {amount} {currency}]"

    kind: f.Kind
    platform: f.Platform
    amount: f.Amount | None = None
    currency: f.Currency | None = None
    quota: f.Quota | None = None
    spent: f.Spent | None = None
    case: f.Case | None = None
    action_id: f.ActionId | None = None
    number: f.Number | None = None


class BudgetForecast(Event, frozen=True, kw_only=True):
    """What falls due until the end of the month may cost more than the budget; the regular inspection says so."""

    action = "budget.forecast"
    level = Level.WARN
    message = "the month may come to {forecast}, which is more than the budget of {budget}; {spent} are spent"

    forecast: f.Forecast
    budget: f.Budget
    spent: f.Spent
    plans: f.Plans


class BudgetExceeded(Event, frozen=True, kw_only=True):
    """Something paid waits for approval because the budget does not cover it."""

    action = "budget.exceeded"
    level = Level.WARN
    message = "{kind} at {platform} waits for approval: {why}"

    kind: f.Kind
    platform: f.Platform
    why: f.Why
    amount: f.Amount | None = None
    currency: f.Currency | None = None
    budget: f.Budget | None = None
    spent: f.Spent | None = None
    case: f.Case | None = None
    action_id: f.ActionId | None = None
    number: f.Number | None = None
