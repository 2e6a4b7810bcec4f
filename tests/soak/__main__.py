"""`python -m tests.soak [--for SECONDS] [--leak memory|descriptor|thread|task]`: the soak, short or over night.

Prints the figures while they are taken, then what was compared. Exit status 1 means that something does not stay flat,
that the daemon said something bad, or that it did not end in order. `--leak` plants one, which must be found.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.soak.flat import leaks, rise
from tests.soak.world import BOUNDS, Sample, soak

DEFAULT = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Does a running daemon stay flat?")
    parser.add_argument("--for", dest="seconds", type=float, default=DEFAULT, help="real seconds [%(default)g]")
    parser.add_argument("--leak", choices=("memory", "descriptor", "thread", "task"), help="plant one")
    given = parser.parse_args()
    every, count = max(1, int(given.seconds / 0.5 / 60)), 0

    def say(sample: Sample) -> None:
        nonlocal count
        count += 1
        if count % every == 0:
            print(" ".join(f"{name}={value:,.0f}" for name, value in sample._asdict().items()), flush=True)

    if given.leak:
        os.environ["LEAK"] = given.leak
    with tempfile.TemporaryDirectory(prefix="numtrustd-soak-") as root:
        found = soak(Path(root), given.seconds, "tests.soak.leaky" if given.leak else "numtrustd", say)
    figures = found.samples.figures()
    for name, bound in BOUNDS.items():
        print(f"{name}: {rise(figures[name], bound)}")
    print(f"said: {dict(found.daemon.said.most_common())}")
    print(f"nuisances: {dict(found.nuisance.done)}, of which refused {len(found.nuisance.failed)}")
    for why in dict.fromkeys(found.nuisance.failed[:20]):
        print(f"  {why}")
    wrong = leaks(figures, BOUNDS) + [f"said {record}" for record in found.daemon.bad]
    if found.status:
        wrong.append(f"ended with exit status {found.status}")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
