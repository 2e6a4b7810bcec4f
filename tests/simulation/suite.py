"""Runs seeds: in this process, or many of them in a pool of processes.

Private names of trio make the scheduling deterministic; they are made sure of here, and `digests` lets a test see that
a seed's run is the same in another process with another hash seed.
"""

import contextlib
import gc
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from trio._core import _run as trio_internals

from tests.simulation import config, thrift
from tests.simulation.drawing import draw_plan
from tests.simulation.mutants import MUTANTS
from tests.simulation.run import Played, Run

WORKERS = 2
ROOT = Path(__file__).parent.parent.parent
REGRESSIONS = Path(__file__).with_name("regressions.txt")


class NotDeterministicError(Exception):
    """This trio cannot be made to schedule from a seed as we know it."""


def make_deterministic() -> None:
    """Let trio schedule from its own random numbers, which `run` seeds. Raises `NotDeterministicError`."""
    if not isinstance(getattr(trio_internals, "_ALLOW_DETERMINISTIC_SCHEDULING", None), bool):
        raise NotDeterministicError("trio._core._run._ALLOW_DETERMINISTIC_SCHEDULING is no longer there")
    if not callable(getattr(getattr(trio_internals, "_r", None), "seed", None)):
        raise NotDeterministicError("trio._core._run._r is no longer a random.Random")
    if missing := [name for owner, name in thrift.NAMES if not callable(getattr(owner, name, None))]:
        raise NotDeterministicError(f"trio has changed, see `thrift`: {', '.join(missing)}")
    trio_internals._ALLOW_DETERMINISTIC_SCHEDULING = True  # type: ignore[misc]  # trio says Final, and sets it so itself


def run_seed(seed: int, mutant: str = "", *, tracing: bool = False, digesting: bool = False) -> Played:
    """Carry out the plan of one seed, with one planted bug if `mutant` names it."""
    make_deterministic()
    with MUTANTS[mutant].patch() if mutant else contextlib.nullcontext():
        run = Run(draw_plan(seed), tracing=tracing, digesting=digesting)
        played = run.play()
    if tracing:
        played.trace[:0] = run.plan.lines()
    return played


COLLECT_AFTER = 20
"""Runs of one process between two collections of garbage: one leaves a megabyte or two."""


def _begin_worker() -> None:
    # Nothing here lives long but the settings, and a collection every few hundred objects is a fifth of the time.
    config.base()
    gc.collect()
    gc.freeze()
    gc.disable()


def _run_one(job: tuple[int, str]) -> Played:
    global _runs
    _runs += 1
    if _runs % COLLECT_AFTER == 0:
        gc.collect()
    return run_seed(*job)


_runs = 0


def run_seeds(seeds: Iterable[int], mutant: str = "", workers: int = WORKERS) -> Iterator[Played]:
    """Carry out many plans at once; the results come in the order of the seeds. Close it to end early."""
    yield from run_jobs([(seed, mutant) for seed in seeds], workers)


def run_jobs(jobs: list[tuple[int, str]], workers: int = WORKERS) -> Iterator[Played]:
    """Carry out (seed, mutant) jobs, in a pool of processes that begin alike: whoever is done takes the next job."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # imports once for all of them
    with context.Pool(workers, initializer=_begin_worker) as pool:
        yield from pool.imap(_run_one, jobs, chunksize=1)


def digests(seeds: Iterable[int], hash_seeds: Iterable[int]) -> list[list[str]]:
    """The digests of some seeds' runs, one list for each process; their PYTHONHASHSEEDs are the `hash_seeds`."""
    wanted = [str(seed) for seed in seeds]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.simulation", "--digest", *wanted],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in hash_seeds
    ]
    found = [process.communicate()[0].split() for process in running]
    if any(len(digest) != len(wanted) for digest in found):
        raise NotDeterministicError("a process that was to run these seeds failed: see above")
    return found


def regressions() -> dict[int, str]:
    """The seeds that once broke a promise, each with what was wrong then."""
    found = {}
    for line in REGRESSIONS.read_text(encoding="utf-8").splitlines():
        seed, _, why = line.partition("#")
        if seed.strip():
            found[int(seed)] = why.strip()
    return found
