"""What a look means to a case: which findings a request is about, and whether what is seen is what it is to end. Pure.

An appeal is about labels, which are believed or not as a platform's verdict; the other requests are about names, logos
and tags, which each view shows for itself (`domain.flaw`).
"""

from collections.abc import Collection, Iterable, Mapping

from numtrustd.actors.context import Context
from numtrustd.domain.display import What
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Faults, present
from numtrustd.domain.identity import Wanted, in_force
from numtrustd.domain.leaving import scope_of
from numtrustd.domain.observation import Instant, Observation, Status
from numtrustd.domain.owned import Owned
from numtrustd.domain.record import NumberRecord
from numtrustd.domain.verdict import Verdict
from numtrustd.domain.workflows.certificate import CertificateData
from numtrustd.domain.workflows.request import (
    CertificationData,
    CommonData,
    CorrectionData,
    IdentityData,
    RemovalData,
    RequestData,
    TagData,
)

OPENS: Mapping[FindingKind, str] = {
    FindingKind.DISPLAY_WRONG: "correction",
    FindingKind.TAG_WRONG: "tag",
    FindingKind.TAG_EXPIRED: "tag",
    FindingKind.DISPLAY_MISSING: "certification",
}
"""Which request ends a finding of a name, a logo or a tag."""

ENDS: Mapping[str, frozenset[FindingKind]] = {
    "correction": frozenset({FindingKind.DISPLAY_WRONG, FindingKind.DISPLAY_MISSING, FindingKind.PAUSED}),
    "tag": frozenset({FindingKind.TAG_WRONG, FindingKind.TAG_EXPIRED}),
    "certification": frozenset({FindingKind.DISPLAY_WRONG, FindingKind.DISPLAY_MISSING, FindingKind.PAUSED}),
    "removal": frozenset({FindingKind.RESIDUAL}),
}
"""What must no longer be seen before a request has reached its end."""


DATA: Mapping[str, type[CorrectionData | TagData | CertificationData]] = {
    "correction": CorrectionData,
    "tag": TagData,
    "certification": CertificationData,
}
"""The data of each request about an identity."""


def display_view(platform: str, view: str) -> str:
    """A view of a platform that a case at another one is about: one source may show both."""
    return f"{platform}:{view}"


def view_of(platform: str, observation: Observation) -> str:
    """How a case at `platform` names the view of a look."""
    at = observation.platform
    return observation.view if at == platform else display_view(at, observation.view)


def views(context: Context, owned: Owned, platform: str, data: CommonData) -> tuple[str, ...]:
    """The views that must all show what a request wants before it has reached its end."""
    about = (platform, *data.displays)
    found: list[str] = []
    for name in about:
        if isinstance(data, RemovalData):
            here = removed_views(context, owned, name)
        else:
            here = _telling(context, owned, name) if isinstance(data, IdentityData) else context.views(owned, name)
        found += [view if name == platform else display_view(name, view) for view in here]
    return tuple(found)


def _telling(context: Context, owned: Owned, platform: str) -> tuple[str, ...]:
    """The views whose source can tell a name, a logo or a tag at all."""
    eyes = context.eyes(platform)
    return tuple(v for v in context.seen_views(owned, platform) if v in eyes and eyes[v].tells)


def removed_views(context: Context, owned: Owned, platform: str) -> tuple[str, ...]:
    """The views whose source can tell that something of ours is shown, a certification alone included."""
    eyes = context.eyes(platform)
    return tuple(v for v in context.seen_views(owned, platform) if v in eyes and (eyes[v].tells or eyes[v].certifies))


def counts(context: Context, owned: Owned, platform: str, data: CommonData, seen: Observation) -> bool:
    """Whether a look tells a request anything. To a removal, only one that could have seen what is to go."""
    return not isinstance(data, RemovalData) or view_of(platform, seen) in views(context, owned, platform, data)


def remains(
    context: Context,
    owned: Owned,
    record: NumberRecord,
    platform: str,
    reason: str,
    now: Instant,
    since: Instant = 0.0,
) -> tuple[str, ...]:
    """What a platform's views last showed that has to go, in words. What is on its way out is not said as a finding,
    and shown all the same. What a view showed before `since` is nobody's word of what it shows now."""
    if (seen := record.verdicts.get(platform)) is None:
        return ()
    scope = record.leaving or scope_of(reason)
    left = present(seen, context.eyes(platform), owned.wanted, owned.watch, now, scope)
    return tuple(
        f"{view} {said[FindingKind.RESIDUAL]}"
        for view, said in left.items()
        if FindingKind.RESIDUAL in said and (last := seen.views[view].last) is not None and last[1] >= since
    )


def shown_words(verdict: Verdict) -> str:
    """What a platform last showed of an identity, in words for a letter; empty where that is nothing."""
    seen = (state.last[0] for state in verdict.views.values() if state.last is not None)
    return "、".join(dict.fromkeys(text for shown in seen for text in (shown.name, shown.tag) if text))


def shows_wrong(data: CommonData, observation: Observation, faults: Mapping[str, Faults]) -> bool | None:
    """Whether a look shows what a request is to end; `None` where it does not tell. `faults` are those of the views of
    the platform that was looked at, the look included."""
    if not isinstance(data, RequestData):
        return None
    if not isinstance(data, IdentityData):
        return observation.status is Status.MARKED
    here = faults.get(observation.view)
    if here is None:
        return None
    if data.ordered and data.granted_at is None:
        return True  # what is shown of old proves nothing of what was asked for
    return any(kind in here for kind in data.kinds)


def wrong(record: NumberRecord, verdicts: Iterable[Verdict], about: Collection[str], data: CommonData) -> bool:
    """Whether what a case is to end is believed to be shown on one of the platforms that it is about."""
    if not isinstance(data, IdentityData | CertificateData):
        return any(verdict.marked for verdict in verdicts)
    if isinstance(data, IdentityData) and data.ordered and data.granted_at is None:
        return True
    return any(flaw.said and flaw.kind in kinds(data) for name in about for flaw in record.flaws.get(name, ()))


def kinds(data: CommonData) -> frozenset[str]:
    """The kinds of finding of names, logos and tags that a case is to end."""
    if isinstance(data, CertificateData):
        return frozenset({FindingKind.PAUSED})
    return frozenset(data.kinds) if isinstance(data, IdentityData) else frozenset()


def identity_data(
    kind: str, found: FindingKind, platform: str, record: NumberRecord, wanted: Wanted | None, now: Instant
) -> CorrectionData | TagData | CertificationData:
    """What a new request for a name, a logo or a tag begins with."""
    blank = DATA[kind]
    flaws = [flaw for flaw in record.flaws.get(platform, ()) if flaw.said and flaw.kind in ENDS[kind]]
    return blank(
        finding=found,
        words=_shown(record.verdicts.get(platform), {flaw.view for flaw in flaws}),
        facts=tuple(f"{flaw.view} {flaw.why}" for flaw in flaws),
        not_before=now,
        kinds=tuple(sorted(ENDS[kind])),
        wanted=asked_text(kind, wanted, now),
    )


def _shown(verdict: Verdict | None, at: Collection[str]) -> str:
    """What some views last showed of an identity."""
    if verdict is None:
        return "（无）"
    seen = (state.last[0] for view, state in verdict.views.items() if view in at and state.last is not None)
    return "、".join(dict.fromkeys(text for shown in seen for text in (shown.name, shown.tag) if text)) or "（无）"


_ASKED: Mapping[str, frozenset[What]] = {"correction": frozenset({What.NAME, What.LOGO}), "tag": frozenset({What.TAG})}
"""Which parts of an identity a kind of request asks for; the others ask for all of it."""


def asked_text(kind: str, wanted: Wanted | None, now: Instant) -> str:
    """What a request of this kind asks for, in words for a letter or a form. Empty where nothing is wanted any more, so
    that what is shown is to be taken down."""
    return wanted_text(wanted, now, _ASKED.get(kind, frozenset(What)))


def wanted_text(wanted: Wanted | None, now: Instant, parts: Collection[What] = frozenset(What)) -> str:
    """What is wanted of a number at present, in words for a letter or a form: what has its time just now."""
    if wanted is None:
        return ""
    texts = [
        f"{word}：{version.text}"
        for what, word, versions in (
            (What.NAME, "名称", wanted.names),
            (What.LOGO, "标识", wanted.logos),
            (What.TAG, "标签", wanted.tags),
        )
        if what in parts and (version := in_force(versions, now)) is not None and version.text
    ]
    return "，".join(texts)


def certified(record: NumberRecord, platform: str) -> bool:
    """Whether the owner's name is certified there, as far as a case keeps it: by the platform, or for it by another."""
    refs = (ref for name, ref in record.tracks.items() if name.endswith(":certificate"))
    return any(ref.open and platform in (ref.platform, *ref.displays) for ref in refs)


def said_kinds(record: NumberRecord, platform: str) -> frozenset[FindingKind]:
    """What was found to be wrong with the names, logos and tags that a platform shows."""
    return frozenset(flaw.kind for flaw in record.flaws.get(platform, ()) if flaw.said)
