"""Where lines are broken: nothing is lost, nothing is too wide, and no word of another tongue is cut in Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.ctl import breaks
from numtrustd.ctl.text import width

TEXT = st.text(st.sampled_from("ab-/ 名称，。（）“”：、()."), max_size=60)


def broken(text: str, columns: int) -> list[str]:
    return [text[begin:end] for begin, end in breaks.lines(text, columns)]


@given(TEXT, st.integers(2, 30))
def test_nothing_is_lost_and_nothing_is_too_wide(text: str, columns: int) -> None:
    pieces = broken(text, columns)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(width(piece) <= columns for piece in pieces)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
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
    text: str, columns: int, lines: list[str]
) -> None:
    assert broken(text, columns) == lines
