"""Counts what the event stream says, for the table at the end: the `Watch` stream of `numtrustctl watch`."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from numtrustd.varlink.client import ClientError, Connection

LOOKS = "looks"
ROWS: tuple[tuple[str, str], ...] = (
    (LOOKS, "looks"),
    ("baseline", "first pictures of a number on a platform"),
    ("labelled", "labels that appeared and were confirmed by repeated looks"),
    ("causes", "likely causes named"),
    ("opened", "appeals opened"),
    ("sent", "appeals submitted over HTTP"),
    ("by_hand", "appeals handed in by a person with a packet"),
    ("rejected", "appeals rejected by a platform"),
    ("resubmitted", "appeals submitted again with more evidence"),
    ("propagating", "approved, waiting for the platform's caches"),
    ("cleared", "cases closed by clean looks on every view"),
    ("returned", "labels that came back"),
    ("emergencies", "emergencies: harmful labels on platforms that many people see"),
    ("met", "marks of their 2, 24 and 48 hours met"),
    ("missed", "such marks missed"),
    ("failed", "times a source could not see (captcha, outage, limit)"),
    ("maintenance", "times a platform was seen in maintenance"),
)


BY_NAME = {"verdict.baseline": "baseline", "cause.found": "causes", "incident.opened": "emergencies"}
"""The rows that count each event of a name."""


def _histories(daemon: Connection) -> Iterator[str]:
    """The name of everything that happened to any number since the daemon was started."""
    started = _instant(daemon.ask("io.numtrust.Status.GetStatus", {}, dict[str, Any])["started_at"])
    pages = daemon.follow("io.numtrust.Status.ListNumbers", {}, dict[str, Any])
    for number in [row["number"] for page in pages for row in page["numbers"]]:
        after: str | None = None
        while True:
            asked = {"number": number, "limit": 1_000} | ({} if after is None else {"after": after})
            page = daemon.ask("io.numtrust.Status.History", asked, dict[str, Any])
            yield from (row["action"] for row in page["events"] if _instant(row["at"]) >= started)
            after = page.get("next")
            if after is None:
                break


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Tally:
    """One thread that follows the stream until the daemon ends it. `heard` is set once the daemon answers."""

    def __init__(self, socket: Path, say: Callable[[str], None]) -> None:
        self._socket = socket
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="tally", daemon=True)
        self.counts: Counter[str] = Counter()
        self.heard = threading.Event()
        self.case: str | None = None
        self.number: str | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def complete(self) -> None:
        """Take in what happened before anybody was listening, while the daemon still answers: its first looks are made
        before it opens its sockets. What is counted by its name alone is counted again from the numbers' histories.
        """
        try:
            with Connection(self._socket, timeout=10.0) as daemon:
                self.counts[LOOKS] = daemon.ask("io.numtrust.Status.GetStatus", {}, dict[str, Any])["looks_total"]
                kept = Counter(_histories(daemon))
        except (ClientError, OSError):
            return  # it is stopping already: what was heard is all there is
        for action, row in BY_NAME.items():
            self.counts[row] = max(self.counts[row], kept[action])

    @property
    def quiet(self) -> str:
        """Why the table has nothing but zeros, if it has; else empty."""
        if any(self.counts[row] for row, _ in ROWS if row != LOOKS):
            return ""
        if not self.counts[LOOKS]:
            return "Nothing was looked at yet in this run: let it run for longer (`--for`)."
        return "Every look in this run showed what was known before: nothing changed."

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                with Connection(self._socket, timeout=30.0) as daemon:
                    daemon.ask("io.numtrust.Status.GetStatus", {}, dict[str, Any])
                    self.heard.set()
                    for record in daemon.follow("io.numtrust.Status.Watch", {}, dict[str, Any], timeout=0):
                        self._count(record["action"], record["fields"])
                        if self._stop.is_set():
                            return
            except (ClientError, OSError):
                self._stop.wait(0.1)

    def _count(self, action: str, fields: dict[str, Any]) -> None:
        to, old = fields.get("numtrust.to", ""), fields.get("numtrust.from", "")
        reason = fields.get("numtrust.reason", "")
        match action:
            case _ if action in BY_NAME:
                self.counts[BY_NAME[action]] += 1
            case "verdict.changed" if to.startswith("marked"):
                self.counts["labelled"] += 1
            case "incident.milestone":
                self.counts["met" if fields["numtrust.met"] else "missed"] += 1
            case "case.opened" if fields.get("numtrust.kind") == "appeal":
                self.counts["opened"] += 1
                if self.counts["cleared"] == 0:
                    self.case, self.number = fields["numtrust.case"], fields["numtrust.number"]
            case "action.sent":
                self.counts["sent"] += 1
                self.counts["resubmitted"] += fields.get("numtrust.attempt", 1) > 1
            case "case.moved":
                self._moved(old, to, reason, fields)
            case "case.closed" if fields.get("numtrust.outcome") == "cleared":
                self.counts["cleared"] += 1
                self.case, self.number = fields["numtrust.case"], fields["numtrust.number"]
            case "source.failed":
                self.counts["failed"] += 1
                if reason == "blocked":
                    self._say(
                        f"demo: {fields['numtrust.source']} is shown a captcha page with HTTP status 200. "
                        "That is unknown, not clean: no verdict moves until it can see again"
                    )
            case "source.limited":
                self.counts["failed"] += 1
            case "platform.maintenance" if fields.get("numtrust.state") == "seen":
                self.counts["maintenance"] += 1

    def _moved(self, old: str, to: str, reason: str, fields: dict[str, Any]) -> None:
        if old == "at_person" and to == "in_review":
            self.counts["by_hand"] += 1
            self.counts["resubmitted"] += fields.get("numtrust.attempt", 1) > 1
        if reason.startswith("rejected"):
            self.counts["rejected"] += 1
        if to == "propagating":
            self.counts["propagating"] += 1
        if old == "cleared":
            self.counts["returned"] += 1
