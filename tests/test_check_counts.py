"""`numtrustd check` says one of one, and several of several."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from numtrustd.cli import cli
from tests.virtual import write_config


@pytest.mark.parametrize(
    ("numbers", "said"),
    [(["139 1000 0001"], "good: 1 number, "), (["139 1000 0001", "139 1000 0002"], ": 2 numbers, ")],
)
def test_numbers_are_counted_in_words(tmp_path: Path, numbers: list[str], said: str) -> None:
    config = write_config(tmp_path, numbers, ["so360.onebox"])
    done = CliRunner().invoke(cli, ["check", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert said in done.output
    assert "sources in use: so360.onebox" in done.output


@pytest.mark.parametrize(
    ("lines", "said"), [("nonsense = 1\n", "1 problem\n"), ("nonsense = 1\nmore = 2\n", "problems\n")]
)
def test_problems_are_counted_in_words(tmp_path: Path, lines: str, said: str) -> None:
    config = write_config(tmp_path, ["139 1000 0001"], ["so360.onebox"])
    config.write_text(lines + config.read_text(encoding="utf-8"), encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", "--config", str(config)])
    assert done.exit_code == 78
    assert done.output.endswith(said)
