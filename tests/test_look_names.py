"""`numtrustd look` for a source or a platform that there is not: what was meant, and where all are listed."""

from pathlib import Path

import pytest

from numtrustd.look import LookError, look_once

CONFIG = Path(__file__).parent.parent / "config/numtrustd.toml"


@pytest.mark.parametrize(
    ("platform", "source", "said"),
    [
        (None, "huawei.devic", "no pack defines the source huawei.devic: did you mean huawei.device? "),
        (None, "x", "no pack defines the source x: "),
        ("huawie", None, "no pack defines the platform huawie: did you mean huawei? "),
    ],
)
def test_what_was_meant_is_named(platform: str | None, source: str | None, said: str) -> None:
    with pytest.raises(LookError) as caught:
        look_once("13800138000", CONFIG, {}, platform=platform, source=source, verbose=False, echo=print)
    assert str(caught.value) == f"{said}`numtrustd sources` lists all"


def settings(directory: Path, source: str) -> Path:
    """The example with one source switched on."""
    for file in ("numtrustd.toml", "numbers.csv"):
        text = (CONFIG.parent / file).read_text(encoding="utf-8")
        (directory / file).write_text(text.replace("enable = []", f'enable = ["{source}"]'), encoding="utf-8")
    return directory / "numtrustd.toml"


@pytest.mark.parametrize(
    ("platform", "source"),
    [(None, "huawei"), (None, "华为"), ("华为", None), ("Huawei", None), ("huawei", "华为")],
)
def test_a_platform_may_be_named_and_by_its_name(tmp_path: Path, platform: str | None, source: str | None) -> None:
    config = settings(tmp_path, "huawei.device")
    with pytest.raises(LookError) as caught:
        look_once("13800138000", config, {}, platform=platform, source=source, verbose=False, echo=print)
    assert "told to huawei.device, by `numtrustctl observe`" in str(caught.value)


def test_of_two_sources_that_are_as_near_the_one_in_use_is_meant(tmp_path: Path) -> None:
    config = settings(tmp_path, "sogou.search")
    with pytest.raises(LookError) as caught:
        look_once("13800138000", config, {}, platform=None, source="sogou.s", verbose=False, echo=print)
    assert "did you mean sogou.search?" in str(caught.value)
