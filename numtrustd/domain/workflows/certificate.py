"""The upkeep of a certificate: from the day on which a name was seen to be certified until it is given up.

A certification is a request with an end; what it brings has to be kept. The certificate is renewed before it expires,
and when its name is no longer shown ("under maintenance") the cause is found, the time that such a cause takes is
waited out, and a pause that lasts longer is chased. `certification` is the request that begins it, and renews it;
`upkeep` has what a certificate remembers, `pause` what becomes of a name that is not shown.
"""

from numtrustd.domain.workflow import Row, TimedOut, To, Who, Workflow
from numtrustd.domain.workflows import request as a
from numtrustd.domain.workflows.pause import (
    BACK,
    HANDED,
    PAUSE,
    PAUSED,
    RENEWED,
    ask_cause,
    hand_over,
    lost_while_held,
    new_papers,
    note_back,
    note_granted,
    note_papers,
    note_pause,
    pause_explained,
    usual_end,
)
from numtrustd.domain.workflows.request import states as r
from numtrustd.domain.workflows.upkeep import (
    END,
    NEVER,
    OWN,
    STOPS,
    CertificateData,
    CertificatePolicy,
    PapersHanded,
    Pause,
    PauseCause,
    PauseTold,
    Renew,
    RenewalEnded,
    Renewed,
    S,
    ask_decision,
    at_person_deadline,
    at_reminder,
    close_tasks,
    expiry,
    held_while_renewing,
    not_shown,
    note_hold_renewing,
    note_reminder,
    note_renewal,
    renew,
    renewal_at,
    renewal_due,
    until_renewal,
    while_held,
)

__all__ = [
    "CERTIFICATE",
    "ROWS",
    "CertificateData",
    "CertificatePolicy",
    "PapersHanded",
    "Pause",
    "PauseCause",
    "PauseTold",
    "Renew",
    "RenewalEnded",
    "Renewed",
    "S",
    "expiry",
    "renewal_at",
    "usual_end",
]

_RELEASED = (
    To(S.RENEWING, (renew,), when=held_while_renewing),
    To(S.PAUSED, when=pause_explained, update=note_pause),
    To(S.PAUSED, (ask_cause,), when=not_shown, update=note_pause),
    To(S.VALID, update=note_back),
)


ROWS: dict[S, Row[S]] = {
    S.VALID: Row(
        meaning="certified: the name is shown",
        who=Who.NOBODY,
        then="renews the certificate before it expires",
        deadline=until_renewal,
        on={
            TimedOut: (
                To(S.RENEWING, (close_tasks, renew), when=renewal_due, update=note_renewal),
                To(S.VALID),
            ),
            a.Returned: PAUSE,
            a.Advance: To(S.RENEWING, (close_tasks, renew), update=note_renewal),
            **STOPS,
            Renewed: To(S.VALID, update=note_granted),
        },
        ignore=NEVER
        | {a.Looked, a.Gone, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded, RenewalEnded},
    ),
    S.RENEWING: Row(
        meaning="the certificate is being renewed by a certification of its own",
        who=Who.DAEMON,
        then="asks how it stands with the renewal",
        deadline=at_person_deadline,
        on={
            Renewed: RENEWED,
            RenewalEnded: To(S.ESCALATED, (close_tasks, ask_decision)),
            TimedOut: To(S.RENEWING, (renew,), update=note_reminder),
            a.Hold: To(S.HELD, (close_tasks,), update=note_hold_renewing),
            a.Withdraw: END,
        },
        ignore=NEVER
        | {a.Looked, a.Gone, a.Returned, a.Advance, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded},
    ),
    **PAUSED,
    S.ESCALATED: Row(
        meaning="the daemon's means are used up; a person has to decide",
        who=Who.PERSON,
        then="reminds",
        deadline=at_reminder,
        on={
            a.Gone: BACK,
            a.EvidenceChanged: To(S.ESCALATED, (hand_over,), when=new_papers, update=note_papers, keep_timer=True),
            PapersHanded: HANDED,
            a.Advance: To(S.RENEWING, (close_tasks, renew), update=note_renewal),
            a.ClosedByPerson: END,
            **STOPS,
            TimedOut: To(S.ESCALATED, (ask_decision,), update=note_reminder),
            Renewed: RENEWED,
        },
        ignore=NEVER | {a.Looked, a.Returned, a.Reopen, a.TaskFailed, PauseTold, RenewalEnded},
    ),
    S.HELD: Row(
        meaning="held by an operator",
        who=Who.PERSON,
        then="reminds that it is still held",
        deadline=while_held,
        on={
            a.Advance: _RELEASED,
            a.Hold: To(S.HELD, update=a.note_held),
            a.Withdraw: END,
            TimedOut: (To(S.HELD, when=a.still_held, update=note_reminder), *_RELEASED),
            a.Gone: To(S.HELD, update=note_back, keep_timer=True),
            a.Returned: To(S.HELD, when=lost_while_held, update=note_pause, keep_timer=True),
            Renewed: To(S.HELD, update=note_granted, keep_timer=True),
        },
        ignore=NEVER
        | {a.Looked, a.Returned, a.Reopen, a.TaskFailed, a.ClosedByPerson, PauseTold, PapersHanded, RenewalEnded},
    ),
    S.ENDED: Row(
        meaning="given up",
        who=Who.NOBODY,
        final=True,
        on={a.Reopen: To(S.VALID, update=note_back)},
        ignore=NEVER | r.LOOKS | OWN | {TimedOut, a.Hold, a.Advance, a.Withdraw, a.TaskFailed, a.ClosedByPerson},
    ),
}

CERTIFICATE: Workflow[S, CertificateData, CertificatePolicy] = Workflow(
    name="certificate",
    version=1,
    states=S,
    start=S.VALID,
    events=(
        TimedOut,
        a.Restored,
        *sorted(r.OUTCOMES | r.LOOK_UPS | r.ANSWERS | r.LOOKS | r.ORDERS | r.PEOPLE | OWN, key=lambda e: e.__name__),
    ),
    rows=ROWS,
    data=CertificateData,
    policy=CertificatePolicy,
)
