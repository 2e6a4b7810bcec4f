"""What stands in a paper stays in its file: not a word of it is in the log, in the history or in the database."""

import base64
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import trio
import trio.testing

from numtrustd.clock import VirtualClock
from numtrustd.demo.stage import EVIDENCE
from numtrustd.events import CaseClosed, EvidenceChanged
from numtrustd.sim.script import Label, Mood, Review, Story
from numtrustd.sim.service import Service
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.sim.world import World
from numtrustd.store import records
from tests.logcheck import MemoryLog
from tests.virtual import Clerk, town, write_config

DAY = 86_400.0
BY_HAND, OVER_API = "+8613910000007", "+14155552671"

MARK = "法定代表人赵钱孙-LEGAL-REPRESENTATIVE-7f3a91"
"""Stands in every paper, from its first byte on."""


def spellings(text: str) -> Iterator[bytes]:
    """The ways in which a text could have got somewhere."""
    for encoding in ("utf-8", "gb18030", "utf-16-le", "unicode_escape"):
        yield text.encode(encoding)
    raw = text.encode()
    yield from (raw.hex().encode(), raw.hex().upper().encode(), quote(text).encode())
    # Base64 depends on how many bytes stand before; its ends, on what stands beside.
    yield from (base64.b64encode(b"x" * before + raw)[4:-4] for before in range(3))
    yield text.rpartition("-")[2].encode()


def places(text: str, where: dict[str, bytes]) -> set[str]:
    """In which of these a text stands, however it is spelt."""
    return {name for name, held in where.items() if any(spelt in held for spelt in spellings(text))}


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Virtual time would run on while a thread reads a paper."""

    async def inline(function: Any, *args: Any, **_: Any) -> Any:
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr(trio.to_thread, "run_sync", inline)


def test_the_search_finds_what_it_is_to_find() -> None:
    spelt = dict(enumerate(spellings(MARK)))
    assert places(MARK, {str(n): b"\x00..." + raw + b"..." for n, raw in spelt.items()}) == {str(n) for n in spelt}
    assert places(MARK, {"digest": b"0" * 4096, "kind": b"licence"}) == set()


async def test_nothing_that_stands_in_a_paper_is_kept_or_said(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    story = Story(
        "papers",
        (
            Label(BY_HAND, "baidu", "广告营销", at=2 * DAY, marks=5),
            Label(OVER_API, "telnyx", "Telemarketing", at=2 * DAY, marks=12),
            Review("baidu", (Mood.REJECT, Mood.APPROVE), BY_HAND, 2 * DAY, DAY),
            Review("telnyx", (Mood.REJECT, Mood.APPROVE), OVER_API, 2 * DAY, DAY),
        ),
    )
    config = write_config(
        tmp_path, ["13910000007", "+1 415 555 2671"], ["contract_aggregator.query", "telnyx.reputation"]
    )
    papers = [tmp_path / "evidence" / f"{kind}.txt" for kind in EVIDENCE]
    for paper in papers:
        paper.write_text(f"{MARK}\n{paper.stem}\n{MARK * 40}", "utf-8")
    clock = VirtualClock(DEMO_ORIGIN)
    world = World.create(seed=3, origin=DEMO_ORIGIN, numbers=[BY_HAND, OVER_API], story=story)
    log = MemoryLog(clock)
    async with town(config, Service(world), log, clock) as place:
        async with trio.open_nursery() as nursery:
            await nursery.start(place.daemon.papers.run)
            nursery.start_soon(Clerk(place).work)
            await clock.sleep(40 * DAY)
            # A paper that is another one all at once, and one that cannot be read, are said: by digest and by path.
            papers[0].write_text(f"changed {MARK}", "utf-8")
            papers[1].unlink()
            papers[1].mkdir()
            await clock.sleep(DAY)
            nursery.cancel_scope.cancel()
        registered = {paper.path: paper.digest for paper in records.all_papers(place.store)}
        history = [e for n in (BY_HAND, OVER_API) for e in records.history(place.store, n, 100_000)[0]]
        where = {
            "log": b"".join(log.lines),
            "history": "\n".join(map(repr, history)).encode(),
            "cases": "\n".join(map(repr, chain(place.cases(), records.all_tasks(place.store)))).encode(),
            **{file.name: file.read_bytes() for file in place.store.path.iterdir() if file.is_file()},
        }
    assert {(e.platform, e.outcome) for e in log.of(CaseClosed)} == {("baidu", "cleared"), ("telnyx", "cleared")}
    assert places(MARK, where) == set()
    [changed] = log.of(EvidenceChanged)
    assert {path.rpartition("/")[2] for path in registered} == {paper.name for paper in papers}
    assert {len(digest) for digest in registered.values()} == {64}, "they were read"
    # What may be there is there: the same search would have found the rest.
    assert places(changed.path, where) >= {"log", "data.mdb"}
    assert places(registered[changed.path], where) >= {"data.mdb"}
    assert places("广告营销", where) >= {"log", "history", "data.mdb"}
