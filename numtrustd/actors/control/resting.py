"""The open cases of numbers that left the configuration while nobody was there, and how they go on.

Nothing is done for them and none of their deadlines runs: a list that was cut short is no reason to end an appeal.
`roster` and `daemon` say when they come to rest, `views` and `views_case` as long as they do.
"""

from numtrustd.actors.control.views import Sight, many
from numtrustd.actors.house import House
from numtrustd.domain.case import Case

WHY = "its number is no longer watched: nothing is done for it, and no deadline runs"

REMEDY = (
    "put the number back into the numbers, then `numtrustctl reload`: it goes on; to end its cases, take it out again "
    "and `numtrustctl reload --give-up`"
)


def rests(sight: Sight, case: Case) -> bool:
    """Whether nobody works on an open case, because its number is not watched."""
    return case.open and case.number not in sight.context.numbers


def resting_said(house: House) -> str:
    """For the one line of the service manager: how many cases rest, and of which number."""
    resting = house.board.resting
    first, *others = sorted(resting)
    more = f" and {many(len(others), 'other')}" if others else ""
    cases = many(sum(map(len, resting.values())), "CASE")
    return f"NOTHING IS DONE FOR {cases}: {first}{more} no longer in the numbers, put the rows back and reload"
