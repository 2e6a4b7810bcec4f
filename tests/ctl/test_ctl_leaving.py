"""What `numtrustctl` shows of a number that leaves, and what it refuses before it asks."""

from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import errors, rows, status
from numtrustd.ctl import render_detail
from numtrustd.ctl.cli import main

NUMBER = "+862151288888"
CASE = f"{NUMBER}/cancellation/1"

Capture = pytest.CaptureFixture[str]


def number(daemon: Any, capsys: Capture, leaving: rows.LeavingRow) -> str:
    daemon.answers["GetNumber"] = structs.replace(daemon.answers["GetNumber"], leaving=leaving)
    assert main(["number", NUMBER]) == 0
    return capsys.readouterr().out


def test_a_number_that_leaves_says_what_it_waits_for(daemon: Any, capsys: Capture) -> None:
    waits = (f"{NUMBER}/so360/2 is in_review", "publish_notice is to be done")
    leaving = rows.LeavingRow(case=CASE, reason="disused", state="cancelling", safe_to_release=False, waits_for=waits)
    out = number(daemon, capsys, leaving)
    said = (
        f"removal of {NUMBER} at Qihoo 360 (so360): in_review (case {NUMBER}/so360/2)",
        "Publish the notice to customers: is to be done",
    )
    for part in ("leaves", "cancelling", "disused", CASE, "not yet", *said):
        assert part in out, part
    assert "given up" not in out


def test_one_that_was_given_up_says_by_whom_and_whether_it_was_forced(daemon: Any, capsys: Capture) -> None:
    at = daemon.answers["GetNumber"].now
    leaving = rows.LeavingRow(
        state="released", safe_to_release=False, waits_for=(), released_at=at, released_by="eve", forced=True, why="w"
    )
    out = number(daemon, capsys, leaving)
    for part in ("released", "eve", "before every platform was verified gone"):
        assert part in out, part
    assert "not yet" not in out


def test_a_safe_one_hints_at_the_release(daemon: Any) -> None:
    leaving = rows.LeavingRow(case=CASE, reason="disused", state="safe_to_release", safe_to_release=True, waits_for=())
    view: status.NumberView = structs.replace(daemon.answers["GetNumber"], leaving=leaving)
    hints = render_detail.number(view).hints
    assert (f"release {NUMBER}", "give it up") in hints


def test_forcing_needs_a_reason(daemon: Any, capsys: Capture) -> None:
    assert main(["release", NUMBER, "--force"]) == 64
    assert "--reason" in capsys.readouterr().err
    assert main(["cancel", NUMBER]) == 64
    assert main(["cancel", NUMBER, "--reason", "bored"]) == 64


def test_what_is_asked_for_is_named_by_number_platform_and_kind(daemon: Any, capsys: Capture) -> None:
    """Not by the ids of cases alone, which nobody has seen yet who has just cancelled a number."""
    removal = structs.replace(daemon.answers["ListCases"][0].cases[0], kind="removal", case=f"{NUMBER}/so360/2")
    view = structs.replace(daemon.answers["GetNumber"], cases=(removal,))
    daemon.answers["GetNumber"] = view
    assert main(["cancel", NUMBER, "--reason", "disused"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{NUMBER}: is to be cancelled; cancelling\n")
    assert "1 open case" in out
    assert "removal" in out


def test_a_refused_release_names_what_is_still_open(daemon: Any, capsys: Capture) -> None:
    left = f"{NUMBER}/so360/2 is in_review, publish_notice is to be done, case {CASE} is not opened"
    daemon.refuse("Release", errors.Refused(f"it is not safe to release: {left}; wait for it, or force it and say why"))
    assert main(["release", NUMBER]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "numtrustctl: it is not safe to release:",
        f"numtrustctl:   removal of {NUMBER} at Qihoo 360 (so360): in_review (case {NUMBER}/so360/2)",
        "numtrustctl:   Publish the notice to customers: is to be done",
        f"numtrustctl:   cancellation of {NUMBER}: not opened (case {CASE})",
        "numtrustctl: wait for it, or force it and say why",
    ]
    assert main(["--lang", "zh", "release", NUMBER]) == 1
    said = capsys.readouterr().err
    assert f"{NUMBER} 在 360 (so360) 的" in said
    assert "safe" not in said
