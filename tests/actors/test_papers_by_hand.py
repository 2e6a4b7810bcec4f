"""Papers that are put on file over the socket: kept over restarts and reloads, and looked at like all others."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors.paper_files import Seen, look_at
from numtrustd.actors.papers import Papers
from numtrustd.api import errors
from numtrustd.domain.evidence import Document
from numtrustd.domain.platform import AppealFacts, Attempt
from numtrustd.events import EvidenceAdded, EvidenceChanged, EvidenceRemoved
from tests.actors.house import DAY, MOBILE, OTHER_MOBILE, Refusal, TestHouse, make_house, platform
from tests.logcheck import MemoryLog

Clock = trio.testing.MockClock

WANTS = {
    "alpha": platform("alpha"),
    "beta": platform("beta", appeal=AppealFacts(channel="manual", attempts=(Attempt(("licence",)),))),
}


async def read(paths: Iterable[str]) -> dict[str, Seen]:
    """The real files without a thread, which virtual time does not wait for."""
    await trio.lowlevel.checkpoint()
    return {path: look_at(path) for path in paths}


def at_work(house: TestHouse) -> Papers:
    papers = house.house.papers = Papers(house.house, house.roster.refresh, read)
    papers.load()
    return papers


async def refused(house: TestHouse, error: type, **params: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await house.ask("EvidenceAdd", **params)
    assert type(caught.value.error) is error
    return str(getattr(caught.value.error, "why", caught.value.error))


async def test_a_case_goes_on_with_a_paper_that_was_just_put_on_file(tmp_path: Path, autojump_clock: Clock) -> None:
    file = tmp_path / "licence.pdf"
    file.write_bytes(b"%PDF")
    async with make_house(tmp_path, platforms=WANTS) as house:
        papers = at_work(house)
        await house.labelled("beta")
        await house.in_state("gathering", "beta")
        change = await house.ask("EvidenceAdd", kind="licence", path=str(file), expires="2028-12-31", author="li")
        assert (change.on_file, len(change.digest), change.expires) == (True, 64, "2028-12-31")
        await house.in_state("at_person", "beta")
        [event] = house.log.of(EvidenceAdded)
        assert (event.by, event.digest) == ("li", change.digest[:16])
        await papers.check()
        [row] = (await house.ask("ListEvidence")).papers
        assert (row.state, row.by, row.expires) == ("valid", "li", "2028-12-31")
    async with make_house(tmp_path, start=house.clock.now() + DAY, platforms=WANTS) as house:
        papers = at_work(house)
        # A reload brings the settings' own papers only; those by hand stay.
        other = Document("recordings", "/r.wav", "1" * 64)
        house.house.context = papers.judged(structs.replace(house.house.context, documents=(other,)))
        assert [d.kind for d in house.house.context.documents] == ["recordings", "licence"]
        file.write_bytes(b"%PDF 2")
        await papers.check()
        assert [e.path for e in house.log.of(EvidenceChanged)] == [str(file)]
        await house.ask("EvidenceAdd", kind="licence", path=str(file), author="wu")
        await papers.check()
        rows = {row.kind: row for row in (await house.ask("ListEvidence")).papers}
        assert (rows["licence"].state, rows["licence"].by, rows["licence"].expires) == ("valid", "wu", None)
        with pytest.raises(Refusal) as caught:
            await house.ask("EvidenceRemove", kind="recordings", path="/r.wav")
        assert "stands in the settings: remove its entry there" in str(caught.value)
        gone = await house.ask("EvidenceRemove", kind="licence", path=str(file), author="wu")
        assert gone.on_file is False
        assert [e.by for e in house.log.of(EvidenceRemoved)] == ["wu"]
        assert file.exists()
        with pytest.raises(Refusal):
            await house.ask("EvidenceRemove", kind="licence", path=str(file))
    async with make_house(tmp_path, start=house.clock.now() + DAY, platforms=WANTS) as house:
        at_work(house)
        assert house.house.context.documents == ()
        assert isinstance(house.log, MemoryLog)


async def test_a_paper_of_one_number_goes_out_with_no_other(tmp_path: Path, autojump_clock: Clock) -> None:
    """The screenshots of one number prove nothing of another."""
    file = tmp_path / "licence.pdf"
    file.write_bytes(b"%PDF")
    numbers = (MOBILE, OTHER_MOBILE)
    async with make_house(tmp_path, platforms=WANTS, numbers=numbers) as house:
        at_work(house)
        for number in numbers:
            await house.labelled("beta", number)
            await house.in_state("gathering", "beta", number)
        told = {"kind": "licence", "path": str(file)}
        await refused(house, errors.UnknownNumber, **told, numbers=("13900139000",))
        change = await house.ask("EvidenceAdd", **told, numbers=("138 0013 8001", "13800138001"))
        assert change.numbers == (OTHER_MOBILE,)
        case = await house.in_state("at_person", "beta", OTHER_MOBILE)
        [task] = [t for t in house.tasks() if t.case == case.id]
        [paper] = (await house.ask("GetTask", task=task.id)).evidence
        assert (paper.held, paper.on_file) == (True, str(file))
        mine = house.case("beta", MOBILE)
        assert mine.snapshot.state == "gathering"
        [paper] = (await house.ask("GetCase", case=mine.id)).evidence
        assert (paper.held, paper.why) == (False, "those on file are for other numbers only")
        register = await house.ask("ListEvidence")
        [row], [lacking] = register.papers, register.lacking
        assert (row.numbers, row.needed_by) == ((OTHER_MOBILE,), (case.id,))
        assert (lacking.why, lacking.needed_by) == (paper.why, (mine.id,))
    async with make_house(tmp_path, start=house.clock.now() + DAY, platforms=WANTS, numbers=numbers) as house:
        at_work(house)
        assert [d.numbers for d in house.house.context.documents] == [(OTHER_MOBILE,)]


async def test_what_will_not_do_is_refused_and_nothing_is_stored(tmp_path: Path, autojump_clock: Clock) -> None:
    file = tmp_path / "nda.pdf"
    file.write_bytes(b"%PDF")
    async with make_house(tmp_path, documents=(Document("licence", str(file), ""),)) as house:
        papers = at_work(house)
        await papers.check()
        told = {"kind": "nda", "path": str(file), "agent": "代理"}
        assert "is no kind of evidence" in await refused(house, errors.InvalidArgument, **told | {"kind": "ndaa"})
        assert "absolute" in await refused(house, errors.InvalidArgument, **told | {"path": "nda.pdf"})
        assert "name the agent" in await refused(house, errors.InvalidArgument, kind="nda", path=str(file))
        assert "only an nda" in await refused(house, errors.InvalidArgument, **told | {"kind": "licence"})
        assert "no date" in await refused(house, errors.InvalidArgument, **told, expires="soon")
        assert "no case is of the kind" in await refused(house, errors.InvalidArgument, **told, cases=("apeal",))
        await refused(house, errors.UnknownPlatform, **told, platforms=("gamma",))
        missing = await refused(house, errors.Refused, **told | {"path": str(tmp_path / "no.pdf")})
        assert "cannot be read: no such file or directory" in missing
        settings = await refused(house, errors.Refused, kind="licence", path=str(file))
        assert "stands in the settings: change its entry there" in settings
        assert len(house.house.context.documents) == 1
        await house.ask("EvidenceAdd", **told, platforms=("beta",))
        assert house.house.context.documents[1].agent == "代理"
