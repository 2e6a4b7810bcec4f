"""What cases wait for: the person's task is named where there is one, also that of the emergency it is part of."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import rows, status
from numtrustd.ctl import lang, names
from numtrustd.ctl.cli import main
from numtrustd.ctl.waits import Waits, is_incident, part_said
from tests.ctl.conftest import CASE, CASE_ROW, NOW, NUMBER, TASK, TASK_ROW

INCIDENT = f"{NUMBER}/incident/1"
DECIDE = structs.replace(
    TASK_ROW, task=f"{INCIDENT}/7.1", case=INCIDENT, title="Decide how to go on", due=NOW - timedelta(hours=5)
)
EMERGENCY = structs.replace(CASE_ROW, case=INCIDENT, kind="incident", platform="", task=None, waits_for="daemon")
ALONE = structs.replace(CASE_ROW, task=None, waits_for="daemon")

Capture = pytest.CaptureFixture[str]


def said(row: rows.CaseRow, *tasks: rows.TaskRow) -> tuple[str, str | None]:
    who, task = Waits(tasks).of(row)
    return who.text, None if task is None else task.text


def test_a_case_names_its_own_task() -> None:
    assert said(CASE_ROW, TASK_ROW, DECIDE) == ("person", f"Hand in the appeal: {TASK}")


def test_an_emergency_names_the_most_urgent_task_of_its_number() -> None:
    assert said(EMERGENCY, TASK_ROW) == ("person", f"Hand in the appeal: {TASK}")
    late = structs.replace(TASK_ROW, due=NOW - timedelta(days=9))
    assert said(structs.replace(EMERGENCY, case=f"{NUMBER}/cancellation/1"), late, DECIDE) == (
        "person", f"Hand in the appeal: {TASK}; and 1 more task",
    )  # fmt: skip


def test_a_case_that_stands_still_names_the_task_of_its_emergency() -> None:
    assert said(ALONE, DECIDE) == ("person", f"Decide how to go on: {INCIDENT}/7.1")
    assert said(structs.replace(ALONE, waits_for="platform"), DECIDE) == ("platform", None), "nobody can hurry that"
    other = structs.replace(DECIDE, number="+8613800138000", case="+8613800138000/incident/1")
    done = structs.replace(DECIDE, state="done")
    assert said(ALONE, other, done) == ("daemon", None)
    assert said(structs.replace(ALONE, closed_at=NOW), DECIDE) == ("daemon", None)


def test_a_case_that_rests_waits_for_no_one_who_has_a_task() -> None:
    rests = structs.replace(CASE_ROW, rests="its number is no longer watched", waits_for="nobody")
    assert said(rests, TASK_ROW) == ("nobody", "rests: put its number back, then reload")


def test_what_rests_is_seen_in_the_status_and_on_its_case_page(daemon: Any, capsys: Capture) -> None:
    why = "its number is no longer watched: nothing is done for it, and no deadline runs"
    whole, view = daemon.answers["GetStatus"], daemon.answers["GetCase"]
    daemon.answers["GetStatus"] = structs.replace(whole, resting_cases=2, resting_numbers=(NUMBER,))
    daemon.answers["GetCase"] = structs.replace(view, rests=why, waits_for="nobody", due=None, task=None)
    assert main(["status"]) == 0
    assert f"nothing is done for 2 open cases of {NUMBER}: no longer in the numbers; put the rows back" in " ".join(
        capsys.readouterr().out.split()
    )
    assert main(["case", CASE]) == 0
    page = " ".join(capsys.readouterr().out.split())
    assert why in page
    assert "withdraw" not in page


def test_only_the_place_of_the_platform_makes_an_emergency() -> None:
    assert is_incident(INCIDENT)
    assert not is_incident("incident/so360/1")
    assert not is_incident("")


def test_every_page_names_it(daemon: Any, capsys: Capture) -> None:
    view = daemon.answers["GetNumber"]
    daemon.answers["GetNumber"] = structs.replace(view, cases=(EMERGENCY,), tasks=(TASK_ROW,))
    daemon.answers["ListCases"] = [status.CasePage(now=NOW, cases=(EMERGENCY,))]
    case = structs.replace(daemon.answers["GetCase"], case=INCIDENT, platform="", task=None, waits_for="daemon")
    daemon.answers["GetCase"] = case
    line = rows.ExplainLine(fact="incident", why="", next="the daemon waits", who="daemon", case=INCIDENT)
    daemon.answers["Explain"] = structs.replace(daemon.answers["Explain"], lines=(line,))
    for arguments in (["number", NUMBER], ["cases"], ["case", INCIDENT], ["explain", NUMBER]):
        assert main(arguments) == 0
        assert f"Hand in the appeal: {TASK}" in capsys.readouterr().out, arguments


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (f"{CASE} is lost", f"removal of {NUMBER} at so360: lost (case {CASE})"),
        ("publish_notice is to be done", "Publish the notice to customers: is to be done"),
        ("anything else", "anything else"),
        ("approve is to be done", "approve is to be done"),
    ],
)
def test_parts_of_a_cancellation(part: str, wanted: str) -> None:
    assert part_said(part) == wanted


# ------------------------------------------------------------------------------------------------- names of platforms


def test_a_platform_has_one_name_in_each_language(daemon: Any, capsys: Capture) -> None:
    known = structs.replace(daemon.answers["ListPlatforms"].platforms[0], name="360手机卫士", name_en="Qihoo 360")
    nameless = structs.replace(known, platform="sogou", name="搜狗", name_en="")
    daemon.answers["ListPlatforms"] = status.PlatformList(now=NOW, platforms=(known, nameless))
    assert main(["number", NUMBER]) == 0
    out = capsys.readouterr().out
    assert "Qihoo 360 (so360)" in out
    assert "搜狗" not in out, "without an English name it goes by its id"
    assert main(["--lang", "zh", "number", NUMBER]) == 0
    out = capsys.readouterr().out
    assert "360手机卫士 (so360)" in out
    assert "搜狗 (sogou)" in out
    assert "Qihoo" not in out


def test_without_the_list_a_foreign_name_gives_way_to_the_id() -> None:
    assert names.both("sogou", "搜狗") == "sogou"
    assert names.both("truecaller", "Truecaller") == "Truecaller"
    assert names.name("", "all platforms") == "all platforms"
    lang.use("zh", {})
    assert names.both("sogou", "搜狗") == "搜狗 (sogou)"
    assert names.name("", "all platforms") == "所有平台"
