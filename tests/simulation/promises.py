"""What has to hold in every run, by the names under which a broken promise is reported."""

import enum


class Promise(enum.StrEnum):
    """One thing that the daemon promises, whatever happens."""

    NOT_TWICE = "no submission twice"
    INTENT_FIRST = "the intent is stored before the effect"
    ONLY_DECIDED = "only what is decided is sent"
    NOTHING_LOST = "nothing acknowledged is lost"
    HAS_TIMER = "every open case has its timer"
    NO_DEADLINE_LOST = "no deadline is lost"
    NO_FALSE_TIMER = "no timer fires early, none that is stale"
    PERSON_ASKED = "a person is asked"
    CLEARED_WHEN_CLEAN = "cleared only when seen clean"
    BELIEF_HAS_LOOKS = "no belief without its looks"
    READ_AS_SHOWN = "what is read is what is shown"
    PACE = "the pace of a source holds"
    PAUSE = "a pause that was asked for is kept"
    RECONCILED = "after a restore each case makes sure before anything is sent"
    LEDGER = "money spent is in the ledger"
    MARK_IS_SO = "a mark is told once, in time, and as it was"
    SLOT_KEPT = "nothing is handed in outside its slot"
    WISH_KEPT = "what the owner wants is kept"
    PAUSE_CHASED = "a pause that lasts too long is chased"
    BUDGET = "no budget is overrun"
    WORDS = "no forbidden word is sent"
    SAFE_RELEASE = "nothing is given up before it is safe, but by force and on record"
    RESIDUAL_ONLY = "only what is still shown is asked for again"
    TOLD_ONCE = "an order is done and told once"
    IN_TIME = "people are given the time that there is"
    INSPECTED = "an inspection is told once and ends"
    PARKED_WITH_RECORD = "parked with a record"
    RELOAD_IS_WHOLE = "a reload is whole"
    NOTHING_STUCK = "nothing is stuck"
    BELIEF_FOLLOWS = "belief follows truth"
    LABEL_HAS_CASE = "no label without a case"
    GIVEN_BACK = "everything is given back"
    BOARD = "the board is right"
    NO_CRASH = "only planted bugs crash"
    GOES_ON = "the daemon goes on"


CRASHES = frozenset({Promise.NO_CRASH, Promise.GOES_ON})
"""A planted bug that is only found by these does not run: it says nothing of what the other promises see."""
