"""Every verb of `numtrustctl` over real sockets: what is asked, what is printed, and the exit status."""

import io
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from msgspec import Struct, structs

from numtrustd.api import (
    calls,
    control,
    errors,
    evidence,
    facts,
    incidents,
    ledger,
    links,
    report,
    rows,
    silence,
    status,
    wants,
)
from numtrustd.ctl import speak, terminal
from numtrustd.ctl.cli import main, program
from numtrustd.ctl.session import Session
from numtrustd.domain.ledger import What
from tests.root import needs_root

NUMBER = "+862151288888"
CASE = f"{NUMBER}/so360/1"
TASK = f"{CASE}/3.0"
CALLS_CSV = str(Path(__file__).parents[1] / "data" / "calls" / "two-days.csv")
HERE = str(Path(__file__).parent)
"""A directory that is there, as a backup is once it was written."""

Capture = pytest.CaptureFixture[str]


def commands(group: click.Group, path: str = "") -> list[tuple[str, click.Command]]:
    """All commands and groups below one, by how they are typed."""
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        found.append((f"{path}{name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{path}{name} ")
    return found


def run(capsys: Capture, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


VERBS: list[tuple[list[str], Struct, list[str]]] = [
    (
        ["status"],
        status.GetStatus(),
        ["24 numbers on 8 platforms", "20000 times fast", "up to 2 min 10 s late"],
    ),
    (["numbers"], status.ListNumbers(), ["so360 sogou", "老王", "parked", "95588"]),
    (
        ["numbers", "--finding", "any", "--group", "sales"],
        status.ListNumbers(finding="any", group="sales"),
        ["NUMBER"],
    ),
    (
        ["number", "０２１－51288888"],
        status.GetNumber(number="０２１－51288888"),
        [
            "360 (so360)",
            "38 marks",
            "1 of 3 looks say clean",
            "blind since 2025-10-16",
            "who says what",
            "cannot see since",
            "looked through last",
            "disagrees",
            "still shows the old name 示例物流",
            "nothing yet",
            CASE,
            "overdue by 1 h",
        ],
    ),
    (
        ["report", "--month", "2026-10"],
        report.GetReport(month="2026-10"),
        ["Our telephone numbers in 2026-10", "11 of 15", "At the end 3 stood.", "¥500 of ¥1000", "Decide how to go on"],
    ),
    (
        ["platform", "xiaomi"],
        facts.GetPlatform(platform="xiaomi"),
        [
            "xiaomi (handset_vendor)",
            "no pack has a source for it",
            "grade B, checked 2026-11: YellowPageContract",
            "teddy (0 s to 7 d)",
            "6 marks",
            "1 in 1 d: appeals",
            "100 at one time: numbers",
            "nuisance, other",
            "5 working days (CN)",
            "papers of attempt 1  none",
            "papers of attempt 2  licence",
            "to have a name shown",
            "adb shell true",
            "1.  拨打这部手机",
            "2.  截图",
            "https://miui.com/q",
        ],
    ),
    (
        ["platforms", "--all"],
        status.ListPlatforms(),
        [
            "security_vendor",
            "so360.onebox       major maintenance since 17:00 (1 h ago), overdue",
            "telnyx.reputation  none of the numbers is foreign",
            "no source in use   sogou.search is off: confirm the terms",
            "no source in use   no pack has a source for it",
            "4 platforms: 1 looked at, 1 with a source in use that can look at none of your numbers, "
            "2 without a source in use\n",
        ],
    ),
    (
        ["sources"],
        status.ListSources(),
        [
            "sogou.search",
            " down ",
            "VIA",
            "office",
            "blocked: captcha page; HTTP 403: credential sogou-key was refused; put a valid key there, then "
            "`numtrustctl reload`, or under systemd `systemctl restart numtrustd`; asked only in doubt; asked only at "
            "09:00-18:00",
            "2: 150 numbers since",
        ],
    ),
    (["cases"], status.ListCases(open_only=False), ["at_person", "21:00 (in 3 h)"]),
    (
        ["cases", "--open", "--number", NUMBER, "--platform", "so360"],
        status.ListCases(open_only=True, number=NUMBER, platform="so360"),
        [CASE],
    ),
    (
        ["case", CASE],
        status.GetCase(case=CASE),
        [
            "mislabel: shown as 广告推销",
            "38 marks counted",
            "MISSING",
            "uncertain",
            "NT-0A1B2C3D4E5F",
            "timed out",
            "submitted           16:30 (1 h 30 min ago)\n",
            "answer expected by  11-27 18:00 (in 7 d)\n",
            "not before          some day\n",
            "receipt             2026-11-20T08:30:00.123456Z\n",
        ],
    ),
    (
        ["explain", NUMBER],
        status.Explain(number=NUMBER),
        [
            "2 looks over 1 h agree",
            "[a person's move]",
            "overdue by",
            "the daemon asks, 19:00 (in 1 h) [the platform's move until then]",
            "it ends [the platform's move]",
        ],
    ),
    (["explain", NUMBER, "so360"], status.Explain(number=NUMBER, platform="so360"), ["so360"]),
    (
        ["history", NUMBER, "--limit", "5", "--before", "2026-11-20T18:00", "--platform", "so360"],
        status.History(number=NUMBER, limit=5, before=datetime(2026, 11, 20, 10, tzinfo=UTC), platform="so360"),
        ["verdict.changed", "clean -> marked", "task for a person, by 11-21 18:00\n"],
    ),
    (
        ["history", NUMBER, "--after", "1790000000123.4.0"],
        status.History(number=NUMBER, limit=50, after="1790000000123.4.0"),
        [],
    ),
    (["tasks"], status.ListTasks(), ["Hand in the appeal", TASK]),
    (["tasks", "--all"], status.ListTasks(open_only=False), [TASK]),
    (
        ["tasks", "--number", NUMBER, "--platform", "so360", "--kind", "submit_appeal"],
        status.ListTasks(number=NUMBER, platform="so360", kind="submit_appeal"),
        [TASK],
    ),
    (
        ["task", "show", TASK],
        status.GetTask(task=TASK),
        [
            "https://example.org/appeal",
            "  1.  打开网页",
            "号码  021-51288888",
            "  我司号码被误标。",
            "受理编号",
            "second attempt",
        ],
    ),
    (
        ["task", "done", TASK, "--receipt", "A1", "--note", "n", "--author", "li"],
        control.TaskDone(task=TASK, receipt="A1", note="n", author="li"),
        [
            f"task {TASK}: submitted",
            "at_person -> in_review",
            "then: chases the review, 11-23 18:00 (in 3 d)",
        ],
    ),
    (
        ["task", "done", TASK, "--outcome", "refused", "--reason", "no", "--author", "li"],
        control.TaskDone(task=TASK, outcome="refused", reason="no", author="li"),
        [],
    ),
    (
        ["task", "fail", TASK, "--reason", "closed", "--author", "li"],
        control.TaskFail(task=TASK, why="closed", author="li"),
        ["failed"],
    ),
    (
        ["look", NUMBER],
        control.Look(number=NUMBER),
        [
            "asked so360.onebox",
            "blocked: captcha",
            "示例物流  sha256:0a0b  冰饮专线  huawei.device",
            "sogou.search looks at the soonest at 19:00 (in 1 h); "
            "not sooner, because it has not answered for 1 d (blocked)\n",
            "telnyx.reputation is being asked and has not answered yet\n",
            f"what they see will show as the last look in `numtrustctl number {NUMBER}`\n",
            "it counts like any other look; the history shows what changes, not single looks\n",
        ],
    ),
    (["look", NUMBER, "so360"], control.Look(number=NUMBER, platform="so360"), []),
    (
        [
            *("observe", NUMBER, "--platform", "huawei", "--surface", "incoming_call", "--status", "marked"),
            *(
                "--words",
                "推销",
                "--marks",
                "3",
                "--device",
                "HUAWEI Mate 60",
                "--os",
                "HarmonyOS 4.2",
                "--author",
                "li",
            ),
            *("--at", "2025-10-17T18:00:00+08:00", "--screenshot-digest", f"sha256:{'0' * 64}"),
        ],
        control.Observe(
            number=NUMBER,
            platform="huawei",
            surface="incoming_call",
            status="marked",
            words="推销",
            marks=3,
            device="HUAWEI Mate 60",
            os="HarmonyOS 4.2",
            author="li",
            at=datetime(2025, 10, 17, 10, tzinfo=UTC),
            screenshot_digest=f"sha256:{'0' * 64}",
        ),
        [f"stored: {NUMBER} marked (marketing) on huawei/incoming_call", "marked:marketing now; it was clean"],
    ),
    (
        ["look", NUMBER, "--source", "so360.onebox"],
        control.Look(number=NUMBER, source="so360.onebox"),
        [NUMBER],
    ),
    (["approve", CASE, "--author", "li"], control.Approve(case=CASE, author="li"), ["-> in_review"]),
    (["hold", CASE, "--reason", "r", "--author", "li"], control.Hold(case=CASE, reason="r", author="li"), []),
    (
        ["hold", CASE, "--for", "2d", "--author", "li"],
        control.Hold(case=CASE, seconds=172_800.0, author="li"),
        [],
    ),
    (
        ["hold", CASE, "--until", "2026-05-01T18:00:00+08:00", "--author", "li"],
        control.Hold(case=CASE, until=datetime.fromisoformat("2026-05-01T18:00:00+08:00"), author="li"),
        [],
    ),
    (["advance", CASE, "--author", "li"], control.Advance(case=CASE, author="li"), []),
    (
        ["reject", CASE, "--reason", "证据不足", "--author", "li"],
        control.Reject(case=CASE, reason="证据不足", author="li"),
        [],
    ),
    (["withdraw", CASE, "--author", "li"], control.Withdraw(case=CASE, author="li"), []),
    (["reopen", CASE, "--author", "li"], control.Reopen(case=CASE, author="li"), []),
    (
        ["cancel", NUMBER, "--reason", "disused", "--note", "n", "--author", "li"],
        control.Cancel(number=NUMBER, reason="disused", note="n", author="li"),
        ["cancelling"],
    ),
    (
        ["release", NUMBER, "--force", "--reason", "r", "--author", "li"],
        control.Release(number=NUMBER, force=True, reason="r", author="li"),
        ["given up; it is on farewell watch", "not verified: so360"],
    ),
    (["reload"], control.Reload(), ["1 number added, 2 removed, 3 changed", "written twice"]),
    (["backup", HERE], control.Backup(path=HERE), ["1.9 MiB in 1.2 s"]),
    (
        ["park", NUMBER, "--reason", "r", "--author", "li"],
        control.Park(number=NUMBER, reason="r", author="li"),
        ["running -> parked"],
    ),
    (["unpark", NUMBER, "--author", "li"], control.Unpark(number=NUMBER, author="li"), ["stays running"]),
    (
        ["trust", "so360.onebox", "--reason", "r", "--author", "li"],
        control.TrustSource(source="so360.onebox", reason="r", author="li"),
        ["so360.onebox: quarantined -> ok"],
    ),
    (
        ["incidents", "--number", NUMBER],
        incidents.ListIncidents(number=NUMBER),
        ["/incident/1", "met", "missed", "so360/1"],
    ),
    (
        ["certify", NUMBER, "so360", "--held", "--expires", "2027-03-31", "--author", "li"],
        wants.Certify(number=NUMBER, platform="so360", held=True, expires="2027-03-31", author="li"),
        ["certification", "/so360/3: waiting", "then: submits it, at once"],
    ),
    (
        ["tag", NUMBER, "so360", "--author", "li"],
        wants.ChangeTag(number=NUMBER, platform="so360", author="li"),
        ["tag", "/so360/3: waiting"],
    ),
    (
        ["set-identity", NUMBER, "--name", "示例快运", "--tag", "", "--since", "2026-12-01", "--author", "li"],
        wants.SetIdentity(number=NUMBER, name="示例快运", tag="", since="2026-12-01", author="li"),
        ["示例快运"],
    ),
    (
        ["complaint", NUMBER, "--day", "2026-11-20", "--text", "at night", "--author", "li"],
        calls.Complain(number=NUMBER, day="2026-11-20", text="at night", author="li"),
        ["3 complaints on 2026-11-20"],
    ),
    (
        ["calls", "show", NUMBER, "--limit", "2"],
        calls.GetCalls(number=NUMBER, limit=2),
        ["2026-11-20  120", "40%", "2026-11-19  0"],
    ),
    (
        ["calls", "add", CALLS_CSV, "--author", "li"],
        calls.ReportCalls(
            rows=(
                calls.CallDay(number="021-51288888", day="2026-11-20", calls=120, answered=48, complaints=3),
                calls.CallDay(number="021-51288888", day="2026-11-19", calls=7, answered=0),
            ),
            author="li",
        ),
        ["2 days of calls taken in"],
    ),
    (
        ["evidence", "list"],
        evidence.ListEvidence(),
        [
            "(licence)",
            "expired on 2026-11-01",
            f"{CASE} and 11 more",
            "代理",
            'if /srv/papers/nda.pdf is right as it is now, write digest = "0a1b" into its entry and reload',
            "lacking",
            "none is on file",
            "more open cases than",
        ],
    ),
    (
        [
            *("evidence", "add", "nda", "/srv/nda.pdf", "--expires", "2027-01-31", "--agent", "代理"),
            *("--platform", "so360", "--platform", "sogou", "--case", "appeal", "--author", "li"),
        ],
        evidence.EvidenceAdd(
            kind="nda",
            path="/srv/nda.pdf",
            expires="2027-01-31",
            agent="代理",
            platforms=("so360", "sogou"),
            cases=("appeal",),
            author="li",
        ),
        ["协议 (nda) /srv/nda.pdf is on file, valid until 2027-01-31"],
    ),
    (
        ["evidence", "remove", "nda", "/srv/nda.pdf", "--author", "li"],
        evidence.EvidenceRemove(kind="nda", path="/srv/nda.pdf", author="li"),
        ["is no longer on file"],
    ),
    (
        ["check-link", "请登录", "https://haoma.so.com/x", "--platform", "so360"],
        links.CheckLink(text="请登录 https://haoma.so.com/x", platform="so360"),
        ["official\n  haoma.so.com is an official host of so360\nit leads to the platform itself\n"],
    ),
    (
        ["ledger", "--month", "2026-11", "--number", NUMBER],
        ledger.GetLedger(month="2026-11", number=NUMBER),
        [
            "¥1000.50 to ¥1200.50, ¥200.50 over the budget",
            "the certificate is renewed: the provider's fee",
            "1 more not shown",
            "2026-11 3 entries",
            "¥300.50",
            "¥1000 a month, ¥0.50 over it with what is planned",
            "agent",
            "发票 7",
            "1 older",
        ],
    ),
    (
        ["charge", NUMBER, "so360", "expedite", "--yuan", "299.90", "--agent", "--key", "k", "--author", "li"],
        ledger.RecordCharge(
            number=NUMBER, platform="so360", what=What.EXPEDITE, fen=29_990, way="agent", key="k", author="li"
        ),
        ["expedite of ¥299.90 entered", "2026-11: ¥600.40 paid, of a budget of ¥1000"],
    ),
    (
        ["silence", "add", NUMBER, "so360", "--for", "1d12h", "--reason", "r", "--author", "li"],
        silence.SilenceAdd(targets=(NUMBER, "so360"), seconds=129_600.0, reason="r", author="li"),
        [f"silence s-20261120-080000: number {NUMBER}, platform so360 silenced", "until 19:00 (in 1 h)"],
    ),
    (["silence", "list"], silence.ListSilences(), ["s-20261120-080000", "已知", "in 1 h"]),
    (
        ["silence", "remove", "s-20261120-080000", "--author", "li"],
        silence.SilenceRemove(silence="s-20261120-080000", author="li"),
        ["said aloud again"],
    ),
    (
        ["ack", CASE, "--reason", "r", "--author", "li"],
        silence.Ack(case=CASE, reason="r", author="li"),
        [f"case {CASE}: seen by li as it is, in_review"],
    ),
    (["log-level", "debug"], control.SetLogLevel(level="debug"), ["info -> debug"]),
    (
        [
            "maintenance",
            "start",
            "so360",
            "--kind",
            "major",
            "--until",
            "2026-11-21T12:00:00+02:00",
            "--author",
            "li",
        ],
        control.MaintenanceStart(
            platform="so360", kind="major", until=datetime(2026, 11, 21, 10, tzinfo=UTC), author="li"
        ),
        ["so360: under maintenance", "kind   major", "2 open there, whose deadlines move with it"],
    ),
    (
        ["maintenance", "end", "so360", "--author", "li"],
        control.MaintenanceEnd(platform="so360", author="li"),
        ["so360: no declared maintenance any more", "2 open there\n"],
    ),
]


@pytest.mark.parametrize(
    ("arguments", "asked", "shown"), VERBS, ids=lambda v: "-".join(v[:2]) if isinstance(v, list) else ""
)
def test_verbs(daemon: Any, capsys: Capture, arguments: list[str], asked: Struct, shown: list[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, err) == (0, "")
    assert daemon.asked[0] == asked
    aside = status.History | status.ListPlatforms | status.GetNumber | status.ListTasks
    assert all(isinstance(more, aside) for more in daemon.asked[1:]), "a timeline, names, and what people have to do"
    for piece in shown:
        assert piece in out
    assert out.strip()
    assert "\x1b" not in out  # no terminal, no colours; and nothing that a platform put in
    assert all(line == line.rstrip() for line in out.splitlines())

    daemon.asked.clear()
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    assert daemon.asked == [asked], "a program gets the answer that it asked for"
    assert isinstance(json.loads(out), list if arguments[0] in ("numbers", "cases", "tasks", "incidents") else dict)


def test_a_link_that_is_not_official(daemon: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    said = structs.replace(daemon.answers["CheckLink"], standing="refused", official=False, why=("it asks",), links=())
    daemon.answers["CheckLink"] = said
    monkeypatch.setattr("sys.stdin", io.StringIO("请提供\n验证码"))
    code, out, err = run(capsys, "check-link", "-")
    assert (code, err) == (1, "")
    assert daemon.asked == [links.CheckLink(text="请提供\n验证码")]
    assert out.startswith("refused\n  it asks\n")
    code, out, _ = run(capsys, "--json", "check-link", "x")
    assert (code, json.loads(out)["standing"]) == (1, "refused")
    monkeypatch.setattr("sys.stdin", io.StringIO(" \n"))
    assert run(capsys, "check-link", "-")[0] == 64


def test_every_verb_is_tried() -> None:
    tried = {arguments[0] for arguments, _, _ in VERBS} | {"watch", "top"}
    assert tried == set(program.commands)
    for name in "task", "maintenance", "calls", "evidence", "silence":
        assert {a[1] for a, _, _ in VERBS if a[0] == name} == set(program.commands[name].commands)  # type: ignore[attr-defined]  # groups


def test_lists_hold_all_pages(daemon: Any, capsys: Capture) -> None:
    _, out, _ = run(capsys, "--json", "numbers")
    assert [row["number"] for row in json.loads(out)] == [NUMBER, "95588", "+8613800138000"]


def test_json_is_what_the_daemon_said(daemon: Any, capsys: Capture) -> None:
    class Newer(status.Status, frozen=True, kw_only=True):
        invented_later: int

    daemon.answers["GetStatus"] = Newer(
        **{f: getattr(daemon.answers["GetStatus"], f) for f in status.Status.__struct_fields__},
        invented_later=7,
    )
    _, out, _ = run(capsys, "status", "--json")
    answer = json.loads(out)
    assert answer["invented_later"] == 7
    assert answer["now"] == "2026-11-20T10:00:00Z"
    assert run(capsys, "status")[0] == 0


def test_watch(daemon: Any, capsys: Capture) -> None:
    code, out, err = run(capsys, "watch", "case.", "verdict.", "--number", NUMBER)
    watched = status.GetNumber(number=NUMBER)
    assert daemon.asked == [watched, status.Watch(actions=("case.", "verdict."), number=NUMBER)]
    assert out.splitlines() == [
        "11-20 18:00:00 info  case.moved case 0, by 11-21 02:30",
        "… 1 record missed: this reader is too slow",
        "11-20 19:00:00 ×17280 error case.moved case 1, by 11-21 02:30",
    ]
    assert (code, err) == (1, "numtrustctl: not ready: stopping: try again in a moment\n")
    _, out, _ = run(capsys, "watch", "--json")
    records = [json.loads(line) for line in out.splitlines()[:2]]
    assert [r["fields"]["n"] for r in records] == [0, 1]


def test_who_waits_for_an_event_that_there_is_not_is_told(daemon: Any, capsys: Capture) -> None:
    _, out, err = run(capsys, "watch", "case.", "verdict.chnged", "zzz.")
    assert "no event begins with 'verdict.chnged': did you mean verdict.changed? it is waited for" in err
    assert "no event begins with 'zzz.', docs/events.md has them all" in err
    assert "'case.'" not in err
    assert daemon.asked == [status.Watch(actions=("case.", "verdict.chnged", "zzz."))], "a newer daemon may have it"
    assert out.startswith("11-20 18:00:00")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.UnknownNumber("123", "not watched"), "123: not watched"),
        (errors.UnknownPlatform("x"), "there is no platform 'x': see numtrustctl platforms --all"),
        (
            errors.UnknownPlatform("huawie", "huawei"),
            "there is no platform 'huawie': did you mean huawei? see numtrustctl platforms --all",
        ),
        (errors.UnknownCase("x"), "there is no case 'x': see numtrustctl cases"),
        (errors.UnknownCase("x/y/1", "x/z/1"), "there is no case 'x/y/1': did you mean x/z/1? see numtrustctl cases"),
        (errors.UnknownTask("x"), "there is no task 'x': see numtrustctl tasks --all"),
        (errors.UnknownTask("x/1", "x/2"), "there is no task 'x/1': did you mean x/2? see numtrustctl tasks --all"),
        (errors.InvalidArgument("after", "no such page"), "after: no such page"),
        (errors.Refused("the case is closed: reopen it"), "the case is closed: reopen it"),
        (
            errors.SuspectedPhishing("so360", "x"),
            "suspected phishing in the name of so360: x\nnumtrustctl: nothing",
        ),
        (errors.ConfigRejected(("a.toml:3: x: y: z", "b")), "a.toml:3: x: y: z\nnumtrustctl: b"),
        (errors.Busy("mailbox is full"), "busy: mailbox is full: try again"),
        (
            errors.Busy("nothing was done, because the disk is full: make room, then type it again"),
            "nothing was done, because the disk is full: make room, then type it again\n",
        ),
        (errors.NotReady("starting"), "not ready: starting"),
        (errors.Refused("\x1b[2Jgone"), "\\x1b[2Jgone"),
    ],
    ids=lambda v: type(v).__name__,
)
def test_refusals(daemon: Any, capsys: Capture, error: Struct, words: str) -> None:
    daemon.refuse("Hold", error)
    code, out, err = run(capsys, "hold", CASE)
    assert (code, out) == (1, "")
    assert err.startswith(f"numtrustctl: {words}")
    code, out, _ = run(capsys, "hold", CASE, "--json")
    assert code == 1
    assert json.loads(out)["error"] == f"io.numtrust.Control.{type(error).__name__}"


def test_a_bug_in_the_daemon(daemon: Any, capsys: Capture) -> None:
    daemon.answers["GetStatus"] = KeyError("secret")
    code, _, err = run(capsys, "status")
    assert code == 1
    assert err == "numtrustctl: the daemon met a bug (KeyError); its log has the details: journalctl -u numtrustd\n"


def test_acting_through_the_wrong_socket(daemon: Any, capsys: Capture) -> None:
    path = os.path.join(os.environ["NUMTRUSTD_SOCKET_DIR"], "status.sock")
    assert run(capsys, "--socket", path, "status")[0] == 0
    code, _, err = run(capsys, "hold", CASE, "--socket", path)
    assert (code, err) == (
        1,
        "numtrustctl: this socket only looks; acts go to control.sock: leave --socket out, or name that one\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["bogus"],
        ["number"],
        ["hold"],
        ["reject", CASE],
        ["task", "fail", TASK],
        ["log-level", "loud"],
        ["history", NUMBER, "--before", "yesterday"],
        ["history", NUMBER, "--limit", "0"],
        ["status", "--colour"],
    ],
)
def test_usage(capsys: Capture, arguments: list[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (64, "")
    assert "Usage: numtrustctl" in err


def test_help_and_version(capsys: Capture) -> None:
    assert run(capsys, "--help")[0] == run(capsys, "task", "done", "--help")[0] == 0
    code, out, _ = run(capsys, "--version")
    assert (code, out.startswith("numtrustctl")) == (0, True)


def test_nobody_there(capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMTRUSTD_SOCKET_DIR", str(tmp_path))
    code, out, err = run(capsys, "status")
    assert (code, out) == (69, "")
    assert f"{tmp_path}/status.sock: No such file" in err
    assert "systemctl start numtrustd" in err
    assert "systemctl restart numtrustd-status.socket numtrustd-control.socket" in err
    assert "NUMTRUSTD_SOCKET_DIR" in err
    code, _, err = run(capsys, "--json", "reload")
    assert (code, f"{tmp_path}/control.sock" in err) == (69, True)


def test_a_daemon_that_hangs_up(capsys: Capture, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(0)
        listening.shutdown(socket.SHUT_RDWR)
        assert run(capsys, "status", "--socket", str(tmp_path / "s"))[0] == 69


def test_what_is_off_is_only_counted_until_all_is_wanted(capsys: Capture, daemon: Any) -> None:
    page = daemon.answers["ListSources"]
    [row] = page.sources
    off = [structs.replace(row, source=f"acme.{n}", state="off", why="no contract") for n in "ab"]
    daemon.answers["ListSources"] = structs.replace(page, sources=(*off, row))
    _, short, _ = run(capsys, "sources")
    assert "acme.a" not in short
    assert "looks, and those that failed, are counted since the daemon was started\n" in short
    assert "2 more sources are off: --all shows them, and what each needs\n" in short
    _, whole, _ = run(capsys, "sources", "--all")
    assert whole.index("sogou.search") < whole.index("acme.a"), "those at work first"
    assert "no contract" in whole
    assert len(json.loads(run(capsys, "sources", "--json")[1])["sources"]) == 3
    _, short, _ = run(capsys, "platforms")
    assert "no pack has a source for it" not in short
    assert "2 without a source in use\n" in short


def test_an_approval_says_that_it_was_given(capsys: Capture, daemon: Any) -> None:
    change = daemon.answers["Approve"]
    daemon.answers["Approve"] = structs.replace(change, old="waiting", new="waiting")
    _, out, _ = run(capsys, "approve", change.case)
    assert out.startswith(f"case {change.case}: approved\n")
    assert "stays" not in out
    assert change.meaning not in out, "it no longer waits for approval"
    assert "then: " in out


def test_a_key_that_is_tried_again_is_not_asked_for_again(capsys: Capture, daemon: Any) -> None:
    page = daemon.answers["ListSources"]
    tried = tuple(structs.replace(row, retrying=True if row.refused_credentials else None) for row in page.sources)
    daemon.answers["ListSources"] = structs.replace(page, sources=tried)
    _, out, _ = run(capsys, "sources")
    assert "credential sogou-key was refused; since the last reload or start it has not been asked yet" in out
    assert "put a valid key there" not in out


def test_a_deadline_in_a_history_has_its_day_where_it_is_not_the_lines(capsys: Capture, daemon: Any) -> None:
    page = daemon.answers["History"]
    page = page(None) if callable(page) else page
    at = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
    told = "task x for a person: Approve the submission, by 2026-11-20 08:00:00 UTC"
    event = structs.replace(page.events[0], at=at, action="task.opened", text=told)
    daemon.answers["History"] = structs.replace(page, events=(event,))
    assert "by 11-20 16:00" in run(capsys, "history", NUMBER)[1], "the reader's day is that of the deadline"


@pytest.mark.parametrize(("words", "ordered"), [(("status",), False), (("park", "13800138000"), True)])
def test_a_daemon_that_answers_nothing_and_closes(
    capsys: Capture, tmp_path: Path, words: tuple[str, ...], ordered: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(1)

        def close() -> None:  # with the call read, so that it may have been carried out
            taken = listening.accept()[0]
            taken.recv(65_536)
            taken.close()

        closing = threading.Thread(target=close)
        closing.start()
        code, _, err = run(capsys, *words, "--socket", str(tmp_path / "s"))
        closing.join(10)
    assert code == 69
    assert "see how it is with `systemctl status numtrustd`" in err
    assert ("it may be carried out all the same" in err) == ordered


@pytest.mark.parametrize("words", [("status",), ("park", "13800138000")])
def test_a_call_that_nobody_lived_to_take_says_where_to_look(
    capsys: Capture, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(1)

        def flush() -> None:  # as systemd does with the socket of a service that failed to start
            taken = listening.accept()[0]
            taken.recv(1, socket.MSG_PEEK)
            taken.close()

        flushing = threading.Thread(target=flush)
        flushing.start()
        code, _, err = run(capsys, *words, "--socket", str(tmp_path / "s"))
        flushing.join(10)
    assert code == 69
    assert "did not start" in err
    assert "nothing was carried out" in err
    assert "may be carried out" not in err
    for command in ("systemctl status numtrustd", "journalctl -u numtrustd -n 20", "numtrustd check"):
        assert f"`{command}`" in err


@pytest.mark.process
@needs_root
def test_not_for_this_user(daemon: Any) -> None:
    """The file mode alone keeps others out; a forked child is somebody else."""
    child = os.fork()
    if child == 0:
        try:
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, 1)
            os.dup2(devnull, 2)
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os._exit(main(["status"]))
        finally:
            os._exit(255)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 77


def test_a_look_that_was_heard_everywhere_promises_nothing(daemon: Any, capsys: Capture) -> None:
    result = daemon.answers["Look"]
    daemon.answers["Look"] = structs.replace(result, pending=None)
    _, out, _ = run(capsys, "look", NUMBER)
    assert "will show" not in out
    assert out.endswith("it counts like any other look; the history shows what changes, not single looks\n")


def test_a_task_for_many_numbers_has_the_lines_that_answer_it(daemon: Any, capsys: Capture) -> None:
    view = daemon.answers["GetTask"]
    daemon.answers["GetTask"] = structs.replace(
        view,
        case="",
        number="",
        kind="device_test",
        answers=("reported",),
        numbers=(NUMBER, "95588"),
        reports=("numtrustctl observe 95588 --platform huawei",),
    )
    _, out, _ = run(capsys, "task", "show", "look/huawei.device/1")
    assert "for 2 numbers at" in out
    assert "yours to fill in\n  numtrustctl observe 95588 --platform huawei\n" in out
    assert "case" not in out.split("steps")[0]


def test_the_answer_to_a_task_without_a_case(daemon: Any, capsys: Capture) -> None:
    change = daemon.answers["TaskDone"]
    daemon.answers["TaskDone"] = structs.replace(change, case="", number="", meaning="all is reported")
    _, out, _ = run(capsys, "task", "done", "look/huawei.device/1")
    assert out.endswith("all is reported\n")
    assert "->" not in out


def test_what_an_act_has_done_at_once_is_not_overdue(daemon: Any, capsys: Capture) -> None:
    change = daemon.answers["Approve"]
    for late in (timedelta(), timedelta(milliseconds=3), timedelta(minutes=2)):
        daemon.answers["Approve"] = structs.replace(change, due=change.now - late)
        _, out, _ = run(capsys, "approve", CASE)
        assert "  then: chases the review, at once\n" in out


def test_status_says_how_many_platforms_somebody_looks_at(daemon: Any, capsys: Capture) -> None:
    assert "platforms  8, through 3 sources\n" in run(capsys, "status")[1]
    daemon.answers["GetStatus"] = structs.replace(daemon.answers["GetStatus"], platforms_seen=5)
    assert "platforms  8, of which 5 looked at through 3 sources\n" in run(capsys, "status")[1]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--limit", "2"], " --limit 2"),
        (["--before", "2026-11-20", "--platform", "so 360"], " --platform 'so 360'"),
        (["--since", "2026-11-01"], " --since 2026-11-01T00:00:00+08:00"),
    ],
)
def test_the_next_page_of_a_history_is_asked_for_with_the_same_filters(
    daemon: Any, monkeypatch: pytest.MonkeyPatch, arguments: list[str], hint: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.console.cache_clear()
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["history", NUMBER, *arguments]) == 0
    last = re.sub(r"\x1b\[[\d;]*m", "", out.getvalue()).splitlines()[-1]
    assert last == f"  numtrustctl history {NUMBER} --after 1790000000123.4.0{hint}  what happened before that"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_gets_tables_colours_and_hints(daemon: Any, monkeypatch: pytest.MonkeyPatch, colour: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "300")
    if colour:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    terminal.console.cache_clear()
    out = Terminal()
    from numtrustd.ctl import render_detail

    Session(out=out).show(status.GetNumber(number=NUMBER), render_detail.number)
    text = out.getvalue()
    assert ("\x1b[1;31m" in text) == colour
    assert "─" * 20 in text
    assert f"numtrustctl explain {NUMBER}" in text
    assert "\x1b[31mgnp" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text


@pytest.mark.process
def test_as_a_program(daemon: Any) -> None:
    command = [sys.executable, "-m", "numtrustd.ctl"]
    done = subprocess.run([*command, "numbers"], capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "老王" in done.stdout
    read, write = os.pipe()
    os.close(read)  # like `| head` that has seen enough
    with os.fdopen(write, "w") as gone:
        done = subprocess.run(
            [*command, "numbers"], stdout=gone, stderr=subprocess.PIPE, text=True, timeout=20, check=False
        )
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.process
def test_scripts_load_neither_trio_nor_rich(daemon: Any) -> None:
    code = (
        "import sys; from numtrustd.ctl.cli import main; assert main(['status']) == 0;"
        "print(sorted(m for m in ('trio', 'rich', 'textual', 'httpx', 'lmdb', 'structlog') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "number,day,calls\n1,2,3\n",
            'line 1: column "answered": is missing: begin with the line number,day,calls,answered',
        ),
        ("number,day,calls,answered,rate\n", 'line 1: column "rate": is not known: known are number'),
        (
            "number,day,calls,answered\n13800138000,2026-11-20,many,4\n",
            "line 2: column \"calls\": 'many' is no whole number of at least 0: write one such as 120",
        ),
        ("number,day,calls,answered\n13800138000,2026-11-20,5,4,3\n", "line 2: has 5 fields, the header has 4"),
        ("number,day,calls,answered\n", "holds no row"),
        ('{"number": "1", "day": "2", "calls": 3, "answered": 1, "rate": 2}', 'line 1: field "rate": is not known'),
        ('{"number": "1", ', "line 1: is not JSON"),
        ('{"number": "1", "day": "2", "calls": -3, "answered": 1}', "line 1: field \"calls\": '-3' is no whole number"),
    ],
)
def test_a_file_of_calls_that_will_not_do_is_refused_before_anything_is_sent(
    daemon: Any, capsys: Capture, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "calls.txt"
    file.write_text(text, encoding="utf-8")
    code, _, err = run(capsys, "calls", "add", str(file))
    assert code == 64
    assert f"{file}" in err
    assert says in err
    assert not daemon.asked


def test_calls_come_as_json_lines_and_in_several_calls(daemon: Any, capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    rows = [{"number": NUMBER, "day": "2026-11-20", "calls": n, "answered": 0} for n in range(calls.MOST_ROWS + 1)]
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    code, out, err = run(capsys, "calls", "add", str(file), "--author", "li")
    assert (code, err) == (0, "")
    assert [len(asked.rows) for asked in daemon.asked] == [calls.MOST_ROWS, 1]
    assert "4 days of calls taken in" in out


def test_reports_from_an_empty_input_are_no_silent_success(daemon: Any, capsys: Capture, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    code, _, err = run(capsys, "observe")
    assert code == 64
    assert "nothing came on standard input" in err
    assert not daemon.asked


def test_a_file_of_calls_that_is_not_there_is_said(daemon: Any, capsys: Capture, tmp_path: Path) -> None:
    code, _, err = run(capsys, "calls", "add", str(tmp_path / "none.csv"))
    assert code == 64
    assert "cannot be read" in err


def test_rows_that_the_daemon_refuses_are_named_by_the_line_of_the_file(
    daemon: Any, capsys: Capture, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(f"number,day,calls,answered\n\n{NUMBER},2026-11-20,5,9\n1,2026-11-20,1,1\n", encoding="utf-8")
    why = "rows[0].answered: 9 of 5 calls; rows[1].number: 1: it is not watched"
    daemon.refuse("ReportCalls", errors.InvalidArgument("rows", why))
    code, _, err = run(capsys, "calls", "add", str(file))
    assert code == 1
    assert 'line 3: column "answered": 9 of 5 calls; line 4: column "number": 1: it is not watched' in err
    _, english, _ = run(capsys, "--json", "calls", "add", str(file))
    _, chinese, _ = run(capsys, "--json", "--lang", "zh", "calls", "add", str(file))
    assert chinese == english


@pytest.mark.parametrize("path", [path for path, _ in commands(program)])
def test_every_help_says_what_it_is_for_in_a_line(capsys: Capture, path: str) -> None:
    code, out, _ = run(capsys, *path.split(), "--help")
    assert code == 0
    first = out.split("\n\n")[1].strip().replace("\n  ", " ").partition(". ")[0]
    assert 3 < len(first) <= 110, first


@pytest.mark.parametrize("example", [line for _, c in commands(program) for line, _ in getattr(c, "examples", ())])
def test_every_example_is_a_command_line_that_is_understood(example: str) -> None:
    arguments = shlex.split(example.partition(" < ")[0])
    command: click.Command = program
    context = speak.Context(program, info_name="numtrustctl")
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command, context = found, speak.Context(found, parent=context, info_name=name)
    command.parse_args(context, arguments)


def test_what_the_daemon_holds_up_itself_is_said_aloud(daemon: Any, capsys: Capture) -> None:
    whole = daemon.answers["GetStatus"]
    daemon.answers["GetStatus"] = structs.replace(whole, stalled=("source sogou.search for 3 min", "timers for 2 min"))
    _, out, _ = run(capsys, "status")
    assert "held up by the daemon itself: source sogou.search for 3 min\n" in out
    _, out, _ = run(capsys, "--lang", "zh", "status")
    assert "守护进程自身卡住：来源 sogou.search 已 3 分钟\n" in out
    assert "守护进程自身卡住：定时器已 2 分钟\n" in out


def test_what_is_found_of_papers_is_told_with_the_whole_daemon(daemon: Any, capsys: Capture) -> None:
    whole = daemon.answers["GetStatus"]
    licence = {"kind": "licence", "title": "营业执照（加盖公章）", "path": "/p/licence.pdf"}
    found = (
        rows.PaperFinding(finding="paper_expired", why="expired on 2026-10-31", expires="2026-10-31", **licence),
        rows.PaperFinding(finding="paper_changed", why="changed since it was registered", **licence),
    )
    daemon.answers["GetStatus"] = structs.replace(whole, papers=found)
    _, out, _ = run(capsys, "status")
    assert "paper expired: 营业执照（加盖公章） (licence), expired on 2026-10-31\n" in out
    assert "paper changed: 营业执照（加盖公章） (licence), changed since it was registered\n" in out
    _, out, _ = run(capsys, "--lang", "zh", "status")
    assert "材料已到期: 营业执照（加盖公章） (licence), " in out
