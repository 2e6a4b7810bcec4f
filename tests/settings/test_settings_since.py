"""Since when a number is one's own: days as people and spreadsheets write them, and what no such day is."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from settings_files import CSV, Files

from numtrustd.settings import Loaded, load, render, times, units
from numtrustd.settings.problem import Problem

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC).timestamp()
Good = Callable[..., Loaded]


@pytest.mark.parametrize("text", ["2019-05-01", "2019/5/1", "2019/05/01", "2019.5.1", "2019年5月1日", "2019年05月01日"])
def test_a_day_however_it_is_written(text: str) -> None:
    assert units.day(text) == date(2019, 5, 1)


@pytest.mark.parametrize(
    "text",
    ["5/1/2019", "19-05-01", "2019-13-01", "2019-02-29", "2019-5/1", "2019年5月", "2019-05-01T09:00", "2019",
     "0000-1-1", "２０１９-05-01", " 2019-05-01", "yesterday"],
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    assert units.day(text) is None


def test_the_column_and_the_key(good: Good, base: Files) -> None:
    base["numbers.csv"] = "号码,启用日期\n13800138000,2019/5/1\n13800138001,\n"
    base["numtrustd.toml"] += '[numbers]\nfiles = ["numbers.csv", "more.toml"]\n'
    base["numtrustd.toml"] += '[[number]]\nnumber = "13800138002"\nsince = 2012-03-15\n'
    base["more.toml"] = '[[number]]\nnumber = "13800138003"\nsince = 2012-03-16\n'
    loaded = good(base)
    assert [loaded.numbers[f"+861380013800{n}"].since for n in range(4)] == [
        date(2019, 5, 1), None, date(2012, 3, 15), date(2012, 3, 16),
    ]  # fmt: skip
    assert loaded.warnings[0].key == "platforms.enable"
    assert len(loaded.warnings) == 1


def test_no_day_is_said_where_it_stands(problems: Callable[..., str], base: Files) -> None:
    base["numbers.csv"] = "number,since\n13800138000,2019-05-01\n13800138001,5/1/2019\n"
    assert problems(base) == f'numbers.csv:3: since: is "5/1/2019": {units.DAY_HELP}\n'
    base["numbers.csv"] = CSV
    base["numtrustd.toml"] += '[[number]]\nnumber = "13800138002"\nsince = "May"\n'
    assert problems(base) == 'numtrustd.toml:5: number[0].since: is "May": give a date such as 2027-01-31\n'


def warned(tree: Callable[..., object], files: Files, now: float = NOW) -> list[Problem]:
    found = load(tree(files), {}, now=now)  # type: ignore[arg-type]
    assert isinstance(found, Loaded), render(found)
    return [warning for warning in found.warnings if warning.key == "since"]


def test_a_day_still_to_come_is_warned_of_and_never_refused(tree: Callable[..., object], base: Files) -> None:
    base["numbers.csv"] = "number,since,watch\n13800138000,2026-11-24,\n13800138001,2026-11-24,preflight\n"
    [warning] = warned(tree, base)
    assert (warning.line, warning.remedy) == (2, 'correct it, or say watch = "preflight"')
    assert "2026-11-24" in warning.what
    # A clock that has lost its time makes every day one to come: the daemon starts all the same.
    assert len(warned(tree, base, now=0.0)) == 1
    base["numbers.csv"] = "number,since\n13800138000,2026-11-23\n"
    assert warned(tree, base) == []


def test_a_day_has_begun_where_it_begins_first() -> None:
    assert times.latest_day(datetime(2026, 11, 23, 9, 59, tzinfo=UTC).timestamp()) == date(2026, 11, 23)
    assert times.latest_day(datetime(2026, 11, 23, 10, tzinfo=UTC).timestamp()) == date(2026, 11, 24)
