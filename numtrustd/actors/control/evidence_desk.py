"""Papers that people put on file over the control socket: what they name is looked at before anything is stored."""

import os
from datetime import date

from numtrustd.actors.control import arguments
from numtrustd.actors.control.views import Sight
from numtrustd.api import errors, when
from numtrustd.api import evidence as api
from numtrustd.domain.evidence import KINDS, NDA, Document, Registered
from numtrustd.domain.near import did_you_mean, near
from numtrustd.domain.workflows import REGISTRY
from numtrustd.varlink.interface import CallError


def _wrong(field: str, why: str) -> CallError:
    return CallError(errors.InvalidArgument(field, why))


def _no_kind(kind: str) -> CallError:
    meant = did_you_mean(near(kind, KINDS))
    return CallError(
        errors.InvalidArgument("kind", f"{kind!r} is no kind of evidence: {meant}there are {', '.join(KINDS)}")
    )


async def add(sight: Sight, params: api.EvidenceAdd, by: str) -> api.EvidenceChange:
    """Raises `CallError`, and `RefusedError` of the register."""
    if params.kind not in KINDS:
        raise _no_kind(params.kind)
    if not os.path.isabs(params.path) or "\0" in params.path:
        raise _wrong("path", "it must be an absolute path")
    if (params.kind == NDA) != bool(params.agent):
        raise _wrong(
            "agent", "name the agent who signed it" if params.kind == NDA else f"only an {NDA} has one: leave it out"
        )
    if unknown := [name for name in params.cases if name not in REGISTRY]:
        meant = did_you_mean(near(unknown[0], REGISTRY))
        raise _wrong("cases", f"no case is of the kind {unknown[0]!r}: {meant}there are {', '.join(REGISTRY)}")
    try:
        expires = None if params.expires is None else date.fromisoformat(params.expires)
    except ValueError:
        raise _wrong("expires", f"{params.expires!r} is no date: write 2028-12-31") from None
    platforms = tuple(arguments.platform(sight, name) for name in params.platforms)
    numbers = tuple(dict.fromkeys(arguments.watched(sight, text).number for text in params.numbers))
    assert sight.house.papers is not None
    document = Document(
        params.kind,
        params.path,
        expires=expires,
        agent=params.agent or "",
        platforms=platforms,
        cases=params.cases,
        numbers=numbers,
    )
    return _change(sight, await sight.house.papers.add(document, by), on_file=True)


async def remove(sight: Sight, params: api.EvidenceRemove, by: str) -> api.EvidenceChange:
    """Raises `CallError`, and `RefusedError` of the register."""
    assert sight.house.papers is not None
    # An earlier version may have registered one of a kind that is no longer known.
    if params.kind not in KINDS and sight.house.papers.by_hand(params.kind, params.path) is None:
        raise _no_kind(params.kind)
    return _change(sight, await sight.house.papers.remove(params.kind, params.path, by), on_file=False)


def _change(sight: Sight, entry: Registered, *, on_file: bool) -> api.EvidenceChange:
    return api.EvidenceChange(
        now=when(sight.now()),
        kind=entry.kind,
        title=KINDS.get(entry.kind, entry.kind),
        path=entry.path,
        on_file=on_file,
        digest=entry.digest,
        expires=entry.expires or None,
        numbers=entry.numbers or None,
    )
