"""Letters of the operator's own: filled as the built-in ones are, and what is wrong with them is found at its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.domain.wording import APPEAL_LETTER, CAUSES, LETTER_NAMES, Owner, letter, letter_values
from numtrustd.domain.workflows.request import AppealData
from numtrustd.wire.letter import compile_letter

WORDS = st.text("示例公司客服abc", max_size=4)
SHIPPED = Path(__file__).parents[2] / "config" / "letters"


@given(
    st.builds(Owner, WORDS, WORDS, WORDS, WORDS, WORDS),
    st.sampled_from(sorted({*CAUSES, "nobody knows"})),
    st.lists(WORDS.filter(bool), max_size=2),
    st.booleans(),
    st.lists(st.sampled_from(["licence", "recordings", "own"]), max_size=2),
    WORDS,
)
def test_the_built_in_letter_as_a_template_says_the_same(
    owner: Owner, cause: str, reasons: list[str], residual: bool, papers: list[str], used_for: str
) -> None:
    data = AppealData(
        category="marketing", words="推销", causes=(cause,), reasons=tuple(reasons), residual=residual, attempt=2
    )
    template, wrong = compile_letter(APPEAL_LETTER, LETTER_NAMES["appeal"])
    assert wrong == []
    values = letter_values(owner, "400-810-0001", "360", data, papers, "REF-1", used_for)
    assert values.keys() == LETTER_NAMES["appeal"]
    assert template.fill(values) == letter(owner, "400-810-0001", "360", data, papers, "REF-1", used_for)


def test_the_example_is_the_built_in_one() -> None:
    assert {file.name: file.read_text(encoding="utf-8") for file in SHIPPED.iterdir()} == {"appeal.txt": APPEAL_LETTER}


def test_a_line_with_something_unknown_is_left_out_and_values_are_no_templates() -> None:
    made, wrong = compile_letter("{owner}\n用途：{purpose}。\n{{原文}} {owner}\n", {"owner", "purpose"})
    assert wrong == []
    assert made.fill({"owner": "{purpose}", "purpose": ""}) == "{purpose}\n{原文} {purpose}"


@pytest.mark.parametrize(
    ("text", "line", "what", "remedy"),
    [
        ("a\n{owner} {ower}", 2, "unknown placeholder {ower}", "there are owner, ref"),
        ("a\r\n\r\n{", 3, "the line has a lone '{'", "write {{ or }} for a brace itself"),
        (" \n", 1, "is empty", "remove the file to have the built-in one"),
        ("{secret:key}", 1, "unknown placeholder {secret:key}", "there are owner, ref"),
    ],
)
def test_what_is_wrong_is_found_at_its_line(text: str, line: int, what: str, remedy: str) -> None:
    _, [found] = compile_letter(text, {"owner", "ref"})
    assert found[0] == line
    assert what in found[1]
    assert remedy in found[2]
