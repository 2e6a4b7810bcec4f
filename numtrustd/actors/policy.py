"""What configuration, pack and present say to one case: the policy that its table is stepped with. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from numtrustd.actors import incidents, spending, tracks
from numtrustd.actors.context import Context
from numtrustd.actors.present import Present
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain import evidence, ledger, propagation
from numtrustd.domain.calendar import local_date
from numtrustd.domain.identity import in_force
from numtrustd.domain.ledger import Charge, May, Spending, What
from numtrustd.domain.maintenance import accepts
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts, PlatformClass
from numtrustd.domain.prevention import Alarm, complaints_level
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.slot import Limit, Place, slot
from numtrustd.domain.verdict import Verdict, through
from numtrustd.domain.wording_rules import violations
from numtrustd.domain.workflows.certificate import CertificateData, CertificatePolicy, PauseCause
from numtrustd.domain.workflows.incident import IncidentData, IncidentPolicy
from numtrustd.domain.workflows.leaving import CancellationData, CancellationPolicy
from numtrustd.domain.workflows.request import CommonData, RemovalData, RequestData, RequestPolicy

FORGETFUL = 30 * 86_400.0
"""Seconds after a backup was put back in which each attempt is looked up before it is first handed in: it may have been
since the backup was made. A case that comes later than that is about another label than the one that was forgotten."""

NO_FACTS = AppealFacts(channel="manual")
"""What stands in for a platform whose pack no longer tells how it takes appeals: its open cases go to a person."""


def policy_for(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    platform: str,
    kind: str,
    data: CommonData,
    now: Instant,
    present: Present,
    *,
    opened_at: Instant | None = None,
) -> RequestPolicy | CertificatePolicy | IncidentPolicy:
    """The policy that a case's table is stepped with; see `request_policy`."""
    if isinstance(data, CertificateData):
        return certificate_policy(context, record, platform, data, now, present)
    if isinstance(data, IncidentData):
        return incidents.policy(context, record)
    assert isinstance(data, RequestData), kind
    return request_policy(context, owned, record, platform, kind, data, now, present, opened_at=opened_at)


def _asked_first(context: Context, kind: str, data: RequestData) -> bool:
    """Whether a certification that was opened because a name is missing waits for somebody's approval."""
    return kind == "certification" and bool(data.facts) and context.certification.open == "ask"


def certificate_policy(
    context: Context,
    record: NumberRecord,
    platform: str,
    data: CertificateData,
    now: Instant,
    present: Present,
) -> CertificatePolicy:
    """The policy of a certificate's upkeep. A pause is laid to the declared maintenance of the platform, else to papers
    that no longer count, else to so many complaints that platforms lock a certification, else to the platform's own
    work."""
    known, rules = context.platforms.get(platform), context.certification
    seen = record.verdicts.get(platform)
    facts = (known.way("certification") if known else None) or NO_FACTS
    declared = present.declared.get(platform)
    needed = _papers_of(facts)
    lacking = _paper_lost(context, needed, facts, platform, record.number, now)
    on_file = _in_words(context, needed, platform, record.number, now)
    working = (seen is not None and seen.maintenance) or (declared is not None and declared.lasts(now))
    if working and declared is not None and declared.kind in ("policy", "industry"):
        cause = PauseCause.POLICY
    elif not working and lacking:
        cause = PauseCause.PAPERS
    elif not working and _complained_of(context, now, present):
        cause = PauseCause.COMPLAINTS
    else:
        cause = PauseCause.TECHNICAL
    return CertificatePolicy(
        shown=not tracks.wrong(record, (), (platform, *data.displays), data),
        cause=cause,
        country=facts.country,
        valid_for=rules.valid_for,
        renew_before=rules.renew_before,
        technical=rules.technical,
        policy_days=rules.policy_days,
        papers=rules.papers,
        complaints=rules.complaints,
        person_deadline=context.appeal.person_deadline,
        remind_interval=context.appeal.remind_interval,
        on_file=on_file,
        lacking=lacking,
        season=context.season,
    )


def _papers_of(facts: AppealFacts) -> frozenset[str]:
    """The kinds of paper that a certification brings."""
    return frozenset(paper for attempt in facts.attempts for paper in attempt.evidence) | {"licence"}


def _in_words(context: Context, needed: frozenset[str], platform: str, number: str, now: Instant) -> tuple[str, ...]:
    """The papers of these kinds that count there: kind, path, and until when."""
    today = local_date(now)
    return tuple(
        sorted(
            f"{d.kind}: {d.path}" + (f", valid until {d.expires}" if d.expires else "")
            for d in context.documents
            if d.kind in needed
            and d.serves(platform, "certification", number)
            and evidence.state(d, today) in evidence.COUNTS
        )
    )


def _paper_lost(
    context: Context, needed: frozenset[str], facts: AppealFacts, platform: str, number: str, now: Instant
) -> bool:
    """Whether a paper of these kinds is registered for that number, and none of that kind counts any more."""
    registered = {document.kind for document in context.documents if document.about(number)} & needed
    today = local_date(now, facts.country)
    return not registered <= evidence.on_file(context.documents, today, platform, "certification", number=number)


def _complained_of(context: Context, now: Instant, present: Present) -> bool:
    """Whether there were so many complaints of a day that the lock for them may still last."""
    since = local_date(now - context.certification.complaints).isoformat()
    days = (day for day in present.calls() if day.day >= since)
    return any(complaints_level(day, context.prevention) is Alarm.ALARM for day in days)


def request_policy(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    platform: str,
    kind: str,
    data: RequestData,
    now: Instant,
    present: Present,
    *,
    opened_at: Instant | None = None,
) -> RequestPolicy:
    """The policy of a request of this kind for this number at this platform, as of now. Looks may have seen a
    maintenance that nobody declared. `data` is the request's own, `opened_at` when it was opened.
    """
    known = context.platforms.get(platform)
    facts = (known.way(kind) if known else None) or NO_FACTS
    channel = context.channel(platform, kind)
    http = channel if isinstance(channel, HttpChannel) else None
    rules, verdicts = context.appeal, record.verdicts
    about = (platform, *data.displays)
    looked_at = [through(verdicts[p], context.views(owned, p)) for p in about if p in verdicts]
    own = looked_at[0] if platform in verdicts else None
    urgent = incidents.running(record) is not None
    feeder, feeder_why = None, "from which this platform copies"
    if kind == "appeal" and not urgent and opened_at is not None and now - opened_at < rules.feeder_wait:
        states = {name: ref.state for name, ref in record.cases.items() if ref.open}
        feeder = propagation.goes_first(context.platforms, platform, states, data.displays)
        if feeder is None and now - opened_at < rules.core_wait:
            feeder, feeder_why = propagation.matters_more(context.platforms, platform, states), "which more people see"
    declared = present.declared.get(platform)
    lasting = declared if declared is not None and declared.lasts(now) else None
    seen = own is not None and own.maintenance
    shut = lasting is not None and not accepts(context.maintenance, lasting.kind, emergency=urgent)
    limits = spending.limits(known, kind, owned.number)
    free = slot(
        Place(platform, facts.country, spending.what_of(kind), emergency=urgent),
        now,
        windows=context.windows,
        season=context.season,
        limits=limits,
        charges=_used(limits, platform, kind, present),
        maintenance=lasting,
        rules=context.maintenance,
    )
    agent = context.agents.get(platform, "")
    cost = spending_of(context, kind, platform, owned.number, now, present)
    made = RequestPolicy(
        by_person=http is None,
        can_query=http is not None and http.query is not None,
        can_look_up=http is not None and http.look_up is not None,
        approval_needed=context.approval(owned, platform)
        or _asked_first(context, kind, data)
        or (cost is not None and cost.may is not May.OK),
        costs=cost is not None,
        evidence=tuple(evidence.demanded(attempt.evidence, agent) for attempt in facts.attempts),
        held=evidence.on_file(context.documents, local_date(now, facts.country), platform, kind, agent, owned.number),
        views=tracks.views(context, owned, platform, data),
        clear=context.verdict_of(platform).clear,
        clear_spread=context.verdict_of(platform).clear_spread,
        max_attempts=context.attempts.get(platform, rules.max_attempts),
        review_days=facts.review_days,
        review_stretch=1.0 if lasting is None else context.maintenance.of(lasting.kind).stretch,
        country=facts.country,
        cooldown=facts.cooldown,
        propagation=facts.propagation,
        propagation_days=facts.propagation_days,
        settle=http.settle if http is not None else 600.0,
        poll_interval=rules.poll_interval,
        person_deadline=rules.person_deadline,
        evidence_deadline=rules.evidence_deadline,
        remind_interval=rules.remind_interval,
        verify_timeout=rules.verify_timeout,
        watch_period=rules.watch_period,
        expedite=facts.expedite and _affordable(context, kind, platform, now, present),
        expedite_within=rules.expedite_within,
        wrong=tracks.wrong(record, looked_at, about, data),
        blind=any(v.blind_since is not None or _unseen(v, data.verify_from) for v in looked_at),
        flapping=any(v.flapping for v in looked_at),
        believed=kind == "appeal" and any(v.marked for v in looked_at),
        feeder=feeder or "",
        feeder_why=feeder_why,
        no_room=present.no_room,
        forgetful=present.restored_at is not None and now < present.restored_at + FORGETFUL,
        maintenance=seen or lasting is not None,
        closed=free.at is None or shut or (seen and lasting is None),
        slot=0.0 if free.at is None or free.at <= now else free.at,
        slot_why="; ".join(free.why),
        forbidden=_forbidden(context, owned, kind, now),
        wish=tracks.asked_text(kind, owned.wanted, now) if kind in tracks.DATA else None,
    )
    if urgent and incidents.matters(context, kind, about):
        made = structs.replace(made, mark=incidents.next_mark(context, record, now))
    if isinstance(data, RemovalData):
        return _of_removal(context, owned, record, platform, facts, data, made, now)
    return made


def _unseen(verdict: Verdict, since: Instant | None) -> bool:
    """Whether nobody has seen anything since then: a clock that steps forward lets a wait pass without one look."""
    seen = [said[1] for view in verdict.views.values() if (said := view.last) is not None]
    return since is not None and bool(seen) and max(seen) <= since


def _used(limits: Iterable[Limit], platform: str, kind: str, present: Present) -> Sequence[Charge]:
    """What the quotas are held against: the charges of all numbers where one of them is of all."""
    if any(not limit.number for limit in limits):
        return tuple(present.uses(platform, spending.what_of(kind)))
    return present.charges() if limits else ()


def _of_removal(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    platform: str,
    facts: AppealFacts,
    data: RemovalData,
    made: RequestPolicy,
    now: Instant,
) -> RequestPolicy:
    """What is another thing of a removal: `[cancellation]`'s figures, and the papers of its reason."""
    rules, known = context.leaving, context.platforms.get(platform)
    of_reason = rules.papers_for(data.reason, made.held)
    told = known is not None and "removal" in known.ways
    caches = facts.expires[1] if facts.expires is not None else facts.propagation if told else rules.cache_wait
    changed: dict[str, Any] = {
        "evidence": tuple((*of_reason, *(k for k in each if k not in of_reason)) for each in made.evidence),
        "max_attempts": rules.max_attempts,
        "propagation": caches,
        "propagation_days": facts.propagation_days if told and facts.expires is None else None,
        "verify_timeout": max(rules.residual_after - rules.cache_wait, 0.0),
        "watch_period": rules.watch_period,
        "wrong": any(
            tracks.remains(context, owned, record, name, data.reason, now, since=data.granted_at or 0.0)
            for name in (platform, *data.displays)
        ),
        "expires": facts.expires is not None,
        "needs_receipt": _gives_receipts(context, platform, facts),
    }
    if data.urgent:
        changed["person_deadline"] = min(made.person_deadline, max(rules.same_day(now) - now, 60.0))
    return structs.replace(made, **changed)


def _gives_receipts(context: Context, platform: str, facts: AppealFacts) -> bool:
    """Whether a deletion there is over only with its receipt."""
    known = context.platforms.get(platform)
    if facts.receipt is not None or known is None:
        return bool(facts.receipt)
    return known.cls is PlatformClass.CERTIFICATION_PROVIDER and facts.expires is None


def cancellation_policy(context: Context, data: CancellationData, states: Mapping[str, str]) -> CancellationPolicy:
    """The policy of a cancellation; `states` are those of its removals as they stand now, by case."""
    rules = context.leaving
    return CancellationPolicy(
        states=states,
        errand_deadline=rules.errand_deadline,
        notice_deadline=rules.notice_deadline,
        release_deadline=rules.release_deadline,
        remind_interval=rules.remind_interval,
        urgent_until=rules.same_day(data.not_before) if data.urgent else 0.0,
    )


def spending_of(
    context: Context, kind: str, platform: str, number: str, now: Instant, present: Present
) -> Spending | None:
    """Whether one more request of this kind may be paid; `None` where it costs nothing."""
    if kind not in spending.WHAT:
        return None
    charges = present.charges() if spending.what_of(kind) is What.TAG_CHANGE else ()
    cost = spending.price(context, kind, platform, number, charges, now)
    return None if cost.free else ledger.may_spend(present.paid(), context.ledger, cost, now)


def _affordable(context: Context, kind: str, platform: str, now: Instant, present: Present) -> bool:
    """Whether the budget has room for an expedite; a person pays it, who may approve what is dear."""
    cost = spending.expedite(context, kind, platform)
    return ledger.may_spend(present.paid(), context.ledger, cost, now).may is not May.OVER_BUDGET


def _forbidden(context: Context, owned: Owned, kind: str, now: Instant) -> tuple[str, ...]:
    """What may not stand in the tag that is to be asked for, by itself or with all that is certified."""
    asked = in_force(owned.wanted.tags, now) if owned.wanted is not None and kind in ("tag", "certification") else None
    if asked is None:
        return ()
    return tuple(violation.why for violation in violations(asked.text, context.wording))
