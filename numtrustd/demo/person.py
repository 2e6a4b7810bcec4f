"""Plays the people: takes each task from the control socket, does at the platform's own form what it asks, and reports.

It knows no more than a person would: the packet of the task, and what the platform's page and text message say.
"""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numtrustd.varlink.client import ClientError, Connection, ErrorReply

PAUSE = 0.35
"""Real seconds between two looks at the list of tasks: some two hours of the demo's time."""

WAITED_FOR = frozenset({"report_answer", "chase_review"})


class Person:
    """One thread. `say` announces what is done, since it is the demo and not a human that does it."""

    def __init__(self, socket: Path, address: str, say: Callable[[str], None]) -> None:
        self._socket = socket
        self._address = address
        self._say = say
        self._stop = threading.Event()
        self._receipts: dict[str, tuple[str, str]] = {}
        self._thread = threading.Thread(target=self._work, name="person", daemon=True)
        self.errors: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5.0)

    def _work(self) -> None:
        while not self._stop.wait(PAUSE):
            try:
                with Connection(self._socket, timeout=10.0) as daemon:
                    for task in self._ask(daemon, "Status.ListTasks", limit=200)["tasks"]:
                        if self._stop.is_set():
                            return
                        self._do(daemon, task)
            except ErrorReply as error:
                self.errors.append(str(error))  # a task that its case overtook: the next list has it no more
            except (ClientError, OSError):
                continue  # the daemon is starting or stopping

    def _ask(self, daemon: Connection, method: str, **parameters: Any) -> dict[str, Any]:
        return daemon.ask(f"io.numtrust.{method}", parameters, dict[str, Any])

    def _do(self, daemon: Connection, task: dict[str, Any]) -> None:
        match task["kind"]:
            case "submit_appeal":
                self._hand_in(daemon, self._ask(daemon, "Status.GetTask", task=task["task"]))
            case "report_answer" | "chase_review":
                self._report(daemon, task)
            case "did_it_arrive":
                self._done(daemon, task, "did_not_happen", note="the platform's list does not have it")
            case "decide":
                self._done(daemon, task, "retry", note="once more, by hand")
            case "approve":
                self._done(daemon, task, "approved")
            case "gather_proof":
                self._say(f"person: has the recordings and order screenshots of {task['number']} for the emergency")
                self._done(daemon, task, "gathered", note="recordings and order screenshots are on file")
            case "update_wording":
                self._say(f"person: told customers that the fault of {task['number']} is repaired")
                self._done(daemon, task, "published")
            case _:
                return

    def _hand_in(self, daemon: Connection, task: dict[str, Any]) -> None:
        letter = task.get("letter", "")
        papers = [paper["kind"] for paper in task["evidence"]]
        ref = letter.rsplit("申诉编号：", 1)[-1].strip()
        form = {"number": task["number"], "ref": ref, "letter": letter, "evidence": ",".join(papers)}
        status, answer = self._form(f"/forms/{task['platform']}/appeal", form)
        if status == 200:
            self._receipts[task["case"]] = (task["platform"], answer["receipt"])
            self._say(
                f"person: filled in the form of {task['platform']} for {task['number']} "
                f"({', '.join(papers) or 'no papers'}), receipt {answer['receipt']}"
            )
            self._done(daemon, task, "submitted", receipt=answer["receipt"])
        elif answer.get("receipt"):
            self._receipts[task["case"]] = (task["platform"], answer["receipt"])
            self._done(daemon, task, "submitted", receipt=answer["receipt"])
        else:
            self._done(daemon, task, "refused", reason=answer.get("error", f"HTTP {status}"))

    def _report(self, daemon: Connection, task: dict[str, Any]) -> None:
        platform, receipt = self._receipts.get(task["case"], (task["platform"], ""))
        if not receipt:
            case = self._ask(daemon, "Status.GetCase", case=task["case"])
            receipt = next((f["value"] for f in case["data"] if f["name"] == "receipt"), "")
        status, answer = self._form(f"/forms/{platform}/appeal/{receipt}", None)
        if status != 200 or answer["state"] == "in_review":
            return
        reason = f": {answer['reason']}" if answer.get("reason") else ""
        self._say(f"person: text message from {platform} about {task['number']}: {answer['state']}{reason}")
        outcome = "approved" if answer["state"] == "approved" else "rejected"
        self._done(daemon, task, outcome, reason=answer.get("reason") or "")

    def _done(self, daemon: Connection, task: dict[str, Any], outcome: str, **more: str) -> None:
        given = {key: value for key, value in more.items() if value}
        self._ask(daemon, "Control.TaskDone", task=task["task"], outcome=outcome, author="the demo", **given)

    def _form(self, path: str, fields: dict[str, str] | None) -> tuple[int, dict[str, Any]]:
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        try:
            with urllib.request.urlopen(self._address + path, data=data, timeout=10.0) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"{}")
