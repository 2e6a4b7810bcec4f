"""Every procedure of the source material, replayed on virtual time: all that is said, with its dates."""

import difflib
from pathlib import Path

import pytest

from tests.scenarios.play import SCENES, play, read, written

FILES = sorted(SCENES.glob("*.toml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_is_said_as_it_is_written(file: Path) -> None:
    scenario = read(file)
    said, wanted = play(scenario), scenario.expected.log.splitlines()
    diff = difflib.unified_diff(wanted, said, "as written", "as replayed", lineterm="", n=3)
    assert said == wanted, "\n" + "\n".join(diff)


def test_what_is_written_into_a_file_is_read_again(tmp_path: Path) -> None:
    head = FILES[0].read_text()
    other = tmp_path / "other.toml"
    other.write_text(written(head, ["one line", 'two "quoted" \\ lines']))
    assert read(other).expected.log.splitlines() == ["one line", 'two "quoted" \\ lines']
    assert written(other.read_text(), read(FILES[0]).expected.log.splitlines()) == head
