"""What people tell of the platforms at which no program can look: every recorded report reads as it should.

Whatever is wrong with one makes it refused or unknown, never clean.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.api import control
from numtrustd.domain.number import Number
from numtrustd.domain.observation import Observation
from numtrustd.probes import fixture, told
from numtrustd.probes.command import CommandSpec
from numtrustd.probes.fixture import FixtureError
from numtrustd.probes.spec import Reading, Source
from numtrustd.probes.told import Told
from numtrustd.settings import hand_looks
from tests import packs
from tests.recorded import DATA

HANDS = {s.id: s for pack in packs.shipped().values() for s in hand_looks.sources(pack)}
WORDS = {name: pack.platform.words for name, pack in packs.shipped().items()}


def _cases() -> list[tuple[Source, Told]]:
    found = []
    for source in HANDS.values():
        for case in told.read_all(DATA / source.id, source):
            assert not isinstance(case, FixtureError), case
            found.append((source, case))
    return found


CASES = _cases()
FAILURES = ("blocked", "wrong", "malformed", "late", "early", "no-")
NUMBER = next(case.number for source, case in CASES if source.id == "huawei.device")


def name_of(value: object) -> str:
    return value.name if isinstance(value, Told) else value.id if isinstance(value, Source) else str(value)


def read(source: Source, case: Told, raw: bytes | None = None, number: Number | None = None) -> tuple[Observation, ...]:
    """What is read; nothing where the report is refused."""
    heard = told.hear(source, number or case.number, case.raw if raw is None else raw, WORDS, case.now)
    return () if told.refused(heard) else tuple(o for o in heard if isinstance(o, Observation))


@pytest.mark.parametrize(("source", "case"), CASES, ids=name_of)
def test_reads_as_expected(source: Source, case: Told) -> None:
    assert told.faults(source, case, WORDS) == []


@pytest.mark.parametrize("identity", HANDS)
def test_each_has_reports_of_what_can_be_seen_and_of_the_ways_in_which_that_fails(identity: str) -> None:
    names = {case.name.split("-")[0] for source, case in CASES if source.id == identity}
    assert names >= {"marked", "clean", "certified", "blocked", "wrong", "malformed", "late"}
    report = HANDS[identity].report
    assert report is not None
    assert ("no" in names) is report.handset


@pytest.mark.covers("N11")
def test_no_failure_reads_as_a_verdict_and_no_report_is_of_another_number() -> None:
    failures = [(source, case) for source, case in CASES if case.name.startswith(FAILURES)]
    assert len(failures) >= 5 * len(HANDS)
    for source, case in failures:
        assert not any(o.known for o in read(source, case)), (source.id, case.name)
    for source, case in CASES:
        assert not any(o.known for o in read(source, case, number=fixture.other_number(case.number)))


def test_every_platform_has_fixtures_of_its_own_or_another_packs_answers_speak_of_it() -> None:
    spoken = {
        r.platform for s in (*packs.sources().values(), *HANDS.values()) if (DATA / s.id).is_dir() for r in s.readings
    }
    # Aggregators are no platform that anybody is shown a label by: what they answer is about others.
    only_speak = {"caih", "chuanglan", "contract_aggregator", "ihuyi", "jumdata", "juhe"}
    assert set(packs.shipped()) - spoken <= only_speak
    for each in only_speak & set(packs.shipped()):
        assert all((DATA / source.id).is_dir() for source in packs.shipped()[each].sources)


def test_who_sees_no_label_of_a_data_owner_on_somebodys_handset_proves_nothing() -> None:
    """Whose label a phone shows only the phone can say; where it shows none, nobody is cleared by it."""
    assert {name for name, source in HANDS.items() if not source.clears} == {
        "teddy.device",
        "dianhuabang.device",
        "opene164.assisted",
    }


FRAGILE = ("late", "early", "wrong-number", "malformed-clean-with-marks", "malformed-cut")
"""What hangs on one sign: another figure is another time, number or count, and a brace completes what was cut."""


@settings(deadline=None, max_examples=100)
@given(case=st.sampled_from(CASES), cut=st.floats(0, 1, exclude_max=True))
def test_half_a_report_is_none(case: tuple[Source, Told], cut: float) -> None:
    source, report = case
    whole = report.raw.rstrip()
    assert not read(source, report, whole[: int(len(whole) * cut)])


@settings(deadline=None, max_examples=200)
@given(
    case=st.sampled_from([case for case in CASES if case[1].name not in FRAGILE]),
    place=st.floats(0, 1),
    junk=st.binary(max_size=4),
)
def test_a_damaged_report_never_turns(case: tuple[Source, Told], place: float, junk: bytes) -> None:
    source, report = case
    at = int(len(report.raw) * place)
    before = [o.status for o in read(source, report)]
    for after in read(source, report, report.raw[:at] + junk + report.raw[at + len(junk) :]):
        assert not after.known or [after.status] == before


@pytest.mark.parametrize(("source", "case"), CASES, ids=name_of)
def test_the_socket_takes_the_same_members(source: Source, case: Told) -> None:
    """A report that is refused for what it says is well formed all the same; one that is refused as a line is not."""
    try:
        params = msgspec.json.decode(case.raw, type=control.Observe)
    except msgspec.MsgspecError:
        assert case.refused == told.LINE or case.name == "malformed-member"
    else:
        assert params.author in ("小李", "Lee")


FARM = Source(
    id="acme.farm",
    title="",
    kinds=(NUMBER.kind,),
    readings=(Reading("acme", "incoming_call"), Reading("acme", "call_log")),
    command=CommandSpec(argv=("/bin/true",)),
)
LINES = """\
{"number": "13800138000", "platform": "acme", "surface": "incoming_call", "status": "marked", "words": "诈骗"}
{"number": "13800138000", "platform": "acme", "surface": "call_log", "status": "clean"}
""".encode()
EXPECT = """
number = "13800138000"
[[expect]]
platform = "acme"
surface = "incoming_call"
status = "marked"
category = "fraud"
words = "诈骗"
[[expect]]
platform = "acme"
surface = "call_log"
status = "clean"
"""


def keep(home: Path, name: str, raw: bytes, beside: str) -> Told:
    (home / f"{name}.jsonl").write_bytes(raw)
    (home / f"{name}.toml").write_text(beside, encoding="utf-8")
    [found] = [each for each in told.read_all(home, FARM) if isinstance(each, FixtureError) or each.name == name]
    if isinstance(found, FixtureError):
        raise found
    return found


def test_the_lines_of_a_program_are_recorded_likewise(tmp_path: Path) -> None:
    case = keep(tmp_path, "marked", LINES, EXPECT)
    assert told.faults(FARM, case, {}) == []
    cut = structs.replace(case, raw=LINES[:-8])
    assert any("call_log status" in line for line in told.faults(FARM, cut, {}))


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ('number = "13800138000"\n', "wants one of expect and refused"),
        ('number = "138"\nrefused = "line"\n', "number: "),
        ('number = "13800138000"\nrefuse = "line"\n', "unknown field"),
        ('number = "13800138000"\n[[expect]]\nplatform = "a"\nstatus = "odd"\n', 'status: "odd" is none of marked, '),
        ('number = "13800138000"\nrefused = "line"\nnow = 2026-01-01T00:00:00\n', "timezone"),
    ],
)
def test_what_is_wrong_with_a_recorded_report_is_said(tmp_path: Path, beside: str, said: str) -> None:
    with pytest.raises(FixtureError, match=said):
        keep(tmp_path, "marked", LINES, beside)


def test_a_report_that_is_taken_for_another_reason_or_not_at_all_fails(tmp_path: Path) -> None:
    source = HANDS["huawei.device"]
    cases = {case.name: case for other, case in CASES if other is source}
    [line] = told.faults(source, structs.replace(cases["clean"], refused="words", expect=()), WORDS)
    assert "read as clean, expected to be refused for words" in line
    [line] = told.faults(source, structs.replace(cases["no-handset"], refused="words"), WORDS)
    assert "refused for device" in line
    assert "expected to be refused for words" in line
    [line] = told.faults(source, structs.replace(cases["late"], refused=None, expect=cases["clean"].expect), WORDS)
    assert "refused for at" in line
    assert "expected to be taken" in line


def test_when_it_was_seen_is_read_as_an_instant() -> None:
    seen = next(case for source, case in CASES if case.name == "clean")
    source = next(source for source, case in CASES if case is seen)
    [observation] = read(source, seen)
    assert datetime.fromtimestamp(observation.at, UTC).isoformat() == "2026-11-20T10:00:00+00:00"
