"""A file that the daemon cannot read: what helps depends on whether a wall of the service or its mode is in the way."""

import errno
from pathlib import Path, PurePath

import pytest
import trio.testing

from numtrustd.actors import walls
from numtrustd.actors.paper_files import look_at
from numtrustd.api import errors
from tests.actors.house import make_house
from tests.actors.test_papers_by_hand import at_work, refused

Clock = trio.testing.MockClock
UNIT = Path(__file__).parents[2] / "systemd" / "numtrustd.service"


@pytest.mark.parametrize(
    ("path", "place"),
    [("/root/a.pdf", "/root"), ("/home/li/a.pdf", "/home"), ("/tmp/a", "/tmp"), ("/var/tmp/x/a", "/var/tmp"),
     ("/run/user/0/a", "/run/user"), ("/rooted/a", None), ("/srv/papers/a", None), ("/var/lib/a", None)],
)  # fmt: skip
def test_what_lies_behind_a_wall(path: str, place: str | None) -> None:
    assert walls.below(PurePath(path)) == (None if place is None else PurePath(place))


def test_the_unit_has_these_walls_and_this_group() -> None:
    unit = UNIT.read_text(encoding="utf-8").splitlines()
    assert {"ProtectHome=yes", "PrivateTmp=yes", f"SupplementaryGroups={walls.GROUP}"} <= set(unit)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            errno.EACCES,
            "as a service it sees nothing below /root: make a copy, as root, where it does, and name that one: ",
        ),
        (
            errno.ENOENT,
            "name a file that is there; a service sees nothing below /root, so make a copy, as root, where ",
        ),
        (
            errno.ENOTDIR,
            "name a file that is there; a service sees nothing below /root, so make a copy, as root, where ",
        ),
    ],
)
def test_behind_a_wall_a_copy_helps(said: int, why: str) -> None:
    told = walls.remedy("/root/my papers/l'a.pdf", said)
    assert told.startswith(why)
    assert told.endswith(
        """install -D -m 0640 -g numtrustd-ctl '/root/my papers/l'"'"'a.pdf' '/srv/papers/l'"'"'a.pdf'"""
    )


def test_elsewhere_it_is_the_mode_the_name_or_the_disk() -> None:
    denied = walls.remedy("/srv/a.pdf", errno.EACCES)
    assert denied.startswith("let its user read it, or make a copy, as root, that it may read, and name that one: ")
    assert denied.endswith("install -D -m 0640 -g numtrustd-ctl /srv/a.pdf /srv/papers/a.pdf")
    assert walls.remedy("/srv/a.pdf", errno.ENOENT) == "name a file that is there, on the daemon's own machine"
    assert (
        walls.remedy("/root/a.pdf", errno.EIO)
        == walls.remedy("/root/a.pdf", 0)
        == "put it where the daemon may read it"
    )


@pytest.mark.parametrize("path", ["/srv/papers/a.pdf", "/srv/papers/2026/a.pdf", "/srv/numtrustd-papers/a.pdf"])
def test_a_copy_lies_where_the_file_does_not(path: str) -> None:
    *_, source, target = walls.remedy(path, errno.EACCES).split()
    assert source == path
    assert PurePath(target).parent != PurePath(path).parent
    assert PurePath(target).name == "a.pdf"


def test_the_system_says_why(tmp_path: Path) -> None:
    assert look_at(str(tmp_path / "none")).errno == errno.ENOENT
    assert look_at(str(tmp_path)).errno == errno.EISDIR
    assert look_at("\0").errno == 0


async def test_who_names_such_a_file_is_told_what_to_type(tmp_path: Path, autojump_clock: Clock) -> None:
    async with make_house(tmp_path) as house:
        at_work(house)
        why = await refused(house, errors.Refused, kind="licence", path="/root/none-of-this-name/licence.pdf")
        assert "name a file that is there; a service sees nothing below /root, " in why
        assert "/srv/papers/licence.pdf" in why
