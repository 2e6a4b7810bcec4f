"""What configuration, pack and present say to one case: the policy that its table is stepped with. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from numtrustd.actors import tracks
from numtrustd.actors.context import Context
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain import evidence, propagation
from numtrustd.domain.calendar import local_date
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts, PlatformClass
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import through
from numtrustd.domain.workflows.leaving import CancellationData, CancellationPolicy
from numtrustd.domain.workflows.request import RemovalData, RequestData, RequestPolicy

NO_FACTS = AppealFacts(channel="manual")
"""What stands in for a platform whose pack no longer tells how it takes appeals: its open cases go to a person."""


def request_policy(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    platform: str,
    kind: str,
    data: RequestData,
    now: Instant,
    declared: Maintenance | None = None,
    *,
    opened_at: Instant | None = None,
    no_room: bool = False,
) -> RequestPolicy:
    """The policy of a request of this kind for this number at this platform, as of now. `declared` is the platform's
    maintenance, if somebody declared one; looks may have seen one that nobody declared. `data` is the request's own,
    `opened_at` when it was opened.
    """
    known = context.platforms.get(platform)
    facts = (known.way(kind) if known else None) or NO_FACTS
    channel = context.channel(platform, kind)
    http = channel if isinstance(channel, HttpChannel) else None
    rules, verdicts = context.appeal, record.verdicts
    about = (platform, *data.displays)
    looked_at = [through(verdicts[p], context.views(owned, p)) for p in about if p in verdicts]
    own = looked_at[0] if platform in verdicts else None
    feeder = None
    if kind == "appeal" and opened_at is not None and now - opened_at < rules.feeder_wait:
        states = {name: ref.state for name, ref in record.cases.items() if ref.open}
        feeder = propagation.goes_first(context.platforms, platform, states, data.displays)
    made = RequestPolicy(
        by_person=http is None,
        can_query=http is not None and http.query is not None,
        can_look_up=http is not None and http.look_up is not None,
        approval_needed=context.approval(owned, platform),
        evidence=tuple(attempt.evidence for attempt in facts.attempts),
        held=evidence.on_file(context.documents, local_date(now, facts.country), platform, kind),
        views=tracks.views(context, owned, platform, data),
        clear=context.verdict_of(platform).clear,
        clear_spread=context.verdict_of(platform).clear_spread,
        max_attempts=context.attempts.get(platform, rules.max_attempts),
        review_days=facts.review_days,
        country=facts.country,
        cooldown=facts.cooldown,
        propagation=facts.propagation,
        settle=http.settle if http is not None else 600.0,
        poll_interval=rules.poll_interval,
        person_deadline=rules.person_deadline,
        evidence_deadline=rules.evidence_deadline,
        remind_interval=rules.remind_interval,
        verify_timeout=rules.verify_timeout,
        watch_period=rules.watch_period,
        wrong=tracks.wrong(record, looked_at, about, data),
        blind=any(v.blind_since is not None for v in looked_at),
        flapping=any(v.flapping for v in looked_at),
        feeder=feeder or "",
        no_room=no_room,
        maintenance=(own is not None and own.maintenance) or (declared is not None and declared.lasts(now)),
    )
    if isinstance(data, RemovalData):
        return _of_removal(context, owned, record, platform, facts, data, made, now)
    return made


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
        "verify_timeout": max(rules.residual_after - rules.cache_wait, 0.0),
        "watch_period": rules.watch_period,
        "wrong": any(
            tracks.remains(context, owned, record, name, data.reason, now) for name in (platform, *data.displays)
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
