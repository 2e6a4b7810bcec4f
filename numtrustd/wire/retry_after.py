"""The `Retry-After` header, believed only within bounds.

Sources (their pace) and channels (`channels.answer`) both read it here.
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from numtrustd.domain.observation import Instant
from numtrustd.wire.exchange import Reply

SHORTEST, LONGEST = 1.0, 86_400.0

_SECONDS = re.compile(r"\d{1,20}", re.ASCII)
_SHAPE = re.compile(r"[A-Za-z]{3,9},? \d{1,2}[ -][A-Za-z]{3}[ -]\d{2,4} [\d:]{7,8} GMT|.{24}", re.ASCII)


def retry_after(reply: Reply, now: Instant) -> float | None:
    """Seconds to wait, within a second and a day; `None` where the header is missing or is neither form of
    it.

    A date is compared with `now` (UTC epoch seconds); one that has passed means the shortest wait.
    """
    value = (reply.header("retry-after") or "").strip()
    if _SECONDS.fullmatch(value):
        return _clamped(float(value))
    if not _SHAPE.fullmatch(value):
        return None
    try:
        date = parsedate_to_datetime(value)
        return _clamped((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _clamped(seconds: float) -> float:
    return min(max(seconds, SHORTEST), LONGEST)
