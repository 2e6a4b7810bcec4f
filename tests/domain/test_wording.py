"""What letters and forms say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numtrustd.actors.letters import BUILT_IN
from numtrustd.domain.letters import LETTER_NAMES, LETTERS
from numtrustd.domain.wording import (
    CAUSES,
    CLAIMS,
    UNREAD,
    Owner,
    appeal_values,
    claims,
    errand_values,
    identity_values,
    purpose,
    request_values,
    unset,
)
from numtrustd.domain.workflows.request import AppealData, CertificationData, CorrectionData, IdentityData, TagData
from numtrustd.wire.letter import compile_letter

SHIPPED = Path(__file__).parents[2] / "config/letters"
OWNER = Owner("示例公司", "91310000X", "王小明", "021-51288801")
WORDS = st.text("abc，示例{}", max_size=5)


def letter(owner: Owner, data: AppealData, papers: tuple[str, ...] = (), used_for: str = "") -> str:
    values = request_values(owner, "400-810-0001", "360", data, papers, "REF-1")
    return BUILT_IN["appeal"].fill(appeal_values(values, data, used_for))


def asked(kind: str, data: IdentityData) -> str:
    values = request_values(OWNER, "400-810-0001", "360", data, ("licence",), "REF-1")
    return BUILT_IN[kind].fill(identity_values(values, data, kind))


def test_what_the_numbers_are_for_is_told_in_the_owners_words() -> None:
    data = AppealData(category="marketing", words="广告推销")
    assert "该号码用途：售后回访。" in letter(Owner("示例公司"), data, (), "售后回访")
    assert "用途" not in letter(Owner("示例公司"), data)
    said = purpose(Owner("Example"), data, (), "after-sales calls")
    assert said.startswith("Business calls of Example (after-sales calls); shown as")
    said = purpose(Owner("Example"), data, ())
    assert said.startswith("Business calls of Example; shown as"), "whom it calls is for its owner to say"


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_what_only_the_company_can_know_is_said_by_nobody_else(cause: str) -> None:
    data = AppealData(words="推销", causes=(cause,))
    values = request_values(OWNER, "400-810-0001", "360", data, (), "REF-1")
    read, unread = (BUILT_IN["appeal"].fill(appeal_values(values, data, read=read)) for read in (True, False))
    [first, *others] = claims(read)
    assert first == (
        "the letter says that the label is not true of the number: make sure that it is so, or hold the case"
    )
    assert bool(others) == (cause in UNREAD)
    assert claims(unread) == (first,), "which the settings' accept says"


def test_what_the_settings_lack_is_named_where_it_would_stand() -> None:
    assert unset({"company": "示例公司", "contact_name": ""}) == {
        name: f"(not in the settings: [company] {name})"
        for name in ("licence_number", "contact_name", "contact_phone", "contact_email")
    }


def test_each_claim_stands_in_a_letter() -> None:
    texts = "".join((*LETTERS.values(), *CAUSES.values()))
    assert all(words in texts for words in CLAIMS)


def test_an_appeal_says_all_that_is_known_and_nothing_else() -> None:
    data = AppealData(words="推销", causes=("inherited", "of no kind"), reasons=("缺少公章",), residual=1, attempt=2)
    assert letter(OWNER, data, ("licence", "own")) == "\n".join(
        (
            "360：",
            "",
            "　　示例公司（统一社会信用代码 91310000X）的业务号码 400-810-0001 在贵平台被标记为“推销”。"
            "该标记与事实不符，特此申诉，请予以取消。",
            f"　　{CAUSES['inherited']}。",
            "　　贵平台此前的答复为“缺少公章”，我司已按要求补充材料，现第 2 次提交。",
            "　　贵平台此前已答复处理，但该标记目前仍在显示，请再次核实。",
            "　　随附材料：营业执照（加盖公章）、own。",
            "",
            "联系人：王小明，021-51288801",
            "申诉编号：REF-1",
        )
    )
    bare = letter(Owner(), AppealData(category="marketing"))
    assert bare.count("\n") == 4, bare
    assert "我司的业务号码" in bare


def test_each_request_asks_for_what_it_wants() -> None:
    name = CorrectionData(words="示例物流", wanted="名称：示例快运")
    assert "显示为“示例物流”，与事实不符，特此申请更正为“名称：示例快运”。" in asked("correction", name)
    certified = CertificationData(wanted="名称：示例快运")
    assert "显示为“（无）”，特此申请企业号码认证，展示“名称：示例快运”。" in asked("certification", certified)
    season = TagData(words="冰饮专线", wanted="标签：火锅专线")
    assert "特此申请将标签变更为“标签：火锅专线”。" in asked("tag", season)
    for kind, over in ("tag", TagData(words="冰饮专线")), ("correction", CorrectionData(words="冰饮专线")):
        assert "显示为“冰饮专线”，该内容已不再使用，特此申请撤下。" in asked(kind, over)


def test_customers_are_told_who_speaks_of_which_number() -> None:
    values = errand_values(Owner(), "400-810-0001")
    assert BUILT_IN["fault_repaired"].fill(values).startswith("我司温馨提示：号码 400-810-0001 的认证")
    assert BUILT_IN["trust_notice"].fill(values).startswith("【我司】尊敬的客户：我司服务号码 400-810-0001")


@pytest.mark.parametrize("kind", sorted(LETTERS))
def test_each_built_in_letter_can_be_edited_by_an_operator(kind: str) -> None:
    _, wrong = compile_letter(LETTERS[kind], LETTER_NAMES[kind])
    assert wrong == []
    filled = BUILT_IN[kind].fill({name: f"«{name}»" for name in LETTER_NAMES[kind]})
    assert "{" not in filled
    assert "«number»" in filled


def test_the_files_that_are_shipped_are_the_built_in_letters() -> None:
    assert {file.stem: file.read_text(encoding="utf-8") for file in SHIPPED.iterdir()} == LETTERS


@given(
    st.builds(Owner, WORDS, WORDS, WORDS, WORDS, WORDS),
    st.lists(WORDS.filter(bool), max_size=2),
    st.lists(st.sampled_from(["licence", "recordings", "own"]), max_size=2),
    WORDS,
)
def test_what_is_filled_in_is_never_read_as_a_placeholder(
    owner: Owner, reasons: list[str], papers: list[str], used_for: str
) -> None:
    data = AppealData(words="{number}", reasons=tuple(reasons), attempt=2)
    text = letter(owner, data, tuple(papers), used_for)
    assert "“{number}”" in text
    assert all(reason in text for reason in reasons)
