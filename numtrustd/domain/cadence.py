"""When to look next. Pure: the spread between numbers comes from a hash of the number, so a restart repeats it."""

import zlib

from msgspec import Struct

from numtrustd.domain.observation import Instant


class CadencePolicy(Struct, frozen=True):
    """Seconds between looks, by what is known. `jitter` is the share of the interval that looks are spread over."""

    interval: float = 21_600.0
    confirm_interval: float = 1_800.0
    verify_interval: float = 21_600.0
    retry_interval: float = 900.0
    new_number_interval: float = 10_800.0
    new_number_days: float = 7.0
    jitter: float = 0.1


class Pace(Struct, frozen=True):
    """What bears on the next look of one number at one source."""

    confirming: bool = False
    verifying: bool = False
    unseen: bool = False
    failures: int = 0
    age: float = 1e12


def spread(number: str, source: str) -> float:
    """A stable 0 ≤ x < 1 for this number at this source."""
    return zlib.crc32(f"{number}|{source}".encode()) / 2**32


def interval(policy: CadencePolicy, own: float, pace: Pace) -> float:
    """Seconds until the next look before jitter; `own` is the source's or group's cadence."""
    usual = own
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


def next_look(policy: CadencePolicy, own: float, pace: Pace, last: Instant, number: str, source: str) -> Instant:
    """When to look again after a look at `last`; a number that was never seen (`last` is when it was added) at once:
    the source's own pace spreads a crowd of them."""
    if pace.unseen:
        return last
    every = interval(policy, own, pace)
    return last + every * (1.0 + policy.jitter * (spread(number, source) - 0.5))
