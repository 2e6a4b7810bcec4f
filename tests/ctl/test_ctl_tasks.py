"""One task as people read it: an approval first says what is to be decided, papers how they are put on file."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import rows, status
from numtrustd.ctl import render_task
from numtrustd.ctl.cli import main
from tests.ctl.conftest import CASE, TASK

Capture = pytest.CaptureFixture[str]


def with_task(daemon: Any, **values: Any) -> status.TaskView:
    view: status.TaskView = structs.replace(daemon.answers["GetTask"], **values)
    daemon.answers["GetTask"] = view
    return view


def shown(daemon: Any, capsys: Capture, *options: str) -> str:
    assert main(["task", "show", TASK, *options]) == 0
    return capsys.readouterr().out


def approval(daemon: Any, **values: Any) -> status.TaskView:
    cost = "¥300 is more than ¥200, over which a person approves"
    return with_task(
        daemon, kind="approve", title="Approve the submission", answers=("approved",), detail=(cost,), **values
    )


def test_an_approval_says_first_what_is_to_be_decided(daemon: Any, capsys: Capture) -> None:
    approval(daemon)
    out = shown(daemon, capsys)
    parts = [
        "Approve the submission", "deadline", "to be decided", "¥300 is more than ¥200",
        f"numtrustctl approve {CASE}", f"numtrustctl withdraw {CASE} --reason WORDS", f"numtrustctl hold {CASE} --for",
        "what would be sent", "https://example.org/appeal", "受理编号", "steps", "号码", "letter",
    ]  # fmt: skip
    places = [out.index(part) for part in parts]
    assert places == sorted(places)
    assert "task done" not in out
    hints = [command for command, _ in render_task.task(daemon.answers["GetTask"]).hints]
    assert hints == [f"approve {CASE}", f"withdraw {CASE} --reason WORDS", f"hold {CASE} --for 2d"]
    chinese = shown(daemon, capsys, "--lang", "zh")
    for part in ("待决定", "将提交的内容", "需由人批准"):
        assert part in chinese, part


def test_what_a_letter_claims_is_to_be_made_sure_of(daemon: Any, capsys: Capture, tmp_path: Path) -> None:
    claim = "the letter says that the label is not true of the number: make sure that it is so, or hold the case"
    approval(daemon, claims=(claim,), evidence=())
    assert f"to make sure of\n  {claim}\n" in shown(daemon, capsys)
    assert "需要确认\n  申诉函称该标记与事实不符：请确认属实，否则先搁置案件\n" in shown(daemon, capsys, "--lang", "zh")
    shown(daemon, capsys, "--folder", str(tmp_path / "approval"))
    assert f"## To make sure of\n\n- [ ] {claim}\n" in (tmp_path / "approval/checklist.md").read_text("utf-8")


def test_a_field_without_a_value_says_which_setting_lacks(daemon: Any, capsys: Capture, tmp_path: Path) -> None:
    lacks = "(not in the settings: [company] contact_name)"
    with_task(daemon, fields=(rows.Fact(name="联系人", value=lacks),), evidence=())
    assert f"联系人 (contact)  {lacks}\n" in shown(daemon, capsys)
    assert "联系人  （配置里没有：[company] contact_name）\n" in shown(daemon, capsys, "--lang", "zh")
    shown(daemon, capsys, "--folder", str(tmp_path / "packet"))
    assert f"联系人 (contact): {lacks}\n" in (tmp_path / "packet/fields.txt").read_text("utf-8")


def test_one_that_was_approved_says_what_was_sent(daemon: Any, capsys: Capture) -> None:
    approval(daemon, state="done", outcome="approved")
    out = shown(daemon, capsys)
    assert "what would be sent" in out
    assert f"numtrustctl approve {CASE}" not in out


def test_papers_are_asked_for_with_their_command_and_the_platforms_words(daemon: Any, capsys: Capture) -> None:
    with_task(daemon, kind="supply_evidence", answers=("supplied",), asked="请补充\x1b[31m通话录音", letter=None)
    out = shown(daemon, capsys)
    assert "the platform wrote  请补充\\x1b[31m通话录音\n" in out
    assert (
        "the case goes on by itself once all are\n  numtrustctl evidence add recordings PATH --number +862151288888\n"
        in out
    )
    assert "--outcome supplied" not in out, "one way to do it"
    assert "evidence add licence" not in out, "which is on file"


@pytest.mark.parametrize(
    ("kind", "answers", "commands"),
    [
        ("submit_tag", ("submitted", "refused"), ("submitted --receipt NUMBER", "refused --reason WORDS")),
        ("bring_receipt", ("brought",), ("brought --receipt NUMBER",)),
        ("report_answer", ("approved", "rejected"), ("approved", "rejected --reason WORDS")),
    ],
)
def test_the_checklist_has_the_commands_whole(
    daemon: Any, capsys: Capture, tmp_path: Path, kind: str, answers: tuple[str, ...], commands: tuple[str, ...]
) -> None:
    with_task(daemon, kind=kind, answers=answers, evidence=())
    shown(daemon, capsys, "--folder", str(tmp_path / "folder"))
    checklist = (tmp_path / "folder/checklist.md").read_text(encoding="utf-8")
    for command in commands:
        assert f"- `numtrustctl task done {TASK} --outcome {command}`\n" in checklist


def test_the_checklist_of_papers_and_of_an_approval(daemon: Any, capsys: Capture, tmp_path: Path) -> None:
    missing = (rows.Paper(kind="recordings", title="通话录音", held=False),)
    with_task(daemon, kind="supply_evidence", answers=("supplied",), asked="请补充通话录音", evidence=missing)
    shown(daemon, capsys, "--folder", str(tmp_path / "papers"))
    checklist = (tmp_path / "papers/checklist.md").read_text(encoding="utf-8")
    assert "- the platform wrote: 请补充通话录音\n" in checklist
    assert "- `numtrustctl evidence add recordings PATH --number +862151288888`\n" in checklist
    approval(daemon, evidence=())
    shown(daemon, capsys, "--folder", str(tmp_path / "approval"))
    assert f"- `numtrustctl approve {CASE}`\n" in (tmp_path / "approval/checklist.md").read_text(encoding="utf-8")
