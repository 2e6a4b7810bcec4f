"""Who misspells one of a few words is told which was meant, and what there is."""

from typing import Any

import pytest

from numtrustd.api import errors, status
from numtrustd.ctl.choices import with_meant
from numtrustd.ctl.cli import main

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "observe 1 --status markd",
            "'markd' is not one of 'marked', 'clean', 'certified', 'unknown': did you mean marked?",
        ),
        ("observe 1 --status x", "'x' is not one of 'marked', 'clean', 'certified', 'unknown'\n"),
        ("log-level wran", "did you mean warn?"),
        ("maintenance start so360 --kind majr", "did you mean major?"),
        ("silence add x --for 2h --reason y --scope platfrom", "did you mean platform?"),
        ("cancel 1 --reason disusd", "did you mean disused?"),
        ("report --format htm", "did you mean html?"),
        ("--lang zh observe 1 --status markd", "可选：'marked', 'clean', 'certified', 'unknown'：是指 marked 吗？"),
    ],
)
def test_the_nearest_word_is_named(capsys: Capture, words: str, said: str) -> None:
    assert main(words.split()) == 64
    assert said in capsys.readouterr().err


def test_where_none_is_near_nothing_is_added() -> None:
    assert with_meant("there are a, b", "zzz", ("a", "b")) == "there are a, b"


def test_columns_and_fields(capsys: Capture, tmp_path: Any) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("number,day,calls,answred\n")
    assert main(["calls", "add", str(file)]) == 64
    assert 'line 1: column "answred": is not known: did you mean answered?' in capsys.readouterr().err
    file.write_text("号码,日期,呼叫两,接通\n")
    assert main(["calls", "add", str(file)]) == 64
    assert "did you mean 呼叫?" in capsys.readouterr().err
    file.write_text('{"number": "1", "dya": "2026-11-01"}\n')
    assert main(["calls", "add", str(file)]) == 64
    assert 'field "dya": is not known: did you mean day?' in capsys.readouterr().err


def test_who_watches_a_number_that_is_not_watched_is_told(daemon: Any, capsys: Capture) -> None:
    why = "it is not watched: `numtrustctl numbers` lists those that are"
    daemon.refuse("GetNumber", errors.UnknownNumber("+8613800138001", why))
    main(["watch", "--number", "13800138001"])
    said = capsys.readouterr()
    assert f"+8613800138001: {why}; it is waited for all the same\n" in said.err
    assert daemon.asked[-1] == status.Watch(number="13800138001")
    assert said.out
