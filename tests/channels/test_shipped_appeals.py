"""What the shipped packs say of appeals: addresses on official hosts, papers that grow, words that a person can use."""

import re
from urllib.parse import urlsplit

import pytest

from numtrustd.channels.spec import HttpChannel, ManualChannel
from numtrustd.domain.evidence import KINDS
from numtrustd.domain.label import Category
from numtrustd.settings.packs import Pack
from tests import packs

SHIPPED = packs.shipped()
APPEALS = [pack for pack in SHIPPED.values() if pack.platform.appeal is not None]
FORM = {
    "national", "e164", "digits", "area", "subscriber", "dashed", "ref", "letter", "purpose", "words",
    "company", "licence_number", "contact_name", "contact_phone", "contact_email",
}  # fmt: skip
"""What a person's form may be filled with."""


LOOKED_AT = {
    "so360", "sogou", "baidu", "tencent", "juhe", "contract_aggregator", "telnyx", "twilio", "nomorobo", "youmail",
    "ipqualityscore", "telesign", "chuanglan", "jumdata", "caih", "ihuyi",
}  # fmt: skip
HANDSETS = {"huawei", "xiaomi", "oppo", "vivo", "samsung", "apple"}
CARRIERS = {"china_mobile", "china_unicom", "china_telecom"}
ENGINES = {"hiya", "tns", "first_orion", "truecaller"}
FACTS = {"teddy", "dianhuabang", "wechat", "opene164"} | HANDSETS | CARRIERS | ENGINES
"""Platforms that no program can look at: packs of facts."""
UNKNOWN = {
    "contract_aggregator", "juhe", "xiaomi", "oppo", "vivo", "samsung", "apple", "wechat", "first_orion", "twilio",
    "youmail", "ipqualityscore", "telesign", "chuanglan", "jumdata", "caih", "ihuyi",
}  # fmt: skip
"""Platforms of whose own appeals nothing is known, or that show nothing to anybody."""


def test_every_known_platform_has_a_pack() -> None:
    assert set(SHIPPED) >= LOOKED_AT | FACTS
    assert {name for name, pack in SHIPPED.items() if pack.sources} >= LOOKED_AT
    assert not any(SHIPPED[name].sources for name in FACTS)
    assert UNKNOWN.isdisjoint(pack.platform.id for pack in APPEALS)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_where_no_program_can_look_a_person_is_told_how(name: str) -> None:
    """By a handset or a page; data owners are seen at the phones that show their marks, and through aggregators."""
    platform = SHIPPED[name].platform
    shown = [feed.platform for feed in platform.feeds]
    assert platform.device_test or platform.assisted or shown or name == "dianhuabang"
    for look in (platform.device_test, platform.assisted):
        assert look is None or (look.steps and look.record)


@pytest.mark.parametrize("name", sorted(HANDSETS | CARRIERS))
def test_a_handset_test_names_its_screens(name: str) -> None:
    test = SHIPPED[name].platform.device_test
    assert test is not None
    assert "incoming_call" in test.surfaces
    assert any("截图" in text for text in test.record)


def test_an_iphone_test_records_which_app_gave_the_label() -> None:
    test = SHIPPED["apple"].platform.device_test
    assert test is not None
    assert any("App" in text for text in test.record)


def test_a_platform_without_an_appeal_of_its_own_says_where_to_appeal() -> None:
    for name in ("xiaomi", "oppo", "vivo"):
        assert SHIPPED[name].platform.appeal_at == ("teddy",)
    assert SHIPPED["samsung"].platform.appeal_at == ("hiya",)
    assert SHIPPED["juhe"].platform.appeal_at == ("so360",)


@pytest.mark.parametrize("pack", SHIPPED.values(), ids=lambda p: p.platform.id)
def test_facts_have_a_source(pack: Pack) -> None:
    platform = pack.platform
    assert platform.grade in "ABCD"
    assert re.fullmatch(r"20\d\d-\d\d", platform.checked)
    assert platform.seen
    assert all(feed.platform in SHIPPED and feed.lag[0] < feed.lag[1] for feed in platform.feeds)


@pytest.mark.parametrize("pack", APPEALS, ids=lambda p: p.platform.id)
def test_a_later_attempt_brings_more(pack: Pack) -> None:
    facts = pack.platform.appeal
    assert facts is not None
    first, second = (set(attempt.evidence) for attempt in facts.attempts)
    assert first < second <= KINDS.keys()
    assert facts.review_days >= 2
    assert facts.cooldown >= 86_400
    assert facts.propagation > 0


@pytest.mark.parametrize("pack", APPEALS, ids=lambda p: p.platform.id)
def test_the_packet_is_usable(pack: Pack) -> None:
    channel, facts = pack.channel, pack.platform.appeal
    assert facts is not None
    if isinstance(channel, HttpChannel):
        assert channel.look_up is not None
        assert channel.query is not None
        assert channel.settle >= 600
        return
    assert isinstance(channel, ManualChannel)
    host = channel.address.rpartition("@")[2] if "@" in channel.address else urlsplit(channel.address).hostname or ""
    assert (
        any(host == known or host.endswith("." + known) for known in pack.platform.official_hosts)
        or re.fullmatch(r"tel:1\d{4}", channel.address)
        or (not channel.address and pack.platform.id == "huawei")  # on the phone itself
    )
    assert channel.steps
    assert channel.bring_back
    said = " ".join(channel.fields.values())
    assert set(re.findall(r"\{([^}]*)\}", said)) <= FORM
    assert "{letter}" in said
    chinese = facts.country == "CN"
    assert any(form in said for form in (("{dashed}", "{national}") if chinese else ("{e164}",)))
    assert all(bool(re.search(r"[\u4e00-\u9fff]", label)) is chinese for label in channel.fields)


def test_what_cannot_be_appealed_is_not_taken() -> None:
    teddy = SHIPPED["teddy"].platform.appeal
    assert teddy is not None
    assert set(teddy.takes) == set(Category) - {Category.FRAUD}


@pytest.mark.parametrize("pack", SHIPPED.values(), ids=lambda p: p.platform.id)
def test_unofficial_and_unpaid_ways_are_off(pack: Pack) -> None:
    for source in pack.sources:
        assert not source.enabled
        assert source.why_off
        assert source.id.startswith(pack.platform.id + ".")
