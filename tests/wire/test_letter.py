"""Letters of the operator's own: filled line by line, and what is wrong with them is found at its line."""

import pytest

from numtrustd.wire.letter import compile_letter


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
