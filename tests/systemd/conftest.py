"""One booted system with the package installed and the daemon at work, for all that asks it questions."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.built import made
from tests.systemd.installed import Installed
from tests.systemd.machine import booted, need


@pytest.fixture(scope="session")
def package() -> Path:
    """The Debian package of this tree."""
    need()
    if given := os.environ.get("NUMTRUSTD_TEST_DEB"):
        return Path(given)
    return made("deb", "numtrustd_*.deb")


@pytest.fixture(scope="session")
def installed(package: Path) -> Iterator[Installed]:
    """The package in a system of its own, set up as its own words say."""
    with tempfile.TemporaryDirectory(prefix="numtrustd-") as place, booted(Path(place)) as machine:
        yield Installed(machine, package)


@pytest.fixture
def daemon(installed: Installed) -> Installed:
    """The daemon at work with the settings that the tests begin with, whatever the test before left behind."""
    installed.settle()
    return installed
