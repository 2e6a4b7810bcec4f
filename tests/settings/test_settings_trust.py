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


OWN = """
[source.controls]
marked = ["138 0013 8001"]
clean = ["021-51288888"]
"""


def test_a_packs_own_controls_count_until_the_settings_give_others(good: Callable[..., Loaded], acme: Files) -> None:
    acme["platforms.d/acme.toml"] = acme["platforms.d/acme.toml"].replace("[source.views]", f"{OWN}\n[source.views]", 1)
    assert good(acme).sources["acme.query"].controls == Controls(("+8613800138001",), ("+862151288888",))
    acme["numtrustd.toml"] += '[source."acme.query".controls]\nmarked = ["13800138003"]\n'
    assert good(acme).sources["acme.query"].controls == Controls(("+8613800138003",))


def test_what_is_wrong_with_a_packs_controls_is_said_at_the_pack(problems: Callable[..., str], acme: Files) -> None:
    own = OWN.replace("138 0013 8001", "hello")
    acme["platforms.d/acme.toml"] = acme["platforms.d/acme.toml"].replace("[source.views]", f"{own}\n[source.views]", 1)
    [said] = problems(acme).splitlines()
    assert said.startswith("platforms.d/acme.toml:")
    assert "source[0].controls.marked[0]: " in said


def test_money_bounds_nothing_without_a_price(problems: Callable[..., str], acme: Files) -> None:
    acme["numtrustd.toml"] += '[source."acme.query".budget]\nmoney = 300\n'
    [said] = problems(acme).splitlines()
    assert 'source."acme.query".budget.money: bounds nothing' in said
