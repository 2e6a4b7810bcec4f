"""What is shown to the called person, and what one view of a platform said of it last.

A view is a source and a surface. What it said when it could see is kept beside what it says now: a source that cannot
see says nothing new, and what it said before only grows older. `verdict` makes a belief of all views; `quorum` tells
which of them agree with it.
"""

from msgspec import Struct

from numtrustd.domain.label import Category
from numtrustd.domain.observation import Instant, Observation, Status, UnknownReason


class Shown(Struct, frozen=True, gc=False, omit_defaults=True):
    """What is shown to the called person.

    `hidden` is a mark that the platform counts and does not display: its count is below the number of marks from which
    the platform shows a label. It is a mark all the same (no proof that there is none), so it is kept, said and never
    taken for clean; but nobody who is called sees it, so it is no mislabel and no reason to appeal.
    """

    status: Status
    category: Category | None = None
    words: str | None = None
    marks: int | None = None
    name: str | None = None
    logo: str | None = None
    tag: str | None = None
    hidden: bool = False

    @property
    def key(self) -> str:
        """What makes two looks say the same: the status, and for a mark its category and whether it is displayed."""
        if not self.category:
            return str(self.status)
        return f"{self.status}:{self.category}:hidden" if self.hidden else f"{self.status}:{self.category}"

    @property
    def side(self) -> tuple[Status, bool]:
        """The key without the category."""
        return self.status, self.hidden

    @property
    def marked(self) -> bool:
        return self.status is Status.MARKED

    @property
    def displayed(self) -> bool:
        """Whether the called person sees a label."""
        return self.status is Status.MARKED and not self.hidden

    @property
    def label(self) -> str:
        """What is said of a label only: a certified number and a clean one have none, whoever says so."""
        return self.key if self.marked else "no label"


class ViewState(Struct, frozen=True, gc=False, omit_defaults=True):
    """The last that one view (source/surface) gave. `unknown_since` is set while it cannot see.

    `said` is what it last said when it could see, left out where that is `status` and nothing more; `said_at` is when,
    left out where that is `at`. `missed`: at `at` no look was made, though one was due; `looked_at` is when the last
    one was, 0 where none ever was.
    """

    at: Instant
    status: Status
    unknown_since: Instant | None = None
    reason: UnknownReason | None = None
    said: Shown | None = None
    said_at: Instant = 0.0
    missed: bool = False
    looked_at: Instant = 0.0

    @property
    def last_look(self) -> Instant | None:
        """When it was last really looked through; `None` when it never was."""
        return self.at if not self.missed else self.looked_at or None

    @property
    def last(self) -> tuple[Shown, Instant] | None:
        """What it last said when it could see, and when; `None` when it never could."""
        if self.status is not Status.UNKNOWN:
            return self.said or Shown(self.status), self.at
        return None if self.said is None else (self.said, self.said_at)


def shown(observation: Observation, shown_from: int | None = None) -> Shown:
    """What a known observation says is shown. `shown_from` is the count of marks from which a label is displayed."""
    marks = observation.marks
    under = marks is not None and shown_from is not None and marks < shown_from
    return Shown(
        observation.status,
        observation.category,
        observation.words,
        marks,
        observation.name,
        observation.logo,
        observation.tag,
        under and observation.status is Status.MARKED,
    )


def seen(observation: Observation, said: Shown) -> ViewState:
    """The state of a view that has just seen."""
    plain = said == Shown(observation.status)
    return ViewState(observation.at, observation.status, said=None if plain else said)


def unseen(observation: Observation, before: ViewState | None) -> ViewState:
    """The state of a view that has just seen nothing; what it said before is kept."""
    since = observation.at if before is None or before.unknown_since is None else before.unknown_since
    last = None if before is None else before.last
    said, said_at = last if last is not None else (None, 0.0)
    looked_at = 0.0 if before is None or not observation.missed else before.last_look or 0.0
    return ViewState(
        observation.at, observation.status, since, observation.reason, said, said_at, observation.missed, looked_at
    )


def not_after(view: ViewState, now: Instant) -> ViewState:
    """The same, with every instant that `now` has not reached moved to it."""
    return ViewState(
        min(view.at, now),
        view.status,
        None if view.unknown_since is None else min(view.unknown_since, now),
        view.reason,
        view.said,
        min(view.said_at, now),
        view.missed,
        min(view.looked_at, now),
    )
