"""What a case knows, as (name, value) lines for people; each kind of data tells its own."""

from numtrustd.actors import incidents
from numtrustd.actors.control import onlookers, pauses, stand_ins
from numtrustd.actors.control.views import Sight, many
from numtrustd.actors.control.views_leaving import open_parts
from numtrustd.clock import timestamp
from numtrustd.domain import benefit, call_stats, ledger
from numtrustd.domain.case import Case, reference
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows.certificate import CertificateData, CertificatePolicy, expiry
from numtrustd.domain.workflows.incident import IncidentData, IncidentPolicy, MarkName
from numtrustd.domain.workflows.leaving import CancellationData
from numtrustd.domain.workflows.request import AppealData, IdentityData, RemovalData, RequestData, RequestPolicy
from numtrustd.events import duration_for_people
from numtrustd.store import records

Lines = list[tuple[str, str]]


def facts_of(sight: Sight, case: Case, policy: RequestPolicy | CertificatePolicy | IncidentPolicy) -> Lines:
    """What is known of a case; empty values are left out."""
    data = case.data
    if isinstance(data, CancellationData):
        lines = _cancellation(sight, data)
    elif isinstance(data, RequestData) and isinstance(policy, RequestPolicy):
        lines = _request(sight, case, data, policy)
    elif isinstance(data, CertificateData) and isinstance(policy, CertificatePolicy):
        lines = _certificate(data, policy)
    elif isinstance(data, IncidentData) and isinstance(policy, IncidentPolicy):
        lines = _incident(data, policy)
    else:
        raise TypeError(f"{type(data).__name__} is not stepped with {type(policy).__name__}")
    if (hold := case.held) is not None:
        until = "" if hold.until is None else timestamp(hold.until)
        lines += [("held by", hold.author), ("held because", hold.reason), ("held until", until)]
    if isinstance(data, CertificateData):
        lines += _pauses(sight, case, data)
    elif case.platform:
        lines += _benefit(sight, case)
    return [(name, value) for name, value in lines if value]


def _benefit(sight: Sight, case: Case) -> Lines:
    """What the number's own calls say of the case: how many were answered before it, during it and since, and what a
    day of it costs."""
    store, context = sight.house.store, sight.context
    days, zone = records.calls(store, case.number), context.cause.zone
    if not days:
        return []
    today = call_stats.day_of(sight.now(), zone)
    closed = None if case.closed_at is None else call_stats.day_of(case.closed_at, zone)
    span = benefit.CaseSpan(case.id, case.workflow, case.platform, call_stats.day_of(case.opened_at, zone), closed)
    [row] = benefit.table([span], days, records.charges(store, case.number), today, context.benefit)
    phases = (("before", row.phases.before), ("during", row.phases.during), ("after", row.phases.after))
    told = [f"{rate.share:.0%} {name}" for name, rate in phases if rate is not None and rate.share is not None]
    return [
        ("connect rate", ", ".join(told)),
        ("a day of it costs", "" if row.loss is None else _loss(row.loss)),
        ("paid", ledger.yuan(row.paid) if row.paid else ""),
    ]


def _pauses(sight: Sight, case: Case, data: CertificateData) -> Lines:
    """What the number's own calls say of the times in which the name was not shown; the certificate itself is no
    fault, of which a day would cost anything."""
    loss = pauses.cost(sight, case, data)
    charges = records.charges(sight.house.store, case.number)
    paid = sum(c.fen for c in charges if c.case == case.id and c.standing is ledger.Standing.COMMITTED)
    return [
        ("call instead from", stand_ins.told(sight, case)),
        *(("connect rate", line) for line in pauses.compared(sight, case, data)),
        ("a day of it costs", "" if loss is None else _loss(loss)),
        ("paid", ledger.yuan(paid) if paid else ""),
    ]


def _loss(loss: benefit.Loss) -> str:
    calls = f"{loss.least:.0f}" if loss.least == loss.most else f"{loss.least:.0f} to {loss.most:.0f}"
    worth = f", {ledger.yuan(loss.least_fen)} to {ledger.yuan(loss.most_fen)}" if loss.most_fen else ""
    measured = "as its calls show" if loss.measured else "as labels usually do"
    return f"{calls} answered calls{worth}, {measured}"


def goes_after(policy: RequestPolicy) -> str:
    """What an appeal lets go first; empty when nothing."""
    return f"the appeal at {policy.feeder}, {policy.feeder_why}" if policy.feeder else ""


def _at(at: Instant | None) -> str:
    return "" if at is None else timestamp(at)


def _request(sight: Sight, case: Case, data: RequestData, policy: RequestPolicy) -> Lines:
    waits = case.snapshot.state == "waiting" and not data.hurried
    waited_for = data.granted_at is None and case.closed_at is None
    appeal = isinstance(data, AppealData)
    shown = f"{data.words} ({data.category})" if data.category not in ("", data.words) else data.words
    facts = [
        ("label" if appeal else "shown", shown),
        ("wanted", data.wanted if isinstance(data, IdentityData) else ""),
        ("facts", "; ".join(data.facts)),
        ("shown by", ", ".join(data.displays)),
        ("reference", reference(sight.context.store, case.id, data.attempt)),
        ("submitted", _at(data.sent_at)),
        ("receipt", data.receipt or ""),
        ("answer expected by", _at(data.review_by) if waited_for else ""),
        ("platform agreed", _at(data.granted_at)),
        ("answers so far", "; ".join(data.reasons)),
        ("could not be done", data.cannot),
        ("papers asked for", ", ".join(data.more)),
        ("uncertain because", data.unclear),
        ("not before", _at(data.not_before) if data.not_before > sight.now() else ""),
        ("goes after", goes_after(policy) if waits else ""),
        ("kept back", policy.slot_why if waits and policy.slot > sight.now() else ""),
        ("approved by", data.approved_by),
        ("receipt of the deletion", data.deleted if isinstance(data, RemovalData) else ""),
        ("expires by itself", _expiry(sight, case)),
        ("part of", data.parent if isinstance(data, RemovalData) else ""),
        ("came back", many(data.returns, "time") if data.returns else ""),
    ]
    if case.snapshot.state == onlookers.COUNTING:
        word = "clean" if appeal else "good"
        for view in policy.views or tuple(data.clean):
            looks = data.clean[view].looks if view in data.clean else 0
            facts.append((f"{word} looks of {view}", f"{looks} of {policy.clear}"))
        facts.append(("last counted look not before", _at(onlookers.last_counts_from(data, policy, sight.now()))))
    return facts


def _expiry(sight: Sight, case: Case) -> str:
    known = sight.context.platforms.get(case.platform)
    way = known.way(case.workflow) if known is not None else None
    if way is None or way.expires is None:
        return ""
    return "within {} to {}".format(*map(duration_for_people, way.expires))


def _cancellation(sight: Sight, data: CancellationData) -> Lines:
    gone = data.released_at
    return [
        ("reason", data.reason),
        ("note", data.note),
        *(("removal", name) for name in data.children),
        *(("still open", part) for part in open_parts(sight, data)),
        *((kind, outcome) for kind, outcome in data.done.items()),
        ("given up", _at(gone)),
        ("given up by", f"{data.released_by}{', by force' if data.forced else ''}" if gone is not None else ""),
        ("because", data.why),
    ]


def _certificate(data: CertificateData, policy: CertificatePolicy) -> Lines:
    last = data.pauses[-1] if data.pauses else None
    return [
        ("granted", _at(data.granted_at)),
        ("expires", _at(expiry(data, policy))),
        ("renewed", many(data.renewals, "time") if data.renewals else ""),
        ("paused", many(len(data.pauses), "time") if data.pauses else ""),
        ("laid to", "" if last is None else last.cause),
        ("not shown since", "" if last is None else _at(last.since)),
        ("shown again", "" if last is None else _at(last.until)),
    ]


def _incident(data: IncidentData, policy: IncidentPolicy) -> Lines:
    marks = {mark.name: mark for mark in data.marks}
    lines = [("because", "; ".join(data.facts)), ("clock since", _at(data.since))]
    for name in MarkName:
        mark, due = marks.get(name), _at(incidents.due(data, name, policy))
        told = f"due {due}" if mark is None else f"{'met' if mark.met else 'missed'} {_at(mark.at)}, due {due}"
        lines.append((name.value, told))
    return [*lines, ("not handed in", ", ".join(policy.unsent)), ("not over", ", ".join(policy.unended))]
