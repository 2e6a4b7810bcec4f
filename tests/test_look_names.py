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
