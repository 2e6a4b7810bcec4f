"""What somebody lets a platform show, so that a case has something to end, or has ended it."""

from typing import TYPE_CHECKING

from numtrustd.domain.case import Case
from numtrustd.sim.script import Certify, Clear, Label, Tag
from numtrustd.sim.traits import TRAITS
from tests.simulation.plan import NAME, WORDS, WRONG_NAMES, WRONG_TAGS

if TYPE_CHECKING:
    from tests.simulation.run import Run


def clear(run: "Run", case: Case) -> None:
    """Let a platform show what a case wants to be seen."""
    inject, now, place = run.world.inject, run.now, (case.number, case.platform)
    if case.platform not in TRAITS:  # nothing is shown there, and nobody looks
        return
    match case.workflow:
        case "appeal":
            inject(Clear(*place), now)
        case "tag":
            inject(Tag(*place, run.oracle.tags.wanted(case.number)), now)
        case "removal":
            inject(Certify(*place, ""), now)
            inject(Tag(*place, ""), now)
        case _:
            inject(Certify(*place, NAME), now)


def spoil(run: "Run", case: Case) -> None:
    """Let a platform show again what a case is to end."""
    inject, now, place = run.world.inject, run.now, (case.number, case.platform)
    if case.platform not in TRAITS:
        return
    match case.workflow:
        case "appeal":
            inject(Label(*place, WORDS[case.platform][0], at=1.0, spreads=False), now)
        case "tag":
            inject(Tag(*place, WRONG_TAGS[0]), now)
        case "correction":
            inject(Certify(*place, WRONG_NAMES[0]), now)
        case "certification":
            inject(Certify(*place, ""), now)
        case _:
            inject(Certify(*place, NAME), now)


def label(run: "Run", number: str) -> None:
    """Let the platform that takes appeals by program label a number."""
    run.world.inject(Label(number, "telnyx", WORDS["telnyx"][0], at=1.0, spreads=False), run.now)


def name(run: "Run", number: str, platform: str, shown: str) -> None:
    """Let a platform show this name, or none."""
    run.world.inject(Certify(number, platform, shown, at=0.0), run.now)
