"""A hold: somebody stops a case where it is, for a reason, until a time or until somebody ends it.

Every kind of case that can be held is held in the same way: its table takes the functions of this module, and does at
the hold's end what it does when a person ends it.
"""

from typing import TypeVar

from msgspec import structs

from numtrustd.domain.observation import Instant
from numtrustd.domain.workflows.request.data import CommonData, Held
from numtrustd.domain.workflows.request.events import Hold

D = TypeVar("D", bound=CommonData)

HELD = "held"
"""What the state is called in every table."""


def note_held(data: D, event: Hold, now: Instant, policy: object) -> D:
    """Who holds it, why and until when; a second time it is the latest word that counts."""
    return structs.replace(data, hold=Held(event.author, event.reason, now, event.until, event.lasts), reminders=0)


def still_held(data: CommonData, event: object, now: Instant, policy: object) -> bool:
    return data.hold is None or data.hold.until is None or now < data.hold.until


def reminded_until(data: CommonData, now: Instant, within: float) -> Instant:
    """When a held case is spoken of next: `within` seconds from now, or at the end of its hold where that is sooner."""
    until = None if data.hold is None else data.hold.until
    return now + within if until is None else max(min(now + within, until), now)


def over(hold: Held) -> str:
    """That a hold has come to its end, for people."""
    return f"the hold by {hold.author or 'an operator'} is over" + (f": {hold.reason}" if hold.reason else "")
