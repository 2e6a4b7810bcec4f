"""Reviews, as the oracle sees them: a platform has its working days, which are counted here once more.

No run comes near a public holiday: it begins on the second of March, and lasts days. So Monday to Friday are all.
"""

import math
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from numtrustd import events as e
from numtrustd.domain.workflows.request import RequestData
from numtrustd.store import records
from tests.simulation.plan import HOUR
from tests.simulation.promises import Promise

if TYPE_CHECKING:
    from tests.simulation.invariants import Oracle

_get_case = records.get_case  # before any mutant is patched in

FROM = frozenset({"submitting", "at_person"})
"""Where a request is that begins to be reviewed."""
CLOSES = time(18)
ZONES = {"telnyx": "America/New_York"}
"""Where a platform's people work, if not in China."""


def end_of_review(begins: float, days: int, zone: ZoneInfo) -> float:
    """The close of the `days`-th working day after that one; of the same day, or the next that is one, for 0."""
    local = datetime.fromtimestamp(begins, zone)
    day = local.date()
    left = days if days else int(local.time() >= CLOSES or day.weekday() > 4)
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return datetime.combine(day, CLOSES, zone).timestamp()


class Reviews:
    """Of all requests."""

    def __init__(self, oracle: "Oracle") -> None:
        self._oracle = oracle

    def moved(self, event: e.CaseMoved) -> None:
        """A request begins to be reviewed: until when?"""
        case = _get_case(self._oracle.store, event.case)
        if event.to != "in_review" or event.from_ not in FROM or case is None:
            return
        move, data = case.moves[-1], case.data
        if (move.old, move.new) != (event.from_, event.to) or not isinstance(data, RequestData):
            return  # it has moved on
        facts = self._oracle.daemon.house.context.platforms[case.platform].way(case.workflow)
        given = facts.review_days if facts is not None else 0
        days = math.ceil(given * data.stretched)
        ought = end_of_review(move.at, days, ZoneInfo(ZONES.get(case.platform, "Asia/Shanghai")))
        had = data.review_by or 0.0
        what = (
            f"{case.id} is given {(had - move.at) / HOUR:.1f} h, {days} working days are {(ought - move.at) / HOUR:.1f}"
        )
        self._oracle.expect(abs(had - ought) < 1.0, Promise.IN_TIME, what)
