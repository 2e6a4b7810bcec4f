"""The recorded reports of the shipped packs, handed in at the control socket: taken and refused as `pack test` says."""

from pathlib import Path

import msgspec
import trio.testing

from numtrustd.api import control
from numtrustd.domain.device_test import HandPolicy
from numtrustd.probes import told
from numtrustd.probes.told import Told
from numtrustd.settings import hand_looks
from tests import packs
from tests.actors.house import Refusal, make_house
from tests.recorded import DATA

Clock = trio.testing.MockClock


async def test_the_socket_and_pack_test_agree_on_every_recorded_report(tmp_path: Path, autojump_clock: Clock) -> None:
    shipped = packs.shipped()
    sources = {source.id: source for pack in shipped.values() for source in hand_looks.sources(pack)}
    cases = [case for source in sources.values() for case in told.read_all(DATA / source.id, source)]
    now = {case.now for case in cases if isinstance(case, Told)}.pop()
    assert now is not None
    platforms = {name: pack.platform for name, pack in shipped.items()}
    numbers = ("+8613800138000", "+14155550123", "+8613900139009", "+14155550199")
    hands = HandPolicy(enabled=False)
    taken = refused = 0
    async with make_house(
        tmp_path, numbers=numbers, start=now, platforms=platforms, sources=sources, hands=hands
    ) as house:
        for case in cases:
            assert isinstance(case, Told)
            if case.refused in ("number", told.LINE):
                continue  # of another number: taken for that one; unreadable: it never gets as far
            params = msgspec.to_builtins(msgspec.json.decode(case.raw, type=control.Observe))
            params = {k: v for k, v in params.items() if v is not None} | {"source": case.path.parent.name}
            answer: control.ObserveResult | None = None
            why = ""
            try:
                answer = await house.ask("Observe", **params)
            except Refusal as error:
                why = str(error)
            if case.refused is not None:
                assert case.refused in why, case.path
                refused += 1
                continue
            assert answer is not None, (case.path, why)
            [expected] = case.expect
            assert (answer.status, answer.category) == (expected.status, expected.category), case.path
            taken += 1
    assert taken >= 5 * len(sources)
    assert refused >= 2 * len(sources)
