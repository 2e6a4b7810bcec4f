"""Every JSON line that any log makes while the tests run is held against the schema."""

import os

import pytest
from hypothesis import settings

from tests.confusion import TABLE
from tests.logcheck import every_line_is_checked, no_bad_lines

__all__ = ["every_line_is_checked", "no_bad_lines"]

# No deadline: a busy machine is no counterexample. CI repeats itself; a developer's runs look further each time.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What the corpus of answers was read as, where the test of it was among those that ran."""
    if lines := config.stash.get(TABLE, None):
        terminalreporter.section("confusion table")
        for line in lines:
            terminalreporter.write_line(line)
