"""The marks of an emergency as `numtrustctl case` shows them: in the reader's own time, never as the wire has them."""

import re
from typing import Any

from msgspec import structs

from numtrustd.api.incidents import MarkRow
from numtrustd.api.rows import Fact
from numtrustd.ctl import lang, plain, render_case
from tests.ctl.conftest import DAY, HOUR, NOW, case_view

RAW = "2026-11-20T08:30:00.123456Z"
MARKS = (
    MarkRow(mark="submit", due=NOW - 2 * HOUR, met=True, at=NOW - 3 * HOUR),
    MarkRow(mark="follow_up", due=NOW - HOUR, met=False, at=NOW - HOUR / 2),
    MarkRow(mark="resolve", due=NOW + DAY),
)
FACTS = (
    Fact(name="clock since", value=RAW),
    Fact(name="submit", value=f"met {RAW}, due {RAW}"),
    Fact(name="follow_up", value=f"missed {RAW}, due {RAW}"),
    Fact(name="resolve", value=f"due {RAW}"),
)


def shown(**more: Any) -> list[str]:
    view = structs.replace(case_view(), **{"data": FACTS, "marks": MARKS, **more})
    return [" ".join(line.split()) for line in plain.lines(render_case.case(view))]


def test_marks_are_told_in_local_time() -> None:
    lines = shown()
    assert "submit met 15:00 (3 h ago), due 16:00 (2 h ago)" in lines
    assert "follow_up missed, noted 17:30 (30 min ago), due 17:00 (1 h ago)" in lines
    assert "resolve 11-21 18:00 (in 1 d)" in lines
    assert not re.search(r"\d\dT\d\d:", "\n".join(lines))


def test_of_one_that_is_over_no_mark_is_overdue() -> None:
    late = (*MARKS[:2], structs.replace(MARKS[2], due=NOW - HOUR))
    lines = [*shown(closed_at=NOW - 2 * HOUR), *shown(closed_at=NOW - 2 * HOUR, marks=late)]
    assert "resolve 17:00 (1 h ago)" in lines


def test_marks_are_told_in_chinese() -> None:
    lang.use("zh", {})
    lines = shown()
    assert any("达成，期限 16:00" in line for line in lines)
    assert any("错过" in line and "期限 17:00" in line for line in lines)
