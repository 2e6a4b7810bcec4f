"""`python -m tests.disk power-cut|faults|damage`: what a disk does to the store, in the sizes of a night.

power-cut   a recorded run of the writer, cut at random: --states N [--seed S], [--threads] [--lives N] [--rounds N] for
            the run, [--killed-at N] kills a run before it at its N-th call, [--bug NAME] plants a bug, to be found
faults      every N-th call (--every) of the writer fails, in each of several ways
damage      the file is damaged: --states N [--seed S]
"""

import argparse
import sys
import time

from tests.disk import damage, faults, power_cut, writer


def main(arguments: list[str]) -> int:
    """The exit status: 0 when nothing was lost (with --bug: when something was)."""
    parser = argparse.ArgumentParser(prog="python -m tests.disk", description=__doc__.partition("\n")[0])
    kinds = parser.add_subparsers(required=True)
    cuts = kinds.add_parser("power-cut")
    cuts.set_defaults(run=_power_cut)
    cuts.add_argument("--states", type=int, default=2_000)
    cuts.add_argument("--seed", type=int, default=0)
    cuts.add_argument("--lives", type=int, default=2)
    cuts.add_argument("--rounds", type=int, default=10)
    cuts.add_argument("--threads", action="store_true")
    cuts.add_argument("--killed-at", type=int)
    cuts.add_argument("--bug", choices=writer.BUGS)
    failing = kinds.add_parser("faults")
    failing.set_defaults(run=_faults)
    failing.add_argument("--every", type=int, default=1)
    rot = kinds.add_parser("damage")
    rot.set_defaults(run=_damage)
    rot.add_argument("--states", type=int, default=5_000)
    rot.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    began = time.perf_counter()
    status: int = given.run(given)
    print(f"{time.perf_counter() - began:.1f} s")
    return status


def _power_cut(given: argparse.Namespace) -> int:
    arguments = [f"--lives={given.lives}", f"--rounds={given.rounds}"]
    arguments += ["--threads"] * given.threads + [f"--bug={given.bug}"] * bool(given.bug)
    tally = power_cut.campaign(given.states, given.seed, arguments, killed_at=given.killed_at)
    print(f"{tally.calls} calls, {tally.flushed} transactions flushed, {tally.states} states:")
    for kind, count in sorted(tally.verdicts.items()):
        print(f"{count:6} {kind}")
    for example in tally.examples:
        print(f"  {example}")
    return int(tally.sound == bool(given.bug))


def _faults(given: argparse.Namespace) -> int:
    lost = False
    for result in faults.campaign(given.every):
        print(f"{result.plan}: {result.tried} tried, {', '.join(f'{n} {end}' for end, n in result.ends.items())}")
        for fault in result.faults:
            print(f"  {fault}")
        lost = lost or bool(result.faults)
    return int(lost)


def _damage(given: argparse.Namespace) -> int:
    tally = damage.campaign(given.states, given.seed)
    for kind, verdicts in tally.verdicts.items():
        print(f"{kind}: {', '.join(f'{count} {word}' for word, count in sorted(verdicts.items()))}")
    for fault in tally.faults:
        print(f"  {fault}")
    return int(bool(tally.faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
