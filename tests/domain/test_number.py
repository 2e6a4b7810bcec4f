"""Numbers: every spelling of one number comes to one canonical form, and what is none is said to be none."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.domain.number import Number, NumberKind, Problem, from_canonical, mask, parse

FORMS = [
    # canonical, kind, national, dashed, area
    ("+8613800138000", NumberKind.MOBILE, "13800138000", "13800138000", ""),
    ("+8619212345678", NumberKind.MOBILE, "19212345678", "19212345678", ""),
    ("+862151288888", NumberKind.LANDLINE, "02151288888", "021-51288888", "021"),
    ("+861089180702", NumberKind.LANDLINE, "01089180702", "010-89180702", "010"),
    ("+8651512345678", NumberKind.LANDLINE, "051512345678", "0515-12345678", "0515"),
    ("+869518888888", NumberKind.LANDLINE, "09518888888", "0951-8888888", "0951"),
    ("4008101234", NumberKind.SERVICE_400, "4008101234", "4008101234", ""),
    ("8008101234", NumberKind.SERVICE_400, "8008101234", "8008101234", ""),
    ("95588", NumberKind.SERVICE_95, "95588", "95588", ""),
    ("9501312345678", NumberKind.SERVICE_95, "9501312345678", "9501312345678", ""),
    ("96110", NumberKind.SERVICE_95, "96110", "96110", ""),
    ("10100011", NumberKind.SERVICE_95, "10100011", "10100011", ""),
    ("110", NumberKind.SHORT_CODE, "110", "110", ""),
    ("10086", NumberKind.SHORT_CODE, "10086", "10086", ""),
    ("12345", NumberKind.SHORT_CODE, "12345", "12345", ""),
    ("116114", NumberKind.SHORT_CODE, "116114", "116114", ""),
    ("+12025550123", NumberKind.FOREIGN, "12025550123", "12025550123", ""),
    ("+85221234567", NumberKind.FOREIGN, "85221234567", "85221234567", ""),
    ("+390612345678", NumberKind.FOREIGN, "390612345678", "390612345678", ""),
]


@pytest.mark.parametrize(("canonical", "kind", "national", "dashed", "area"), FORMS)
def test_forms(canonical: str, kind: NumberKind, national: str, dashed: str, area: str) -> None:
    number = parse(canonical)
    assert isinstance(number, Number)
    assert (number.canonical, number.kind, number.area) == (canonical, kind, area)
    assert (number.national, number.dashed, number.e164) == (national, dashed, canonical)
    assert number.digits == canonical.lstrip("+")
    assert number.area + number.subscriber == number.national
    if kind is not NumberKind.FOREIGN:
        assert parse(national) == number
    assert parse(dashed if kind is not NumberKind.FOREIGN else "00" + national) == number
    assert from_canonical(canonical) == number


@pytest.mark.parametrize(
    ("canonical", "nanp"),
    [
        ("+12025550123", "2025550123"),
        ("+85221234567", "85221234567"),
        ("+8613800138000", "8613800138000"),
        ("4008101234", "4008101234"),
        ("95588", "95588"),
    ],
)
def test_the_ten_digits_of_north_america(canonical: str, nanp: str) -> None:
    assert from_canonical(canonical).nanp == nanp


@pytest.mark.parametrize(
    "text",
    [
        "138 0013 8000", "138-0013-8000", "138.0013.8000", "(138)0013-8000", "１３８００１３８０００",
        "＋86　138－0013－8000", "+86 138 0013 8000",
        "0086 13800138000", "0086-138-0013-8000", "86 138 0013 8000",
        "8613800138000", "(+86)13800138000",
        "（+86）138 0013 8000", "'13800138000", "’13800138000", "‘13800138000’",
        "tel:+86-138-0013-8000",
        "TEL: 13800138000", '="13800138000"', '"13800138000"', "013800138000",
        "\u202a13800138000\u202c", "\ufeff13800138000", " 13800138000\u00a0",
        "138–0013—8000", "138·0013·8000",
    ],
)  # fmt: skip
def test_spellings_of_a_mobile(text: str) -> None:
    assert parse(text) == Number("+8613800138000", NumberKind.MOBILE)


@pytest.mark.parametrize(
    "text",
    [
        "02151288888", "021-51288888", "(021) 5128 8888", "（021）51288888",
        "２１ 5128 8888", "+86 21 5128 8888",
        "+86 (0)21 5128 8888", "+86-021-51288888", "0086 21 51288888", "86 21 51288888", "8602151288888",
        "2151288888",  # Excel ate the zero
    ],
)  # fmt: skip
def test_spellings_of_a_landline(text: str) -> None:
    assert parse(text) == Number("+862151288888", NumberKind.LANDLINE, "021")


@pytest.mark.parametrize(
    "tail",
    [
        "转801", "转 801", "轉801", " 转接801", "分机801", " 分机号：801",
        " ext. 801", "ext801", " extn 801", "x801", " X 801",
        "#801", ",801", ",,801", "，801", ";ext=801", "-801", " extension 801", "(转801)", "（转801）",
    ],
)  # fmt: skip
def test_extensions_are_not_part_of_the_identity(tail: str) -> None:
    assert parse("021-51288888" + tail) == Number("+862151288888", NumberKind.LANDLINE, "021", "801")


def test_extension_of_a_service_number() -> None:
    assert parse("400-810-1234-801") == Number("4008101234", NumberKind.SERVICE_400, "", "801")
    assert parse("4008101234转1") == Number("4008101234", NumberKind.SERVICE_400, "", "1")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no number"),
        ("   ", "no number"),
        (
            "1.38E+10",
            "'1.38E+10' is scientific notation: a spreadsheet took the number for a quantity and lost digits",
        ),
        (
            "1,38e10",
            "'1,38e10' is scientific notation: a spreadsheet took the number for a quantity and lost digits",
        ),
        ("13800138000.0", "'13800138000.0' is a decimal fraction: a program took the number for a quantity"),
        ("51288888", "'51288888' has no area code"),
        ("1380013800", "'1380013800' has 10 digits; a mobile number has 11"),
        ("138001380000", "'138001380000' has 12 digits; a mobile number has 11"),
        ("138o0138000", "'138o0138000' has 'o' in it"),
        ("13800138000/13900139000", "'13800138000/13900139000' is not a number in China"),
        ("+", "'+' has no digits"),
        ("--", "'--' has no digits"),
        ("00", "'00' is not a number of any country"),
        ("+86", "'+86' is not a number in China"),
        ("+1 202 555", "'+1 202 555' is not a number of the country code +1"),
        ("+999 12345678", "'+999 12345678' is not a number of any country"),
        ("9518888888", "'9518888888' may be the landline 0951-8888888 without its zero or a number of 95188"),
        ("12345678901", "'12345678901' is not a number in China"),
        ("10", "'10' is not a number in China"),
        ("+8613800138000+", "'+8613800138000+' has '+' in it"),
    ],
)
def test_what_is_no_number_says_why(text: str, what: str) -> None:
    problem = parse(text)
    assert isinstance(problem, Problem)
    assert problem.what == what
    assert problem.remedy


def test_other_regions() -> None:
    assert parse("(202) 555-0123", "US") == Number("+12025550123", NumberKind.FOREIGN)
    assert parse("+86 138 0013 8000", "US") == Number("+8613800138000", NumberKind.MOBILE)
    assert isinstance(parse("13800138000", "US"), Problem)


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
landlines = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["21", "10", "755", "571", "20", "25"]),
        st.from_regex(r"[2-8][0-9]{7}", fullmatch=True),
    ),
).filter(lambda digits: isinstance(parse("0" + digits), Number))
separators = st.sampled_from(["", " ", "-", ".", "－", "　", "·", "\u200b", "\u00a0"])
FULL_WIDTH = str.maketrans(string.digits, "０１２３４５６７８９")


@st.composite
def spelt(draw: st.DrawFn) -> tuple[str, str]:
    """(canonical, one way to write it)."""
    if draw(st.booleans()):
        bare, trunk = (
            draw(mobiles),
            draw(st.sampled_from(["", "+86", "0086", "86", "＋86", "(+86)", "tel:+86"])),
        )
    else:
        bare = draw(landlines)
        trunk = draw(st.sampled_from(["0", "+86", "0086", "+86(0)", "86", "tel:0", "００８６"]))
    body = bare[0] + "".join(draw(separators) + digit for digit in bare[1:])
    text = trunk + draw(separators) + body
    if draw(st.booleans()):
        text = text.translate(FULL_WIDTH)
    tail = draw(st.sampled_from(["", "转801", " ext. 12", "x7", "#1234"]))
    return "+86" + bare, draw(st.sampled_from(["", " ", "'", "\ufeff"])) + text + tail


@settings(deadline=None)
@given(spelt())
def test_every_spelling_comes_to_one_form(case: tuple[str, str]) -> None:
    canonical, text = case
    number = parse(text)
    assert isinstance(number, Number), number
    assert number.canonical == canonical
    assert parse(number.canonical) == Number(number.canonical, number.kind, number.area)


@settings(deadline=None)
@given(st.text(alphabet="0123456789+-() .转xE#,=\"'/ａ０", max_size=20))
def test_any_text_is_a_number_or_a_problem(text: str) -> None:
    number = parse(text)
    if isinstance(number, Number):
        again = parse(number.canonical)
        assert isinstance(again, Number)
        assert again.canonical == number.canonical
        assert from_canonical(number.canonical) == again
        if number.kind is not NumberKind.FOREIGN:
            assert parse(number.national) == again
    else:
        assert number.what
        assert number.remedy


@settings(deadline=None)
@given(st.text(max_size=30))
def test_garbage_never_raises(text: str) -> None:
    assert isinstance(parse(text), (Number, Problem))


@pytest.mark.parametrize("text", ["", "13800138000", "+0123", "021-51288888", "9", "+86", "+8612", "abc"])
def test_from_canonical_refuses_other_forms(text: str) -> None:
    with pytest.raises(ValueError, match="canonical"):
        from_canonical(text)


@pytest.mark.parametrize(
    ("canonical", "masked"),
    [
        ("+8613800138000", "+86138****8000"),
        ("+862151288888", "+8621****8888"),
        ("4008101234", "40****1234"),
        ("95588", "9****"),
        ("110", "1**"),
    ],
)
def test_mask(canonical: str, masked: str) -> None:
    assert mask(canonical) == masked


@settings(deadline=None)
@given(st.sampled_from([form[0] for form in FORMS]))
def test_mask_hides_enough_and_keeps_the_length(canonical: str) -> None:
    masked = mask(canonical)
    assert len(masked) == len(canonical)
    assert masked.count("*") >= min(4, len(canonical) - 1)
    assert mask("") == ""
