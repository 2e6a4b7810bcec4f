"""The cases whose clean looks only people can make, and from when on the last one counts: nothing goes on by itself
there, somebody has to look and report.

`hands` asks people for these looks, `explain_looks` says of one number who was asked.
"""

from numtrustd.actors import tracks
from numtrustd.actors.control.views import Sight
from numtrustd.domain.case import Case
from numtrustd.domain.observation import Instant
from numtrustd.domain.workflow import Who
from numtrustd.domain.workflows.request import RequestData, RequestPolicy

COUNTING = "verifying"
"""The state of a request in which its clean looks are counted."""


def places(sight: Sight, case: Case) -> tuple[str, ...]:
    """The platforms at which a case waits for what people see, in its order; none where something else looks, too, or
    where it does not count looks.
    """
    owned = sight.context.numbers.get(case.number)
    if owned is None or case.snapshot.state != COUNTING or not isinstance(case.data, RequestData):
        return ()
    found: dict[str, None] = {}
    for view in tracks.views(sight.context, owned, case.platform, case.data):
        platform, colon, at_it = view.rpartition(":")
        source = sight.context.sources.get(at_it.partition("/")[0])
        if source is None or source.kind != "report":
            return ()
        found[platform if colon else case.platform] = None
    return tuple(found)


def who(sight: Sight, case: Case) -> Who:
    """Whose move it is: a person's also where the daemon counts looks that only people make."""
    return Who.PERSON if places(sight, case) else case.who


def whose_move(sight: Sight, case: Case) -> Who:
    """A person's as soon as there is a task, also while the platform reviews: nobody else will bring the answer."""
    return Who.PERSON if sight.house.board.tasks_of(case.id) else who(sight, case)


def last_counts_from(data: RequestData, policy: RequestPolicy, now: Instant) -> Instant | None:
    """When the last of the clean looks may be made at the earliest, as they have to be spread; `None` where that has
    passed, or where none was made yet.
    """
    begun = [run.first_at for view, run in data.clean.items() if not policy.views or view in policy.views]
    at = max(begun, default=now) + policy.clear_spread
    return at if begun and at > now else None
