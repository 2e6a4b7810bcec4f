"""Control numbers, trust and budgets as an operator writes them."""

from collections.abc import Callable

from settings_files import Files

from numtrustd.domain.budget import Budget
from numtrustd.domain.trust import Controls, TrustPolicy
from numtrustd.settings import Loaded

GOOD = """
[source."acme.query".controls]
marked = ["138 0013 8001"]
clean = ["+86 13800138002", "021-51288888"]
[source."acme.query".budget]
per_day = 100
price = 0.03
money = 50
zone = "Asia/Tokyo"
[trust]
recheck_interval = "5m"
turn_share = 0.8
"""

BAD = """
[source."acme.query".controls]
marked = ["138 0013 8001", "hello"]
clean = ["13800138001", "+1 650 253 0000"]
[source."acme.query".budget]
per_day = 0
price = -1
zone = "Mars/Olympus"
[trust]
control_interval = 0
right = 0
turn_share = 2
"""


def test_controls_are_canonical_and_a_budget_is_put_over_the_packs(good: Callable[..., Loaded], acme: Files) -> None:
    acme["numtrustd.toml"] += GOOD
    loaded = good(acme)
    source = loaded.sources["acme.query"]
    assert source.controls == Controls(("+8613800138001",), ("+8613800138002", "+862151288888"))
    assert source.budget == Budget(per_day=100, price=0.03, money=50, zone="Asia/Tokyo")
    assert loaded.settings.trust == TrustPolicy(recheck_interval=300.0, turn_share=0.8)


def test_everything_wrong_with_them_at_once(problems: Callable[..., str], acme: Files) -> None:
    head = acme["numtrustd.toml"].count("\n")
    acme["numtrustd.toml"] += BAD
    said = problems(acme).splitlines()
    found = {(int(line.split(":")[1]) - head, line.split(": ")[1]) for line in said}
    assert found == {
        (3, 'source."acme.query".controls.marked[1]'),
        (4, 'source."acme.query".controls.clean[0]'),
        (4, 'source."acme.query".controls.clean[1]'),
        (6, 'source."acme.query".budget.per_day'),
        (7, 'source."acme.query".budget.price'),
        (8, 'source."acme.query".budget.zone'),
        (10, "trust.control_interval"),
        (11, "trust.right"),
        (12, "trust.turn_share"),
    }, "\n".join(said)
