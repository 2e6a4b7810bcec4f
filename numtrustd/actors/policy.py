"""What configuration, pack and present say to one case: the policy that its table is stepped with. Pure."""

from collections.abc import Mapping

from numtrustd.actors.context import Context
from numtrustd.channels.spec import HttpChannel
from numtrustd.domain import evidence, propagation
from numtrustd.domain.calendar import local_date
from numtrustd.domain.maintenance import Maintenance
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned
from numtrustd.domain.platform import AppealFacts
from numtrustd.domain.verdict import Verdict, through
from numtrustd.domain.workflows.appeal_parts import AppealPolicy


def display_view(platform: str, view: str) -> str:
    """A view of a platform that a case at another one is about: one source may show both."""
    return f"{platform}:{view}"


NO_FACTS = AppealFacts(channel="manual")
"""What stands in for a platform whose pack no longer tells how it takes appeals: its open cases go to a person."""


def appeal_policy(
    context: Context,
    owned: Owned,
    platform: str,
    verdicts: Mapping[str, Verdict],
    now: Instant,
    declared: Maintenance | None = None,
    *,
    displays: tuple[str, ...] = (),
    states: Mapping[str, str] = {},
    opened_at: Instant | None = None,
    no_room: bool = False,
) -> AppealPolicy:
    """The policy of an appeal of this number at this platform, as of now. `declared` is the platform's maintenance, if
    somebody declared one; looks may have seen one that nobody declared. `displays` are the other platforms that the
    appeal is about, `states` those of the number's open cases by platform, `opened_at` when this one was opened.
    """
    known = context.platforms.get(platform)
    facts = (known.appeal if known else None) or NO_FACTS
    channel = context.channels.get(platform)
    http = channel if isinstance(channel, HttpChannel) else None
    rules, views = context.appeal, context.views(owned, platform)
    own = verdicts.get(platform)
    verdict = None if own is None else through(own, views)
    shown = [through(verdicts[d], context.views(owned, d)) for d in displays if d in verdicts]
    looked_at = [*shown, *([verdict] if verdict is not None else [])]
    feeder = None
    if opened_at is not None and now - opened_at < rules.feeder_wait:
        feeder = propagation.goes_first(context.platforms, platform, states, displays)
    return AppealPolicy(
        by_person=http is None,
        can_query=http is not None and http.query is not None,
        can_look_up=http is not None and http.look_up is not None,
        approval_needed=context.approval(owned, platform),
        evidence=tuple(attempt.evidence for attempt in facts.attempts),
        held=evidence.on_file(context.documents, local_date(now, facts.country), platform),
        views=(*views, *(display_view(d, view) for d in displays for view in context.views(owned, d))),
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
        marked=any(v.marked for v in looked_at),
        blind=any(v.blind_since is not None for v in looked_at),
        flapping=any(v.flapping for v in looked_at),
        feeder=feeder or "",
        no_room=no_room,
        maintenance=(verdict is not None and verdict.maintenance) or (declared is not None and declared.lasts(now)),
    )
