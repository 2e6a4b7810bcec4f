"""What was so when, as characters: which column says what, where the dates stand, what becomes of a daemon's rows."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from numtrustd.api import rows, status
from numtrustd.ctl import plain
from numtrustd.ctl.document import Document
from numtrustd.ctl.render_timeline import ACTIONS, lanes_of, of_number, of_page, question
from numtrustd.ctl.timeline import Lane, Mark, Sign, Span, State, Window, axis, busy, signs, states
from numtrustd.domain.display import width
from tests.ctl.conftest import CASE, DAY, HOUR, NOW, NUMBER

BELIEFS = [State.CLEAN, State.CERTIFIED, State.UNKNOWN, State.FLAPPING, State.MARKED]
"""The worst last."""

times = st.floats(0.0, 1e6)
spans = st.builds(
    lambda begin, length, state: Span(begin, begin + length, state),
    times,
    st.floats(0.0, 1e6),
    st.sampled_from(BELIEFS),
)
windows = st.builds(
    lambda begin, length, columns: Window(begin, begin + length, columns),
    times,
    st.floats(60.0, 4e7),
    st.integers(1, 150),
)


def row(at: datetime, action: str, old: str | None = None, new: str | None = None, **more: Any) -> rows.HistoryRow:
    return rows.HistoryRow(at=at, action=action, text="", old=old, new=new, **{"platform": "so360", **more})


# ------------------------------------------------------------------------------------------------------- columns


def test_columns_say_the_worst_that_was_so() -> None:
    window = Window(0.0, 100.0, 10)
    assert "".join(states([Span(0, 40, State.CLEAN), Span(40, 70, State.MARKED)], window)) == "····MMM   "
    assert "".join(states([Span(-50, 41, State.MARKED), Span(41, 500, State.CLEAN)], window)) == "MMMMM·····"
    assert "".join(states([Span(0, 100, State.CLEAN), Span(55, 55.1, State.MARKED)], window)) == "·····M····"
    assert "".join(states([Span(-5, -1, State.MARKED), Span(101, 200, State.MARKED)], window)) == " " * 10
    assert "".join(states([Span(100, 100, State.MARKED)], window)) == "         M"


@given(st.lists(spans, max_size=8), windows)
def test_every_column_says_what_was_so_in_it_and_the_worst_is_never_lost(given: list[Span], window: Window) -> None:
    columns = states(given, window)
    assert len(columns) == window.width
    slack = window.step * 1e-6
    for n, state in enumerate(columns):
        begin, end = window.begin + n * window.step, window.begin + (n + 1) * window.step
        there = [s for s in given if s.begin <= end + slack and s.end >= begin - slack]
        if state is not State.NOTHING:
            assert state in [s.state for s in there]
    inside = [s for s in given if s.begin < window.end and s.end > window.begin]
    if inside:
        worst = max((s.state for s in inside), key=BELIEFS.index)
        assert worst in columns
    for s in inside:
        n = window.column(max(s.begin, window.begin))
        assert columns[n] is not State.NOTHING


@given(st.lists(st.builds(Mark, times, st.sampled_from(Sign)), max_size=8), windows)
def test_what_happened_in_the_window_is_in_its_column_or_hidden_by_something_weightier(
    given: list[Mark], window: Window
) -> None:
    columns = signs(given, window)
    assert len(columns) == window.width
    inside = [m for m in given if window.begin <= m.at <= window.end]
    assert {n for n, sign in enumerate(columns) if sign} == {window.column(m.at) for m in inside}
    if any(m.sign is Sign.FAILED for m in inside):
        assert Sign.FAILED in columns


# ---------------------------------------------------------------------------------------------------------- axis


@given(windows, st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]))
def test_the_dates_stand_where_they_begin(window: Window, zone: str) -> None:
    here = ZoneInfo(zone)
    times = axis(window, here)
    assert width(times.ruler) == window.width
    assert width(times.labels) <= window.width
    assert [n for n, c in enumerate(times.ruler) if c == "┬"] == list(times.ticks)
    for n in times.ticks:
        label = times.labels[n:].split(" ")[0]
        begin = window.begin + n * window.step
        first, last = (datetime.fromtimestamp(at, here) for at in (begin - 1, begin + window.step + 1))
        shape = "%Y-%m-%d" if label.count("-") == 2 else "%m-%d" if "-" in label else "%H:%M"
        if shape == "%H:%M":
            minutes = math.ceil((last - first).total_seconds() / 60) + 1
            assert label in {f"{first + timedelta(minutes=m):%H:%M}" for m in range(minutes)} | {f"{last:%H:%M}"}
        else:
            days = (last.date() - first.date()).days
            assert label in {(first.date() + timedelta(days=d)).strftime(shape) for d in range(days + 1)}
    if window.width >= 40 and window.end - window.begin >= 3600:
        assert len(times.ticks) >= 1


@pytest.mark.parametrize(
    ("zone", "hours", "columns", "labels"),
    [
        ("UTC", 72, 60, "03-07     12:00     03-08     12:00     03-09     12:00"),
        ("Asia/Shanghai", 24, 48, "12:00 18:00 03-08"),
        ("UTC", 24 * 365 * 2, 60, "2026-08-02 2027-01-31 2027-08-01"),
    ],
)
def test_as_many_dates_as_have_room(zone: str, hours: float, columns: int, labels: str) -> None:
    at = datetime(2026, 3, 7, tzinfo=UTC).timestamp()
    assert axis(Window(at, at + hours * 3600, columns), ZoneInfo(zone)).labels.split() == labels.split()


def test_a_day_on_which_the_clock_is_changed_begins_at_midnight() -> None:
    zone = ZoneInfo("America/New_York")
    begin = datetime(2026, 3, 6, tzinfo=zone).timestamp()
    window = Window(begin, begin + 5 * 86_400, 50)
    times = axis(window, zone)
    assert times.labels.split() == ["03-06", "03-07", "03-08", "03-09", "03-10"]
    ninth = datetime(2026, 3, 9, tzinfo=zone).timestamp()
    assert times.labels.index("03-09") == window.column(ninth)


# --------------------------------------------------------------------------------------------------------- lanes


def lane(*events: rows.HistoryRow, verdicts: tuple[rows.VerdictRow, ...] = ()) -> Lane:
    begin, end = (NOW - 10 * DAY).timestamp(), NOW.timestamp()
    [made] = lanes_of(events[::-1], verdicts, begin, end)
    return made


def days(spans: tuple[Span, ...]) -> list[tuple[float, float, str]]:
    now = NOW.timestamp()
    return [(round((now - s.begin) / 86_400, 3), round((now - s.end) / 86_400, 3), s.state.name) for s in spans]


def verdict(**values: Any) -> rows.VerdictRow:
    given = {"platform": "so360", "platform_name": "360", "verdict": "clean", "flapping": False}
    return rows.VerdictRow(**{**given, "views": (), "faults": (), **values})


def test_beliefs_follow_each_other() -> None:
    made = lane(
        row(NOW - 8 * DAY, "verdict.baseline", None, "clean"),
        row(NOW - 6 * DAY, "verdict.changed", "clean", "marked:marketing"),
        row(NOW - 4 * DAY, "verdict.flapping", "clean", "marked:marketing"),
        row(NOW - 2 * DAY, "verdict.changed", "marked:marketing", "certified"),
    )
    assert days(made.beliefs) == [(8, 6, "CLEAN"), (6, 4, "MARKED"), (4, 2, "FLAPPING"), (2, 0, "CERTIFIED")]


def test_what_was_believed_before_the_first_line_is_what_it_moved_away_from() -> None:
    made = lane(row(NOW - 6 * DAY, "verdict.changed", "marked:fraud", "clean"))
    assert days(made.beliefs) == [(10, 6, "MARKED"), (6, 0, "CLEAN")]


def test_without_lines_it_is_what_is_believed_now() -> None:
    assert days(lane(verdicts=(verdict(since=NOW - 3 * DAY),)).beliefs) == [(3, 0, "CLEAN")]
    blind = verdict(since=NOW - 3 * DAY, blind_since=NOW - DAY)
    assert days(lane(verdicts=(blind,)).beliefs) == [(3, 0, "CLEAN"), (1, 0, "UNKNOWN")]
    assert lanes_of((), (verdict(verdict="unknown"),), 0.0, 1.0) == ()


def test_cases_open_and_close_and_open_again() -> None:
    made = lane(
        row(NOW - 9 * DAY, "case.moved", "waiting", "in_review", case="a"),  # opened before the oldest line
        row(NOW - 8 * DAY, "case.closed", "verifying", "cleared", case="a"),
        row(NOW - 7 * DAY, "case.moved", "cleared", "waiting", case="a"),
        row(NOW - 6 * DAY, "case.opened", None, "waiting", case="b"),
        row(NOW - 5 * DAY, "case.moved", "in_review", "cooling", case="b"),
        row(NOW - 4 * DAY, "action.uncertain", case="b"),
        row(NOW - 3 * DAY, "case.moved", "x", "escalated", case="b"),
        row(NOW - 2 * DAY, "case.closed", "verifying", "cleared", case="b"),
        row(NOW - 1 * DAY, "action.planned", case="b"),
    )
    assert days(made.cases) == [(10, 8, "OPEN"), (6, 2, "OPEN"), (7, 0, "OPEN")]
    assert [m.sign.value for m in made.marks] == ["s", "]", "[", "r", "!", "p", "]"]


def test_a_case_that_closes_the_moment_it_moves_is_over() -> None:
    """The daemon tells the newest first, and a case's last move and its end are of one moment."""
    moved = row(NOW - 4 * DAY, "case.moved", "verifying", "cleared", case="a")
    closed = row(NOW - 4 * DAY, "case.closed", "verifying", "cleared", case="a")
    [made] = lanes_of((closed, moved), (), (NOW - 10 * DAY).timestamp(), NOW.timestamp())
    assert days(made.cases) == [(10, 4, "OPEN")]


def test_platforms_come_in_the_order_of_the_verdicts_and_the_whole_number_has_a_lane() -> None:
    events = (
        row(NOW - DAY, "verdict.baseline", None, "clean", platform="baidu"),
        row(NOW - DAY, "case.opened", None, "waiting", platform=None, case="i"),
    )
    verdicts = (verdict(platform="sogou", since=NOW - DAY), verdict(since=NOW - DAY))
    lanes = lanes_of(events, verdicts, (NOW - 9 * DAY).timestamp(), NOW.timestamp())
    assert [made.name for made in lanes] == ["sogou", "so360", "", "baidu"]


@given(
    st.lists(
        st.builds(
            row,
            st.integers(0, 50 * 86_400).map(lambda seconds: NOW - timedelta(seconds=seconds)),
            st.sampled_from(["verdict.baseline", "verdict.changed", "verdict.flapping", "case.opened", "case.moved",
                             "case.closed", "action.sent", "action.failed"]),
            st.sampled_from([None, "", "clean", "marked:fraud", "in_review"]),
            st.sampled_from([None, "", "certified", "marked:fraud", "cooling", "nonsense"]),
            case=st.sampled_from([None, "a", "b"]),
            platform=st.sampled_from([None, "so360", "示例平台示例平台", "\x1b[31m\u202e"]),
        ),
        max_size=12,
    ),
    st.integers(10, 140),
)  # fmt: skip
def test_whatever_the_daemon_says_the_drawing_fits_and_is_harmless(events: list[rows.HistoryRow], columns: int) -> None:
    doc = Document()
    page = status.HistoryPage(now=NOW, number=NUMBER, events=tuple(events), more=False)
    shown = sorted(events, key=lambda e: e.at, reverse=True)
    of_page(doc, structs.replace(page, events=tuple(shown)), page, present=True)
    for block in doc.blocks[1:]:
        for pieces in block.rows(columns):  # type: ignore[union-attr]  # the heading is followed by the drawing
            line = "".join(piece.text for piece in pieces)
            assert width(line) <= columns
            assert "\x1b" not in line
            assert "\u202e" not in line


def test_quiet_platforms_are_told_in_one_line() -> None:
    window = Window(0.0, 10.0, 10)
    quiet = Lane("a", (Span(0, 10, State.CLEAN),))
    news = (
        Lane("b", (Span(0, 10, State.MARKED),)),
        Lane("c", (Span(0, 5, State.CLEAN), Span(5, 10, State.CERTIFIED))),
        Lane("d", (Span(0, 10, State.CLEAN),), (Span(1, 2, State.OPEN),)),
        Lane("e", (), (), (Mark(3, Sign.SUBMITTED),)),
    )
    assert busy([quiet, *news], window) == ([*news], [quiet])


# ------------------------------------------------------------------------------------------------------- drawing


def view(*verdicts: rows.VerdictRow) -> status.NumberView:
    return status.NumberView(
        now=NOW, number=NUMBER, dashed=NUMBER, kind="landline", name="", group="g", accept=(), parked=False,
        platforms=verdicts, cases=(), tasks=(),
    )  # fmt: skip


def test_the_drawing_of_a_number() -> None:
    doc = Document()
    events = (
        row(NOW - 2 * DAY, "verdict.changed", "marked:fraud", "clean"),
        row(NOW - 5 * DAY, "case.moved", "submitting", "in_review", case=CASE),
        row(NOW - 6 * DAY, "case.opened", None, "waiting", case=CASE),
        row(NOW - 6 * DAY, "verdict.changed", "clean", "marked:fraud"),
        row(NOW - 8 * DAY, "verdict.baseline", None, "clean"),
    )
    page = status.HistoryPage(now=NOW, number=NUMBER, events=events, more=False)
    quiet = tuple(verdict(platform=f"p{n}", since=NOW - DAY) for n in range(3))
    of_number(doc, view(verdict(verdict="clean", since=NOW - 2 * DAY), *quiet), page)
    lines = list(plain.lines(doc))
    assert lines[0] == "timeline"
    assert lines == [
        "timeline",
        "so360  ··················MMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMMM··················",
        "                         [========s=============================================",
        "       ──┬────────┬────────┬────────┬────────┬────────┬─────────┬────────┬──────",
        "         11-13    11-14    11-15    11-16    11-17    11-18     11-19    11-20",
        "M marked  · clean  = case open  [ opened  s handed in",
        "2026-11-12 18:00 to 2026-11-20 18:00  one column is 2 h 37 min",
        "3 more, nothing happened there: p0 p1 p2",
    ]
    assert max(map(width, lines)) <= 80


def test_no_drawing_where_nothing_is_known_or_there_is_no_room() -> None:
    doc = Document()
    empty = status.HistoryPage(now=NOW, number=NUMBER, events=(), more=False)
    of_number(doc, view(), empty)
    of_page(doc, empty, empty, present=True)
    assert not doc.blocks
    of_number(doc, view(verdict(since=NOW - HOUR)), empty)
    assert doc.blocks[1].rows(20) == []  # type: ignore[union-attr]  # it is the drawing


def test_what_is_asked_for_is_bounded() -> None:
    asked = question(NUMBER)
    assert (asked.limit, asked.actions, asked.before, asked.platform) == (1_000, ACTIONS, None, None)


def test_a_page_that_is_not_the_newest_ends_with_its_last_line() -> None:
    doc = Document()
    events = (
        row(NOW - 5 * DAY, "verdict.changed", "clean", "marked:fraud"),
        row(NOW - 9 * DAY, "verdict.baseline", None, "clean"),
    )
    page = status.HistoryPage(now=NOW, number=NUMBER, events=events, more=True)
    of_page(doc, page, page, present=False)
    assert "2026-11-11 18:00 to 2026-11-15 18:00  one column is 1 h 18 min" in "\n".join(plain.lines(doc))
