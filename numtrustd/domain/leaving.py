"""A number that leaves: why its certifications are cancelled, what that takes, and that it was given up.

The reasons with their papers and errands are those of cancelling a certification; every figure is a default of
`[cancellation]`. `workflows.cancellation` is the case of the whole number, `workflows.removal` that of one platform.
"""

import enum
from typing import Annotated

from msgspec import Meta, Struct, structs

from numtrustd.domain.calendar import end_of_day, local_date
from numtrustd.domain.observation import Instant
from numtrustd.domain.owned import Owned, Watch

DAY = 86_400.0

PLACE = "cancellation"
"""Stands in the id of a case of the whole number where others have their platform; no platform may be called so."""


class Reason(enum.StrEnum):
    """Why what is shown of a number has to go."""

    RENAMED = "renamed"
    DISUSED = "disused"
    WRONG_INFO = "wrong_info"
    COMPANY_CLOSING = "company_closing"
    STAFF_LEFT = "staff_left"
    TRANSFERRED = "transferred"


class Scope(enum.StrEnum):
    """How much of what is shown has to go: all that is ours, or all that is not what is wanted now."""

    ALL = "all"
    OLD = "old"

    @property
    def gives_up(self) -> bool:
        """Whether the number may be given up in the end."""
        return self is Scope.ALL


def scope_of(reason: str) -> Scope:
    """A number whose company was renamed, or that is shown with a mistake, stays its owner's."""
    return Scope.OLD if reason in (Reason.RENAMED, Reason.WRONG_INFO) else Scope.ALL


URGENT = frozenset({Reason.STAFF_LEFT, Reason.TRANSFERRED})
"""What somebody else has the number for from now on has to be done on the same day."""

PERMANENT = frozenset({Reason.COMPANY_CLOSING})
"""Where the platforms are asked to delete for good what they keep."""


class ReasonPapers(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cancellation.papers]`: what each reason brings, whatever a platform asks for beside it. "a|b": one of them."""

    renamed: tuple[str, ...] = ("licence", "change_notice")
    disused: tuple[str, ...] = ("licence", "number_cancellation|transfer_agreement")
    wrong_info: tuple[str, ...] = ("licence", "right_information")
    company_closing: tuple[str, ...] = ("licence",)
    staff_left: tuple[str, ...] = ("licence",)
    transferred: tuple[str, ...] = ("licence", "transfer_agreement")


class LeavingPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cancellation]`; times in seconds. A platform's caches are waited for `cache_wait` after it agreed (its pack may
    say another time), and what it still shows `residual_after` is a residual. `urgent_days` are the days after the
    present one at whose end urgent errands are due, in `country`. `platforms` are asked whether they show something or
    not, `bindings` are the accounts that do not follow by themselves, customers are told for the reasons in `notice`.
    """

    cache_wait: float = 3 * DAY
    residual_after: float = 7 * DAY
    max_attempts: Annotated[int, Meta(ge=1)] = 3
    watch_period: float = 30 * DAY
    errand_deadline: float = 3 * DAY
    notice_deadline: float = 2 * DAY
    release_deadline: float = 7 * DAY
    remind_interval: float = DAY
    urgent_days: Annotated[int, Meta(ge=0, le=366)] = 0
    country: str = "CN"
    platforms: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ("微信企业号",)
    notice: tuple[Reason, ...] = (Reason.RENAMED, Reason.DISUSED, Reason.COMPANY_CLOSING, Reason.TRANSFERRED)
    papers: ReasonPapers = ReasonPapers()

    def same_day(self, now: Instant) -> Instant:
        """Until when urgent things are to be done."""
        return end_of_day(local_date(now + self.urgent_days * DAY, self.country), self.country)

    def papers_for(self, reason: str, held: frozenset[str]) -> tuple[str, ...]:
        """The kinds of papers that a reason brings; of those of which one will do, the one that is on file."""
        wanted = (kind.split("|") for kind in (getattr(self.papers, reason) if reason else ()))
        return tuple(next((kind for kind in each if kind in held), each[0]) for each in wanted)

    def instead_of(self, reason: str, kind: str) -> tuple[str, ...]:
        """The kinds of papers of which one will do as well for this reason."""
        wanted = (each.split("|") for each in (getattr(self.papers, reason) if reason else ()))
        return tuple(other for each in wanted if kind in each for other in each if other != kind)


class Released(Struct, frozen=True, omit_defaults=True):
    """That a number was given up: when, by whom, why, and whether before it was verified gone everywhere. `case` is
    the cancellation that led to it; empty where there was none."""

    at: Instant
    by: str
    forced: bool = False
    why: str = ""
    case: str = ""


def standing(owned: Owned, released: Released | None) -> Owned:
    """A number as it is to be taken: one that was given up is on farewell watch, whatever its row still says."""
    return owned if released is None else structs.replace(owned, watch=Watch.FAREWELL)
