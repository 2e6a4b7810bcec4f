"""Every shipped configuration: it parses, each event, field and value in it is in the catalogue, and it says how far
it was tried."""

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from numtrustd.domain.finding import FindingKind
from numtrustd.events import CATALOGUE, Level
from numtrustd.events_schema import HEADER, catalogue_schema
from tests.pipelines.collectors import PIPELINES, need
from tests.pipelines.test_pipelines_syslog import alarming, journal, records

__all__ = ["journal", "records"]

CONFIGS = sorted(path for path in PIPELINES.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
ALERTING = {
    "30-numtrustd.conf",
    "numtrustd.conf",
    "numtrustd-alarms.lnav",
    "numtrustd-rules.yaml",
    "vector/numtrustd.yaml",
}

SCHEMA = catalogue_schema()
KEYS = {key for event in SCHEMA["$defs"].values() for key in event["properties"]} | set(SCHEMA["properties"])
PACKS = {path.stem for path in (PIPELINES.parent / "config" / "platforms").glob("*.toml")}

NOUNS = "|".join(sorted({action.partition(".")[0] for action in CATALOGUE}))
EVENT = re.compile(rf"(?<![\w.$!{{@-])(?:{NOUNS})\\?\.[a-z]+(?:_[a-z]+)*(?![\w./-])")
FIELD = re.compile(r"\b(?:numtrust|log|event|error|ecs)\.[a-z]+(?:_[a-z]+)*\b|\bnumtrust_[a-z]+(?:_[a-z]+)*\b")


def without_comments(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return text if path.suffix == ".json" else re.sub(r"(?m)(^|\s)(#|//).*$", "", text)


def events_in(text: str) -> set[str]:
    """What looks like the name of an event."""
    found = {match[0].replace("\\", "") for match in EVENT.finditer(text)}
    return found - KEYS


def fields_in(text: str) -> set[str]:
    """What looks like a key of a record, as it is in the record."""
    return {match[0].replace("numtrust_", "numtrust.", 1) for match in FIELD.finditer(text)}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(PIPELINES)))
def test_it_parses_and_names_only_what_there_is(path: Path) -> None:
    text = without_comments(path)
    match path.suffix:
        case ".yaml":
            assert yaml.safe_load(text)
        case ".json":
            assert json.loads(text)
        case ".toml":
            assert tomllib.loads(text)
        case ".alloy":
            assert _balanced(text)
        case ".conf" | ".lnav":
            pass  # the programs themselves read these, in the tests beside this one
        case other:
            raise AssertionError(f"nothing checks {other}")
    assert events_in(text) <= set(CATALOGUE)
    assert fields_in(text) - events_in(text) <= KEYS
    for platforms in re.findall(r"so360[^)\]]*dianhuabang", text):
        assert set(re.findall(r"\w+", platforms)) <= PACKS


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(PIPELINES)))
def test_it_says_how_far_it_was_tried(path: Path) -> None:
    page = (PIPELINES.parent / "docs" / "pipelines.md").read_text(encoding="utf-8")
    assert f"pipelines/{path.relative_to(PIPELINES)}" in page
    if path.parent.name in {"vector", "fluent-bit", "alloy", "otel-collector", "loki"}:
        assert "NOT RUN" in path.read_text(encoding="utf-8").split("\n\n")[0]


def test_the_same_is_an_alarm_everywhere() -> None:
    """What several of them call somebody for is in all that do."""
    each = {
        path: events_in(without_comments(path))
        for path in CONFIGS
        if path.name in ALERTING or str(path.relative_to(PIPELINES)) in ALERTING
    }
    assert len(each) == len(ALERTING)
    common = set.intersection(*each.values())
    assert common >= {
        "finding.opened", "incident.milestone", "daemon.heartbeat", "daemon.refused", "daemon.safe_mode",
        "source.quarantined", "store.full", "action.uncertain", "log.dropped",
    }  # fmt: skip
    for path, events in each.items():
        text = without_comments(path)
        assert "stalled_seconds" in text
        assert {str(FindingKind.MISLABEL), str(FindingKind.BLIND)} <= set(re.findall(r"[a-z]+", text))
        loud = {action for action in events if CATALOGUE[action].level >= Level.WARN}
        assert events - loud <= {"daemon.heartbeat"}


def _balanced(text: str) -> bool:
    """Whether brackets and quotes pair up: all that can be told of this language here."""
    open_: list[str] = []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[][(){}"]', text):
        if token in "([{":
            open_.append(token)
        elif token in ")]}":
            if not open_ or "([{".index(open_.pop()) != ")]}".index(token):
                return False
        elif token == '"':
            return False
    return not open_


def _rules() -> Iterator[dict[str, Any]]:
    document = yaml.safe_load((PIPELINES / "loki" / "numtrustd-rules.yaml").read_text(encoding="utf-8"))
    for group in document["groups"]:
        assert group["name"]
        yield from group["rules"]


def test_each_alert_rule_asks_only_for_fields_that_its_events_have() -> None:
    rules = list(_rules())
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        expression = rule["expr"]
        assert expression.count("(") == expression.count(")"), rule["alert"]
        assert rule["annotations"]["summary"]
        events = events_in(expression)
        assert events, rule["alert"]
        for action in events:
            own = SCHEMA["$defs"][action]["properties"]
            assert fields_in(expression) - events - HEADER.keys() <= set(own), f"{rule['alert']}: {action}"


@pytest.mark.process
def test_lnav_reads_it_and_finds_the_alarms(records: list[dict[str, Any]], tmp_path: Path) -> None:
    lnav = need("lnav")
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"}

    def run(*arguments: str, piped: str | None = None) -> str:
        command = [lnav, *arguments]
        done = subprocess.run(
            command, env=environ, input=piped, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-i", str(PIPELINES / "lnav" / "numtrustd.json"))
    (installed,) = tmp_path.rglob("formats/installed")
    shutil.copy(PIPELINES / "lnav" / "numtrustd-alarms.lnav", installed)
    log = tmp_path / "numtrustd.jsonl"
    log.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), encoding="utf-8")
    assert run("-C", str(log)) == ""
    columns = 'log_level, "event.action", "event.sequence", "numtrust.number"'
    shown = run("-n", "-c", f";SELECT {columns} FROM numtrustd_log", "-c", ":write-jsonlines-to -", str(log))
    words = {"warn": "warning"}
    assert [json.loads(line) for line in shown.splitlines()] == [
        {
            "log_level": words.get(r["log.level"], r["log.level"]),
            "event.action": r["event.action"],
            "event.sequence": r["event.sequence"],
            "numtrust.number": r.get("numtrust.number"),
        }
        for r in records
    ]
    told = run("-n", "-c", "|numtrustd-alarms", "-c", ":write-jsonlines-to -", str(log))
    assert [json.loads(line)["event.action"] for line in told.splitlines()] == [
        r["event.action"] for r in records if alarming(r)
    ]
    read = run("-n", str(log))
    assert "numtrust." not in read, "people are shown the sentence"
    counted = run("-n", "-c", ";SELECT count(*) AS n FROM numtrustd_log", piped=log.read_text(encoding="utf-8"))
    assert str(len(records)) in counted, "journalctl -o cat | lnav"
