"""Reports as JSON lines: every line has its own answer with its number, and a wrong one stops none of the others."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import control, errors
from numtrustd.ctl.cli import main
from numtrustd.ctl.reports import LONGEST

NUMBER = "+862151288888"
Capture = pytest.CaptureFixture[str]
LINE: dict[str, Any] = {"number": NUMBER, "platform": "huawei", "surface": "incoming_call", "status": "clean"}


def hand_in(monkeypatch: pytest.MonkeyPatch, capsys: Capture, *lines: Any, more: tuple[str, ...] = ()) -> Any:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code = main(["observe", "--author", "relay", *more])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def told(daemon: Any) -> list[control.Observe]:
    return [params for params in daemon.asked if isinstance(params, control.Observe)]


def test_each_line_is_one_report(daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    code, out, _ = hand_in(monkeypatch, capsys, LINE, "", LINE | {"author": "li", "key": "k1"})
    assert code == 0
    assert told(daemon) == [control.Observe(**LINE, author="relay"), control.Observe(**LINE, author="li", key="k1")]
    assert [line.split(":")[0] for line in out.splitlines()] == ["line 1", "line 3"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "line 2: is no JSON: write one object a line"),
        ('{"number": "1"}', 'line 2: field "platform": is missing'),
        (LINE | {"status": "dirty"}, "line 2: field \"status\": 'dirty' is none of marked, clean"),
        (LINE | {"colour": "red"}, 'line 2: field "colour": is not known: known are number'),
        (LINE | {"rehearse": True}, "line 2: rehearse is not for lines"),
        (LINE | {"words": "x" * LONGEST}, f"line 2: is longer than {LONGEST} bytes"),
    ],
)
def test_a_wrong_line_has_its_number_and_stops_no_other(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture, line: Any, said: str
) -> None:
    code, out, err = hand_in(monkeypatch, capsys, LINE, line, LINE)
    assert code == 1
    assert said in out
    assert "1 of 3 lines were not stored" in err
    assert len(told(daemon)) == 2


def test_what_the_daemon_refuses_is_said_of_its_line(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    daemon.refuse("Observe", errors.InvalidArgument("surface", "huawei has these: incoming_call, call_log"))
    code, out, _ = hand_in(monkeypatch, capsys, LINE)
    assert (code, out) == (1, "line 1: surface: huawei has these: incoming_call, call_log\n")
    code, out, _ = hand_in(monkeypatch, capsys, LINE, more=("--json",))
    assert code == 1
    assert json.loads(out) == {"line": 1, "error": "surface: huawei has these: incoming_call, call_log"}


def test_all_or_none_stores_nothing_when_one_line_is_wrong(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    code, out, err = hand_in(monkeypatch, capsys, LINE, "nonsense", more=("--all-or-none",))
    assert (code, out) == (1, "line 2: is no JSON: write one object a line\n")
    assert "2 of 2 lines were not stored" in err
    assert all(report.rehearse for report in told(daemon))
    code, _, _ = hand_in(monkeypatch, capsys, LINE, more=("--all-or-none",))
    assert code == 0
    assert not told(daemon)[-1].rehearse


def test_one_that_did_not_count_says_why(daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    result = daemon.answers["Observe"]
    daemon.answers["Observe"] = structs.replace(result, counted=False, why="it was reported before, and counts once")
    code, out, _ = hand_in(monkeypatch, capsys, LINE)
    assert code == 0
    assert "(it was reported before, and counts once)" in out
    assert main(["observe", NUMBER, "--platform", "huawei", "--surface", "call_log", "--status", "clean"]) == 0
    assert "not counted:" in capsys.readouterr().out


def test_all_that_is_wrong_with_a_line_is_said_at_once(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    wrong = {"number": NUMBER, "status": "dirty", "marks": "x", "colour": "red", "screenshot": "/no/such.png"}
    code, out, _ = hand_in(monkeypatch, capsys, wrong)
    assert code == 1
    [line] = out.splitlines()
    for said in (
        '"platform": is missing',
        '"surface": is missing',
        "'dirty'",
        "'x' is no whole",
        '"colour"',
        "no such",
    ):
        assert said in line, said
    assert told(daemon) == []
    more = (errors.Wrong("os", "is missing"), errors.Wrong("app", "is missing"))
    daemon.refuse("Observe", errors.InvalidArgument("device", "is missing", more))
    assert hand_in(monkeypatch, capsys, LINE)[1] == "line 1: device: is missing; os: is missing; app: is missing\n"


def test_a_picture_is_told_by_its_digest_and_place(daemon: Any, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "shot.png").write_bytes(b"picture")
    place = ["observe", NUMBER, "--platform", "huawei", "--surface", "call_log", "--status", "clean", "--screenshot"]
    assert main([*place, str(tmp_path / "shot.png")]) == 0
    [asked] = told(daemon)
    digest = "sha256:" + hashlib.sha256(b"picture").hexdigest()
    assert (asked.screenshot_digest, asked.evidence) == (digest, str(tmp_path / "shot.png"))
    assert main([*place, str(tmp_path / "none.png")]) == 64
    assert "none.png cannot be read (no such file or directory): name the picture's file" in one_line(capsys)
    assert main([*place, str(tmp_path / "shot.png"), "--screenshot-digest", digest]) == 64
    assert "not both" in one_line(capsys)
    assert len(told(daemon)) == 1


def one_line(capsys: Capture) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_a_single_report_needs_its_place_and_lines_need_no_options(daemon: Any, capsys: Capture) -> None:
    assert main(["observe", NUMBER, "--platform", "huawei"]) == 64
    assert "give --surface, --status as well" in capsys.readouterr().err
    assert main(["observe", "--platform", "huawei"]) == 64
    assert "--platform without a number" in capsys.readouterr().err


def test_the_looks_of_people_stand_beside_those_of_the_daemon(daemon: Any, capsys: Capture) -> None:
    status = daemon.answers["GetStatus"]
    for told, said in ((None, "overdue"), (0, "overdue"), (7, "; 7 more reported by people")):
        daemon.answers["GetStatus"] = structs.replace(status, overdue_looks=0, looks_told=told)
        assert main(["status"]) == 0
        [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("looks")]
        assert line.endswith(said)


def test_a_refusal_names_the_option_that_was_typed(daemon: Any, capsys: Capture) -> None:
    more = (errors.Wrong("logo_digest", "is no digest"), errors.Wrong("unheard_of", "is wrong"))
    daemon.refuse("Observe", errors.InvalidArgument("screenshot_digest", "is no digest", more))
    assert main(["observe", NUMBER, "--platform", "huawei", "--surface", "call_log", "--status", "clean"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "numtrustctl: --screenshot-digest: is no digest",
        "numtrustctl: --logo-digest: is no digest",
        "numtrustctl: unheard_of: is wrong",
    ]
    daemon.refuse("Hold", errors.InvalidArgument("seconds", "is too long"))
    assert main(["hold", "x/y/1", "--for", "2d"]) == 1
    assert "--for: is too long" in capsys.readouterr().err
    daemon.refuse("GetCase", errors.InvalidArgument("case", "is no id"))
    assert main(["case", "x"]) == 1
    assert "numtrustctl: case: is no id" in capsys.readouterr().err, "an argument goes by its name"
