"""The demo's table counts what the log says, also what happened before anybody was listening."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from numtrustd.demo import tally as module
from numtrustd.demo.tally import Tally
from numtrustd.varlink.client import ClientError

STARTED = "2026-01-05T01:00:00Z"
EVENTS = {
    "+8610": [
        {"at": "2026-01-05T01:00:00.5Z", "action": "verdict.baseline"},
        {"at": STARTED, "action": "verdict.baseline"},
        {"at": "2026-01-04T23:00:00Z", "action": "verdict.baseline"},
    ],
    "+8620": [{"at": "2026-01-05T02:00:00Z", "action": action} for action in ("cause.found", "case.moved")],
}


class Daemon:
    """Answers like a daemon whose histories come a page of one event at a time."""

    gone = False

    def __init__(self, socket: Path, timeout: float) -> None:
        if self.gone:
            raise ClientError("it is stopping")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def ask(self, method: str, parameters: dict[str, Any], result: object) -> dict[str, Any]:
        if method.endswith("GetStatus"):
            return {"started_at": STARTED, "looks_total": 7}
        events, at = EVENTS[parameters["number"]], int(parameters.get("after", 0))
        more = {"next": str(at + 1)} if at + 1 < len(events) else {}
        return {"events": events[at : at + 1], **more}

    def follow(self, method: str, parameters: dict[str, Any], result: object) -> Iterator[dict[str, Any]]:
        yield from ({"numbers": [{"number": number}]} for number in EVENTS)


def test_what_happened_before_it_listened_is_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Connection", Daemon)
    tally = Tally(tmp_path, print)
    tally._count("verdict.baseline", {})
    tally._count("incident.opened", {})
    tally.complete()
    tally.complete()
    assert tally.counts["baseline"] == 2, "one of them was heard; one is of the run before"
    assert tally.counts["looks"] == 7
    assert tally.counts["causes"] == 1
    assert not tally.quiet
    assert tally.counts["emergencies"] == 1, "what was heard counts although no history has it"


def test_a_daemon_that_is_stopping_leaves_what_was_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Daemon, "gone", True)
    monkeypatch.setattr(module, "Connection", Daemon)
    tally = Tally(tmp_path, print)
    tally._count("verdict.baseline", {})
    tally.complete()
    assert tally.counts["baseline"] == 1


def test_a_table_of_zeros_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Connection", Daemon)
    tally = Tally(tmp_path, print)
    assert tally.quiet.startswith("Nothing was looked at yet in this run")
    tally.counts["looks"] = 3
    assert tally.quiet == "Every look in this run showed what was known before: nothing changed."
    tally._count("verdict.baseline", {})
    assert not tally.quiet
