"""`python -m tests.simulation`: runs seeds, and says what broke, with a readable trace.

--seeds N [--first S]    N seeds from S on; ends at the first broken promise
--nightly                report which faults met which states, and fail if a pair was never hit; unless something else
                         is said these are 3 000 seeds from 500 on, which are drawn to meet all pairs
--trace SEED             one seed, everything that happened in it
--mutant NAME            with this bug planted ("all": each one in turn), until it is caught
--keep                   with --mutant: write down the seeds that caught it
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable

from tests.simulation import caught, coverage
from tests.simulation.mutants import MUTANTS
from tests.simulation.plan import EVERY_COMMIT
from tests.simulation.promises import CRASHES
from tests.simulation.run import Played
from tests.simulation.suite import ROOT, WORKERS, digests, run_seed, run_seeds

NIGHTLY = 3_000
"""Seeds of a night's run unless --seeds says otherwise; enough for every pair of state and fault."""


def main(arguments: list[str]) -> int:
    """The exit status: 0 when every promise held (with --mutant: when every bug was caught)."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=None, help="how many")
    parser.add_argument("--first", type=int, default=None, help="the first seed")
    parser.add_argument("--workers", type=int, default=WORKERS, help="processes")
    parser.add_argument("--nightly", action="store_true", help="report and demand coverage of the fault space")
    parser.add_argument("--trace", type=int, metavar="SEED", help="show one seed")
    parser.add_argument("--digest", type=int, nargs="+", metavar="SEED", help="print the digests of these seeds' runs")
    parser.add_argument("--mutant", choices=[*MUTANTS, "all"], help="plant this bug")
    parser.add_argument("--keep", action="store_true", help="write the seeds that caught a mutant to caught.toml")
    given = parser.parse_args(arguments)
    if given.digest is not None:
        for seed in given.digest:
            print(run_seed(seed, digesting=True).digest)
        return 0
    if given.trace is not None:
        return _show(given.trace, "" if given.mutant in (None, "all") else given.mutant)
    first = given.first if given.first is not None else EVERY_COMMIT if given.nightly else 0
    if given.mutant is not None:
        names = list(MUTANTS) if given.mutant == "all" else [given.mutant]
        return _hunt(names, range(first, first + (given.seeds or 300)), given.workers, keep=given.keep)
    one, other = digests([first], (1, 2))
    if one != other:
        print(f"seed {first} runs differently under another PYTHONHASHSEED: this simulation proves nothing")
        return 2
    count = given.seeds or (NIGHTLY if given.nightly else 100)
    return _run(range(first, first + count), given.workers, nightly=given.nightly)


def _run(seeds: Iterable[int], workers: int, *, nightly: bool) -> int:
    began = time.perf_counter()
    met: Counter[tuple[str, str]] = Counter()
    counts: Counter[str] = Counter()
    done, failing = 0, []
    for played in run_seeds(seeds, workers=workers):
        done += 1
        met.update(played.met)
        counts.update(played.counts)
        if played.violation is not None:
            failing.append(played)
            if not nightly:
                break
    took = time.perf_counter() - began
    print(
        f"{done} seeds in {took:.0f} s: {counts['deaths']} deaths, {counts['observation.recorded']} readings, "
        f"{counts['case.opened']} cases, {counts['action.sent']} submissions, "
        f"{counts['batches']} batches, {counts['reports']} reports, {len(failing)} broken promises"
    )
    if nightly:
        print("\n".join(coverage.report(met)))
    for played in failing[:3]:
        tell(played)
    for played in failing:
        print(f"seed {played.seed}: {played.violation}")
    if not nightly:
        return 1 if failing else 0
    if never := coverage.unmet(met):
        print(f"never met: {', '.join(f'{state} × {kind}' for state, kind in never)}")
    if wrongly := coverage.misjudged(met):
        print(f"met, although declared impossible: {', '.join(f'{state} × {kind}' for state, kind in wrongly)}")
    return 1 if failing or never or wrongly else 0


def tell(played: Played) -> None:
    """What broke in a seed's run, with its trace."""
    print(f"\n=== seed {played.seed}: {played.violation}\n")
    print("\n".join(run_seed(played.seed, tracing=True).trace))
    print(f"\n=== seed {played.seed}: {played.violation}")
    print(f"again: {ROOT.name}$ python -m tests.simulation --trace {played.seed}")


def _show(seed: int, mutant: str) -> int:
    played = run_seed(seed, mutant, tracing=True)
    print("\n".join(played.trace))
    print(played.violation or "every promise held")
    return 1 if played.violation else 0


def _hunt(names: list[str], seeds: range, workers: int, *, keep: bool) -> int:
    escaped = 0
    for name in names:
        found: list[tuple[int, str]] = []
        for played in run_seeds(seeds, name, workers):
            broken = played.violation
            if broken is None:
                continue
            if broken.promise in CRASHES:
                print(f"{name}: seed {played.seed}: the planted bug itself crashes: {broken.what.splitlines()[0]}")
                continue
            found.append((played.seed, broken.promise))
            if len(found) == caught.KEPT:
                break
        if not found:
            print(f"{name}: ESCAPED {len(seeds)} seeds")
            escaped += 1
            continue
        print(f"{name}: seed {found[0][0]}: {found[0][1]}", flush=True)
        if keep:
            caught.remember(name, found)
    return 1 if escaped else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
