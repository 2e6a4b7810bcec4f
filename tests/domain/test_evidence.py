"""Which papers count: the file that was registered, not expired, for that platform; and the words for why not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain import evidence
from numtrustd.domain.evidence import Document, PaperState, Registered, compared, entry_of, on_file, state, why_missing

DAY = 86_400.0
TODAY = date(2026, 11, 23)
ONE, OTHER = "1" * 64, "2" * 64
LICENCE = Document("licence", "/l.pdf", ONE, date(2027, 1, 1))


@pytest.mark.parametrize(
    ("expires", "notice", "is_"),
    [
        (None, 30 * DAY, "valid"),
        (TODAY + timedelta(days=31), 30 * DAY, "valid"),
        (TODAY + timedelta(days=30), 30 * DAY, "expiring"),
        (TODAY + timedelta(days=30), 29 * DAY, "valid"),
        (TODAY, 30 * DAY, "expiring"),
        (TODAY - timedelta(days=1), 30 * DAY, "expired"),
    ],
)
def test_a_paper_expires_after_its_last_day(expires: date | None, notice: float, is_: str) -> None:
    paper = structs.replace(LICENCE, expires=expires)
    assert state(paper, TODAY, notice) == is_
    assert (on_file([paper], TODAY) == {"licence"}) == (is_ != "expired")


def test_the_first_file_is_the_registered_one() -> None:
    entry = entry_of(LICENCE, None)
    assert (entry.digest, compared(LICENCE, entry).trouble) == (ONE, "")
    changed = compared(structs.replace(LICENCE, digest=OTHER), entry_of(structs.replace(LICENCE, digest=OTHER), entry))
    assert (state(changed, TODAY), on_file([changed], TODAY)) == (PaperState.CHANGED, frozenset())
    back = compared(LICENCE, entry_of(LICENCE, entry))
    assert on_file([back], TODAY) == {"licence"}


def test_a_new_expiry_or_a_pinned_digest_registers_the_file_anew() -> None:
    entry = structs.replace(entry_of(LICENCE, None), said="changed")
    renewed = structs.replace(LICENCE, digest=OTHER, expires=date(2030, 1, 1))
    assert entry_of(renewed, entry) == Registered("licence", "/l.pdf", OTHER, "2030-01-01")
    pinned = structs.replace(LICENCE, digest=OTHER, pinned=OTHER)
    assert entry_of(pinned, entry) == Registered("licence", "/l.pdf", OTHER, "2027-01-01")
    assert compared(structs.replace(pinned, digest=ONE), entry_of(pinned, entry)).trouble == PaperState.CHANGED


def test_a_file_that_could_not_be_read_at_first_is_registered_when_it_can() -> None:
    gone = structs.replace(LICENCE, digest="", trouble="missing", detail="no such file")
    entry = entry_of(gone, None)
    assert (entry.digest, compared(gone, entry)) == ("", gone)
    assert entry_of(LICENCE, entry).digest == ONE


def test_a_paper_for_one_platform_serves_no_other() -> None:
    paper = structs.replace(LICENCE, platforms=("so360",), cases=("appeal",))
    assert on_file([paper], TODAY, "so360") == {"licence"}
    assert on_file([paper], TODAY, "baidu") == frozenset()
    assert on_file([paper], TODAY, "so360", "certification") == frozenset()
    assert why_missing([paper], "licence", TODAY, "baidu") == "/l.pdf is for so360, appeal only"


def test_a_paper_of_one_number_serves_no_other() -> None:
    paper = Document("screenshots", "/s.png", ONE, numbers=("+8613900010005",))
    assert on_file([paper], TODAY, "huawei", number="+8613900010005") == {"screenshots"}
    assert (
        on_file([paper], TODAY, "huawei", number="+8613900010001") == on_file([paper], TODAY, "huawei") == frozenset()
    )
    other = why_missing([paper], "screenshots", TODAY, "huawei", number="+8613900010001")
    assert other == "those on file are for other numbers only"
    assert why_missing([paper], "screenshots", TODAY, "huawei", number="+8613900010005") == ""
    assert evidence.about([paper, LICENCE], "+8613900010001") == (LICENCE,)


def test_why_none_counts() -> None:
    papers = [
        structs.replace(LICENCE, expires=date(2026, 1, 1)),
        structs.replace(LICENCE, path="/b.pdf", trouble="changed"),
        structs.replace(LICENCE, path="/c.pdf", trouble="missing", detail="permission denied"),
    ]
    assert why_missing(papers, "licence", TODAY, "so360") == (
        "/l.pdf expired on 2026-01-01; /b.pdf changed since it was registered; /c.pdf cannot be read: permission denied"
    )
    assert why_missing(papers, "recordings", TODAY, "so360") == "none is on file"
    assert why_missing([*papers, LICENCE], "licence", TODAY, "so360") == ""


PAPERS = st.builds(
    Document,
    st.sampled_from(["licence", "recordings"]),
    st.just("/x"),
    st.sampled_from(["", ONE, OTHER]),
    st.none() | st.dates(date(2026, 11, 1), date(2027, 1, 1)),
    st.sampled_from(["", ONE]),
    platforms=st.sampled_from([(), ("so360",)]),
    numbers=st.sampled_from([(), ("+8613900010001",)]),
    trouble=st.sampled_from(["", "changed", "missing"]),
)


NUMBERS = st.sampled_from(["", "+8613900010001", "+8613900010002"])


@given(st.lists(PAPERS, max_size=5), st.sampled_from(["so360", "baidu"]), NUMBERS)
def test_a_kind_counts_or_there_is_a_reason_why_not(papers: list[Document], platform: str, number: str) -> None:
    held = on_file(papers, TODAY, platform, number=number)
    for kind in ("licence", "recordings"):
        assert (kind in held) == (why_missing(papers, kind, TODAY, platform, number=number) == "")
    for paper in papers:
        assert (evidence.why(paper, TODAY, 30 * DAY) == "") == (state(paper, TODAY, 30 * DAY) is PaperState.VALID)


@given(PAPERS, st.none() | st.builds(Registered, st.just("licence"), st.just("/x"), st.sampled_from(["", ONE, OTHER])))
def test_registering_is_done_once(paper: Document, before: Registered | None) -> None:
    entry = entry_of(paper, before)
    assert entry_of(paper, entry) == entry
    if paper.pinned:
        assert entry.digest == paper.pinned


@pytest.mark.parametrize(
    ("answer", "kinds"),
    [
        ("请补充营业执照和号码归属证明", ("licence", "number_ownership")),
        ("缺少通话录音、订单截图", ("recordings", "order_screenshots", "screenshots")),
        ("please send call records", ("call_records",)),
        ("授权书未盖章", ("authorisation",)),
        ("not your number", ()),
        ("", ()),
    ],
)
def test_what_a_refusal_asks_for_is_read_from_its_words(answer: str, kinds: tuple[str, ...]) -> None:
    assert evidence.named(answer) == kinds
