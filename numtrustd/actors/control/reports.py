"""From what somebody tells over the control socket to a message to the number: which report source it is, and whether
it is taken. Raises `CallError` with the field and the remedy when it is not.
"""

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight
from numtrustd.actors.mailbox import Reply
from numtrustd.actors.messages import Reported, Told
from numtrustd.api import control, errors, instant
from numtrustd.domain.near import did_you_mean, near
from numtrustd.domain.observation import Status
from numtrustd.domain.owned import Owned
from numtrustd.domain.report import Report
from numtrustd.probes.report import Claim, key_of, said_of, weigh
from numtrustd.probes.spec import Source
from numtrustd.varlink.interface import CallError

_FIELDS = {"logo": "logo_digest"}
"""What a field of a claim is called over the socket, where that differs."""


def reported(sight: Sight, params: control.Observe, by: str) -> Reported:
    """The report as a message; its reply is new."""
    owned = arguments.watched(sight, params.number)
    platform = arguments.platform(sight, params.platform)
    source = _source(sight, owned, platform, params.surface, params.source)
    assert source.report is not None
    claim = Claim(
        status=Status(params.status),
        reason=params.reason,
        words=params.words,
        marks=params.marks,
        name=params.name,
        logo=params.logo_digest,
        tag=params.tag,
        by=by,
        at=None if params.at is None else instant(params.at),
        device=params.device or "",
        os=params.os or "",
        app=params.app or "",
        screenshot=params.screenshot_digest or "",
        evidence=params.evidence or "",
    )
    now = sight.now()
    seen = weigh(claim, source.report, (source.id, platform, params.surface), now, sight.context.words)
    if isinstance(seen, tuple):
        (field, why), *more = [(_FIELDS.get(name, name), said) for name, said in seen]
        raise CallError(errors.InvalidArgument(field, why, tuple(errors.Wrong(*each) for each in more) or None))
    report = Report(
        key=params.key or key_of(owned.number, platform, source.id, params.surface, claim, now),
        at=seen.at,
        by=by,
        status=seen.status,
        device=claim.device,
        os=claim.os,
        app=claim.app,
        screenshot=claim.screenshot,
        evidence=claim.evidence,
        said="" if params.key else said_of(owned.number, platform, source.id, params.surface, claim),
    )
    reply: Reply[Told] = Reply()
    return Reported(seen, report, reply)


def _source(sight: Sight, owned: Owned, platform: str, surface: str, named: str | None) -> Source:
    """The report source in use that speaks for this place."""
    there = [s for s in sight.context.sources_for(owned) if s.kind == "report" and _speaks(s, platform)]
    if named is not None and there and all(s.id != named for s in there):
        ids = [s.id for s in there]
        asked = did_you_mean(near(named, ids))
        raise CallError(
            errors.InvalidArgument(
                "source", f"{named} takes no reports of {platform}: {asked}say one of {', '.join(ids)}"
            )
        )
    there = [s for s in there if named in (None, s.id)]
    if not there:
        off = [s.id for s in sight.context.idle.values() if s.kind == "report" and _speaks(s, platform)]
        why = f"no source in use takes reports of {platform} for this number ({owned.kind})"
        remedy = f'put "{off[0]}" into [platforms] enable, and reload' if off else "give a pack a [source.report]"
        raise CallError(errors.Refused(f"{why}: {remedy}"))
    fitting = [s for s in there if any(r.platform == platform and r.surface == surface for r in s.readings)]
    if not fitting:
        known = dict.fromkeys(r.surface for s in there for r in s.readings if r.platform == platform)
        asked = did_you_mean(near(surface, known))
        raise CallError(
            errors.InvalidArgument("surface", f"{platform} has no {surface!r}: {asked}it has {', '.join(known)}")
        )
    if len(fitting) > 1:
        raise CallError(errors.InvalidArgument("source", f"say which: {', '.join(s.id for s in fitting)}"))
    return fitting[0]


def _speaks(source: Source, platform: str) -> bool:
    return any(reading.platform == platform for reading in source.readings)
