"""Where lines are broken: nothing is lost, nothing is too wide, and no word of another tongue is cut in Chinese."""

import io
import os
import pty
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.columns import fitted, lines, message, of
from numtrustd.domain.display import width

TEXT = st.text(st.sampled_from("ab-/ 名称，。（）“”：、()."), max_size=60)


def broken(text: str, columns: int) -> list[str]:
    return [text[begin:end] for begin, end in lines(text, columns)]


@given(TEXT, st.integers(2, 30))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, columns: int) -> None:
    pieces = broken(text, columns)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(width(piece) <= columns for piece in pieces)


@pytest.mark.parametrize(
    ("text", "columns", "broken_into"),
    [
        ("来电界面显示了什么（名、Logo）", 20, ["来电界面显示了什么", "（名、Logo）"]),
        ("插入 SIM 卡，通讯录里没有", 12, ["插入 SIM", "卡，通讯录里", "没有"]),
        ("加 --marks、clean", 10, ["加", "--marks、", "clean"]),
        ("输入 `look/huawei.device/1`，再看", 24, ["输入", "`look/huawei.device/1`，", "再看"]),
        ("three  words here", 12, ["three  words", "here"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("  indented text", 10, ["  indented", "text"]),
        ("", 5, [""]),
    ],
)
def test_chinese_is_broken_between_characters_and_other_words_are_not(
    text: str, columns: int, broken_into: list[str]
) -> None:
    assert broken(text, columns) == broken_into


# ---------------------------------------------------------------------------------------------------- messages

TOLD = "numtrustctl: targets: there is no group 'x': `numtrustctl numbers` and `numtrustctl platforms` list them"


def test_off_a_terminal_a_message_is_one_line() -> None:
    assert message(TOLD, None) == TOLD
    assert fitted(TOLD, io.StringIO()) == TOLD


@given(st.integers(20, 130))
def test_a_message_fits_and_can_be_joined_again(columns: int) -> None:
    rows = message(TOLD, columns).split("\n")
    assert all(width(row) <= columns for row in rows)
    assert all(row.startswith("  ") for row in rows[1:])
    assert " ".join(row.strip() for row in rows) == TOLD


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (
            60,
            [
                "numtrustctl: targets: there is no group 'x':",
                "  `numtrustctl numbers` and `numtrustctl platforms` list",
                "  them",
            ],
        ),
        (
            40,
            [
                "numtrustctl: targets: there is no",
                "  group 'x': `numtrustctl numbers` and",
                "  `numtrustctl platforms` list them",
            ],
        ),
        (
            20,
            [
                "numtrustctl:",
                "  targets: there is",
                "  no group 'x':",
                "  `numtrustctl",
                "  numbers` and",
                "  `numtrustctl",
                "  platforms` list",
                "  them",
            ],
        ),
    ],
)
def test_a_command_is_whole_where_it_has_room_on_a_line(columns: int, rows: list[str]) -> None:
    assert message(TOLD, columns).split("\n") == rows


def test_chinese_is_counted_by_how_wide_it_is() -> None:
    told = "numtrustctl: 没有监测中的号码、平台或分组 'huawai'：是指 huawei 吗？`numtrustctl numbers` 列出已有的"
    rows = message(told, 50).split("\n")
    assert all(width(row) <= 50 for row in rows)
    assert sum("`numtrustctl numbers`" in row for row in rows) == 1


@pytest.mark.parametrize(("said", "columns"), [("", 61), ("33", 33), ("wide", 61)])
def test_a_terminal_says_how_many_columns_it_has(monkeypatch: pytest.MonkeyPatch, said: str, columns: int) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 61))
    monkeypatch.setenv("COLUMNS", said)
    with os.fdopen(theirs, "w") as terminal:
        assert of(terminal) == columns
        termios.tcsetwinsize(theirs, (0, 0))
        assert of(terminal) == (columns if said == "33" else 80), "one that does not know"
        assert fitted("a " * 100, terminal).count("\n") > 1
    os.close(ours)
