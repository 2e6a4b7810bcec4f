"""What makes two reports the same, and when one is not taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.domain.observation import Status
from numtrustd.probes.report import AHEAD, DAY, Claim, ReportSpec, key_of, objections, weigh

NOW = 1_790_000_000.0
PICTURE = "sha256:" + "0a" * 32
CLAIM = Claim(status=Status.CLEAN, by="li", device="Mate 60", os="HarmonyOS 4.2")
PLACE = ("+8613800138000", "huawei", "huawei.device", "incoming_call")


@pytest.mark.parametrize(
    ("age", "taken"),
    [(0.0, True), (-AHEAD, True), (-AHEAD - 1, False), (7 * DAY, True), (7 * DAY + 1, False)],
)
def test_how_old_a_report_may_be(age: float, *, taken: bool) -> None:
    found = list(objections(structs.replace(CLAIM, at=NOW - age), ReportSpec(), NOW))
    assert [field for field, _ in found] == ([] if taken else ["at"])


def test_nobody_but_the_authors_and_no_handset_without_a_name() -> None:
    spec = ReportSpec(authors=("li", "wang"), handset=True)
    assert not [*objections(CLAIM, spec, NOW)]
    assert [*objections(structs.replace(CLAIM, by="eve"), spec, NOW)] == [
        ("author", '"eve" may not report there; li, wang may')
    ]
    for field in ("device", "os"):
        assert [name for name, _ in objections(structs.replace(CLAIM, **{field: ""}), spec, NOW)] == [field]
        assert not [*objections(structs.replace(CLAIM, **{field: ""}), ReportSpec(), NOW)]


def test_all_that_is_wrong_is_told_at_once() -> None:
    spec = ReportSpec(handset=True)
    claim = Claim(status=Status.MARKED, by="li", at=NOW - 8 * DAY, screenshot="x")
    wrong = weigh(claim, spec, ("huawei.device", "huawei", "incoming_call"), NOW, {})
    assert isinstance(wrong, tuple)
    assert [field for field, _ in wrong] == ["words", "at", "screenshot_digest", "device", "os"]


@pytest.mark.parametrize("os", ["iOS 18.1", "iPadOS 17", "ios"])
def test_an_iphone_says_whose_label_it_shows(os: str) -> None:
    assert [field for field, _ in objections(structs.replace(CLAIM, os=os), ReportSpec(), NOW)] == ["app"]
    assert not [*objections(structs.replace(CLAIM, os=os, app="Truecaller"), ReportSpec(), NOW)]
    assert not [*objections(structs.replace(CLAIM, os="Curios OS"), ReportSpec(), NOW)], "no iPhone's"


CHANGES: list[dict[str, Any]] = [
    {"status": Status.UNKNOWN, "reason": "blocked"},
    {"words": "x"},
    {"marks": 0},
    {"name": "x"},
    {"logo": "x"},
    {"tag": "x"},
    {"by": "x"},
    {"at": NOW},
    {"device": "x"},
    {"os": "x"},
    {"app": "x"},
    {"screenshot": PICTURE},
    {"evidence": "x"},
]


def test_a_report_is_another_one_when_anything_in_it_is() -> None:
    each = [CLAIM, *(structs.replace(CLAIM, **change) for change in CHANGES)]
    keys = {key_of(*PLACE, claim, NOW + 1) for claim in each}
    keys |= {key_of(*PLACE[:n], "other", *PLACE[n + 1 :], CLAIM, NOW + 1) for n in range(4)}
    assert len(keys) == len(each) + 4


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_the_same_report_handed_in_again_later(first: float, later: float) -> None:
    timed, shot = structs.replace(CLAIM, at=NOW), structs.replace(CLAIM, screenshot=PICTURE)
    for claim in (timed, shot):
        assert key_of(*PLACE, claim, first) == key_of(*PLACE, claim, later)
    assert (key_of(*PLACE, CLAIM, first) == key_of(*PLACE, CLAIM, later)) is (first == later)
