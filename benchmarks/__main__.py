"""`python -m benchmarks [PART] [--quick]`: measure, print Markdown tables. Exits with 1, and says why, when a figure is
over a bound that was promised.
"""

import argparse
import signal
import sys

from benchmarks import bounds, cases, idle, lateness, looks, machine, month, probe, questions, servers

PARTS = {
    "probe": probe.run,
    "looks": looks.run,
    "idle": idle.run,
    "lateness": lateness.run,
    "cases": cases.run,
    "month": month.run,
    "questions": questions.run,
}
TITLES = {
    "probe": "(a) requests a second from one core",
    "looks": "(a) the whole look",
    "idle": "(b) idle numbers",
    "cases": "(d) ten thousand open cases",
    "month": "(e) a month's report",
    "questions": "(f) questions while looks go on",
    "lateness": "(c) lateness of the loop, 100 000 numbers, 1 000 looks a second",
}
GROUPS = {"all": tuple(PARTS), "probe": ("probe", "looks")}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="?", default="all", choices=[*PARTS, "all"], help="probe includes looks")
    parser.add_argument("--quick", action="store_true", help="one short round of each: to see that it works")
    asked = parser.parse_args()
    # So that the servers end with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(machine.facts(), flush=True)
    over: list[str] = []
    for part in GROUPS.get(asked.part, (asked.part,)):
        print(f"\n### {TITLES[part]}\n", flush=True)
        try:
            found = PARTS[part](quick=asked.quick)
        except servers.MissingError as error:
            print(error, file=sys.stderr)
            return 69
        if isinstance(found, bounds.Judged):
            over += found.over
            found = found.tables
        print(found, flush=True)
    print(f"\n{machine.facts()}")
    for wrong in over:
        print(f"over its bound: {wrong}", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
