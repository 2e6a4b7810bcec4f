"""A number that leaves: what counts as still shown, what its reason brings, and what is written of it."""

from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from numtrustd.actors.letters import BUILT_IN
from numtrustd.domain.finding import FindingKind
from numtrustd.domain.flaw import Eye, faults, weigh
from numtrustd.domain.identity import Version, Wanted
from numtrustd.domain.leaving import LeavingPolicy, Reason, ReasonPapers, Released, Scope, scope_of, standing
from numtrustd.domain.notice import BECAUSE, notice_values, removal_values
from numtrustd.domain.number import NumberKind
from numtrustd.domain.observation import Status
from numtrustd.domain.owned import Owned, Watch
from numtrustd.domain.verdict import VerdictPolicy
from numtrustd.domain.view import Shown
from numtrustd.domain.wording import Owner, errand_values, request_values
from numtrustd.domain.workflows.request import RemovalData

NOW = 1_790_000_000.0
DAY = 86_400.0
WANTED = Wanted(
    names=(Version("示例物流"), Version("示例快运", NOW - DAY)),
    tags=(Version("冰饮专线", NOW - 90 * DAY, NOW - 30 * DAY),),
)
VIEW = "alpha.api/default"


def left(said: Shown, scope: Scope | None, wanted: Wanted = WANTED, watch: Watch = Watch.YES) -> str:
    found = faults(said, VIEW, Eye(), wanted, watch, NOW, scope)
    assert set(found) <= {FindingKind.RESIDUAL}
    return found.get(FindingKind.RESIDUAL, "")


def certified(name: str | None = None, tag: str | None = None) -> Shown:
    return Shown(Status.CERTIFIED, name=name, tag=tag)


@pytest.mark.parametrize(
    ("said", "everything", "old"),
    [
        (certified("示例快运"), "still shows the name 示例快运", ""),
        (certified("示例物流"), "still shows the name 示例物流", "still shows the name 示例物流"),
        (certified("别家公司"), "", "still shows the name 别家公司"),
        (certified("示例快运", "冰饮专线"), "the name 示例快运 and the tag 冰饮专线", "still shows the tag 冰饮专线"),
        (certified(), "still shows a certification of ours", "still shows a certification, which"),
        (Shown(Status.MARKED, words="骚扰电话", name="示例物流"), "the name 示例物流", "the name 示例物流"),
        (Shown(Status.CLEAN), "", ""),
        (Shown(Status.MARKED, words="骚扰电话"), "", ""),
    ],
)
def test_what_has_to_go_is_all_of_ours_or_all_that_is_not_wanted(said: Shown, everything: str, old: str) -> None:
    for scope, why in ((Scope.ALL, everything), (Scope.OLD, old)):
        assert why in left(said, scope)
        assert bool(why) == bool(left(said, scope))


def test_where_nothing_is_wanted_any_certification_has_to_go() -> None:
    assert left(certified("别家公司"), Scope.ALL, Wanted()) == (
        "still shows a certification as 别家公司 of ours, which has to go"
    )
    assert left(certified("别家公司"), None, Wanted(), Watch.FAREWELL) == "", "on farewell alone nobody said so"


def test_what_is_on_its_way_out_counts_and_is_not_said() -> None:
    policy = VerdictPolicy(confirm=2, confirm_spread=0.0)
    shown = {VIEW: {FindingKind.RESIDUAL: "still shows the name"}}
    flaws, said, _ = weigh((), shown, VIEW, NOW, policy, hush=True)
    for n in range(1, 4):
        flaws, said, _ = weigh(flaws, shown, VIEW, NOW + n, policy, hush=True)
        assert said == ()
    flaws, said, _ = weigh(flaws, shown, VIEW, NOW + 9, policy)
    assert [(flaw.looks, flaw.said) for flaw in said] == [(5, True)]


def test_each_reason_has_its_scope_papers_and_words() -> None:
    assert {reason for reason in Reason if scope_of(reason) is Scope.OLD} == {Reason.RENAMED, Reason.WRONG_INFO}
    assert not Scope.OLD.gives_up
    assert set(ReasonPapers.__struct_fields__) == set(Reason) == set(BECAUSE)
    rules = LeavingPolicy()
    assert rules.papers_for(Reason.RENAMED, frozenset()) == ("licence", "change_notice")
    assert rules.papers_for("", frozenset()) == ()
    one_of = [rules.papers_for(Reason.DISUSED, frozenset(held))[1] for held in ((), ("transfer_agreement",))]
    assert one_of == ["number_cancellation", "transfer_agreement"]
    assert rules.instead_of(Reason.DISUSED, "number_cancellation") == ("transfer_agreement",)
    assert rules.instead_of(Reason.DISUSED, "licence") == rules.instead_of("", "licence") == ()


@pytest.mark.parametrize(
    ("days", "country", "ends"),
    [
        (0, "CN", datetime(2026, 9, 21, 16, tzinfo=UTC)),  # midnight in China
        (1, "CN", datetime(2026, 9, 22, 16, tzinfo=UTC)),
        (0, "US", datetime(2026, 9, 22, 4, tzinfo=UTC)),
    ],
)
def test_the_same_day_ends_with_that_day_there(days: int, country: str, ends: datetime) -> None:
    rules = LeavingPolicy(urgent_days=days, country=country)
    assert rules.same_day(datetime(2026, 9, 21, 14, 13, tzinfo=UTC).timestamp()) == ends.timestamp()


def test_a_number_that_was_given_up_stands_on_farewell_whatever_its_row_says() -> None:
    row = Owned("+8613800138000", NumberKind.MOBILE, name="desk", wanted=WANTED)
    assert standing(row, None) is row
    given = standing(row, Released(NOW, "eve"))
    assert given == structs.replace(row, watch=Watch.FAREWELL)


OWNER = Owner("示例公司", "91310000X", "王小明", "021-51288801")


def removal_letter(
    owner: Owner, number: str, platform: str, data: RemovalData, papers: tuple[str, ...], ref: str
) -> str:
    values = removal_values(request_values(owner, number, platform, data, papers, ref), data)
    return BUILT_IN["removal"].fill(values)


def announcement(owner: Owner, number: str, reason: Reason, wanted: Wanted | None, today: date, now: float) -> str:
    return BUILT_IN[f"notice_{reason}"].fill(notice_values(errand_values(owner, number), wanted, today, now))


def test_the_letter_says_why_what_and_for_good() -> None:
    data = RemovalData(reason="company_closing", words="示例快运", residual=1, reasons=("缺少公章",), attempt=2)
    text = removal_letter(OWNER, "138-0013-8000", "阿尔法", data, ("licence", "nda"), "NT-1")
    for part in (
        "阿尔法：",
        "统一社会信用代码 91310000X",
        "138-0013-8000",
        "我司正在办理注销",
        "永久删除",
        "目前显示为“示例快运”",
        "“缺少公章”",
        "第 2 次提交",
        "补充申请",
        "营业执照（加盖公章）、与代理机构的保密协议",
        "联系人：王小明",
        "NT-1",
        "出具注销回执",
    ):
        assert part in text, part
    plain = removal_letter(Owner(), "1", "阿尔法", RemovalData(reason="renamed"), (), "NT-2")
    assert "注销该号码原有的认证" in plain
    for part in ("永久删除", "目前显示", "残留", "随附材料", "联系人", "统一社会信用代码"):
        assert part not in plain, part
    assert "我司已不再使用该号码" in removal_letter(Owner(), "1", "阿尔法", RemovalData(), (), "NT-3")


@pytest.mark.parametrize(
    ("reason", "title", "said"),
    [
        (Reason.RENAMED, "名称变更公告", "由“示例物流”变更为“示例快运”"),
        (Reason.DISUSED, "号码停用公告", "自2026年9月21日起停止使用"),
        (Reason.COMPANY_CLOSING, "号码停用公告", "申请删除其全部认证信息"),
        (Reason.TRANSFERRED, "号码过户公告", "已过户"),
        (Reason.STAFF_LEFT, "号码停用公告", "停止使用"),
        (Reason.WRONG_INFO, "号码停用公告", "停止使用"),
    ],
)
def test_the_notice_is_written_from_the_facts(reason: Reason, title: str, said: str) -> None:
    text = announcement(OWNER, "138-0013-8000", reason, WANTED, date(2026, 9, 21), NOW)
    assert text.startswith(title)
    assert said in text
    assert "请拨打 021-51288801" in text
    assert ("银行卡号" in text) == (reason is not Reason.RENAMED)


def test_a_notice_of_a_new_name_that_nobody_knows_leaves_it_out() -> None:
    for wanted in (None, Wanted(), Wanted(names=(Version("示例快运"),))):
        text = announcement(Owner(), "1", Reason.RENAMED, wanted, date(2026, 9, 21), NOW)
        assert "我司名称已变更" in text
        assert "请拨打" not in text
