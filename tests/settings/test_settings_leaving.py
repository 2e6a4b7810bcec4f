"""`[cancellation]`, and what a pack says of removals: each figure is taken as it is set, each mistake is said."""

from collections.abc import Callable

import pytest
from settings_files import PACK, Files

from numtrustd import build
from numtrustd.domain.leaving import LeavingPolicy, Reason
from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

DAY = 86_400.0
EVERY = """\
[cancellation]
cache_wait = "2d"
residual_after = "5d"
max_attempts = 5
watch_period = "60d"
errand_deadline = "1d"
notice_deadline = "12h"
release_deadline = "3d"
remind_interval = "6h"
urgent_days = 1
country = "US"
platforms = ["acme"]
bindings = ["微信企业号", "抖音企业号"]
notice = ["staff_left"]
[cancellation.papers]
renamed = ["licence"]
disused = ["number_cancellation"]
wrong_info = ["screenshots"]
company_closing = ["licence", "legal_person_id"]
staff_left = ["authorisation"]
transferred = ["transfer_agreement|number_cancellation"]
"""


def test_every_figure_can_be_changed_and_reaches_the_actors(good: Good, acme: Files) -> None:
    acme["numtrustd.toml"] += EVERY
    rules = build.context(good(acme), "store").leaving
    default = LeavingPolicy()
    for name in LeavingPolicy.__struct_fields__:
        assert getattr(rules, name) != getattr(default, name), name
    for reason in Reason:
        assert getattr(rules.papers, reason) != getattr(default.papers, reason), reason
    assert (rules.cache_wait, rules.residual_after, rules.notice_deadline) == (2 * DAY, 5 * DAY, DAY / 2)
    assert rules.notice == (Reason.STAFF_LEFT,)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('residual_after = "0s"', "cancellation.residual_after: is no time at all"),
        ('errand_deadline = "0s"', "cancellation.errand_deadline: is no time at all"),
        ('notice_deadline = "0s"', "cancellation.notice_deadline: is no time at all"),
        ('release_deadline = "0s"', "cancellation.release_deadline: is no time at all"),
        ('remind_interval = "0s"', "cancellation.remind_interval: is no time at all"),
        (
            'residual_after = "1d"',
            "cancellation.residual_after: is over before cache_wait is: give at least cache_wait",
        ),
        ("max_attempts = 0", "cancellation.max_attempts: is the number 0: give at least 1"),
        ("urgent_days = -1", "cancellation.urgent_days: is the number -1"),
        ('country = "XX"', 'cancellation.country: the days of "XX" are not known'),
        ('platforms = ["acne"]', 'cancellation.platforms[0]: no pack of "acne"'),
        ('bindings = [" "]', "cancellation.bindings[0]: is empty"),
        ('notice = ["bored"]', "cancellation.notice[0]: is"),
        ('papers = { disused = ["licence|lisence"] }', 'cancellation.papers.disused[0]: "lisence" is no kind of'),
        ('papers = { bored = ["licence"] }', "cancellation.papers.bored: unknown key"),
        ('expires = "7d"', "cancellation.expires: unknown key"),
    ],
)
def test_each_mistake_is_said_where_it_is(problems: Problems, acme: Files, key: str, said: str) -> None:
    acme["numtrustd.toml"] += f"[cancellation]\n{key}\n"
    assert said in problems(acme)


def test_what_a_pack_says_of_a_removal(good: Good, acme: Files) -> None:
    pack = PACK + '[removal]\nexpires = ["7d", "15d"]\nreceipt = true\n'
    way = good(acme | {"platforms.d/acme.toml": pack}).platforms["acme"].way("removal")
    assert way is not None
    assert (way.channel, way.expires, way.receipt) == ("expires", (7 * DAY, 15 * DAY), True)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[removal]\nexpires = ["15d", "7d"]', "removal.expires: is no range of times"),
        ('[removal]\nexpires = ["0d", "7d"]', "removal.expires: is no range of times"),
        ('[removal]\nchannel = "expires"', 'removal.channel: is "expires"'),
        ('[removal]\nexpires = ["7d", "15d"]\nchannel = "manual"', 'removal.expires: stands with channel = "manual"'),
        ('[tag]\nexpires = ["7d", "15d"]', "tag.expires: is said of removals only"),
        ("[correction]\nreceipt = true", "correction.receipt: is said of removals only"),
    ],
)
def test_each_mistake_of_a_pack(problems: Problems, acme: Files, table: str, said: str) -> None:
    assert said in problems(acme | {"platforms.d/acme.toml": f"{PACK}{table}\n"})


def test_when_something_expires_the_operator_may_know_better(good: Good, acme: Files) -> None:
    acme["numtrustd.toml"] += '[platform.acme.removal]\nexpires = ["3d", "9d"]\n'
    pack = PACK + '[removal]\nexpires = ["7d", "15d"]\n'
    way = good(acme | {"platforms.d/acme.toml": pack}).platforms["acme"].way("removal")
    assert way is not None
    assert way.expires == (3 * DAY, 9 * DAY)


@pytest.mark.parametrize(
    ("pack", "expires", "said"),
    [
        ('[removal]\nexpires = ["7d", "15d"]', '["9d", "3d"]', "platform.acme.removal.expires: is no range of times"),
        ("", '["3d", "9d"]', "platform.acme.removal.expires: by its pack acme shows nothing that expires by itself"),
        ('[removal]\nexpires = ["7d", "15d"]', '["0d", "3d"]', "platform.acme.removal.expires[0]: is"),
    ],
)
def test_each_mistake_about_what_expires(problems: Problems, acme: Files, pack: str, expires: str, said: str) -> None:
    acme["numtrustd.toml"] += f"[platform.acme.removal]\nexpires = {expires}\n"
    assert said in problems(acme | {"platforms.d/acme.toml": f"{PACK}{pack}\n"})


def test_no_platform_is_called_as_the_cases_of_whole_numbers(problems: Problems, acme: Files) -> None:
    pack = PACK.replace('id = "acme"', 'id = "cancellation"', 1)
    assert 'platform.id: "cancellation" stands in the ids of cases' in problems(acme | {"platforms.d/acme.toml": pack})
