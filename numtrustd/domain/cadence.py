"""When to look next. Pure: the spread between numbers comes from a hash of the number, so a restart repeats it."""

import zlib
from typing import Annotated

from msgspec import Meta, Struct

from numtrustd.domain import hours
from numtrustd.domain.observation import Instant


class Peak(Struct, frozen=True, forbid_unknown_fields=True):
    """A time in which business is at its peak and looks are made more often: `factor` of the usual interval."""

    name: str
    days: str = ""
    hours: str = ""
    factor: Annotated[float, Meta(gt=0, le=1)] = 0.5


class CadencePolicy(Struct, frozen=True):
    """Seconds between looks, by what is known. `jitter` is the share of the interval that looks are spread over.

    `neighbour_interval` is for a platform to which a label may come from a marked one that feeds it. A number of which
    nothing has changed for `quiet_after` is looked at `quiet_factor` times as seldom. `hours` are those in which looks
    are made, in `zone`, which is that of the peaks, too; nothing is any hour.
    """

    interval: float = 21_600.0
    confirm_interval: float = 1_800.0
    verify_interval: float = 21_600.0
    retry_interval: float = 900.0
    new_number_interval: float = 10_800.0
    new_number_days: float = 7.0
    jitter: float = 0.1
    neighbour_interval: float = 7_200.0
    quiet_after: float = 7_776_000.0
    quiet_factor: Annotated[float, Meta(ge=1)] = 2.0
    hours: str = ""
    zone: str = "Asia/Shanghai"
    peak: tuple[Peak, ...] = ()


class Pace(Struct, frozen=True):
    """What bears on the next look of one number at one source. `expected`: a label may be copied there just now.
    `age` and `quiet` are seconds since the number was added, and since anything last changed.
    """

    confirming: bool = False
    verifying: bool = False
    unseen: bool = False
    failures: int = 0
    age: float = 1e12
    expected: bool = False
    quiet: float = 0.0


def spread(number: str, source: str) -> float:
    """A stable 0 ≤ x < 1 for this number at this source."""
    return zlib.crc32(f"{number}|{source}".encode()) / 2**32


def peak(policy: CadencePolicy, now: Instant) -> Peak | None:
    """The peak that is on now, the sharpest of several."""
    on = [p for p in policy.peak if hours.holds(now, p.hours, p.days, policy.zone)]
    return min(on, key=lambda p: p.factor, default=None)


def interval(policy: CadencePolicy, own: float, pace: Pace, now: Instant) -> float:
    """Seconds until the next look before jitter; `own` is the number's, group's, platform's or source's cadence."""
    usual = own
    if pace.quiet >= policy.quiet_after:
        usual *= policy.quiet_factor
    if (busy := peak(policy, now)) is not None:
        usual = min(usual, own * busy.factor)
    if pace.expected:
        usual = min(usual, policy.neighbour_interval)
    if pace.age < policy.new_number_days * 86_400.0:
        usual = min(usual, policy.new_number_interval)
    if pace.verifying:
        usual = min(usual, policy.verify_interval)
    if pace.confirming:
        usual = min(usual, policy.confirm_interval)
    if pace.failures:
        # 1, 2, 4, … times the retry interval: a source that cannot see is not asked more often than one that can.
        return float(min(usual, policy.retry_interval * 2 ** min(pace.failures - 1, 10)))
    return usual


def next_look(
    policy: CadencePolicy,
    own: float,
    pace: Pace,
    last: Instant,
    number: str,
    source: str,
    now: Instant,
    within: tuple[str, ...] = (),
) -> Instant:
    """When to look again after a look at `last`; a number that was never seen (`last` is when it was added) at once:
    the source's own pace spreads a crowd of them. Always within the hours of `policy` and of all of `within`."""
    every = 0.0 if pace.unseen else interval(policy, own, pace, now)
    return opening(last + every * (1.0 + policy.jitter * (spread(number, source) - 0.5)), policy, within)


def opening(due: Instant, policy: CadencePolicy, within: tuple[str, ...]) -> Instant:
    """The first instant from `due` on that lies within all these hours; `due` where there is none within days."""
    spans = [text for text in (policy.hours, *within) if text]
    at = due
    for _ in range(8):
        later = max((hours.next_open(at, text, policy.zone) for text in spans), default=at)
        if later == at:
            return at
        at = later
    return due
