"""kill -9 at random moments, on real sockets, with lost answers: nothing is lost, nothing is sent twice.

The platforms take a second appeal while the first is under review (`--blind`), so that a double one would show.
"""

import random
import threading
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from numtrustd.clock import Clock
from numtrustd.demo.stage import SECRET
from numtrustd.domain.workflows import REGISTRY
from numtrustd.sim.stories import DEMO_ORIGIN
from numtrustd.store import Store, records
from tests.logcheck import check_lines
from tests.processes import daemon, get, platforms
from tests.telnyx import SETTINGS, simulated

KILLS = 30
SPEED = 28_800.0
NUMBERS = [f"+1415555{2000 + n}" for n in range(16)]

CONFIG = """
[daemon]
state_dir = "state"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[credentials]
dir = "credentials"
"""


def write(root: Path, address: str) -> Path:
    (root / "credentials").mkdir()
    (root / "credentials" / "telnyx-api-key").write_text(SECRET)
    (root / "paper.txt").write_text("proof of ownership")
    (root / "numbers.csv").write_text("number\n" + "\n".join(NUMBERS) + "\n")
    config = root / "numtrustd.toml"
    config.write_text(CONFIG + SETTINGS.format(speed=SPEED, address=address))
    return config


def check_verdicts(said: list[dict[str, Any]], world: dict[str, Any]) -> None:
    """A belief that changed was true at some moment since the look before it: none came from an unknown."""
    shown: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    for line in world["chronicle"]:
        if line["what"] in ("labelled", "cleared"):
            shown[line["number"], line["platform"]].append((line["at"], line["what"] == "labelled"))
    for record in said:
        if record["event.action"] not in ("verdict.changed", "verdict.baseline"):
            continue
        at = datetime.fromisoformat(record["@timestamp"]).timestamp()
        history = shown[record["numtrust.number"], record["numtrust.platform"]]
        believed = record["numtrust.to"].startswith("marked")
        states = [(DEMO_ORIGIN - 1, False), *history]
        recent = [
            state
            for (begin, state), (end, _) in zip(states, [*states[1:], (float("inf"), False)], strict=True)
            if begin <= at and end >= at - 2 * 86_400
        ]
        assert believed in recent, f"{record['message']} at {at}, but the platform showed {states}"


@pytest.mark.covers("S1", "W1", "W2")
@pytest.mark.process
def test_thirty_kills_lose_no_case_and_send_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(20260302)
    base = Clock().monotonic()
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("number\n" + "\n".join(NUMBERS) + "\n")
    world, address = platforms(
        *simulated(base=base, speed=SPEED, numbers=numbers, label_rate=0.25), "--exit-with-parent"
    )
    said: list[dict[str, Any]] = []
    pause = threading.Event()
    environ = {"NUMTRUSTD_CLOCK": f"{base!r} {DEMO_ORIGIN!r}"}
    try:
        config = write(tmp_path, address)
        for _ in range(KILLS):
            running = daemon(config, "--init", environ=environ)
            try:
                running.wait_for("daemon.ready")
                pause.wait(chance.uniform(0.0, 1.0))
            finally:
                running.kill()
            said += running.records()
        running = daemon(config, environ=environ)
        try:
            running.wait_for("daemon.ready")
            pause.wait(4.0)
            assert running.end() == 0
        finally:
            running.close()
        check_lines(running.lines)
        said += running.records()
        truth = get(f"{address}/truth")
    finally:
        world.close()

    sent = truth["submissions"]
    assert len(sent) >= 20, "too few submissions to prove anything"
    assert truth["duplicates"] == []
    assert truth["overlaps"] == 0
    assert not [r for r in said if r["event.action"] in ("actor.crashed", "python.crashed", "store.damaged")]
    opened = {r["numtrust.case"] for r in said if r["event.action"] == "case.opened"}
    with Store.open(tmp_path / "state", init=False, map_size=1 << 28, now=DEMO_ORIGIN) as store:
        cases = {case.id: case for case in records.all_cases(store)}
        timers = {case: seq for _, case, seq in records.all_timers(store)}
        unfinished = {action.case for action in records.all_actions(store)}
    assert opened
    assert opened <= cases.keys(), "a case that was said to be open is lost"
    for case in cases.values():
        if case.open:
            assert timers.get(case.id) == case.snapshot.seq or case.id in unfinished, f"{case.id} waits for ever"
        else:
            table = REGISTRY[case.workflow]
            assert table.rows[table.states(case.snapshot.state)].final
    check_verdicts(said, truth)
