"""A platform's maintenance, as somebody declared it. One that looks have seen is a matter of the verdicts."""

from msgspec import Struct

from numtrustd.domain.observation import Instant

UNKNOWN_KIND = "unknown"
"""The kind of a maintenance that was seen, or declared by somebody who did not say what it is."""


class Maintenance(Struct, frozen=True, omit_defaults=True):
    """Declared by `by` at `since`; without `until` it lasts until somebody says that it is over."""

    since: Instant
    by: str
    kind: str = UNKNOWN_KIND
    until: Instant | None = None

    def lasts(self, now: Instant) -> bool:
        """Whether it is going on."""
        return self.until is None or now < self.until
