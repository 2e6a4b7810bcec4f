"""[letters]: the operator's own letters arrive, and a broken one keeps the daemon from starting."""

from pathlib import Path

from numtrustd import build
from numtrustd.domain.letters import LETTERS
from numtrustd.settings import Loaded, load, render


def read(tmp_path: Path, **letters: bytes) -> Loaded | str:
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "notes.md").write_text("{no letter}")
    for name, text in letters.items():
        (directory / f"{name}.txt").write_bytes(text)
    file = tmp_path / "numtrustd.toml"
    file.write_text('[[number]]\nnumber = "13800138000"\n[letters]\ndir = "mine"\n', encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_a_letter_arrives(tmp_path: Path) -> None:
    loaded = read(tmp_path, appeal="\ufeff{owner}：您好\n".encode())
    assert isinstance(loaded, Loaded), loaded
    assert tmp_path / "mine" / "appeal.txt" in loaded.files
    assert build.context(loaded, "s").letters["appeal"].fill({"owner": "示例"}) == "示例：您好"


def test_each_kind_may_be_written_anew_with_placeholders_of_its_own(tmp_path: Path) -> None:
    own = dict.fromkeys(LETTERS, b"{number}") | {"tag": b"{ask}", "notice_renamed": b"{old_name} {new_name}"}
    loaded = read(tmp_path, **own)
    assert isinstance(loaded, Loaded), loaded
    assert build.context(loaded, "s").letters.keys() == LETTERS.keys()


def test_a_placeholder_of_another_kind_is_none_of_this(tmp_path: Path) -> None:
    said = read(tmp_path, removal=b"{causes}", fault_repaired=b"{number}\n{papers}")
    assert isinstance(said, str)
    assert "mine/removal.txt:1: removal: unknown placeholder {causes}: there are attempt, because, company" in said
    assert "mine/fault_repaired.txt:2: fault_repaired: unknown placeholder {papers}" in said


def test_all_that_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    said = read(tmp_path, appeal=b"{owner}\n{nobody}\n", apeal=b"x")
    assert isinstance(said, str)
    assert "mine/appeal.txt:2: appeal: unknown placeholder {nobody}: there are attempt, causes, company" in said
    assert 'mine/apeal.txt:1: apeal: is no kind of letter: did you mean "appeal"?' in said
    assert said.count("\n") == 2


def test_what_is_no_text_and_no_directory(tmp_path: Path) -> None:
    said = read(tmp_path, appeal=b"a\n\xff\n")
    assert isinstance(said, str)
    assert "mine/appeal.txt:2: appeal: is not UTF-8: save it as UTF-8" in said
    (tmp_path / "numtrustd.toml").write_text('[[number]]\nnumber = "13800138000"\n[letters]\ndir = "none"\n')
    problems = load(tmp_path / "numtrustd.toml", {})
    assert isinstance(problems, list)
    assert "numtrustd.toml:4: letters.dir: cannot be read: " in render(problems)
