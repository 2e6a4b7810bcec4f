"""The import contracts bite: each is broken on a copy of the package, and must say so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BREAKS = [
    ("imports point down", "domain/number.py", "from numtrustd import settings\n"),
    ("imports point down", "probes/extract.py", "from numtrustd.channels import answer\n"),
    ("what decides does no I/O", "domain/verdict.py", "import trio\n"),
    ("what decides does no I/O", "wire/match.py", "import random\n"),
    ("what decides does no I/O", "actors/policy.py", "import time\n"),
    ("no actor knows who asks", "actors/hands.py", "from numtrustd.actors.control import views\n"),
    ("httpx has one home", "actors/source.py", "import httpx\n"),
    ("lmdb has one home", "daemon.py", "import lmdb\n"),
    ("cryptography has one home", "wire/signing.py", "from cryptography.hazmat.primitives import hashes\n"),
    ("cryptography has one home", "actors/source.py", "import cryptography\n"),
]


def lint(folder: Path) -> "subprocess.CompletedProcess[str]":
    tool = Path(sys.executable).with_name("lint-imports")
    environ = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(
        [tool, "--config", "pyproject.toml", "--no-cache"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "numtrustd", folder / "numtrustd", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copy: Path) -> None:
    result = lint(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "module", "line"), BREAKS, ids=[f"{m}: {li.strip()}" for _, m, li in BREAKS])
def test_a_contract_breaks_when_it_is_violated(copy: Path, contract: str, module: str, line: str) -> None:
    path = copy / "numtrustd" / module
    text = path.read_text()
    path.write_text(text + "\n" + line)
    try:
        result = lint(copy)
    finally:
        path.write_text(text)
    assert result.returncode != 0
    assert f"{contract} BROKEN" in result.stdout
