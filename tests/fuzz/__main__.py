"""`python -m tests.fuzz TARGET`: hostile inputs, guided by which code they reach.

TARGET            answer, extract, log, settings, store, varlink; planted has a bug to be found
--seconds S       how long (60); --runs N ends it earlier
--seed N          of libFuzzer's own choices (1)
--keep            add what reached new code to tests/fuzz/corpus/TARGET
--reproduce FILE  one input, without atheris
"""

import argparse
import hashlib
import importlib
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable

from tests.fuzz.corpus import HOME, TARGETS, keep

ROOT = pathlib.Path(__file__).parents[2]

TIMEOUT = 20
"""Seconds that one input may take; what a platform sends has less, but a busy machine is slow."""

MEMORY = 2048
"""MiB that the process may have: the instrumentation itself takes a few hundred."""

LONGEST = 32_768
"""Bytes of an input."""


def main(arguments: list[str]) -> int:
    """The exit status: 0 when nothing was found, 1 when something was, 2 when it could not be looked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=[*TARGETS, "planted"])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--reproduce", type=pathlib.Path, metavar="FILE")
    given = parser.parse_args(arguments)
    if given.reproduce is not None:
        load(given.target)(given.reproduce.read_bytes())
        print("nothing happens")
        return 0
    with tempfile.TemporaryDirectory(prefix="numtrust-fuzz-") as place:
        return _fuzz(given, pathlib.Path(place))


def load(name: str) -> Callable[[bytes], None]:
    """A target, without atheris."""
    one: Callable[[bytes], None] = importlib.import_module(f"tests.fuzz.target_{name}").one
    return one


def _fuzz(given: argparse.Namespace, place: pathlib.Path) -> int:
    new, begun = place / "new", place / "seeds"
    new.mkdir()
    begun.mkdir()
    options = {
        "max_total_time": given.seconds,
        "runs": given.runs,
        "seed": given.seed,
        "timeout": TIMEOUT,
        "rss_limit_mb": MEMORY,
        "max_len": LONGEST,
        "artifact_prefix": f"{place}/found-",
        "print_final_stats": 1,
    }
    command = [sys.executable, "-m", "tests.fuzz.engine", given.target, str(begun)]
    command += [*(f"-{name}={value}" for name, value in options.items()), str(new)]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    found = sorted(place.glob("found-*"))
    if found:
        _tell(given.target, found[0], done.stderr)
        return 1
    runs = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    if done.returncode != 0 or runs is None:
        print(done.stderr[-4000:])
        print(f"the engine ended with {done.returncode}")
        return 2
    reached = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)[-1]
    print(
        f"{given.target}: {runs[1]} runs, nothing found; {reached[0]} branches, {len(list(new.iterdir()))} new inputs"
    )
    if given.keep:
        print(f"{keep(given.target, load(given.target), [p.read_bytes() for p in new.iterdir()])} kept")
    return 0


def _tell(target: str, found: pathlib.Path, said: str) -> None:
    data = found.read_bytes()
    file = pathlib.Path(tempfile.gettempdir()) / f"fuzz-{target}-{hashlib.sha256(data).hexdigest()[:12]}"
    file.write_bytes(data)
    start = said.find(" === Uncaught Python exception: ===")
    print(said[start if start >= 0 else -4000 :][:6000])
    print(f"{found.name.split('-')[1]}: {len(data)} bytes{': ' + repr(data) if len(data) <= 2000 else ''}")
    print(f"again: python -m tests.fuzz {target} --reproduce {file}")
    print(f"once it is mended, put it into {HOME.relative_to(ROOT) / target}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
