"""One platform in full: the facts of its pack, as people ask for them. `views_world` has the rows."""

from numtrustd.actors.control.views import Sight
from numtrustd.actors.control.views_world import platform_rows
from numtrustd.api import facts, when
from numtrustd.domain import platform as known


def platform_view(sight: Sight, name: str) -> facts.PlatformView:
    """Everything that is known of a platform of the configuration."""
    platforms = sight.context.platforms
    platform = platforms[name]
    fed_by = [(other.id, feed.lag) for other in platforms.values() for feed in other.feeds if feed.platform == name]
    return facts.PlatformView(
        now=when(sight.now()),
        row=next(row for row in platform_rows(sight) if row.platform == name),
        seen=platform.seen,
        official_hosts=platform.official_hosts,
        data=platform.data or None,
        fed_by=tuple(facts.FeedFact(platform=p, soonest=lag[0], latest=lag[1]) for p, lag in fed_by),
        feeds=tuple(facts.FeedFact(platform=f.platform, soonest=f.lag[0], latest=f.lag[1]) for f in platform.feeds),
        appeal_at=platform.appeal_at,
        shown_from=platform.shown_from,
        quotas=tuple(facts.QuotaFact(what=q.what, most=q.most, per=q.per) for q in platform.quotas),
        certification=_certification(platform.certification),
        device_test=_look(platform.device_test),
        assisted=_look(platform.assisted),
        appeal=_appeal(platform.appeal),
    )


def _certification(certified: known.Certification | None) -> facts.CertificationFact | None:
    if certified is None:
        return None
    return facts.CertificationFact(
        route=certified.route,
        grade=certified.grade,
        address=certified.address or None,
        papers=certified.papers,
        days=certified.days,
    )


def _look(look: known.HandLook | None) -> facts.HandLook | None:
    if look is None:
        return None
    return facts.HandLook(
        steps=look.steps,
        surfaces=look.surfaces,
        record=look.record,
        address=look.address or None,
        command=look.command or None,
        witness=True if look.witness or look.reads else None,
    )


def _appeal(appeal: known.AppealFacts | None) -> facts.AppealFact | None:
    if appeal is None:
        return None
    return facts.AppealFact(
        channel=appeal.channel,
        address=appeal.address or None,
        review_days=appeal.review_days,
        country=appeal.country,
        cooldown=appeal.cooldown,
        propagation=appeal.propagation,
        propagation_days=appeal.propagation_days,
        takes=tuple(map(str, appeal.takes)),
        attempts=tuple(facts.AttemptFact(papers=attempt.evidence) for attempt in appeal.attempts),
    )
