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


def test_all_platforms_of_the_first_issue_are_there() -> None:
    assert SHIPPED.keys() == {
        "so360", "sogou", "contract_aggregator", "tencent", "baidu", "dianhuabang", "teddy", "telnyx"
    }  # fmt: skip
    assert {pack.platform.id for pack in APPEALS} == SHIPPED.keys() - {"contract_aggregator"}


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
    assert facts.review_days >= 3
    assert facts.cooldown >= 86_400
    assert facts.propagation > 0


@pytest.mark.parametrize("pack", APPEALS, ids=lambda p: p.platform.id)
def test_the_packet_is_usable(pack: Pack) -> None:
    channel = pack.channel
    if isinstance(channel, HttpChannel):
        assert channel.look_up is not None
        assert channel.query is not None
        assert channel.settle >= 600
        return
    assert isinstance(channel, ManualChannel)
    host = channel.address.rpartition("@")[2] if "@" in channel.address else urlsplit(channel.address).hostname or ""
    assert any(host == known or host.endswith("." + known) for known in pack.platform.official_hosts)
    assert channel.steps
    assert channel.bring_back
    said = " ".join(channel.fields.values())
    assert set(re.findall(r"\{([^}]*)\}", said)) <= FORM
    assert "{letter}" in said
    assert "{dashed}" in said or "{national}" in said
    assert all(re.search(r"[\u4e00-\u9fff]", label) for label in channel.fields)


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
