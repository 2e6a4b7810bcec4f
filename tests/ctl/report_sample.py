"""A month's report as a daemon would answer it, for the tests of what the client makes of it.

`python -m tests.ctl.report_sample` writes the two golden files anew; look at what has changed before you commit it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from numtrustd.api import report as r
from numtrustd.api.rows import TaskRow
from numtrustd.ctl import plain
from numtrustd.ctl.report import writing
from numtrustd.ctl.report.sections import told

GOLDEN = Path(__file__).parents[1] / "data" / "report"
NUMBER = "+862151288888"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
_DAY = 86_400.0
_CAME, _WENT = (3, 4, 9, 15, 16, 17), (8, 12, 20, 24, 28)
_UNTOLD = (10, 11)


def _days() -> tuple[r.ReportDay, ...]:
    labels, days = 2, []
    for n in range(31):
        labels += (n in _CAME) - (n in _WENT)
        calls = None if n in _UNTOLD else 4000
        days.append(
            r.ReportDay(
                day=f"2026-10-{n + 1:02d}",
                labels=labels,
                numbers=max(1, labels - 1),
                known=96,
                found=0,
                appeared=int(n in _CAME),
                cleared=int(n in _WENT),
                calls=calls,
                answered=None if calls is None else 1400 + (n % 7) * 80 - labels * 60,
                callers=None if calls is None else 20,
            )
        )
    return tuple(days)


def _case(kind: str, platform: str, counts: tuple[int, int, int, int], took: tuple[float, ...]) -> r.CaseMonth:
    opened, cleared, given_up, left = counts
    quickest, median, slowest = (days * _DAY for days in took)
    return r.CaseMonth(
        kind=kind,
        platform=platform,
        opened=opened,
        cleared=cleared,
        given_up=given_up,
        open_at_end=left,
        quickest=quickest,
        median=median,
        slowest=slowest,
    )


def _rate(days: int, calls: int, answered: int) -> r.Rate:
    return r.Rate(days=days, calls=calls, answered=answered)


def _at(day: int, hour: int = 3) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def sample(**more: Any) -> r.Report:
    """October 2026, whole; any field may be replaced."""
    values: dict[str, Any] = {
        "now": NOW,
        "month": "2026-10",
        "zone": "Asia/Shanghai",
        "since": datetime(2026, 9, 30, 16, tzinfo=UTC),
        "until": datetime(2026, 10, 31, 16, tzinfo=UTC),
        "whole": True,
        "recorded_from": datetime(2026, 5, 1, tzinfo=UTC),
        "numbers": 24,
        "callers": 20,
        "platforms": (
            r.ReportPlatform(platform="so360", name="360手机卫士", name_en="360"),
            r.ReportPlatform(platform="tencent", name="腾讯手机管家", name_en="Tencent"),
            r.ReportPlatform(platform="huawei", name="华为", name_en="Huawei"),
        ),
        "days": _days(),
        "labels": (
            r.LabelMonth(platform="so360", at_start=1, found=0, appeared=4, cleared=3, at_end=2, label_days=31.4),
            r.LabelMonth(platform="tencent", at_start=1, found=0, appeared=2, cleared=2, at_end=1, label_days=22.0),
        ),
        "cases": (
            _case("appeal", "so360", (4, 3, 0, 2), (3, 5.5, 9)),
            _case("appeal", "tencent", (2, 2, 1, 1), (6, 7, 8)),
            _case("certification", "huawei", (1, 1, 0, 0), (4, 4, 4)),
            r.CaseMonth(kind="incident", opened=6, cleared=4, given_up=0, open_at_end=2),
        ),
        "marks": (
            r.MarkMonth(mark="submit", within=7200.0, met=5, missed=1, ahead=0),
            r.MarkMonth(mark="follow_up", within=86_400.0, met=5, missed=0, ahead=1),
            r.MarkMonth(mark="resolve", within=172_800.0, met=1, missed=3, ahead=2),
        ),
        "missed": (
            r.MissedMark(incident=f"{NUMBER}/incident/3", mark="resolve", at=_at(20)),
            r.MissedMark(incident=f"{NUMBER}/incident/2", mark="submit", at=_at(12)),
        ),
        "benefit": (
            r.BenefitMonth(
                kind="appeal",
                platform="so360",
                cases=5,
                ended=3,
                paid=20_000,
                compared=3,
                before=_rate(42, 8400, 3360),
                during=_rate(20, 4000, 900),
                after=_rate(40, 8000, 3000),
                gained=31.5,
                gained_fen=6300,
                lost_least=40.0,
                lost_most=60.0,
                measured=False,
            ),
            r.BenefitMonth(
                kind="appeal",
                platform="tencent",
                cases=4,
                ended=3,
                paid=0,
                compared=2,
                before=_rate(28, 5600, 2100),
                during=_rate(14, 2800, 800),
                after=_rate(20, 4000, 1480),
                gained=16.8,
                gained_fen=3360,
                lost_least=22.0,
                lost_most=22.0,
                measured=True,
            ),
            r.BenefitMonth(kind="certification", platform="huawei", cases=1, ended=1, paid=30_000, compared=0),
        ),
        "call_worth": 200,
        "budget": 100_000,
        "spend": (
            r.SpendMonth(what="appeal", platform="so360", committed=0, planned=0, void=0, entries=4),
            r.SpendMonth(what="certification", platform="huawei", committed=30_000, planned=0, void=0, entries=1),
            r.SpendMonth(what="expedite", platform="so360", committed=20_000, planned=25_000, void=20_000, entries=3),
        ),
        "open_count": 5,
        "open_cases": (
            r.OpenCase(
                case=f"{NUMBER}/so360/4",
                kind="appeal",
                platform="so360",
                opened_at=_at(16),
                state="in_review",
                meaning="the platform reviews",
            ),
            r.OpenCase(
                case=f"{NUMBER}/incident/3",
                kind="incident",
                opened_at=_at(18),
                state="escalated",
                meaning="48 hours are over and it is not resolved; a person has to decide",
            ),
        ),
        "inspection_every": "monthly",
        "inspections": (
            r.InspectionMonth(
                inspection=3,
                began_at=_at(20),
                ended_at=_at(24),
                numbers=24,
                looks_wanted=96,
                looks_made=91,
                labelled=3,
                open_cases=4,
                inconsistent=1,
                wrong_names=2,
                stale_tags=0,
                papers=("licence /srv/papers/licence.pdf: expires soon",),
                quotas=("tencent: appeals a day: used up, 5 of 5",),
            ),
        ),
        "tasks_open": 4,
        "tasks_overdue": 1,
        "work": (
            r.Work(
                kind="submit_appeal",
                title="Hand in the appeal",
                open=3,
                overdue=1,
                next_due=NOW - timedelta(hours=3),
            ),
            r.Work(kind="decide", title="Decide how to go on", open=1, overdue=0, next_due=NOW + timedelta(hours=30)),
        ),
        "tasks": (
            TaskRow(
                task=f"{NUMBER}/so360/4/3.0",
                kind="submit_appeal",
                title="Hand in the appeal",
                state="open",
                case=f"{NUMBER}/so360/4",
                number=NUMBER,
                platform="so360",
                platform_name="360手机卫士",
                opened_at=NOW - timedelta(days=1),
                due=NOW - timedelta(hours=3),
                answers=("submitted", "refused"),
            ),
        ),
        "parked": 0,
        "papers": (),
    }
    return r.Report(**values | more)


UNTOUCHED = {"month", "zone", "day", "inspection_every", "now", "since", "until", "recorded_from", "inspection_since"}
"""Fields that the daemon makes itself, of no text that anybody else has written."""


def spoilt(nasty: str, **more: Any) -> r.Report:
    """The sample with `nasty` in every text that comes from elsewhere, behind what stood there."""

    def through(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: through(each, key) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [through(each, name) for each in value]
        is_text = isinstance(value, str) and name not in UNTOUCHED and not name.endswith(("_at", "at", "due"))
        return value + nasty if is_text else value

    return msgspec.convert(through(msgspec.to_builtins(sample(**more)), ""), r.Report)


def text() -> str:
    """The sample as the client puts it into a file."""
    return "".join(f"{line}\n" for line in plain.lines(writing.document(told(sample()))))


def markdown() -> str:
    return writing.markdown(told(sample()))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "month.txt").write_text(text(), encoding="utf-8")
    (GOLDEN / "month.md").write_text(markdown(), encoding="utf-8")
