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


def test_problems_and_warnings_are_counted_at_the_end(tmp_path: Path) -> None:
    config = write_config(tmp_path, ["139 1000 0001"], ["so360.onebox"])
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("number,since\n13910000001,2190-01-01\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert f"warning: {numbers}:2: since: is 2190-01-01" in done.output
    warnings = sum(line.startswith("warning: ") for line in done.output.splitlines())
    counted = "1 warning" if warnings == 1 else f"{warnings} warnings"
    assert done.output.endswith(f"sources in use: so360.onebox; {counted}\n")
    config.write_text("nonsense = 1\nmore = 2\n" + config.read_text(encoding="utf-8"), encoding="utf-8")
    done = CliRunner().invoke(cli, ["check", "--config", str(config)])
    assert done.exit_code == 78
    assert f"warning: {numbers}:2: since: is 2190-01-01" in done.output
    assert done.output.endswith("2 problems, 1 warning\n")
