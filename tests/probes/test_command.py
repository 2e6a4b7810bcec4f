"""What the lines of a program mean: only a whole, right line of its own says anything of a number."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.label import Category
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.probes.command import CommandSpec, Ended, Heard, Place, hear, lint, placeholders, question

ONE, TWO = from_canonical("+8613800138000"), from_canonical("+862151288888")
SCREEN, LOG = Place("alpha", "incoming"), Place("alpha", "call_log")
RIGHT: dict[str, Any] = {"number": "13800138000", "platform": "alpha", "surface": "incoming", "status": "clean"}


def heard(*lines: Any, places: tuple[Place, ...] = (SCREEN,), **ended: Any) -> Heard:
    output = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return hear("alpha.farm", (ONE, TWO), places, Ended(output.encode("utf-8", "replace"), **ended), 5.0, {})


def seen(*lines: Any, **ended: Any) -> Observation:
    return heard(*lines, **ended).seen[ONE.canonical][0]


def test_the_question_names_each_number_in_both_forms_and_where_to_look() -> None:
    lines = question((ONE, TWO), (SCREEN, LOG)).decode().splitlines()
    assert json.loads(lines[0]) == {
        "number": "+8613800138000",
        "national": "13800138000",
        "kind": "mobile",
        "looks": [{"platform": "alpha", "surface": "incoming"}, {"platform": "alpha", "surface": "call_log"}],
    }
    assert len(lines) == 2


def test_every_field_of_a_label() -> None:
    said = RIGHT | {
        "status": "marked",
        "words": "广告推销",
        "marks": 12,
        "name": "Acme",
        "tag": "外卖",
        "logo": "sha256:1",
    }
    assert seen(said) == Observation(
        platform="alpha",
        source="alpha.farm",
        at=5.0,
        status=Status.MARKED,
        surface="incoming",
        category=Category.MARKETING,
        words="广告推销",
        marks=12,
        name="Acme",
        logo="sha256:1",
        tag="外卖",
    )
    assert seen(RIGHT).status is Status.CLEAN
    assert seen(RIGHT | {"status": "certified", "name": "Acme"}).status is Status.CERTIFIED
    blocked = seen(RIGHT | {"status": "unknown", "reason": "blocked"})
    assert (blocked.status, blocked.reason) == (Status.UNKNOWN, UnknownReason.BLOCKED)


@pytest.mark.parametrize(
    ("line", "reason", "why"),
    [
        ("nonsense", UnknownReason.BAD_SHAPE, "line 1: is no JSON"),
        ('"clean"', UnknownReason.BAD_SHAPE, "line 1: is not as agreed"),
        (RIGHT | {"state": "clean"}, UnknownReason.BAD_SHAPE, "unknown field"),
        (RIGHT | {"status": "Clean"}, UnknownReason.BAD_SHAPE, "Invalid enum value"),
        (RIGHT | {"marks": -1}, UnknownReason.BAD_SHAPE, "marks"),
        (RIGHT | {"surface": "moon"}, UnknownReason.BAD_SHAPE, "no place that it looks at; those are alpha/incoming"),
        (RIGHT | {"platform": "beta"}, UnknownReason.BAD_SHAPE, "no place that it looks at"),
        (RIGHT | {"number": "13900139000"}, UnknownReason.WRONG_CARD, "not asked for"),
        (RIGHT | {"number": "abc"}, UnknownReason.WRONG_CARD, "not asked for"),
        ("", UnknownReason.NO_CARD, ""),
        (RIGHT | {"words": "诈骗"}, UnknownReason.BAD_SHAPE, "words are shown although"),
        (RIGHT | {"marks": 3}, UnknownReason.BAD_SHAPE, "marks are counted although"),
        (RIGHT | {"reason": "blocked"}, UnknownReason.BAD_SHAPE, "reason is for what could not be seen: leave it out"),
        (RIGHT | {"name": " "}, UnknownReason.BAD_SHAPE, "name is empty"),
        (RIGHT | {"status": "marked"}, UnknownReason.BAD_SHAPE, "words are missing"),
        (RIGHT | {"status": "certified"}, UnknownReason.BAD_SHAPE, "name is missing"),
        (
            RIGHT | {"status": "certified", "name": "A", "words": "诈骗"},
            UnknownReason.BAD_SHAPE,
            "words are of a label",
        ),
        (RIGHT | {"status": "certified", "name": "A", "marks": 1}, UnknownReason.BAD_SHAPE, "marks are of a label"),
        (RIGHT | {"status": "unknown"}, UnknownReason.BAD_SHAPE, "reason is missing"),
        (RIGHT | {"status": "unknown", "reason": "tired"}, UnknownReason.BAD_SHAPE, '"tired" is none of blocked'),
        (RIGHT | {"status": "unknown", "name": "A"}, UnknownReason.BAD_SHAPE, "although nothing could be"),
    ],
)
def test_a_line_that_is_not_right_says_nothing(line: Any, reason: UnknownReason, why: str) -> None:
    said = heard(line)
    assert said.seen[ONE.canonical][0].reason is reason
    assert why in "\n".join(said.problems)
    assert said.seen[TWO.canonical][0].status is Status.UNKNOWN


def test_a_wrong_line_is_no_loss_to_the_numbers_beside_it() -> None:
    said = heard("garbage", RIGHT, RIGHT | {"number": "13900139000"})
    assert said.seen[ONE.canonical][0].status is Status.CLEAN
    assert said.seen[TWO.canonical][0].reason is UnknownReason.BAD_SHAPE
    assert len(said.problems) == 2


def test_two_lines_about_one_place_must_agree() -> None:
    assert seen(RIGHT, RIGHT).status is Status.CLEAN
    assert seen(RIGHT, RIGHT | {"status": "marked", "words": "诈骗"}).reason is UnknownReason.BAD_SHAPE
    assert seen(RIGHT | {"words": "诈骗"}, RIGHT).reason is UnknownReason.BAD_SHAPE


def test_each_place_has_its_own_word() -> None:
    first, second = heard(RIGHT, places=(SCREEN, LOG)).seen[ONE.canonical]
    assert (first.status, second.reason) == (Status.CLEAN, UnknownReason.NO_CARD)


def test_nothing_of_a_run_that_failed_counts() -> None:
    said = seen(RIGHT, reason=UnknownReason.TIMEOUT, detail="it was not done after 5 s")
    assert (said.reason, said.detail) == (UnknownReason.TIMEOUT, "it was not done after 5 s")


@given(st.binary(max_size=400), st.integers(0, 200), st.sampled_from(["cut", "splice", "flip"]))
def test_no_damage_of_the_output_turns_a_label_into_clean_or_speaks_for_another(
    noise: bytes, at: int, how: str
) -> None:
    output = json.dumps(RIGHT | {"status": "marked", "words": "诈骗", "marks": 3}).encode()
    match how:
        case "cut":
            output = output[:at]
        case "splice":
            output = output[:at] + noise + output[at:]
        case _:
            output = output[:at] + bytes(b ^ 1 for b in output[at : at + 1]) + output[at + 1 :]
    said = hear("alpha.farm", (ONE, TWO), (SCREEN,), Ended(output), 5.0, {})
    assert said.seen[ONE.canonical][0].status in (Status.MARKED, Status.UNKNOWN)
    assert said.seen[TWO.canonical][0].status is Status.UNKNOWN


@given(st.binary(max_size=400))
def test_noise_says_nothing(noise: bytes) -> None:
    said = hear("alpha.farm", (ONE, TWO), (SCREEN, LOG), Ended(noise), 5.0, {})
    assert set(said.seen) == {ONE.canonical, TWO.canonical}
    assert {o.status for each in said.seen.values() for o in each} == {Status.UNKNOWN}


def test_placeholders_and_what_may_not_be_one() -> None:
    spec = CommandSpec(argv=("look", "{secret:key}", "{number}", "{var:}"), env={"A": "{secret:a} {var:b}", "1": ""})
    assert placeholders(spec) == {"secret:key", "secret:a", "var:b"}
    assert {path: what for path, what, _ in lint(spec)} == {
        ("argv", 0): '"look" is no absolute path',
        ("argv", 1): "puts a secret on the command line, where every user sees it",
        ("argv", 2): "{number} is not filled in here",
        ("argv", 3): "unknown placeholder {var:}",
        ("env", "1"): '"1" is no name of a variable',
    }
