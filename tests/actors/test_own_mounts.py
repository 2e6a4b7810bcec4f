"""What the kernel's list of mounts says of a /tmp of the service's own."""

from pathlib import Path

import pytest

from numtrustd.actors.control.own_mounts import own_mount

MACHINE = """
27 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 27 0:25 / /tmp rw,nosuid,nodev shared:2 - tmpfs tmpfs rw
31 27 0:26 / /dev/shm rw,nosuid,nodev shared:3 - tmpfs tmpfs rw
"""
"""As a daemon that was started by hand sees it."""

PRIVATE = """
527 500 8:1 / / ro,relatime shared:300 master:1 - ext4 /dev/sda1 rw
530 527 0:25 / /tmp rw,nosuid,nodev shared:301 master:2 - tmpfs tmpfs rw
531 527 0:26 / /dev/shm rw,nosuid,nodev shared:302 master:3 - tmpfs tmpfs rw
540 530 0:25 /systemd-private-8a-numtrustd.service-Xy/tmp /tmp rw,nosuid shared:310 master:2 - tmpfs tmpfs rw
541 527 8:1 /var/tmp/systemd-private-8a-numtrustd.service-Zz/tmp /var/tmp rw shared:311 master:1 - ext4 /dev/sda1 rw
542 527 8:1 /var/lib/private/x /var/lib/a\\040b rw shared:312 master:1 - ext4 /dev/sda1 rw
"""

DISCONNECTED = """
527 500 8:1 / / ro,relatime shared:300 master:1 - ext4 /dev/sda1 rw
530 527 0:25 / /tmp rw,nosuid,nodev shared:301 master:2 - tmpfs tmpfs rw
540 530 0:61 / /tmp rw,nosuid,nodev shared:310 - tmpfs tmpfs rw
541 527 0:61 /var-tmp /var/tmp rw,nosuid,nodev shared:311 - tmpfs tmpfs rw
"""

CONTAINER = """
27 1 0:20 / / rw,relatime - overlay overlay rw
30 27 0:25 / /tmp rw,nosuid,nodev - tmpfs tmpfs rw
"""
"""Nothing was taken over: whether somebody else sees this /tmp, nothing proves."""


@pytest.mark.parametrize(
    ("mounts", "directory", "own"),
    [
        (MACHINE, "/tmp", None),
        (MACHINE, "/tmp/below/it", None),
        (MACHINE, "/var/tmp", None),
        (PRIVATE, "/tmp", "/tmp"),
        (PRIVATE, "/tmp/below/it", "/tmp"),
        (PRIVATE, "/var/tmp/x", "/var/tmp"),
        (PRIVATE, "/tmpfiles", None),
        (PRIVATE, "/var/lib/a b/x", None),
        (PRIVATE, "/dev/shm", None),
        (PRIVATE, "/srv", None),
        (DISCONNECTED, "/tmp/x", "/tmp"),
        (DISCONNECTED, "/var/tmp", "/var/tmp"),
        (DISCONNECTED, "/var/lib", None),
        (CONTAINER, "/tmp", None),
        ("", "/tmp", None),
        ("rubbish\n27 1 8:1\n", "/tmp", None),
    ],
)
def test_what_only_the_service_sees(tmp_path: Path, mounts: str, directory: str, own: str | None) -> None:
    (tmp_path / "mountinfo").write_text(mounts)
    found = own_mount(Path(directory), tmp_path / "mountinfo")
    assert found == (None if own is None else Path(own))


def test_without_a_list_nothing_is_proved(tmp_path: Path) -> None:
    assert own_mount(Path("/tmp"), tmp_path / "none") is None
