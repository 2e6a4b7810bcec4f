"""[prevention] and [benefit]: every figure arrives, and what cannot be is found with its place."""

from pathlib import Path

import pytest

from numtrustd import build
from numtrustd.domain.benefit import BenefitPolicy
from numtrustd.domain.prevention import PreventionPolicy
from numtrustd.settings import Loaded, load, render

FIGURES = {
    "window_days": 5,
    "least_calls": 10,
    "purposes": 3,
    "off_hours_share": 0.1,
    "calls_a_day": 200.0,
    "short_share": 0.6,
    "burst_calls": 400,
    "burst_rise": 4.0,
    "quiet_days": 3,
    "complaints_emergency": 2,
    "complaints_alarm": 4,
    "complaints_days": 1,
}


def read(tmp_path: Path, text: str) -> Loaded | str:
    file = tmp_path / "numtrustd.toml"
    file.write_text(f'[[number]]\nnumber = "13800138000"\n{text}', encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_every_figure_arrives(tmp_path: Path) -> None:
    assert set(FIGURES) == set(PreventionPolicy.__struct_fields__)
    lines = "".join(f"{key} = {value}\n" for key, value in FIGURES.items())
    loaded = read(
        tmp_path, f"[prevention]\n{lines}[benefit]\nanswered_call = 2.5\nwindow_days = 7\nlabel_costs = [0.3, 0.5]\n"
    )
    assert isinstance(loaded, Loaded), loaded
    context = build.context(loaded, "s")
    assert context.prevention == PreventionPolicy(**FIGURES)  # type: ignore[arg-type]  # by name
    assert context.benefit == BenefitPolicy(2.5, 7, (0.3, 0.5))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[prevention]\nwindow_days = 0", "prevention.window_days: "),
        ("[prevention]\npurposes = 1", "prevention.purposes: "),
        ("[prevention]\noff_hours_share = 5", "prevention.off_hours_share: "),
        ("[prevention]\nburst_rise = 0.5", "prevention.burst_rise: "),
        ("[prevention]\ncomplaints_alarm = 2", "prevention.complaints_alarm: is less than the 3 that are an emergency"),
        ("[benefit]\nlabel_costs = [0.6, 0.4]", "benefit.label_costs: costs more at the least than at the most"),
        ("[benefit]\nanswered_call = -1", "benefit.answered_call: "),
    ],
)
def test_what_cannot_be_is_found(tmp_path: Path, text: str, says: str) -> None:
    said = read(tmp_path, f"{text}\n")
    assert isinstance(said, str)
    assert f"numtrustd.toml:4: {says}" in said
    assert said.count("\n") == 1
