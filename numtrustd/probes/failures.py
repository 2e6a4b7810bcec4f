"""PURE: answers that say nothing before anybody reads them: no answer at all, an HTTP status, an empty body.

`extract` and `collect` begin with these.
"""

from collections.abc import Mapping

from numtrustd.domain.observation import UnknownReason
from numtrustd.wire.body import blank
from numtrustd.wire.exchange import Failure, Reply

FAILURES: Mapping[Failure, UnknownReason] = {
    Failure.DNS: UnknownReason.UNREACHABLE,
    Failure.CONNECT: UnknownReason.UNREACHABLE,
    Failure.TLS: UnknownReason.TLS,
    Failure.TIMEOUT: UnknownReason.TIMEOUT,
    Failure.RESET: UnknownReason.UNREACHABLE,
    Failure.PROTOCOL: UnknownReason.HTTP_ERROR,
    Failure.TOO_LARGE: UnknownReason.TOO_LARGE,
    Failure.ENCODING: UnknownReason.HTTP_ERROR,
    Failure.REFUSED: UnknownReason.HTTP_ERROR,
    Failure.WAY_OUT: UnknownReason.UNREACHABLE,
}

_STATUSES = {401: UnknownReason.BLOCKED, 403: UnknownReason.BLOCKED, 429: UnknownReason.RATE_LIMITED}


def silent(reply: Reply) -> tuple[UnknownReason, str] | None:
    """(why the answer says nothing, in words); `None` for one that has to be read."""
    if not 200 <= reply.status <= 299:
        return _STATUSES.get(reply.status, UnknownReason.HTTP_ERROR), f"HTTP {reply.status}"
    return (UnknownReason.EMPTY, "the body says nothing") if blank(reply.body) else None
