"""Every hostile platform, looked at through the real transport and the real reading of answers, with little memory.

One child plays the platforms, one a healthy neighbour, and one looks (`hostile_cases`, `hostile_server`,
`hostile_client`); here is judged what it found. That the judge would see a loop that stands still, or memory that is
kept, is shown with planted faults.
"""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.http.hostile_cases import PLANTED, Case, matrix

pytestmark = pytest.mark.process

LATE = 0.25
"""Seconds by which no platform may delay its neighbours' looks."""
GRACE = 1.0
"""Seconds after its deadline by which a look must have ended, those not counted that the machine kept us waiting."""
STAYS = 48 << 20
"""Bytes that may still be resident when all is over; Python keeps some of what it once had."""
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]")
MAX_TEXT = 600


@contextlib.contextmanager
def child(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A child that ends when its standard input does."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class Report(NamedTuple):
    """What the looking child said, and what the platforms were asked."""

    cases: dict[str, dict[str, Any]]
    others: dict[str, dict[str, Any]]
    asked: dict[str, Any]


class Stage(NamedTuple):
    """The platforms, bad and good, and where they are."""

    hostile: "subprocess.Popen[str]"
    plan: dict[str, Any]

    def look(self, *only: str, plant: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Let a child look at these cases, or at all: (figures by case, other figures by what they are about)."""
        command = [
            sys.executable,
            "-m",
            "tests.http.hostile_client",
            json.dumps({**self.plan, "only": only, "plant": plant}),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-4_000:]
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {x["case"]: x for x in lines if "case" in x}, {x["about"]: x for x in lines if "about" in x}


@contextlib.contextmanager
def staged() -> Iterator[Stage]:
    """Both children at work."""
    with child("tests.http.hostile_server") as hostile, child("tests.http.hostile_server", "healthy") as healthy:
        assert hostile.stdout is not None
        assert healthy.stdout is not None
        played, well = json.loads(hostile.stdout.readline()), json.loads(healthy.stdout.readline())
        yield Stage(hostile, {**played, "healthy": well["where"]["plain"]})


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """For whoever does not count what was asked."""
    with staged() as stage:
        yield stage


@pytest.fixture(scope="module")
def report() -> Report:
    """One run of the whole matrix."""
    with staged() as stage:
        cases, others = stage.look()
        asked, _ = stage.hostile.communicate("", timeout=60)
    return Report(cases, others, json.loads(asked))


def faults(case: Case, figures: dict[str, Any]) -> list[str]:
    """What is wrong with the figures of one case."""
    wrong = []
    for tried in figures["tries"]:
        for look in tried["looks"]:
            end = look["failure"] or "reply"
            if case.end != "either" and end not in case.end.split("|"):
                wrong.append(f"ended as {look['kind']} {end}: {look['detail']}")
            if look["kind"] != ("Reply" if end == "reply" else look["kind"]):
                wrong.append(f"{look['kind']} without a failure")
            if look["seconds"] > case.limits.deadline + GRACE:
                wrong.append(f"took {look['seconds']:.2f} s")
            if not look["seen"] or not set(look["seen"]) <= case.seen:
                wrong.append(f"was read as {look['seen']}")
            wrong += [f"a text that steers: {text!r}" for text in look["texts"] if STEERING.search(text)]
            wrong += [f"a text of {len(text)} characters" for text in look["texts"] if len(text) > MAX_TEXT]
    if min(tried["worst"] for tried in figures["tries"]) >= LATE - 0.05:
        wrong.append(f"its neighbour was delayed by {[round(t['worst'], 3) for t in figures['tries']]} s")
    if figures["memory"] > case.room:
        wrong.append(f"took {figures['memory'] >> 20} MiB")
    return wrong


@pytest.mark.covers("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9", "N11", "N12", "W6", "W9")
@pytest.mark.parametrize("name", matrix())
def test_it_ends_as_a_value_in_time_and_disturbs_nobody(report: Report, name: str) -> None:
    assert faults(matrix()[name], report.cases[name]) == []


@pytest.mark.covers("N3", "N4", "N5")
def test_all_at_once_disturb_nobody_either(report: Report) -> None:
    figures = report.others["all at once"]
    slowest = max(case.limits.deadline for case in matrix().values())
    for tried in figures["tries"]:
        assert tried["ends"] > 200
        assert tried["slowest"] < slowest + GRACE
    assert min(tried["worst"] for tried in figures["tries"]) < LATE
    assert figures["memory"] < 64 << 20


@pytest.mark.covers("N1", "N2")
def test_most_looks_of_the_neighbour_are_not_delayed_at_all(report: Report) -> None:
    itself = report.others["itself"]
    assert itself["looks"] > 300
    assert itself["p50"] < 0.05
    assert itself["p90"] < LATE
    assert itself["resident"] < STAYS


@pytest.mark.covers("W9", "N9", "N13")
def test_nothing_is_followed_sent_twice_or_kept(report: Report) -> None:
    """Each request was asked for by a look; no redirect led anywhere; no cookie came back."""
    assert report.asked["trapped"] == 0
    assert report.asked["cookies"] == 0
    again = len(report.others["all at once"]["tries"])
    for name, count in report.asked["requests"].items():
        case = matrix()[name]
        crowds = 0 if name.startswith(("HTML", "JSON")) else again
        assert count == case.looks * (len(report.cases[name]["tries"]) + crowds), name
    unasked = {n for n, c in matrix().items() if c.where == "plain"} - report.asked["requests"].keys()
    assert not unasked
    refused = {n for n, c in matrix().items() if c.end == "tls"} & report.asked["requests"].keys()
    assert not refused, "sent over a connection that proved nothing"


# -------------------------------------------------------------------------------------------------- the judge is judged


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        ("sleep", "its neighbour was delayed"),
        ("spin", "its neighbour was delayed"),
        ("hoard", "MiB"),
        ("burst", "ended as Unknown protocol: MemoryError"),
    ],
)
def test_a_fault_of_ours_would_be_seen(stage: Stage, plant: str, said: str) -> None:
    """A loop held for 250 ms by sleeping or by working, 200 MB that are kept, and more memory than there is."""
    cases, _ = stage.look(PLANTED, plant=plant)
    assert [wrong for wrong in faults(matrix()[PLANTED], cases[PLANTED]) if said in wrong]


# ------------------------------------------------------------------------------------------------------- for people too

CONFIG = """
[daemon]
state_dir = "state"
[source."so360.onebox"]
enabled = true
base_url = "http://127.0.0.1:{port}/{number}"
"""


@pytest.mark.covers("N12")
@pytest.mark.parametrize("name", ["ANSI and bidi in a body", "ANSI and bidi in X-Raw", "ANSI in a content coding"])
def test_a_look_shows_nothing_that_steers_a_terminal(stage: Stage, tmp_path: Path, name: str) -> None:
    (tmp_path / "numbers.csv").write_text("number\n13800138000\n")
    config = tmp_path / "numtrustd.toml"
    port = stage.plan["where"]["plain"]
    config.write_text(CONFIG.format(port=port, number=list(matrix()).index(name)))
    command = [sys.executable, "-m", "numtrustd", "look", "13800138000", "--verbose", "--config", str(config)]
    shown = subprocess.run(command, capture_output=True, timeout=60, check=False)
    text = (shown.stdout + shown.stderr).decode()
    assert "so360.onebox" in text
    for line in text.splitlines():
        assert not STEERING.search(line), line
