"""Single pages of the database that rot, before the real daemon starts and under it while it runs: what is hurt is set
aside and says so, everything else goes on, and a backup mends it. (Files that are cut, empty or no database at all:
`test_daemon_process`.)
"""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logcheck import check_lines
from tests.processes import Process, ctl, daemon, platforms, until

pytestmark = pytest.mark.process

HURT, *OTHERS = NUMBERS = ["+8613910000007", "+862151288888", "95588"]
PAGE = 4096
CONFIG = """
[daemon]
state_dir = "state"
heartbeat = "1s"
[control]
status_socket = "status.sock"
control_socket = "control.sock"
group = ""
[source."so360.onebox"]
enabled = true
base_url = "{address}/so360"
interval = "10ms"
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process, where = platforms("--seed", "1", "--exit-with-parent")
    yield where
    process.close()


@pytest.fixture
def place(tmp_path: Path, address: str) -> Path:
    """Settings and a state in which every number has been seen, and a backup of it."""
    (tmp_path / "numbers.csv").write_text("number,name\n" + "".join(f"{n},test\n" for n in NUMBERS))
    (tmp_path / "numtrustd.toml").write_text(CONFIG.format(address=address))
    process = daemon(tmp_path / "numtrustd.toml", "--init")
    try:
        process.wait_for("daemon.ready")
        assert until(lambda: len(process.of("verdict.baseline")) == len(NUMBERS), 15.0), "not seen"
        assert ctl(tmp_path, "backup", str(tmp_path / "copy")).returncode == 0
        assert process.end() == 0
    finally:
        process.close()
    return tmp_path


def said(place: Path, *words: str) -> str:
    done = ctl(place, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def flip(place: Path) -> None:
    """A bit in every record of one number, as a disk would: the file stays what it is, and is not cut for a moment."""
    data = place / "state" / "data.mdb"
    with data.open("r+b") as file:
        content = file.read()
        for found in re.finditer(re.escape(HURT.encode()) + rb"(?=.{50})", content, re.DOTALL):
            file.seek(found.end() + 30)
            file.write(bytes([content[found.end() + 30] ^ 4]))


def swap(place: Path) -> None:
    """The page in which the numbers are, and one of those that hold the history."""
    data = place / "state" / "data.mdb"
    content = bytearray(data.read_bytes())
    one = content.rindex(b"\xa6number\xae" + HURT.encode()) // PAGE * PAGE
    other = content.index(b"verdict.baseline") // PAGE * PAGE
    assert one != other
    content[one : one + PAGE], content[other : other + PAGE] = (
        content[other : other + PAGE],
        content[one : one + PAGE],
    )
    data.write_bytes(content)


def restore(place: Path) -> None:
    shutil.rmtree(place / "state")
    shutil.copytree(place / "copy", place / "state")


def all_well(place: Path) -> None:
    """After a backup took the place of the state, as the daemon says."""
    process = daemon(place / "numtrustd.toml")
    try:
        process.wait_for("daemon.ready")
        assert HURT in said(place, "number", HURT)
        assert "baseline" in said(place, "history", HURT, "--json")
        assert process.end() == 0
        assert not [r for r in process.records() if r["event.action"] in ("store.damaged", "actor.parked")]
    finally:
        process.close()


@pytest.mark.covers("S7")
def test_a_flipped_bit_sets_its_number_aside_and_nothing_else(place: Path) -> None:
    flip(place)
    process = daemon(place / "numtrustd.toml")
    try:
        assert HURT in process.wait_for("store.damaged")["numtrust.why"]
        assert process.wait_for("actor.parked")["numtrust.actor"] == HURT
        for words in (["number", HURT], ["history", HURT]):
            refused = ctl(place, *words)
            assert refused.returncode == 1
            assert re.search(rf"{re.escape(HURT)}: what is stored is damaged and nothing is decided", refused.stderr)
            assert "put a backup in its place" in refused.stderr
            assert "bug" not in refused.stderr
        listed = said(place, "numbers")
        assert re.search(rf"^{re.escape(HURT)} .*parked", listed, re.MULTILINE), listed
        for number in OTHERS:
            assert "clean" in said(place, "number", number)
            assert "clean" in said(place, "look", number)
        assert process.end() == 0
        records = check_lines(process.lines)
        assert not [r for r in records if r["event.action"] == "control.failed"]
        assert not [r for r in records if r["event.action"].startswith("verdict.")], "nothing was learnt anew"
        assert len([r for r in records if r["event.action"] == "actor.crashed"]) == 1, "it was not tried again"
    finally:
        process.close()
    restore(place)
    all_well(place)


@pytest.mark.covers("S7")
def test_a_bit_that_flips_under_the_running_daemon_is_told_and_set_aside_by_the_next(place: Path) -> None:
    process = daemon(place / "numtrustd.toml")
    try:
        process.wait_for("daemon.ready")
        flip(place)
        refused = ctl(place, "history", HURT)
        assert refused.returncode == 1
        assert "what is stored is damaged" in refused.stderr
        process.wait_for("store.damaged")
        assert "clean" in said(place, "look", OTHERS[0])
        assert process.end() == 0
    finally:
        process.close()
    again = daemon(place / "numtrustd.toml")
    try:
        again.wait_for("store.damaged")
        again.wait_for("daemon.ready")
        assert "what is stored is damaged" in ctl(place, "history", HURT).stderr
        assert "clean" in said(place, "look", OTHERS[0])
        assert again.end() == 0
    finally:
        again.close()


@pytest.mark.covers("S7")
def test_swapped_pages_are_refused_or_set_aside(place: Path) -> None:
    swap(place)
    process = daemon(place / "numtrustd.toml", "--init")
    try:
        assert until(
            lambda: {"daemon.safe_mode", "daemon.ready"} & {r["event.action"] for r in process.records()} != set(), 20.0
        )
        assert until((place / "status.sock").exists, 10.0)
        found = ctl(place, "number", HURT)
        assert found.returncode != 0
        assert "safe mode" in found.stderr or "what is stored is damaged" in found.stderr
        assert "put a backup in its place" in found.stderr
        assert process.end() == 0
        actions = [r["event.action"] for r in process.records()]
        assert not [a for a in actions if a.startswith(("verdict.", "number."))], "nothing is begun afresh"
    finally:
        process.close()
    restore(place)
    all_well(place)


def dies(process: Process, place: Path) -> bool:
    """Whether it is gone once it was made to read."""

    def gone() -> bool:
        ctl(place, "history", HURT)
        return process.child.poll() is not None

    return until(gone, 20.0)


@pytest.mark.covers("S6")
def test_a_file_that_is_cut_under_the_running_daemon_ends_it_and_the_next_one_stays_in_safe_mode(place: Path) -> None:
    process = daemon(place / "numtrustd.toml")
    try:
        process.wait_for("daemon.ready")
        os.truncate(place / "state" / "data.mdb", 0)
        assert dies(process, place), "it reads pages that are no more"
        assert process.child.returncode != 0
        if process.child.returncode == -signal.SIGBUS:  # else LMDB saw it itself
            assert until(lambda: any(b"Bus error" in line for line in process.lines), 5.0), "where it died is said"
    finally:
        process.close()
    again = daemon(place / "numtrustd.toml", "--init")
    try:
        assert "put a backup in its place" in again.wait_for("daemon.safe_mode")["numtrust.why"]
        assert until((place / "status.sock").exists, 10.0)
        assert until(lambda: "safe mode" in ctl(place, "status").stderr, 10.0)
        assert again.end() == 0
    finally:
        again.close()
    restore(place)
    all_well(place)
