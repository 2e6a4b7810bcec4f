"""Coverage-guided fuzzing in small: the corpus as a plain test, a few seconds of search for each target.

`python -m tests.fuzz` runs for as long as one likes.
"""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fuzz import target_planted
from tests.fuzz.__main__ import load, main
from tests.fuzz.corpus import TARGETS, arcs, keep, stored

SECONDS = int(os.environ.get("NUMTRUST_FUZZ_SECONDS", "5"))

# As in pyproject.toml: elsewhere there is no wheel.
SUPPORTED = sysconfig.get_platform() == "linux-x86_64" and sys.version_info < (3, 15)


@pytest.fixture(scope="module")
def atheris() -> None:
    """Fails where it ought to be installed and is not."""
    if importlib.util.find_spec("atheris") is None:
        reason = "no atheris: install the extra `fuzz`"
        if "CI" in os.environ and SUPPORTED:
            pytest.fail(reason)
        pytest.skip(reason)


def fuzz(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.fuzz", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.covers("S7", "N11", "N12", "L2")
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_stored_breaks_it(target: str) -> None:
    inputs = stored(target)
    assert len(inputs) >= 10
    one = load(target)
    for data in inputs:
        one(data)


@pytest.fixture(scope="module")
def searches(atheris: None) -> Iterator[Mapping[str, "Future[subprocess.CompletedProcess[str]]"]]:
    """All targets at once, as many at a time as there are processors: half of it is getting ready."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {target: pool.submit(fuzz, target, f"--seconds={SECONDS}") for target in TARGETS}


@pytest.mark.covers("S7", "N11", "N12", "L2")
@pytest.mark.process
@pytest.mark.parametrize("target", TARGETS)
def test_a_short_search_finds_nothing(target: str, searches) -> None:
    done = searches[target].result()
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.match(rf"{target}: (\d+) runs, nothing found; (\d+) branches", done.stdout)
    assert found, done.stdout
    assert int(found[1]) > len(stored(target)), "it searched"
    assert int(found[2]) > 100, "it was guided"
    print(done.stdout)


@pytest.mark.process
@pytest.mark.usefixtures("atheris")
def test_a_planted_bug_is_found_and_can_be_reproduced() -> None:
    done = fuzz("planted", "--seconds=60")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "RuntimeError: found what was planted" in done.stdout
    again = re.search(r"--reproduce (\S+)", done.stdout)
    assert again, done.stdout
    file = Path(again[1])
    try:
        assert file.read_bytes().startswith(b"Num!")
        with pytest.raises(RuntimeError, match="found what was planted"):
            main(["planted", "--reproduce", str(file)])
    finally:
        file.unlink()


def test_what_reaches_nothing_new_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.corpus.HOME", tmp_path)
    one = load("varlink")
    known = stored("varlink")[0]
    assert arcs(one, known)
    assert keep("varlink", one, [known, known]) == 0
    assert list(tmp_path.iterdir()) == []
    new = b'{"method":"io.numtrust.Control.Nothing","parameters":{"x":null}}\0'
    assert keep("varlink", one, [new, new, b"x" * 5000]) == 1
    (kept,) = (tmp_path / "varlink").iterdir()
    assert kept.read_bytes() == new


def test_the_planted_bug_needs_all_four_bytes() -> None:
    for data in (b"", b"N", b"Num", b"num!", *target_planted.seeds()):
        target_planted.one(data)
