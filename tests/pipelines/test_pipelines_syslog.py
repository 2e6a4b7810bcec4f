"""The shipped rsyslog and syslog-ng configurations, run by the real programs on what the real program wrote."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.logcheck import check_lines
from tests.pipelines.collectors import ROOT, Collector, as_the_journal, rsyslog, syslog_ng
from tests.processes import platforms, until
from tests.test_daemon_process import CONFIG
from tests.virtual import fast_directory

pytestmark = pytest.mark.process

LAST_WORDS = b"Fatal Python error: Segmentation fault\n"
"""What no log library can prevent."""

ALARMING = {
    "daemon.refused", "daemon.safe_mode", "python.crashed", "store.full", "store.damaged", "actor.parked",
    "source.quarantined", "action.uncertain", "phishing.suspected", "log.dropped",
}  # fmt: skip


def alarming(record: dict[str, Any]) -> bool:
    """What docs/pipelines.md says that somebody is called for."""
    match record["event.action"]:
        case "finding.opened":
            core = record["numtrust.platform"] in {"so360", "tencent", "baidu", "dianhuabang"}
            kind = record["numtrust.finding"]
            return kind == "blind" or (kind == "mislabel" and core)
        case "incident.milestone":
            return not record["numtrust.met"]
        case "daemon.heartbeat":
            return bool(record.get("numtrust.stalled_seconds", 0.0) >= 600.0)
        case action:
            return action in ALARMING


@pytest.fixture(scope="module")
def journal() -> list[bytes]:
    """What the journal would be given: every event there is, then a whole life of a daemon, then last words."""
    with tempfile.TemporaryDirectory(prefix="nt-", dir=fast_directory()) as name:  # a busy disk proves nothing here
        return _journal(Path(name))


def _journal(root: Path) -> list[bytes]:
    path = root / "stderr"
    process, address = platforms("--seed", "1", "--exit-with-parent")
    (root / "numbers.csv").write_text("number\n13910000007\n021-51288888\n")
    (root / "numtrustd.toml").write_text(CONFIG.format(address=address).replace('"1s"', '"0.2s"'))
    try:
        with path.open("ab") as stderr:
            status = os.fstat(stderr.fileno())
            environ = {
                **os.environ,
                "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}",
                "PYTHONPATH": str(ROOT),
            }
            torrent = [sys.executable, "-m", "tests.pipelines.torrent", "catalogue"]
            subprocess.run(torrent, env=environ, stdout=subprocess.DEVNULL, stderr=stderr, check=True, timeout=120)
            run = [sys.executable, "-m", "numtrustd", "run", "--init", "--config", str(root / "numtrustd.toml")]
            child = subprocess.Popen(run, env=environ, stdin=subprocess.DEVNULL, stderr=stderr)
            try:
                with path.open("rb") as follow:
                    _until_said(follow, b'"message":"2 numbers, ')
                child.terminate()
                assert child.wait(60.0) == 0
            finally:
                child.kill()
                child.wait()
            stderr.write(LAST_WORDS)
    finally:
        process.close()
    return path.read_bytes().splitlines(keepends=True)


def _until_said(follow: Any, what: bytes) -> None:
    seen = b""

    def said() -> bool:
        nonlocal seen
        seen += follow.read()
        return what in seen

    assert until(said, 120.0), seen[-3000:].decode(errors="replace")


@pytest.fixture(scope="module")
def records(journal: list[bytes]) -> list[dict[str, Any]]:
    """The same as records, all held against the schema."""
    assert journal[-1] == LAST_WORDS
    assert all(re.match(rb"<[2-7]>\{", line) for line in journal[:-1]), "priorities for the journal"
    found = check_lines(journal[:-1])
    assert max(map(len, journal)) > 25_000, "one about as long as they may be is among them"
    assert {"daemon.stopped", "verdict.baseline", "config.loaded"} <= {r["event.action"] for r in found}
    return found


Program = Callable[[], AbstractContextManager[Collector]]


@pytest.mark.parametrize("program", [rsyslog, syslog_ng], ids=["rsyslog", "syslog-ng"])
@pytest.mark.parametrize("way", ["socket", "file"])
def test_every_record_arrives_whole_and_is_sorted(
    journal: list[bytes], records: list[dict[str, Any]], program: Program, way: str
) -> None:
    with program() as collector:
        if way == "socket":
            as_the_journal(journal, collector.socket)
        else:
            collector.file.write_bytes(b"".join(re.sub(rb"^<\d>", b"", line) for line in journal))
        trouble = [r for r in records if r["log.level"] in {"warn", "error", "fatal"}]
        alarms = [r for r in records if alarming(r)]
        got = {
            name: collector.wait_for(name, count)
            for name, count in {
                "all.jsonl": len(records),
                "trouble.jsonl": len(trouble),
                "alarms.log": len(alarms),
                "other.log": 1,
            }.items()
        }
        left = collector.lines("syslog")
    assert [json.loads(line) for line in got["all.jsonl"]] == records
    assert [json.loads(line) for line in got["trouble.jsonl"]] == trouble
    told = [re.match(r"(\S+ [a-z._]+): ", line.decode()) for line in got["alarms.log"]]
    assert [line and line[1] for line in told] == [f"{r['@timestamp']} {r['event.action']}" for r in alarms]
    assert {r["event.action"] for r in alarms} > ALARMING
    (other,) = got["other.log"]
    assert other.endswith(b"Segmentation fault")
    assert not left, "nothing of it is left for the general log"
