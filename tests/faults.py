"""The fault model: what can go wrong, and what must then be so. Tests say which rows they cover with `covers(...)`.

`docs/reliability.md` is made of this table and of those marks, so neither can drift from the other.
"""

import ast
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent

FAULTS: dict[str, tuple[str, str]] = {
    # storage
    "S1": (
        "kill -9 or out of memory at any instruction",
        "nothing acknowledged is lost; what was not acknowledged is looked up",
    ),
    "S2": ("power cut, crash of the system", "LMDB's default flags; no acknowledged record lost, the database opens"),
    "S3": ("fsync or write fails", "the transaction did not happen; a poisoned environment ends the process"),
    "S4": ("map full", "it grows to its limit; nearly full sends nothing new, open cases still move"),
    "S5": ("disk full", "reads and sockets go on, no look and no submission is made, work resumes by itself"),
    "S6": ("truncated, missing or empty database", "refused or safe mode, never started afresh"),
    "S7": (
        "flipped bits, swapped or damaged records",
        "found by checksum; that number is parked, never taken for a new one",
    ),
    "S8": ("two daemons on one state", "the second is refused"),
    "S9": (
        "forgotten read transactions, dead readers",
        "no read transaction outlives a call; dead readers are removed",
    ),
    "S10": ("a backup is put back", "every open case makes sure of its submission before anything is sent"),
    "S11": ("older or newer format", "migrated with a backup first; a newer one is refused"),
    # workflows
    "W1": (
        "crash between sending and storing the outcome",
        "intent is stored first; what may have arrived is looked up",
    ),
    "W2": ("timeout, reset, 5xx or garbage after sending", "unknown, never failed"),
    "W3": ("a request that is delivered late", "absence is only believed after the settle time, twice"),
    "W4": ("a platform without look-up", "at most once; a person is asked"),
    "W5": ("asked twice", "done once"),
    "W6": ("hostile Retry-After", "both forms are read, clamped to a second and a day"),
    "W7": ("retry storm after an outage", "one probe while the breaker is open, jittered pauses, durable slots"),
    "W8": ("changed tables with open cases", "stored snapshots of every version load and step"),
    "W9": ("redirects that post again", "nothing is followed"),
    "W10": (
        "a batch whose answer is lost, that is late, partial, unknown to the platform, or told twice",
        "paid for once, in the ledger; what is pending reads unknown and moves nothing",
    ),
    "W11": (
        "a person reports a look, and the process dies",
        "what was acknowledged is stored; whoever was asked is asked on",
    ),
    # network
    "N1": ("endless body", "cap on the wire"),
    "N2": ("decompression bomb", "identity only, other encodings refused"),
    "N3": ("slow headers and bodies, endless 1xx", "one total deadline"),
    "N4": ("one-byte chunks, floods of small pieces", "capped, and neighbours get their turn"),
    "N5": ("hanging DNS", "own threads, two a host and sixteen in all"),
    "N6": ("hung connect or handshake", "not sent, within the connect deadline"),
    "N7": ("invalid TLS", "not sent, with the reason"),
    "N8": ("bytes after the answer", "the connection is closed; the next request never sees them"),
    "N9": ("redirect to elsewhere, plain http", "not followed; plain http only on loopback"),
    "N10": ("proxy, CA, netrc from the environment", "not asked"),
    "N11": ("hostile JSON and HTML", "unknown, bounded"),
    "N12": ("control characters, ANSI, bidi", "escaped in the log and by the client"),
    "N13": ("cookies", "never kept"),
    "N14": (
        "the proxy or source address of the settings refuses, lies, hangs or is gone",
        "not sent, and it is named: never the platform's fault, never sent twice",
    ),
    # process, scheduling, time
    "P1": ("an actor crashes", "restarted with backoff; too often: parked, said once"),
    "P2": ("crash storm", "the process ends and is restarted"),
    "P3": ("an error that races with cancel, a leaked Cancelled", "contained, and said"),
    "P4": ("SystemExit, KeyboardInterrupt in an actor", "the process ends in order"),
    "P5": ("a task that blocks the loop", "measured, and the watchdog is not fed"),
    "P6": ("leaks", "connections, tokens, tasks and descriptors come back to base"),
    "P7": ("the daemon hangs", "the watchdog is fed on proof of progress only"),
    "P8": ("crash loop at the start", "a damaged state is safe mode, not a loop"),
    "P9": ("log reader blocked, full or gone", "the loop goes on; what was dropped is counted and said once"),
    "P10": ("the wall clock jumps", "no deadline lost, none early, said once"),
    "P11": ("suspend, long downtime", "overdue work is done once, in order, and spread"),
    "P12": ("time zones, holidays", "instants are UTC; working days are of the platform's country"),
    # local users
    "L1": ("a local user at the control socket", "the file's mode and group decide; acts are logged with the peer"),
    "L2": ("floods, garbage, half messages, gigabytes", "bounded, dropped, others served"),
    "L3": ("acting through the status socket", "not offered there"),
    "L4": ("code execution through a parser", "sandboxed by the unit"),
    "L5": ("secrets in logs and tracebacks", "redacted; no local variables"),
}

UNCOVERED: dict[str, str] = {}
"""Rows that no test covers, and why."""


SIMULATION = """
## What is simulated, and what cannot be

`tests/simulation` runs the whole daemon through a week of faults and calm in a fraction of a second, from one seed:
sources that answer at once, one that takes batches, the appeal APIs, the people who do tasks, report looks at handsets
and give orders, process death at named points and at any step of the scheduler, full disk and map, both clocks,
reloads, a backup that is put back. Real are trio, the actors, the tables, the store's code and the reading of answers.
In a part of the seeds there are emergencies and complaints, windows and days to avoid, names that are wrong, certified
or paused for a while, tags with their seasons and forbidden words, changes of them that are free or paid for, a budget,
inspections, and numbers that leave: cancelled for every reason, with what people have to do, deletions with their
receipts, caches and residuals, and given up in time or by force. Bugs are planted, one at a time, to see that each is
caught.

Five hundred seeds are run with every commit. Those of a night are longer, and in every second one somebody leads cases
to a wanted state, where they are besieged by every kind of fault in turn. A night's run reports which faults met which
states, and fails unless each pair of a state (of every workflow, and of batches) and a fault that can meet has met in
it; pairs that cannot meet are declared with their reason, and one that is met all the same fails it as well.

Not in it, because they are no code of ours on virtual time:

* durability of LMDB, of files and of a power cut (S rows: real disks and `kill -9`): here a file lies in memory, its
  commits are not flushed, and a process only pretends to die;
* sockets, TLS, DNS and proxies (N rows: real ones, on loopback);
* threads: everything runs in one, so that one seed gives one run;
* sources that run an operator's program: a process keeps real time and cannot be put on a virtual clock. What becomes
  of their answers is what becomes of every source's, which is simulated; the processes themselves are started, hung and
  killed for real in `tests/probes`.
""".splitlines()
"""What stands below the table."""


def covered() -> dict[str, list[str]]:
    """Fault id → tests that cover it, as `file::test`, read from the marks in the source."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for fault in _marks(node):
                    found[fault].append(f"{path.relative_to(TESTS.parent)}::{node.name}")
    return found


def _marks(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        str(argument.value)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.covers"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    ]


def markdown() -> str:
    """The table as a document."""
    by_fault = covered()
    lines = [
        "# Faults, what must then be so, and the tests that hold it",
        "",
        "Generated from the marks of the tests (`make docs`); do not edit. Ids: S storage, W workflows, N network,",
        "P process and time, L local users.",
        "",
        "| id | fault | required | tests |",
        "|---|---|---|---|",
    ]
    for fault, (what, required) in FAULTS.items():
        tests = "<br>".join(f"`{t}`" for t in by_fault.get(fault, ())) or f"none: {UNCOVERED.get(fault, '')}"
        lines.append(f"| {fault} | {what} | {required} | {tests} |")
    return "\n".join([*lines, *SIMULATION]) + "\n"
