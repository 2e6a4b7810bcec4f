"""The two programs in Vector's configuration, run by Vector's own language (the crate `vrl`, by way of pyvrl) on what
the real daemon wrote. What is around them, journald and the sinks, is not run: Vector itself was not at hand."""

import os
import re
import sys
from datetime import datetime
from typing import Any

import pytest
import yaml

from tests.pipelines.collectors import PIPELINES
from tests.pipelines.test_pipelines_syslog import LAST_WORDS, alarming, journal, records

__all__ = ["journal", "records"]

pytestmark = pytest.mark.process


def program(transform: str, key: str, then: str = "") -> Any:
    """One program of the configuration, compiled; what it answers is its last line, or `then`."""
    try:
        from pyvrl import Transform
    except ImportError:
        # There are wheels for Linux on x86-64 and for CPython up to 3.12.
        if os.environ.get("CI") and sys.version_info < (3, 13):
            pytest.fail("pyvrl is missing: it is among the extra `dev`")
        pytest.skip("pyvrl is not installed")
    shipped = yaml.safe_load((PIPELINES / "vector" / "numtrustd.yaml").read_text(encoding="utf-8"))
    return Transform(f"{shipped['transforms'][transform][key]}\n{then}")


def entry(line: bytes) -> dict[str, Any]:
    """What Vector's journald source makes of a line."""
    message = re.sub(rb"^<\d>", b"", line).decode().rstrip("\n")
    return {"message": message, "PRIORITY": "6", "_SYSTEMD_UNIT": "numtrustd.service"}


def test_every_record_is_taken_apart_and_the_alarms_are_those(
    journal: list[bytes], records: list[dict[str, Any]]
) -> None:
    take_apart, condition = program("numtrustd_record", "source", "."), program("numtrustd_alarms", "condition")
    for line, record in zip(journal, records, strict=False):
        event = take_apart.remap(entry(line))
        assert event.pop("timestamp") == datetime.fromisoformat(record["@timestamp"])
        assert event == {**entry(line), **record}
        assert condition.remap(dict(event)) is alarming(record), record["event.action"]
    assert sum(alarming(record) for record in records) > 10


def test_a_line_that_is_no_record_stays_as_it_is_and_is_no_alarm(journal: list[bytes]) -> None:
    assert journal[-1] == LAST_WORDS
    take_apart, condition = program("numtrustd_record", "source", "."), program("numtrustd_alarms", "condition")
    for line in (LAST_WORDS, b"[1, 2]\n", b"{\n"):
        event = take_apart.remap(entry(line))
        assert event == {**entry(line), "log.level": "error", "event.action": "other"}
        assert condition.remap(dict(event)) is False
