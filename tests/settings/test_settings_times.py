"""Hours, days and zones in settings and packs: what cannot be read is found by `check`, with its place."""

from pathlib import Path

import pytest

from numtrustd.settings import Loaded, load, render

BASE = """
[[number]]
number = "13800138000"
{group}
[platforms]
enable = ["telnyx.reputation"]
[platform.telnyx]
vars = {{ enterprise_id = "x", contact_email = "a@example.com" }}
[credentials]
dir = "."
{more}
"""


def read(tmp_path: Path, more: str = "", group: str = "") -> Loaded | list[str]:
    (tmp_path / "telnyx-api-key").write_text("key")
    (tmp_path / "telnyx-api-key").chmod(0o600)
    file = tmp_path / "numtrustd.toml"
    file.write_text(BASE.format(more=more, group=group), encoding="utf-8")
    loaded = load(file, {})
    return loaded if isinstance(loaded, Loaded) else [str(problem) for problem in loaded]


@pytest.mark.parametrize(
    ("more", "key", "says"),
    [
        ('[cadence]\nhours = "8-22"', "cadence.hours", '"8-22" is no span of hours: write "08:00-22:00"'),
        ('[cadence]\nzone = "Asia/Peking"', "cadence.zone", 'no time zone is called "Asia/Peking"'),
        ('[[cadence.peak]]\nname = "x"\ndays = "mo"', "cadence.peak[0].days", '"mo" is neither a day of the week'),
        ('[[cadence.peak]]\nname = "x"\nhours = "x"', "cadence.peak[0].hours", '"x" is no span of hours'),
        ('[[cadence.peak]]\nname = "x"', "cadence.peak[0]", "says neither days nor hours"),
        ('[[cadence.peak]]\nname = "x"\ndays = "mon"\nfactor = 2', "cadence.peak[0].factor", "2"),
        ('[[group]]\nname = "default"\nhours = "25:00-26:00"', "group[0].hours", "names a time that no day has"),
        ('[source."telnyx.reputation"]\nhours = "none"', 'source."telnyx.reputation".hours', '"none" is no span'),
        ('[source."telnyx.reputation".budget]\nzone = "X"', 'source."telnyx.reputation".budget.zone', "no time zone"),
        ("[cadence]\nquiet_factor = 0.5", "cadence.quiet_factor", "0.5"),
        ("[cadence]\nneighbour_interval = 0", "cadence.neighbour_interval", "no time at all"),
    ],
)
def test_what_cannot_be_read_is_found(tmp_path: Path, more: str, key: str, says: str) -> None:
    problems = read(tmp_path, more)
    assert isinstance(problems, list)
    assert len(problems) == 1, problems
    assert f": {key}: " in problems[0]
    assert says in problems[0]


def test_all_of_it_arrives_where_it_is_used(tmp_path: Path) -> None:
    more = """
[cadence]
hours = "07:00-23:00"
[[cadence.peak]]
name = "double eleven"
days = "11-01..11-12"
factor = 0.25
[source."telnyx.reputation"]
hours = "08:00-20:00"
"""
    loaded = read(tmp_path, more.replace("[cadence]", "[cadence]", 1), 'cadence = "90m"')
    assert isinstance(loaded, Loaded), loaded
    assert loaded.settings.cadence.peak[0].factor == 0.25
    assert loaded.sources["telnyx.reputation"].hours == "08:00-20:00"
    assert loaded.numbers["+8613800138000"].cadence == 5_400.0


@pytest.mark.parametrize(
    ("cell", "seconds"), [("12h", 43_200.0), ("", None), ("soon", "soon"), ("0s", "0s"), ("20000d", "20000d")]
)
def test_a_number_has_its_own_cadence(tmp_path: Path, cell: str, seconds: object) -> None:
    (tmp_path / "numbers.csv").write_text(f"number,cadence\n13800138000,{cell}\n", encoding="utf-8")
    file = tmp_path / "numtrustd.toml"
    file.write_text('[numbers]\nfiles = ["numbers.csv"]\n', encoding="utf-8")
    loaded = load(file, {})
    if isinstance(seconds, str):
        assert isinstance(loaded, list)
        assert f'numbers.csv:2: cadence: is "{seconds}"' in render(loaded)
    else:
        assert isinstance(loaded, Loaded), render(loaded)
        assert loaded.numbers["+8613800138000"].cadence == seconds
