"""A task that asks for looks, as people read it: one language, each look once, a command to copy, and what ends it."""

import hashlib
import io
import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from numtrustd.actors import errands
from numtrustd.api import control, rows, status
from numtrustd.ctl import fit, lang, looking, render_task, terminal
from numtrustd.ctl.cli import main
from numtrustd.domain.display import width
from tests.ctl.conftest import TASK

Capture = pytest.CaptureFixture[str]

PACKS = sorted((Path(__file__).parents[2] / "config/platforms").glob("*.toml"))
OWN = "准备一部华为手机，系统自带的号码识别开启，插入与被测号码无关的 SIM 卡，通讯录里没有被测号码"
REST = '--status STATUS --device "MODEL" --os "SYSTEM" --screenshot FILE --source huawei.device'
LINES = tuple(
    f"numtrustctl observe {number} --platform huawei --surface {surface} {REST}"
    for number, surface in (("13800138000", "incoming_call"), ("13800138000", "call_log"), ("95588", "call_log"))
)


@pytest.fixture(autouse=True)
def _english() -> Any:
    lang.use("en", {})
    yield
    lang.use("en", {})


def looks(daemon: Any, **values: Any) -> status.TaskView:
    view: status.TaskView = structs.replace(
        daemon.answers["GetTask"],
        **{
            "case": "",
            "number": "",
            "kind": "device_test",
            "title": "Look on a handset and report what it shows",
            "platform": "huawei",
            "platform_name": "华为",
            "address": None,
            "letter": None,
            "evidence": (),
            "answers": ("reported",),
            "numbers": ("+8613800138000", "95588", "95001"),
            "detail": ("at 华为 (Huawei), 3 numbers", "still to be reported: 95588 on huawei/call_log"),
            "steps": (OWN, *errands.PHONE_STEPS, *errands.AFTERWARDS),
            "bring_back": "手机型号和系统版本; 截图的文件名或 SHA-256",
            "fields": (
                rows.Fact(name="13800138000", value="nobody has looked yet"),
                rows.Fact(name="95588", value="reported, but for huawei/call_log"),
                rows.Fact(name="95001", value="reported"),
            ),
            "reports": LINES,
            **values,
        },
    )
    daemon.answers["GetTask"] = view
    return view


def shown(capsys: Capture, *options: str) -> str:
    assert main(["task", "show", TASK, *options]) == 0
    return capsys.readouterr().out


def test_it_is_shown_in_one_language_and_says_what_ends_it(daemon: Any, capsys: Capture) -> None:
    looks(daemon)
    out = shown(capsys)
    assert "  1.  Take a Huawei handset with its own caller identification on" in out
    assert "  6.  What could not be seen is --status unknown" not in out
    assert out.count("Call it from the number") == 0, "the pack does not say it, and all that the pack says is known"
    assert "model and system version; the screenshots' file names or SHA-256" in out
    assert out.isascii()
    assert "ends        by itself, when the 3 looks that are missing are reported" in out
    assert "answers" not in out
    assert "still to be reported:" not in out, "it stands in the table"
    chinese = shown(capsys, "--lang", "zh")
    assert OWN in chinese
    assert "缺的 3 次查看报告齐后自动结束" in chinese
    for sentence in (*errands.PHONE_STEPS, *errands.AFTERWARDS[1::2]):
        assert sentence not in chinese, sentence
    assert all(sentence in chinese for sentence in errands.AFTERWARDS[::2])


def test_every_look_that_is_missing_stands_beside_its_number(daemon: Any, capsys: Capture) -> None:
    looks(daemon)
    table = shown(capsys).split("numbers\n")[1].split("\n\n")[0].splitlines()
    assert [line.split("  ")[0] for line in table[1:]] == ["13800138000", "95588", "95001"]
    assert "incoming_call, call_log" in table[1]
    assert "call_log" in table[2]
    assert "incoming_call" not in table[2]
    assert "nothing" in table[3]


def test_a_page_that_tells_of_several_platforms_says_which_place_is_meant(daemon: Any, capsys: Capture) -> None:
    other = "numtrustctl observe 95588 --platform so360 --surface result --status STATUS"
    looks(daemon, reports=(*LINES, other))
    assert "huawei/call_log, so360/result" in shown(capsys)


def test_its_reports_end_it_and_no_task_done(daemon: Any, capsys: Capture) -> None:
    hints = [command for command, _ in render_task.task(looks(daemon)).hints]
    assert hints == [f"task fail {daemon.answers['GetTask'].task} --reason WORDS"]
    assert "by itself: everything is reported" in render(looks(daemon, reports=None), 80)
    done = looks(daemon, state="done", outcome="reported", reports=None)
    assert "ends" not in render(done, 80)
    assert "still to be reported" not in shown(capsys).split("numbers")[1]


def render(view: status.TaskView, columns: int) -> str:
    return "\n".join(line.plain for line in terminal.lines(render_task.task(view), columns))


@pytest.mark.parametrize("columns", [70, 80, 120, 300])
def test_a_terminal_shows_one_command_that_can_be_copied(daemon: Any, columns: int) -> None:
    out = render(looks(daemon), columns)
    block = out.split("yours to fill in\n")[1].split("  3 looks are asked for")[0]
    assert shlex.split(block.replace("\\\n", " ")) == shlex.split(LINES[0])
    assert all(width(line) <= columns for line in block.splitlines())
    assert out.count("numtrustctl observe 13800138000") == 1
    assert "looks are asked for" not in render(looks(daemon, reports=LINES[:1]), columns)


def test_a_pipe_is_as_short_and_says_how_all_are_reported(daemon: Any, capsys: Capture) -> None:
    view = looks(daemon)
    out = shown(capsys)
    assert f"  {LINES[0]}\n" in out
    assert LINES[1] not in out
    assert (
        f"  3 looks are asked for: `task show {view.task} --folder DIR` writes reports.jsonl, a line for each to fill "
        'in, and `numtrustctl observe --device "MODEL" --os "SYSTEM" < reports.jsonl` reports them all\n'
    ) in out


def test_the_folder_has_a_line_for_each_look_to_fill_in(
    daemon: Any, capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = looks(daemon)
    shown(capsys, "--folder", str(tmp_path / "folder"))
    checklist = (tmp_path / "folder/checklist.md").read_text(encoding="utf-8")
    assert '- `numtrustctl observe --device "MODEL" --os "SYSTEM" < reports.jsonl`\n' in checklist
    assert "- the task ends by itself, when the 3 looks that are missing are reported\n" in checklist
    assert "task done" not in checklist
    assert "1. [ ] Take a Huawei handset" in checklist
    file = tmp_path / "folder/reports.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(line["number"], line["surface"]) for line in lines] == [
        ("13800138000", "incoming_call"),
        ("13800138000", "call_log"),
        ("95588", "call_log"),
    ]
    assert lines[0] == {
        "number": "13800138000",
        "platform": "huawei",
        "surface": "incoming_call",
        "source": "huawei.device",
        "status": "",
        "words": "",
        "name": "",
        "screenshot": "",
        "key": f"{view.task} 13800138000 huawei incoming_call",
    }

    def report(text: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = main(["observe", "--author", "li", "--device", "HUAWEI Mate 60", "--os", "HarmonyOS 4.2"])
        return code, capsys.readouterr().out

    code, out = report(file.read_text(encoding="utf-8"))
    assert (code, out.count('field "status": is missing')) == (1, 3), "nobody reports by handing it in as it is"
    (tmp_path / "shot.png").write_bytes(b"picture")
    lines[0] |= {"status": "marked", "words": "广告推销", "screenshot": str(tmp_path / "shot.png")}
    daemon.asked.clear()
    code, out = report(json.dumps(lines[0]))
    assert code == 0
    [asked] = [params for params in daemon.asked if isinstance(params, control.Observe)]
    assert asked == control.Observe(
        number="13800138000",
        platform="huawei",
        surface="incoming_call",
        status="marked",
        words="广告推销",
        device="HUAWEI Mate 60",
        os="HarmonyOS 4.2",
        screenshot_digest=f"sha256:{hashlib.sha256(b'picture').hexdigest()}",
        evidence=str(tmp_path / "shot.png"),
        source="huawei.device",
        key=f"{view.task} 13800138000 huawei incoming_call",
        author="li",
    )


@pytest.mark.parametrize("columns", [10, 40, 79, 80])
def test_a_command_is_broken_before_its_options_alone(columns: int) -> None:
    rows_of_it = fit.continued(LINES[0], columns)
    assert all(row.endswith(" \\") for row in rows_of_it[:-1])
    assert not rows_of_it[-1].endswith("\\")
    assert all(row.lstrip().startswith("--") for row in rows_of_it[1:])
    assert fit.continued("numtrustctl status", columns) == ["numtrustctl status"]


def test_what_shipped_packs_and_the_daemon_tell_people_to_do_is_known_in_both_languages() -> None:
    known = {text for pair in looking.PAIRS for text in pair}
    for file in PACKS:
        platform = tomllib.loads(file.read_text(encoding="utf-8"))["platform"]
        for look in (platform.get("device_test", {}), platform.get("assisted", {})):
            for text in (*look.get("steps", ()), *look.get("record", ())):
                assert text in known, f"{file.name}: {text}"
    assert set(errands.AFTERWARDS) <= known
    assert set(zip(errands.AFTERWARDS[::2], errands.AFTERWARDS[1::2], strict=True)) <= set(looking.PAIRS)
    assert set(errands.PHONE_STEPS) | set(errands.PAGE_STEPS) == looking.ROUGHLY


def test_an_own_packs_words_stay_and_have_the_rough_way_beside_them() -> None:
    own = ("自己写的步骤", *errands.PHONE_STEPS, *errands.AFTERWARDS)
    assert looking.steps(own) == ["自己写的步骤", *errands.PHONE_STEPS, *errands.AFTERWARDS[1::2]]
    lang.use("zh", {})
    assert looking.steps(own) == ["自己写的步骤", *errands.AFTERWARDS[::2]]
    assert looking.steps(("Take it to the window",)) == ["Take it to the window"]
