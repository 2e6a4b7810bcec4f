"""The demo's directory: its own is taken over, somebody else's is left as it is."""

from pathlib import Path

import pytest

from numtrustd.demo.stage import WRITTEN, StageError, prepare, write_config


def test_a_directory_of_somebody_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "numbers.csv").write_text("number\n13800138000\n")
    (tmp_path / "numtrustd.toml").write_text("[numbers]\n")
    with pytest.raises(StageError, match="choose another --state"):
        prepare(tmp_path, 24)
    assert (tmp_path / "numbers.csv").read_text() == "number\n13800138000\n"


def test_its_own_is_taken_over(tmp_path: Path) -> None:
    stage = prepare(tmp_path, 24)
    write_config(stage, "http://127.0.0.1:1")
    assert stage.config.read_text().startswith(WRITTEN)
    assert prepare(tmp_path, 30).root == stage.root


def test_a_place_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StageError, match="cannot be used"):
        prepare(tmp_path / "file" / "demo", 24)


def test_the_secrets_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    old = tmp_path / "demo/credentials/telnyx-api-key"
    old.parent.mkdir(parents=True)
    old.write_text("of an older demo")
    old.chmod(0o644)
    prepare(tmp_path / "demo", 24)
    assert {file.stat().st_mode & 0o777 for file in old.parent.iterdir()} == {0o600}
