"""Every JSON line that any log makes while the tests run is held against the schema."""

import os
from typing import Any

import pytest
from hypothesis import settings

from tests.confusion import TABLE
from tests.logcheck import every_line_is_checked, no_bad_lines

__all__ = ["every_line_is_checked", "no_bad_lines"]

# No deadline: a busy machine is no counterexample. CI repeats itself; a developer's runs look further each time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


REAL_TIME = (
    "tests/soak/",
    "tests/disk/",
    "tests/log/",
    "tests/http/test_http_hostile",
    "tests/http/test_http_proxy",
    "tests/http/test_http_pool",
    "tests/varlink/test_varlink_hostile",
    "tests/actors/test_supervision_crowd",
    "tests/test_kill",
    "tests/ctl/test_ctl_top_process",
)
"""Tests that hold a clock or a disk against the machine: one of them at a time, where several run at once."""


DEAR = (
    "tests/simulation/test_simulation",
    "tests/test_demo_told",
    "tests/http/test_http_matrix",
    "tests/fuzz/test_fuzz",
)
"""Files whose tests share what takes long to set up: each stays on one of the processes, which does it once."""


@pytest.hookimpl(tryfirst=True)  # the group is read by the hook of pytest-xdist, which writes it into the names
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep those of `REAL_TIME` together on one of the processes, and each file of `DEAR`."""
    for item in items:
        if item.nodeid.startswith(REAL_TIME):
            item.add_marker(pytest.mark.xdist_group("real_time"))
        elif item.nodeid.startswith(DEAR):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where groups are wished for and would be passed over without a word: their tests disturb each other then,
    and what is dear to set up is set up by each process."""
    if not getattr(session.config.option, "loadgroup", False):
        return
    lost = [item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid]
    if lost:
        raise pytest.UsageError(f"{lost[0]}: its group is not seen: these pytest and pytest-xdist do not fit together")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the table of confusion over to the process that prints it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["confusion"] = session.config.stash.get(TABLE, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take it over from the process that ran the test."""
    if lines := getattr(node, "workeroutput", {}).get("confusion"):
        node.config.stash[TABLE] = lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the corpus of answers was read as, where the test of it was among those that ran."""
    if lines := config.stash.get(TABLE, None):
        terminalreporter.section("confusion table")
        for line in lines:
            terminalreporter.write_line(line)
