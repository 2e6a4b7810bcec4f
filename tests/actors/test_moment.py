"""Time and nonce of signed requests: from the daemon's clock and randomness, and only where they are wanted."""

import pytest
import trio.testing

from numtrustd.actors.moment import moment
from numtrustd.clock import Random, VirtualClock
from numtrustd.wire.spec import RequestSpec
from numtrustd.wire.template import compile_request

T0 = 1_772_413_200.0


@pytest.mark.parametrize(
    ("query", "values", "drawn"),
    [
        ("n={national}", {}, False),
        (
            "at={timestamp_ms}",
            {
                "timestamp": "1772413201",
                "timestamp_ms": "1772413201500",
                "timestamp_iso": "2026-03-02T01:00:01Z",
                "timestamp_beijing": "20260302090001",
                "nonce": "",
            },
            False,
        ),
        ("nonce={nonce}", None, True),
    ],
)
async def test_only_what_is_wanted(
    query: str, values: dict[str, str] | None, drawn: bool, autojump_clock: trio.testing.MockClock
) -> None:
    clock, random = VirtualClock(T0), Random(1)
    template = compile_request(RequestSpec(url=f"https://a.example/?{query}"))
    await clock.sleep(1.5)
    said = moment(template, clock, random)
    assert values is None or said == values
    # A seeded run of unsigned sources draws what it always drew.
    assert (random.getstate() != Random(1).getstate()) is drawn
    if drawn:
        again = moment(template, clock, random)
        assert len({said["nonce"], again["nonce"]}) == 2
        assert all(len(text["nonce"]) == 32 for text in (said, again))
