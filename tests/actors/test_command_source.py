"""Sources that are programs: pace, groups, budget, breaker, controls and quarantine as for every other source."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio
import trio.testing

from numtrustd.actors.glance import LINES_A_MINUTE, CommandGlance
from numtrustd.actors.house import House
from numtrustd.domain.budget import Budget
from numtrustd.domain.observation import UnknownReason
from numtrustd.domain.trust import Controls
from numtrustd.events import (
    CaseOpened,
    SourceFailed,
    SourceLimited,
    SourceQuarantined,
    SourceRecovered,
    SourceSaid,
    VerdictBaseline,
)
from numtrustd.probes.command import CommandSpec, Ended
from numtrustd.probes.spec import Reading, Source
from tests.actors.house import DAY, MINUTE, MOBILE, TestHouse, make_house, source
from tests.actors.parts import shm, stored

__all__ = ["shm"]

Autojump = trio.testing.MockClock
FLEET = [f"+861380013{n:04d}" for n in range(30)]


class Farm:
    """Stands in for a program. `labels` are what its handsets show; `runs` what it was asked, with the time."""

    def __init__(self, at_most: int = 10) -> None:
        self.spec = CommandSpec(argv=("/bin/farm",), at_most=at_most)
        self.labels: dict[str, str] = {}
        self.runs: list[tuple[float, list[str]]] = []
        self.broken: Ended | None = None
        self.errors: list[str] = []

    async def run(self, question: bytes, say: Callable[[str], None]) -> Ended:
        asked = [json.loads(line) for line in question.splitlines()]
        self.runs.append((trio.current_time(), [a["number"] for a in asked]))
        await trio.sleep(20.0)
        for line in self.errors:
            say(line)
        if self.broken is not None:
            return self.broken
        lines = []
        for number in (a["number"] for a in asked):
            words = self.labels.get(number)
            shown: dict[str, Any] = {"status": "clean"} if words is None else {"status": "marked", "words": words}
            lines.append(json.dumps({"number": number, "platform": "alpha", "surface": "incoming"} | shown))
        return Ended("\n".join(lines).encode())


def farmed(farm: Farm, **more: Any) -> dict[str, Any]:
    spec: Source = source(
        "alpha",
        request=None,
        command=farm.spec,
        readings=(Reading("alpha", "incoming"),),
        **({"views": {}, "echo": (), "guards": (), "rules": (), "interval": 60.0} | more),
    )

    def glance(used: Source, house: House) -> CommandGlance:
        return CommandGlance(used, farm, house)

    return {"sources": {"alpha.api": spec}, "glances": {"alpha.api": glance}}


def record(house: TestHouse, number: str = MOBILE) -> Any:
    return stored(house.store, number)


async def test_many_numbers_go_into_one_run_and_a_label_becomes_a_case(shm: Path, autojump_clock: Autojump) -> None:
    farm = Farm()
    farm.labels[FLEET[3]] = "广告推销"
    async with make_house(shm, numbers=FLEET, **farmed(farm)) as house:
        await house.until(lambda: len(house.log.of(VerdictBaseline)) == len(FLEET))
        assert len(farm.runs) <= 5, "a first run takes those that have asked by then"
        assert max(len(asked) for _, asked in farm.runs) == 10
        assert all(b - a >= 60.0 for (a, _), (b, _) in zip(farm.runs, farm.runs[1:], strict=False)), "its pace"
        await house.until(lambda: house.log.of(CaseOpened))
        assert [case.number for case in house.log.of(CaseOpened)] == [FLEET[3]]
        assert record(house, FLEET[3]).verdicts["alpha"].views["alpha.api/incoming"].status == "marked"


async def test_a_run_that_fails_opens_the_breaker_and_one_number_finds_out_whether_it_is_back(
    shm: Path, autojump_clock: Autojump
) -> None:
    farm = Farm()
    farm.broken = Ended(b"", UnknownReason.FAILED, "it ended with status 3")
    async with make_house(shm, numbers=FLEET, **farmed(farm)) as house:
        failed = (await house.until(lambda: house.log.of(SourceFailed)))[0]
        assert (failed.reason, failed.detail, failed.failures) == ("failed", "it ended with status 3", 3)
        before = len(farm.runs)
        await house.until(lambda: len(farm.runs) > before)
        assert len(farm.runs[-1][1]) == 1
        farm.broken = None
        await house.until(lambda: house.log.of(SourceRecovered))
        await house.until(lambda: len(house.log.of(VerdictBaseline)) == len(FLEET))
        assert not house.log.of(CaseOpened)


async def test_no_run_takes_more_numbers_than_the_budget_has_looks(shm: Path, autojump_clock: Autojump) -> None:
    farm = Farm(at_most=10)
    async with make_house(shm, numbers=FLEET, **farmed(farm, budget=Budget(per_day=14))) as house:
        await house.until(lambda: house.log.of(SourceLimited))
        assert sum(len(asked) for _, asked in farm.runs) == 14
        await trio.sleep(DAY)
        assert sum(len(asked) for _, asked in farm.runs) <= 2 * 14


async def test_a_program_that_reads_its_controls_wrong_is_quarantined(shm: Path, autojump_clock: Autojump) -> None:
    farm, marked, clean = Farm(), "+8613900000001", "+8613900000002"
    farm.labels[marked] = farm.labels[MOBILE] = "广告推销"
    async with make_house(shm, **farmed(farm, controls=Controls((marked,), (clean,)))) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        del farm.labels[marked]
        await house.until(lambda: house.log.of(SourceQuarantined))
        farm.labels.clear()
        await trio.sleep(3 * DAY)
        assert record(house).verdicts["alpha"].marked


async def test_a_number_that_is_a_control_as_well_is_asked_for_once(shm: Path, autojump_clock: Autojump) -> None:
    farm = Farm()
    async with make_house(shm, **farmed(farm, controls=Controls((), (MOBILE,)))) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        assert farm.runs[0][1] == [MOBILE]


async def test_what_it_says_is_logged_and_a_flood_of_it_is_counted(shm: Path, autojump_clock: Autojump) -> None:
    farm = Farm()
    farm.errors = [f"phone {n} is off" for n in range(LINES_A_MINUTE + 40)]
    async with make_house(shm, **farmed(farm)) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        said = house.log.of(SourceSaid)
        assert [event.text for event in said[:2]] == ["phone 0 is off", "phone 1 is off"]
        assert len(said) == LINES_A_MINUTE + 1
        assert said[-1].lines == 40
        farm.errors = ["phone 1 is back"]
        await trio.sleep(DAY + MINUTE)
        assert house.log.of(SourceSaid)[-1].text == "phone 1 is back"
