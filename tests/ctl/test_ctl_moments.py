"""Points and lengths of time as options take them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from numtrustd.api import calls, control, status
from numtrustd.ctl import lang
from numtrustd.ctl.cli import main
from numtrustd.ctl.moments import ago, seconds
from numtrustd.ctl.text import brief, span
from tests.ctl.conftest import NOW, NUMBER

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("90m", 5_400.0),
        ("90 min", 5_400.0),
        ("1d12h", 129_600.0),
        ("2 h 10 min", 7_800.0),
        ("1.5h", 5_400.0),
        (" 20s ", 20.0),
        ("1w", 604_800.0),
        ("2 小时 10 分钟", 7_800.0),
        ("3天", 259_200.0),
        ("", None),
        ("0h", None),
        ("90", None),
        ("h", None),
        ("2h ago", None),
        ("1 month", None),
        ("-2h", None),
        ("2h,3m", None),
    ],
)
def test_lengths(text: str, wanted: float | None) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("length", [20, 300, 7_800, 10_800, 1_036_800])
@pytest.mark.parametrize("language", lang.SPEAKS)
def test_what_is_printed_can_be_typed(length: int, language: str) -> None:
    lang.use(language, {})
    assert seconds(span(length)) == length
    assert seconds(brief(length)) is not None


def test_how_long_ago() -> None:
    assert ago("2h") == ago("2h ago") == ago("2 小时前") == timedelta(hours=2)
    assert ago("ago") is None
    assert ago("2026-05-01") is None
    assert ago("999999999w") is None, "beyond the calendar"


OBSERVE = ("observe", NUMBER, "--platform", "so360", "--surface", "search", "--status", "clean")


@pytest.mark.parametrize("said", ["2h", "120 min", "2 h ago", "2026-11-20T16:00", "2026-11-20T08:00:00+00:00"])
def test_a_report_of_earlier(daemon: Any, capsys: Capture, said: str) -> None:
    main([*OBSERVE, "--at", said, "--author", "li"])
    assert daemon.asked[-1].at == datetime(2026, 11, 20, 8, tzinfo=UTC), "by the daemon's clock, or the reader's zone"
    assert isinstance(daemon.asked[-1], control.Observe)
    assert (status.GetStatus() in daemon.asked) is ("2026" not in said), "asked only where it is needed"


@pytest.mark.parametrize("said", ["yesterday", "2x", "200000w", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_time_is_told_before_anything_is_sent(daemon: Any, capsys: Capture, said: str) -> None:
    assert main([*OBSERVE, "--at", said]) == 64
    err = capsys.readouterr().err
    assert "or how long ago it was: 90m, 2h, 3d" in err or "too long ago: name a later time" in err
    assert all(isinstance(asked, status.GetStatus) for asked in daemon.asked)


def test_a_time_to_come_is_not_told_as_one_that_is_over(daemon: Any, capsys: Capture) -> None:
    assert main(["hold", f"{NUMBER}/so360/1", "--until", "2h"]) == 64
    assert "how long ago" not in capsys.readouterr().err


def test_history_before(daemon: Any, capsys: Capture) -> None:
    assert main(["history", NUMBER, "--before", "1d"]) == 0
    asked = next(each for each in daemon.asked if isinstance(each, status.History))
    assert asked.before == NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("said", "day"), [("1d", "2026-11-19"), ("12h ago", "2026-11-20"), ("2026-11-02", "2026-11-02")]
)
def test_the_day_of_a_complaint(daemon: Any, capsys: Capture, said: str, day: str) -> None:
    main(["complaint", NUMBER, "--day", said, "--author", "li"])
    assert daemon.asked[-1] == calls.Complain(number=NUMBER, day=day, author="li")
