"""What configuration, pack and present say to one case: the policy that its table is stepped with. Pure."""

from numtrustd.actors.context import Context
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain import evidence
from numtrustd.domain.calendar import local_date
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.verdict import Verdict, through
from numtrustd.domain.workflows.appeal_parts import AppealPolicy

NO_FACTS = AppealFacts(channel="manual")
"""What stands in for a platform whose pack no longer tells how it takes appeals: its open cases go to a person."""


def appeal_policy(
    context: Context,
    owned: Owned,
    platform: str,
    verdict: Verdict | None,
    now: Instant,
    declared: Maintenance | None = None,
    *,
    no_room: bool = False,
) -> AppealPolicy:
    """The policy of an appeal of this number at this platform, as of now. `declared` is the platform's maintenance, if
    somebody declared one; looks may have seen one that nobody declared.
    """
    known = context.platforms.get(platform)
    facts = (known.appeal if known else None) or NO_FACTS
    channel = context.channels.get(platform)
    http = channel if isinstance(channel, HttpChannel) else None
    rules, views = context.appeal, context.views(owned, platform)
    if verdict is not None:
        verdict = through(verdict, views)
    return AppealPolicy(
        by_person=http is None,
        can_query=http is not None and http.query is not None,
        can_look_up=http is not None and http.look_up is not None,
        approval_needed=context.approval(owned, platform),
        evidence=tuple(attempt.evidence for attempt in facts.attempts),
        held=evidence.on_file(context.documents, local_date(now, facts.country)),
        views=views,
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
        marked=verdict is not None and verdict.marked,
        blind=verdict is not None and verdict.blind_since is not None,
        flapping=verdict is not None and verdict.flapping,
        no_room=no_room,
        maintenance=(verdict is not None and verdict.maintenance) or (declared is not None and declared.lasts(now)),
    )
