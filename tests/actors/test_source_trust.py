"""A source that lies: found by its control numbers or by a sudden turn, kept from every verdict, believed again."""

from pathlib import Path

import trio
import trio.testing

from numtrustd.domain.observation import UnknownReason
from numtrustd.domain.trust import Controls, TrustPolicy
from numtrustd.events import (
    CaseOpened,
    ObservationRecorded,
    SourceQuarantined,
    SourceReleased,
    VerdictBaseline,
    VerdictChanged,
)
from tests.actors.house import DAY, HOUR, MINUTE, MOBILE, Outside, make_house, source
from tests.actors.parts import shm, stored

__all__ = ["shm"]

Autojump = trio.testing.MockClock

KNOWN_MARKED, KNOWN_CLEAN = "+8613900000001", "+8613900000002"
LABEL = ("广告推销", 3)
FLEET = [f"+861380013{n:04d}" for n in range(30)]


class Liar(Outside):
    """Says the opposite of everything while `lying`."""

    lying = False

    def _look(self, number: str) -> object:  # type: ignore[override]  # the same answer, made from other labels
        labels = self.labels
        if self.lying:
            self.labels = {n: LABEL for n in (*FLEET, MOBILE, KNOWN_CLEAN) if n not in labels}
        try:
            return super()._look(number)
        finally:
            self.labels = labels


def alpha(**more: object) -> dict[str, object]:
    return {"alpha.api": source("alpha", controls=Controls((KNOWN_MARKED,), (KNOWN_CLEAN,)), **more)}


async def test_a_control_that_reads_wrong_quarantines_the_source_until_all_read_right(
    shm: Path, autojump_clock: Autojump
) -> None:
    liar = Liar(labels={KNOWN_MARKED: LABEL})
    async with make_house(shm, sources=alpha(), alpha=liar) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        liar.lying = True
        quarantined = (await house.until(lambda: house.log.of(SourceQuarantined)))[0]
        assert quarantined.source == "alpha.api"
        assert "known to be" in quarantined.why
        await trio.sleep(3 * DAY)
        assert not house.log.of(VerdictChanged)
        assert not house.log.of(CaseOpened)
        seen = stored(house.store).verdicts["alpha"]
        assert seen.views["alpha.api/default"].reason is UnknownReason.QUARANTINED
        assert seen.blind_since is not None
        assert [o.status for o in house.log.of(ObservationRecorded) if o.quarantined and o.number == MOBILE][
            -1
        ] == "marked"
        assert len(house.log.of(SourceQuarantined)) == 1, "said once"
        liar.lying = False
        released = (await house.until(lambda: house.log.of(SourceReleased)))[0]
        assert released.down_seconds > 3 * DAY
        liar.labels[MOBILE] = LABEL
        await house.until(lambda: house.log.of(CaseOpened))


async def test_looks_of_a_source_that_turns_out_to_lie_are_no_beginning_of_a_change(
    shm: Path, autojump_clock: Autojump
) -> None:
    """The first wrong look of a number comes before the control's: the next one, after it, must not confirm."""
    liar = Liar(labels={KNOWN_MARKED: LABEL})
    policy = TrustPolicy(control_interval=2 * DAY)
    async with make_house(shm, sources=alpha(cadence=20 * MINUTE), alpha=liar, trust=policy) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        await trio.sleep(2 * DAY - 12 * MINUTE)
        liar.lying = True
        await house.until(lambda: stored(house.store).verdicts["alpha"].run or house.log.of(SourceQuarantined))
        await house.until(lambda: house.log.of(SourceQuarantined))
        await trio.sleep(HOUR)
        assert stored(house.store).verdicts["alpha"].run is None
        assert not house.log.of(VerdictChanged)


async def test_a_sudden_turn_of_most_numbers_is_doubted_and_believed_again_when_it_turns_back(
    shm: Path, autojump_clock: Autojump
) -> None:
    liar = Liar()
    sources = {"alpha.api": source("alpha", interval=1.0)}
    async with make_house(shm, numbers=FLEET, sources=sources, alpha=liar) as house:
        await house.until(lambda: len(house.log.of(VerdictBaseline)) == len(FLEET))
        await trio.sleep(DAY)
        liar.lying = True
        await house.until(lambda: house.log.of(SourceQuarantined))
        changed = len(house.log.of(VerdictChanged))
        await trio.sleep(3 * DAY)
        assert len(house.log.of(VerdictChanged)) == changed
        assert changed < len(FLEET) / 2, "found before most of it was believed"
        liar.lying = False
        await house.until(lambda: house.log.of(SourceReleased))


async def test_a_storm_of_labels_is_believed_when_the_controls_read_right(shm: Path, autojump_clock: Autojump) -> None:
    outside = Outside(labels={KNOWN_MARKED: LABEL})
    async with make_house(shm, numbers=FLEET, sources=alpha(), alpha=outside) as house:
        await house.until(lambda: len(house.log.of(VerdictBaseline)) == len(FLEET))
        await trio.sleep(DAY)
        outside.labels.update(dict.fromkeys(FLEET, LABEL))
        await house.until(lambda: house.log.of(SourceQuarantined))
        await house.until(lambda: house.log.of(SourceReleased), within=DAY)
        await house.until(lambda: len(house.log.of(CaseOpened)) == len(FLEET), within=3 * DAY)
        assert len(house.log.of(SourceQuarantined)) == 1


async def test_quarantine_outlives_a_restart_and_a_person_may_end_it(shm: Path, autojump_clock: Autojump) -> None:
    liar = Liar(labels={KNOWN_MARKED: LABEL})
    async with make_house(shm, sources=alpha(), alpha=liar) as house:
        await house.until(lambda: house.log.of(VerdictBaseline))
        liar.lying = True
        await house.until(lambda: house.log.of(SourceQuarantined))
        await trio.sleep(MINUTE)
    async with make_house(shm, sources=alpha(), alpha=liar) as house:
        row = next(r for r in (await house.ask("ListSources")).sources if r.source == "alpha.api")
        assert row.state == "quarantined"
        assert "known to be" in row.why
        told = await house.ask("TrustSource", source="alpha.api", reason="the control was cleaned up", author="eve")
        assert (told.old, told.new) == ("quarantined", "believed")
        released = house.log.of(SourceReleased)[0]
        assert (released.by, released.why) == ("eve", "the control was cleaned up")
