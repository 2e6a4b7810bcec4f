"""`numtrustd look` where no program can look: it says who can, and how that is told."""

from pathlib import Path

import pytest

from numtrustd.exit_status import UNAVAILABLE, USAGE
from numtrustd.look import LookError, look_once

MAIN = """
[platforms]
enable = ["huawei.device", "xiaomi.device"]
[[number]]
number = "13900000001"
"""


@pytest.mark.parametrize(
    ("platform", "source", "said"),
    [
        ("hauwei", None, "no pack defines the platform hauwei: did you mean huawei? `numtrustd sources` lists all"),
        (
            None,
            "sogou.serach",
            "no pack defines the source sogou.serach: did you mean sogou.search? `numtrustd sources` lists all",
        ),
    ],
)
def test_a_misspelt_name_is_told_the_nearest(
    tmp_path: Path, platform: str | None, source: str | None, said: str
) -> None:
    config = tmp_path / "numtrustd.toml"
    config.write_text(MAIN)
    with pytest.raises(LookError) as caught:
        look_once("13900000001", config, {}, platform=platform, source=source, verbose=False, record=None, echo=print)
    assert (str(caught.value), caught.value.status) == (said, USAGE)


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("huawei", "only people can look at the mobile number 13900000001: what they see is told to huawei.device, by"),
        (None, "what they see is told to huawei.device, xiaomi.device, by `numtrustctl observe`"),
        ("sogou", "no source in use can look at the mobile number 13900000001; switched off: "),
    ],
)
def test_where_only_people_can_look(tmp_path: Path, platform: str | None, said: str) -> None:
    config = tmp_path / "numtrustd.toml"
    config.write_text(MAIN)
    with pytest.raises(LookError) as caught:
        look_once("13900000001", config, {}, platform=platform, source=None, verbose=False, record=None, echo=print)
    assert said in str(caught.value)
    assert caught.value.status == UNAVAILABLE
