"""The register of papers over time: each trouble said once, also over restarts; what is in trouble does not count."""

import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from msgspec import structs

from numtrustd.actors import papers as module
from numtrustd.actors.messages import RefusedError
from numtrustd.actors.paper_files import MOST_BYTES, Seen, look_at
from numtrustd.actors.papers import MOST_THREADS, Papers, Reader
from numtrustd.domain.calendar import local_date
from numtrustd.domain.evidence import Document
from numtrustd.domain.platform import AppealFacts, Attempt
from numtrustd.events import Event, EvidenceChanged, EvidenceExpiring, EvidenceMissing, EvidenceRestored
from numtrustd.store import records
from tests.actors.house import DAY, HOUR, MOBILE, T0, TestHouse, make_house, platform

Clock = trio.testing.MockClock

ONE, OTHER = "1" * 64, "2" * 64
LICENCE = Document("licence", "/l.pdf", ONE)
WANTS = {
    "alpha": platform("alpha"),
    "beta": platform("beta", appeal=AppealFacts(channel="manual", attempts=(Attempt(("licence",)),))),
}


class Disk:
    """Files that are what a test says."""

    def __init__(self) -> None:
        self.files: dict[str, Seen] = {"/l.pdf": Seen(ONE)}
        self.looks = 0

    async def __call__(self, paths: Iterable[str]) -> dict[str, Seen]:
        self.looks += 1
        await trio.lowlevel.checkpoint()
        return {path: self.files.get(path, Seen(trouble="no such file or directory")) for path in paths}


def said(house: TestHouse) -> list[Event]:
    """What was said of the register itself; a case's own word names the case."""
    kinds = (EvidenceExpiring, EvidenceChanged, EvidenceMissing)
    return [e for kind in kinds for e in house.log.of(kind) if getattr(e, "case", None) is None]


async def found(house: TestHouse) -> list[tuple[str, str]]:
    """What `status` has found of the papers."""
    return [(row.finding, row.why) for row in (await house.ask("GetStatus")).papers]


def at_work(house: TestHouse, disk: Disk) -> Papers:
    papers = Papers(house.house, house.roster.refresh, disk)
    papers.load()
    return papers


def expiring_in(days: int) -> Document:
    return structs.replace(LICENCE, expires=local_date(T0) + timedelta(days=days))


async def test_each_trouble_is_said_once_also_over_restarts(tmp_path: Path, autojump_clock: Clock) -> None:
    disk = Disk()
    async with make_house(tmp_path, documents=(LICENCE,)) as house:
        papers = at_work(house, disk)
        for _ in range(2):
            await papers.check()
        assert said(house) == []
        disk.files["/l.pdf"] = Seen(OTHER)
        for _ in range(2):
            await papers.check()
        [changed] = said(house)
        assert changed == EvidenceChanged(kind="licence", path="/l.pdf", digest=OTHER[:16], finding="paper_changed")
        assert await found(house) == [("paper_changed", "changed since it was registered")]
    # What was registered is remembered, so the changed file is not taken for it after a restart, before any look.
    async with make_house(tmp_path, documents=(structs.replace(LICENCE, digest=OTHER),)) as house:
        papers = at_work(house, disk)
        assert [d.trouble for d in house.house.context.documents] == ["changed"]
        await papers.check()
        assert said(house) == []
        del disk.files["/l.pdf"]
        await papers.check()
        await papers.check()
        [missing] = said(house)
        assert isinstance(missing, EvidenceMissing)
        assert (missing.path, missing.why) == ("/l.pdf", "cannot be read: no such file or directory")
        assert missing.finding == "paper_missing"
        assert await found(house) == [("paper_missing", missing.why)]
        assert not house.log.of(EvidenceRestored)
        disk.files["/l.pdf"] = Seen(ONE)
        await papers.check()
        assert [d.trouble for d in house.house.context.documents] == [""]
        assert len(said(house)) == 1
        await papers.check()
        assert house.log.of(EvidenceRestored) == [
            EvidenceRestored(kind="licence", path="/l.pdf", finding="paper_missing")
        ]
        assert await found(house) == []
        assert [r.said for r in records.all_papers(house.store)] == ["valid"]


async def test_it_expires_with_notice_and_then_for_good(tmp_path: Path, autojump_clock: Clock) -> None:
    disk = Disk()
    async with make_house(tmp_path, documents=(expiring_in(40),)) as house, trio.open_nursery() as nursery:
        await nursery.start(at_work(house, disk).run)
        await house.sleep(9 * DAY)
        assert said(house) == []
        await house.sleep(2 * DAY)
        await house.sleep(40 * DAY)
        day = local_date(T0) + timedelta(days=40)
        assert [e.finding for e in house.log.of(EvidenceExpiring)] == ["paper_expiring", "paper_expired"]
        [row] = (await house.ask("GetStatus")).papers
        assert (row.finding, row.kind, row.path, row.expires) == ("paper_expired", "licence", "/l.pdf", day.isoformat())
        assert [e.why for e in house.log.of(EvidenceExpiring)] == [f"expires on {day}", f"expired on {day}"]
        ends = {e.expires for e in house.log.of(EvidenceExpiring)}
        assert {local_date(end - 1.0) for end in ends} == {day}
        assert {local_date(end) for end in ends} == {day + timedelta(days=1)}
        assert 51 * 4 <= disk.looks <= 52 * 4 + 1, "every six hours"
        nursery.cancel_scope.cancel()


async def test_the_notice_and_the_interval_are_settings(tmp_path: Path, autojump_clock: Clock) -> None:
    disk = Disk()
    policy = module.evidence.PaperPolicy(notice=5 * DAY, interval=HOUR)
    async with (
        make_house(tmp_path, documents=(expiring_in(40),), papers=policy) as house,
        trio.open_nursery() as nursery,
    ):
        papers = at_work(house, disk)
        await nursery.start(papers.run)
        await house.sleep(34 * DAY)
        assert said(house) == []
        await house.sleep(2 * DAY)
        assert len(said(house)) == 1
        looks = disk.looks
        papers.poke()
        await house.sleep(1.0)
        assert disk.looks == looks + 1, "at once after a reload"
        nursery.cancel_scope.cancel()


async def test_a_case_waits_for_a_changed_paper_and_says_why(tmp_path: Path, autojump_clock: Clock) -> None:
    disk = Disk()
    async with make_house(tmp_path, documents=(LICENCE,), platforms=WANTS) as house:
        papers = at_work(house, disk)
        await papers.check()
        disk.files["/l.pdf"] = Seen(OTHER)
        await papers.check()
        await house.labelled("beta")
        case = await house.in_state("gathering", "beta")
        why = "/l.pdf changed since it was registered"
        [missing] = [e for e in house.log.of(EvidenceMissing) if e.case == case.id]
        assert (missing.kind, missing.why) == ("licence", why)
        [task] = house.tasks()
        assert (await house.ask("GetTask", task=task.id)).detail[0] == f"missing: 营业执照（加盖公章） (licence): {why}"
        [paper] = (await house.ask("GetCase", case=case.id)).evidence
        assert (paper.held, paper.why) == (False, why)
        lines = (await house.ask("Explain", number=MOBILE, platform="beta")).lines
        assert any(f"missing: 营业执照（加盖公章） (licence): {why}" in line.why for line in lines)
        listed = await house.ask("ListEvidence")
        [row] = listed.papers
        assert (row.state, row.finding, row.why, row.digest) == (
            "changed",
            "paper_changed",
            "changed since it was registered",
            OTHER,
        )
        assert (row.needed, row.needed_by) == (1, (case.id,))
        [lacking] = listed.lacking
        assert (lacking.kind, lacking.platform, lacking.why, lacking.needed_by) == ("licence", "beta", why, (case.id,))
        # The right file is put back: the case goes on by itself.
        disk.files["/l.pdf"] = Seen(ONE)
        await papers.check()
        await house.in_state("at_person", "beta")
        listed = await house.ask("ListEvidence")
        assert ([p.state for p in listed.papers], listed.lacking) == (["valid"], ())


async def test_an_expired_paper_is_named_with_its_day(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, documents=(expiring_in(-3),), platforms=WANTS) as house:
        await house.labelled("beta")
        case = await house.in_state("gathering", "beta")
        [missing] = [e for e in house.log.of(EvidenceMissing) if e.case == case.id]
        assert missing.why == f"/l.pdf expired on {local_date(T0) - timedelta(days=3)}"


async def test_what_is_no_longer_configured_is_forgotten(tmp_path: Path, autojump_clock: Clock) -> None:
    disk = Disk()
    async with make_house(tmp_path, documents=(LICENCE,)) as house:
        papers = at_work(house, disk)
        await papers.check()
        assert len(list(records.all_papers(house.store))) == 1
        house.house.context = structs.replace(house.house.context, documents=())
        await papers.check()
        assert list(records.all_papers(house.store)) == []


async def test_a_reload_while_the_disk_is_looked_at_is_not_undone(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path, documents=(LICENCE,)) as house:
        new = structs.replace(house.house.context, documents=(Document("recordings", "/r.wav", ONE),))

        async def look(paths: Iterable[str]) -> dict[str, Seen]:
            house.house.context = new
            return dict.fromkeys(paths, Seen(OTHER))

        papers = Papers(house.house, house.roster.refresh, look)
        papers.load()
        await papers.check()
        assert house.house.context.documents == new.documents
        assert said(house) == []


# ------------------------------------------------------------------------------------------------------------- files


def test_a_file_is_read_for_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "l.pdf"
    file.write_bytes(b"abc")
    assert look_at(str(file)) == Seen("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_what_is_no_file_is_a_value(tmp_path: Path, monkeypatch: Any) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    assert look_at(str(tmp_path / "pipe")) == Seen(trouble="it is no ordinary file")
    assert look_at(str(tmp_path)).trouble
    assert look_at("/dev/zero") == Seen(trouble="it is no ordinary file")
    assert look_at(str(tmp_path / "none")) == Seen(trouble="no such file or directory", errno=2)
    assert look_at("a\0b").trouble == "embedded null byte"
    assert MOST_BYTES >= 100 << 20
    monkeypatch.setattr("numtrustd.actors.paper_files.MOST_BYTES", 2)
    (tmp_path / "large").write_bytes(b"abc")
    assert "larger" in look_at(str(tmp_path / "large")).trouble


class Hanging:
    """Files below /hangs hang until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on, self.began = threading.Event(), list[str]()
        monkeypatch.setattr(module, "look_at", self.look_at)
        monkeypatch.setattr(module, "PATIENCE", 0.05)

    def look_at(self, path: str) -> Seen:
        self.began.append(path)
        if path.startswith("/hangs"):
            self.go_on.wait(10)
        return Seen(ONE)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    made = Hanging(monkeypatch)
    yield made
    made.go_on.set()


async def test_a_file_that_hangs_is_given_up_and_has_one_thread(hanging: Hanging) -> None:
    reader = Reader()
    for _ in range(2):
        seen = await reader(["/hangs", "/l.pdf"])
        assert "nothing came of reading it" in seen["/hangs"].trouble
        assert seen["/l.pdf"] == Seen(ONE)
    assert hanging.began.count("/hangs") == 1
    hanging.go_on.set()
    with trio.fail_after(5):
        while (await reader(["/hangs"]))["/hangs"].trouble:
            await trio.sleep(0.01)


async def test_a_file_server_that_hangs_takes_two_threads_and_the_papers_elsewhere_are_read(hanging: Hanging) -> None:
    reader, paths = Reader(), [*(f"/hangs/{n}.pdf" for n in range(20)), "/l.pdf"]
    for _ in range(2):
        seen = await reader(paths)
        assert list(seen) == paths
        assert all("nothing came of reading" in seen[path].trouble for path in paths[:-1])
        assert seen["/l.pdf"] == Seen(ONE)
    assert [path for path in hanging.began if path != "/l.pdf"] == paths[:2]
    hanging.go_on.set()
    with trio.fail_after(5):
        while any(found.trouble for found in (await reader(paths)).values()):
            await trio.sleep(0.01)


async def test_there_are_never_more_than_a_few_threads_however_many_ask(hanging: Hanging) -> None:
    reader, paths = Reader(), [f"/hangs{n}/l.pdf" for n in range(20)]
    told: list[dict[str, Seen]] = []

    async def ask(path: str) -> None:
        told.append(await reader([path]))

    async with trio.open_nursery() as nursery:
        for path in paths:
            nursery.start_soon(ask, path)
    assert len(hanging.began) == MOST_THREADS
    assert sum(map(len, told)) == MOST_THREADS, "of what was not tried nothing is said"
    assert await reader(["/l.pdf"]) == {}


async def test_a_paper_that_was_not_tried_stays_what_it_was(tmp_path: Path, autojump_clock: Clock) -> None:
    class Busy(Disk):
        async def __call__(self, paths: Iterable[str]) -> dict[str, Seen]:
            await super().__call__(paths)
            return {}

    async with make_house(tmp_path, documents=(LICENCE,)) as house:
        papers = at_work(house, Busy())
        await papers.check()
        assert house.house.context.documents == (LICENCE,)
        assert said(house) == []
        with pytest.raises(RefusedError, match="too many others hang"):
            await papers.add(Document("letter", "/letter.pdf"), "eve")
