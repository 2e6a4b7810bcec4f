"""A packet as a folder: whole or not at all."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from numtrustd.api import rows
from numtrustd.ctl.cli import main

TASK = "+862151288888/so360/1/3.0"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def paper(tmp_path: Path, daemon: Any) -> Path:
    """The licence of the packet, on disk."""
    file = tmp_path / "licence.pdf"
    file.write_bytes(b"%PDF")
    _with_papers(daemon, file)
    return file


def _with_papers(daemon: Any, file: Path, kind: str = "licence") -> None:
    papers = (
        rows.Paper(kind=kind, title="营业执照", held=True, on_file=str(file), expires="2028-12-31"),
        rows.Paper(kind="recordings", title="通话录音", held=False, why="none is on file"),
    )
    daemon.answers["GetTask"] = structs.replace(daemon.answers["GetTask"], evidence=papers)


def run(capsys: Capture, folder: Path, *more: str) -> tuple[int, str, str]:
    code = main(["task", "show", TASK, "--folder", str(folder), *more])
    said = capsys.readouterr()
    return code, said.out, said.err


def beside(folder: Path) -> list[str]:
    """What was left where the folder is, or was to be."""
    return [name for name in os.listdir(folder.parent) if folder.name in name]


def test_everything_is_in_it(tmp_path: Path, paper: Path, capsys: Capture) -> None:
    folder = tmp_path / "packet"
    code, out, err = run(capsys, folder)
    assert (code, err) == (0, "")
    assert "missing: 通话录音 (recordings): none is on file" in out
    names = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert names == {"letter.txt", "fields.txt", "checklist.md", "papers/01-licence.pdf"}
    assert (folder / "papers/01-licence.pdf").read_bytes() == b"%PDF"
    letter = (folder / "letter.txt").read_text(encoding="utf-8")
    assert letter.startswith("尊敬的平台：\n\n我司号码被误标。")
    assert "\x1b" not in letter
    checklist = (folder / "checklist.md").read_text(encoding="utf-8")
    assert "- [ ] 营业执照 (licence): papers/01-licence.pdf, valid until 2028-12-31" in checklist
    assert "- [ ] 通话录音 (recordings): MISSING, none is on file" in checklist
    assert "- where: https://example.org/appeal" in checklist
    assert "- [ ] 受理编号" in checklist
    assert f"numtrustctl task done {TASK} --outcome submitted" in checklist
    assert (folder / "fields.txt").read_text(encoding="utf-8").startswith("where: https://example.org/appeal\n")
    assert beside(folder) == ["packet"]
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize(
    ("zone", "due"), [("Asia/Shanghai", "2026-11-20 17:00 UTC+08:00"), ("UTC", "2026-11-20 09:00 UTC+00:00")]
)
def test_times_are_the_readers_own_with_their_offset(
    tmp_path: Path, paper: Path, daemon: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch, zone: str, due: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    told = "paused since 2026-11-20 09:00:00 UTC"
    daemon.answers["GetTask"] = structs.replace(daemon.answers["GetTask"], detail=(told,))
    run(capsys, tmp_path / "packet")
    checklist = (tmp_path / "packet" / "checklist.md").read_text(encoding="utf-8")
    assert f"- by {due}\n" in checklist
    assert f"- paused since {due}\n" in checklist
    assert "00 UTC\n" not in checklist


def test_as_json_it_names_the_files(tmp_path: Path, paper: Path, capsys: Capture) -> None:
    code, out, _ = run(capsys, tmp_path / "packet", "--json")
    assert code == 0
    assert json.loads(out)["files"] == ["letter.txt", "fields.txt", "checklist.md", "papers/01-licence.pdf"]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [(Path.unlink, "no such file or directory"), (lambda p: (p.unlink(), os.mkfifo(p)), "no ordinary file")],
)
def test_a_paper_that_cannot_be_read_leaves_nothing(
    tmp_path: Path, paper: Path, capsys: Capture, spoil: Any, why: str
) -> None:
    spoil(paper)
    folder = tmp_path / "packet"
    code, out, err = run(capsys, folder)
    assert (code, out) == (1, "")
    assert f"{paper} (licence): " in err
    assert why in err
    assert beside(folder) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path, paper: Path, capsys: Capture) -> None:
    folder = tmp_path / "packet"
    folder.mkdir()
    (folder / "mine").write_text("x")
    code, _, err = run(capsys, folder)
    assert code == 1
    assert "is there already: name a folder that is not" in err
    assert os.listdir(folder) == ["mine"]
    code, _, err = run(capsys, tmp_path / "nowhere" / "packet")
    assert code == 1
    assert "no such file or directory: name a folder in a directory that you may write" in err


def test_what_a_paper_is_called_leads_nowhere(tmp_path: Path, paper: Path, daemon: Any, capsys: Capture) -> None:
    _with_papers(daemon, paper, kind="../../etc/x")
    code, out, _ = run(capsys, tmp_path / "packet")
    assert code == 0
    assert "papers/01--etc-x.pdf" in out
