"""[ledger]: every key arrives, and what cannot be is found with its place."""

from pathlib import Path

import pytest

from numtrustd import build
from numtrustd.domain.ledger import LedgerPolicy
from numtrustd.settings import Loaded, load, render

BASE = '[[number]]\nnumber = "13800138000"\n'


def read(tmp_path: Path, text: str) -> Loaded | str:
    file = tmp_path / "numtrustd.toml"
    file.write_text(BASE + text, encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_every_key_arrives(tmp_path: Path) -> None:
    text = """[ledger]
monthly_budget = 2000
approve_over = 100.5
agent_surcharge = 0.3
free_tag_changes = 1
tag_change = [60, 80]
expedite = [1, 2]
certification = [600, 600]
certification_expedite = [310, 320]
zone = "UTC"
"""
    loaded = read(tmp_path, text)
    assert isinstance(loaded, Loaded), loaded
    policy = LedgerPolicy(2000.0, 100.5, 0.3, 1, (60.0, 80.0), (1.0, 2.0), (600.0, 600.0), (310.0, 320.0), "UTC")
    assert build.context(loaded, "s").ledger == policy


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("monthly_budget = -1", "ledger.monthly_budget: "),
        ("monthly_budget = 1e10", "ledger.monthly_budget: "),
        ('approve_over = "500 yuan"', "ledger.approve_over: "),
        ("agent_surcharge = 40", "ledger.agent_surcharge: "),
        ("free_tag_changes = -3", "ledger.free_tag_changes: "),
        ("tag_change = 50", "ledger.tag_change: "),
        ("tag_change = [100, 50]", "ledger.tag_change: costs at least 100 and at most 50: turn the two round"),
        ("expedite = [200, 500, 600]", "ledger.expedite: "),
        ('zone = "Asia/Peking"', 'ledger.zone: no time zone is called "Asia/Peking"'),
        ("budget = 5", "ledger.budget: "),
    ],
)
def test_what_cannot_be_is_found(tmp_path: Path, text: str, says: str) -> None:
    said = read(tmp_path, f"[ledger]\n{text}\n")
    assert isinstance(said, str)
    assert f"numtrustd.toml:4: {says}" in said
    assert said.count("\n") == 1


def test_an_agent_of_a_platform_arrives(tmp_path: Path) -> None:
    loaded = read(tmp_path, '[platform.telnyx.appeal]\nagent = "示例代理有限公司"\n')
    assert isinstance(loaded, Loaded), loaded
    assert build.context(loaded, "s").agents == {"telnyx": "示例代理有限公司"}


@pytest.mark.parametrize(
    "text", ["", "[platform.telnyx.appeal]\n", '[platform.telnyx.appeal]\nagent = ""\n'], ids=["no", "bare", "empty"]
)
def test_a_platform_has_no_agent_unless_one_is_named(text: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, text)
    assert isinstance(loaded, Loaded), loaded
    assert not any(build.context(loaded, "s").agents.values()), "the official channel"
