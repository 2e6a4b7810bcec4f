"""Wheel and sdist: everything is in them, and what is installed from them works far from this tree."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from numtrustd import __version__
from tests.built import ROOT, WHEELS, made
from tests.packaging.links import dead_links

pytestmark = [pytest.mark.process, pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def wheel() -> Path:
    return made("dist", "*.whl")


@pytest.fixture(scope="module")
def sdist() -> Path:
    return made("dist", "*.tar.gz")


def tracked(*folders: str) -> set[str]:
    """The files of the tree below some directories."""
    return {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_packs_units_pages_and_completions(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert tracked("numtrustd") <= held
    assert {name.replace("config/", "numtrustd/_config/", 1) for name in tracked("config")} <= held
    data = {name.partition(".data/data/")[2] for name in held if ".data/data/" in name}
    assert "lib/sysusers.d/numtrustd.conf" in data
    ends = {Path(name).name for name in data}
    units = {name for name in tracked("systemd") if name.endswith((".service", ".socket"))}
    missing = {name for name in tracked("man", "completions") | units if Path(name).name not in ends}
    assert not missing, "each file that is for the system has its place"
    assert tracked("man"), "the pages are part of the tree"
    assert {name.split("/")[0] for name in data} == {"lib", "share"}


def test_the_units_name_pages_that_are_there() -> None:
    pages = {path.name for path in (ROOT / "man").glob("*")}
    named = {
        f"{word[4:-3]}.{word[-2]}"
        for unit in (ROOT / "systemd").glob("*.s*")
        for line in unit.read_text().splitlines()
        if line.startswith("Documentation=")
        for word in line.partition("=")[2].split()
    }
    assert named
    assert named <= pages


def test_a_wheel_made_of_the_sdist_is_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [tree] = tmp_path.iterdir()
    assert dead_links(tree) == []
    for name in ("Makefile", "README.md", "README.zh-CN.md", "CHANGELOG.md", "LICENSE", "packaging/deb.py"):
        assert (tree / name).is_file(), name
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tree, check=True, timeout=60)
    [again] = (tree / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert {i.filename: i.CRC for i in first.infolist()} == {i.filename: i.CRC for i in second.infolist()}


def test_pipx_installs_it_and_it_works_far_from_here(wheel: Path, tmp_path: Path) -> None:
    made("wheels", "*.whl")
    places = {"PIPX_HOME": "home", "PIPX_BIN_DIR": "bin", "PIPX_MAN_DIR": "man", "PIPX_COMPLETION_DIR": "completion"}
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PIP", "PYTHON"))},
        **{key: str(tmp_path / value) for key, value in places.items()},
        "PIP_NO_COMPILE": "1",  # half of the time otherwise
        "PIP_FIND_LINKS": str(WHEELS),
    }
    python = Path(sys.base_prefix) / "bin" / "python3"
    of_the_system = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True, check=True).stdout
    if of_the_system.startswith("Python {}.{}.".format(*sys.version_info[:2])):
        environ["PIP_NO_INDEX"] = "1"  # the wheels at hand are for it: they have to be all that is needed

    def run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            words, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=180, check=False
        )

    done = run(Path(sys.executable).with_name("pipx"), "install", "--python", python, wheel)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("numtrustd", "numtrustctl"):
        assert __version__ in run(tmp_path / "bin" / name, "--version").stdout
    documents = next((tmp_path / "home").rglob("share/doc/numtrustd"))
    assert dead_links(documents) == []
    checked = run(tmp_path / "bin" / "numtrustd", "check", "--config", documents / "config" / "numtrustd.toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"good: \d+ numbers?, \d\d platforms, ", checked.stdout), "the packs came along"
    assert {path.name for path in (tmp_path / "man").rglob("*.[158]")} >= {
        p.name for p in (ROOT / "man").glob("*.[158]")
    }
