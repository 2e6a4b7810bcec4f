"""Windows in which nothing is submitted: our own freeze, a platform's business hours, a team that is away. Pure.

Looks go on, and so does whatever was submitted before; only nothing new goes out. `hours` reads how one is written.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from numtrustd.domain import hours as day_hours
from numtrustd.domain.observation import Instant

At = Annotated[float, Meta(extra={"unit": "instant"})]

FAR = 400 * 86_400.0
"""Seconds; windows that leave no opening within so long leave none at all."""


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[window]]`: closed for these `platforms` (all, where none are named), in these hours of these days, as `hours`
    writes them, from `since` until `until`. What is not given does not narrow it down.
    `reason` and `author` are told with whatever waits for it.
    """

    name: Annotated[str, Meta(min_length=1)]
    platforms: tuple[str, ...] = ()
    days: str = ""
    hours: str = ""
    since: At | None = None
    until: At | None = None
    reason: str = ""
    zone: str = "Asia/Shanghai"
    author: str = ""

    def concerns(self, platform: str) -> bool:
        """Whether it is about this platform."""
        return not self.platforms or platform in self.platforms

    def closed(self, at: Instant) -> bool:
        """Whether nothing is submitted then."""
        if (self.since is not None and at < self.since) or (self.until is not None and at >= self.until):
            return False
        return day_hours.holds(at, self.hours, self.days, self.zone)

    def _changes(self, at: Instant) -> Instant:
        """The first instant after `at` at which it may open, if it is closed."""
        where = ZoneInfo(self.zone)
        midnight = datetime.fromtimestamp(at, UTC).astimezone(where).replace(hour=0, minute=0, second=0, microsecond=0)
        ends = [(midnight + timedelta(days=1)).timestamp()]
        ends += [
            (midnight + timedelta(days=end // day_hours.MINUTES))
            .replace(hour=end // 60 % 24, minute=end % 60)
            .timestamp()
            for _, end in day_hours.parse_hours(self.hours)
        ]
        if self.until is not None:
            ends.append(self.until)
        # Where a clock that is set back makes an hour come twice, its second time is looked at, too.
        return min((end for end in ends if end > at), default=at + 3_600.0)


def closing(windows: Iterable[Window], platform: str, now: Instant) -> tuple[Window, ...]:
    """The windows that keep this platform closed now."""
    return tuple(window for window in windows if window.concerns(platform) and window.closed(now))


def open_at(windows: Iterable[Window], platform: str, now: Instant) -> Instant | None:
    """When something may be submitted to this platform: `now`, or the first instant after it that no window closes.
    `None` when there is none within `FAR`, which `check` finds.
    """
    own, at = [window for window in windows if window.concerns(platform)], now
    while at <= now + FAR:
        shut = [window for window in own if window.closed(at)]
        if not shut:
            return at
        at = max(window._changes(at) for window in shut)
    return None
