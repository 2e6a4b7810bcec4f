"""[[window]]: what arrives, and what would keep everything closed for ever."""

from pathlib import Path

import pytest

from numtrustd import build
from numtrustd.domain.window import Window
from numtrustd.settings import Loaded, load, render

BASE = '[[number]]\nnumber = "13800138000"\n'
NOW = 1_795_406_400.0  # 2026-11-23 12:00 in China


def read(tmp_path: Path, text: str) -> Loaded | str:
    file = tmp_path / "numtrustd.toml"
    file.write_text(BASE + text, encoding="utf-8")
    loaded = load(file, {}, now=NOW)
    return loaded if isinstance(loaded, Loaded) else render(loaded)


def test_a_window_arrives_and_drop_ins_add_to_it(tmp_path: Path) -> None:
    drop_ins = tmp_path / "numtrustd.toml.d"
    drop_ins.mkdir()
    (drop_ins / "a.toml").write_text('[[window]]\nname = "night"\nhours = "20:00-08:00"\n', encoding="utf-8")
    loaded = read(
        tmp_path,
        '[[window]]\nname = "freeze"\nplatforms = ["telnyx"]\ndays = "sat"\nsince = 2026-12-28T18:00:00+08:00\n'
        'until = 2027-01-04T09:30:00+08:00\nreason = "r"\nzone = "UTC"\nauthor = "wang"\n',
    )
    assert isinstance(loaded, Loaded), loaded
    freeze = Window("freeze", ("telnyx",), "sat", "", 1_798_452_000.0, 1_799_026_200.0, "r", "UTC", "wang")
    assert build.context(loaded, "s").windows == (freeze, Window("night", hours="20:00-08:00"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('hours = "8-9"', 'window[0].hours: "8-9" is no span of hours'),
        ('days = "noday"', 'window[0].days: "noday" is neither'),
        ('zone = "X"\ndays = "sat"', "window[0].zone: no time zone"),
        (
            'platforms = ["telnix"]\ndays = "sat"',
            'window[0].platforms[0]: no pack is of "telnix": did you mean "telnyx"?',
        ),
        ("since = 2026-12-02T00:00:00Z\nuntil = 2026-12-01T00:00:00Z", "window[0].until: lies before since"),
        ('reason = "r"', "window[0]: leaves no time at which anything may be submitted: give until"),
        ('platforms = ["telnyx"]', "window[0]: leaves no time at which anything may be submitted to telnyx"),
        ('hours = "08:00-20:00"\n[[window]]\nname = "w"\nhours = "20:00-08:00"', "window[0]: leaves no time"),
    ],
)
def test_what_cannot_be_is_found(tmp_path: Path, text: str, says: str) -> None:
    said = read(tmp_path, f'[[window]]\nname = "a"\n{text}\n')
    assert isinstance(said, str)
    assert says in said
    assert said.count("\n") == 1
