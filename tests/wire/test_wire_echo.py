"""A card is ours only if it names the whole number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.domain.number import Number, from_canonical
from numtrustd.wire.echo import asked, names

MOBILE = from_canonical("+8613800138000")
LANDLINE = from_canonical("+862151288888")
TOLL = from_canonical("4008101234")
BANK = from_canonical("95588")
FOREIGN = from_canonical("+12025551234")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (MOBILE, "13800138000"),
        (MOBILE, "号码13800138000拨打"),
        (MOBILE, "138 0013 8000"),
        (MOBILE, "138-0013-8000"),
        (MOBILE, "+86 138 0013 8000"),
        (MOBILE, "(+86)13800138000"),
        (MOBILE, "0086-13800138000"),
        (MOBILE, "8613800138000"),
        (MOBILE, "１３８００１３８０００"),
        (MOBILE, "138\u00a00013\u00a08000"),
        (MOBILE, "13800138000 23位用户"),
        (MOBILE, "13800138000\n  2026"),
        (MOBILE, "电话：13800138000，北京。"),
        (MOBILE, "13800138000."),
        (MOBILE, '["+8613800138000"]'),
        (LANDLINE, "021-51288888"),
        (LANDLINE, "(021) 5128 8888"),
        (LANDLINE, "（021）51288888"),
        (LANDLINE, "+86 21 5128 8888"),
        (LANDLINE, "+86 021 5128 8888"),
        (TOLL, "400-810-1234"),
        (TOLL, "4008 101 234"),
        (BANK, "95588"),
        (BANK, "工商银行 95588"),
        (FOREIGN, "+1 (202) 555-1234"),
        (FOREIGN, "12025551234"),
    ],
)
def test_names_it(number: Number, text: str) -> None:
    assert names(text, asked(number))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (MOBILE, ""),
        (MOBILE, "号码"),
        (MOBILE, "13900139000"),
        (MOBILE, "138001380001"),
        (MOBILE, "013800138000123"),
        (MOBILE, "138 0013 8000 1"),
        (MOBILE, "1380013800"),
        (MOBILE, "138****8000"),
        (MOBILE, "13800138000*"),
        (MOBILE, "13800138000x"),
        (MOBILE, "+13800138000"),
        (MOBILE, "+44 13800138000"),
        (MOBILE, "2 13800138000"),
        (MOBILE, "3.13800138000"),
        (MOBILE, "13800138000.5"),
        (MOBILE, "13800138000-2"),
        (MOBILE, "13800138000٣"),
        (MOBILE, "id_13800138000"),
        (LANDLINE, "51288888"),
        (LANDLINE, "0571-51288888"),
        (LANDLINE, "021-512888889"),
        (TOLL, "4008101234567"),
        (TOLL, "800-810-1234"),
        (BANK, "955881"),
        (BANK, "955 88 1234"),
        (BANK, "95588 2"),
        (BANK, "0571-95588"),
        (BANK, "021 95588"),
        (FOREIGN, "+44 2025551234"),
        (FOREIGN, "2025551234"),
        (FOREIGN, "+120255512345"),
    ],
)
def test_does_not_name_it(number: Number, text: str) -> None:
    assert not names(text, asked(number))


def test_a_prefix_is_another_number() -> None:
    """1380013800 is no number, but a platform may be asked for it and show a card of 13800138000."""
    ten = Number("1380013800", MOBILE.kind)
    wanted = asked(Number("+86" + ten.canonical, MOBILE.kind))
    assert names("1380013800", wanted)
    for digit in "0123456789":
        assert not names(f"1380013800{digit}", wanted)
        assert not names(f"138 0013 800{digit}", wanted)


@settings(deadline=None, max_examples=60)
@given(
    number=st.sampled_from([MOBILE, LANDLINE, TOLL, BANK, FOREIGN]),
    before=st.text("0123456789", max_size=3),
    after=st.text("0123456789", max_size=3),
    gaps=st.lists(st.sampled_from(["", " ", "-", "  "]), min_size=20, max_size=20),
)
def test_more_digits_are_another_number(number: Number, before: str, after: str, gaps: list[str]) -> None:
    """Whatever the grouping: only the number's own forms pass."""
    wanted = asked(number)
    digits = before + number.national + after
    written = "".join(digit + gap for digit, gap in zip(digits, gaps, strict=False)).strip(" -")
    if digits in wanted.domestic | wanted.international:
        assert names(written, wanted)
    elif not (not before and gaps[len(number.national) - 1].isspace()):
        assert not names(written, wanted)
