"""What somebody reports to have seen with their own eyes, or a webhook has heard: who, when, on which handset.

What was shown becomes an `Observation` like any other; this is the testimony beside it, kept as the latest of each
view, so that people can be told who saw it and on what. Evidence stays where it is: only its digest and place are kept.
"""

from msgspec import Struct

from numtrustd.domain.observation import Instant, Status

AGAIN = 300.0
"""Seconds within which whoever says the very same of the same place has not looked anew, but typed it once more."""

KEPT_KEYS = 200
"""How many of a number's reports are remembered so that they count once; the oldest are forgotten."""


class Report(Struct, frozen=True, gc=False, omit_defaults=True):
    """One report of one view. `key` is what makes it the same report when it is handed in again, `said` what makes it
    equal to another of another time; it is empty where whoever reports gave a key of his own, which tells them apart.
    """

    key: str
    at: Instant
    by: str
    status: Status
    device: str = ""
    os: str = ""
    app: str = ""
    screenshot: str = ""
    evidence: str = ""
    said: str = ""

    @property
    def handset(self) -> str:
        """Model, system and app, as far as they were told."""
        said = " ".join(filter(None, (self.device, self.os)))
        return f"{said}, app {self.app}" if self.app else said


def again(latest: Report | None, report: Report) -> bool:
    """Whether a report only says once more what the latest of its view said just before, or just after."""
    if latest is None or not report.said or latest.said != report.said:
        return False
    return abs(report.at - latest.at) < AGAIN


def place(platform: str, view: str) -> str:
    """Under what the latest report of a view is kept: a page that people read may speak of several platforms."""
    return f"{platform} {view}"


def remembered(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    """The keys with one more, the newest last."""
    return (*keys, key)[-KEPT_KEYS:]
