"""[calendar] and [maintenance]: every figure arrives, and what cannot be is found with its place."""

from pathlib import Path

import pytest

from numtrustd import build
from numtrustd.domain.maintenance import MaintenanceKind, MaintenanceRules
from numtrustd.domain.season import SeasonPolicy
from numtrustd.settings import Loaded, load, render

BASE = '[[number]]\nnumber = "13800138000"\n'


def read(tmp_path: Path, text: str) -> Loaded | str:
    file = tmp_path / "numtrustd.toml"
    file.write_text(BASE + text, encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_the_days_arrive(tmp_path: Path) -> None:
    loaded = read(tmp_path, "[calendar]\navoid_first_days = 2\navoid_quarter_end_days = 4\ngood_day = 18\n")
    assert isinstance(loaded, Loaded), loaded
    assert build.context(loaded, "s").season == SeasonPolicy(2, 4, 18)


@pytest.mark.parametrize("kind", MaintenanceRules.__struct_fields__)
def test_each_kind_arrives(tmp_path: Path, kind: str) -> None:
    text = 'lasts = ["1h", "2d"]\nworking_days = [2, 3]\nstretch = 1.25\naccepts = "emergencies"\n'
    loaded = read(tmp_path, f"[maintenance.{kind}]\n{text}")
    assert isinstance(loaded, Loaded), loaded
    rules = build.context(loaded, "s").maintenance
    assert rules.of(kind) == MaintenanceKind((3_600.0, 172_800.0), (2, 3), 1.25, "emergencies")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[calendar]\navoid_first_days = 31", "calendar.avoid_first_days: "),
        ("[calendar]\navoid_quarter_end_days = -1", "calendar.avoid_quarter_end_days: "),
        ("[calendar]\ngood_day = 30", "calendar.good_day: "),
        ('[maintenance.major]\nlasts = ["5d", "3d"]', "maintenance.major.lasts: takes longer at the least than"),
        ("[maintenance.policy]\nworking_days = [8, 5]", "maintenance.policy.working_days: takes longer at the least"),
        ("[maintenance.major]\nstretch = 0.5", "maintenance.major.stretch: "),
        ('[maintenance.industry]\naccepts = "some"', "maintenance.industry.accepts: "),
        ("[maintenance.weekly]\nstretch = 1", "maintenance.weekly: "),
    ],
)
def test_what_cannot_be_is_found(tmp_path: Path, text: str, says: str) -> None:
    said = read(tmp_path, f"{text}\n")
    assert isinstance(said, str)
    assert f": {says}" in said
    assert said.count("\n") == 1
