"""The simulated world's ground truth, appeals and determinism, all on bare numbers for time."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numtrustd.sim.script import Certify, Clear, Habits, Label, Mood, Review, Weather, Window
from numtrustd.sim.state import Arrive, Ruling
from numtrustd.sim.traits import DAY, HOUR, TRAITS, brought, lacking, serves
from numtrustd.sim.world import Refused, Taken, World

T0 = 1_772_413_200.0
MOBILE, LANDLINE, AMERICAN = "+8613800138000", "+862151288888", "+14155552671"


def world(*items: object, habits: Habits | None = None, seed: int = 1, numbers: tuple[str, ...] = ()) -> World:
    made = World.create(seed=seed, origin=T0, numbers=numbers, habits=habits)
    for item in items:
        made.inject(item, T0)  # type: ignore[arg-type]  # the tests pass script items of every kind
    return made


def appeal(
    where: World,
    platform: str,
    at: float,
    ref: str = "NT-1",
    *,
    number: str = MOBILE,
    letter: str = "请取消",
    evidence: tuple[str, ...] = (),
    via: str = "form",
) -> Taken | Refused:
    [result] = where.submit(Arrive(platform, (number,), ref, letter, evidence, via), T0 + at)
    return result


def taken(result: Taken | Refused) -> str:
    assert isinstance(result, Taken), result
    return result.appeal.receipt


def ruling(where: World, receipt: str, platform: str, at: float) -> tuple[Ruling, str]:
    [found] = where.appeals(platform, T0 + at, receipt)
    return found.ruling, found.reason


def test_a_label_appears_grows_and_goes() -> None:
    w = world(
        Label(MOBILE, "tencent", "广告推销", at=HOUR, marks=3, per_day=24.0, cap=10),
        Clear("138 0013 8000", "tencent", at=3 * DAY),
    )
    assert w.face("tencent", MOBILE, T0).words is None
    assert w.face("tencent", MOBILE, T0 + HOUR).marks == 3
    assert w.face("tencent", MOBILE, T0 + 4 * HOUR).marks == 6
    assert w.face("tencent", MOBILE, T0 + DAY).marks == 10
    assert w.face("baidu", MOBILE, T0 + DAY).words is None
    assert w.face("tencent", MOBILE, T0 + 3 * DAY).words is None


def test_a_label_spreads_to_readers_after_a_lag_unless_it_is_gone_by_then() -> None:
    label = Label(MOBILE, "so360", "骚扰电话")
    w = world(label)
    low, high = TRAITS["so360"].feeds["teddy"]
    assert w.face("teddy", MOBILE, T0 + low - 1).words is None
    assert w.face("teddy", MOBILE, T0 + high).words == "骚扰电话"
    cleared = world(label, Clear(MOBILE, "so360", at=low - 1))
    assert cleared.face("teddy", MOBILE, T0 + high).words is None


def test_clearing_a_reader_before_its_feeder_is_in_vain() -> None:
    w = world(Label(MOBILE, "so360", "骚扰电话"), Clear(MOBILE, "teddy", at=2 * DAY))
    assert w.face("teddy", MOBILE, T0 + 2 * DAY).words is None
    assert w.face("teddy", MOBILE, T0 + 2 * DAY + 30 * HOUR).words == "骚扰电话"


def test_approval_is_not_removal_and_a_removed_label_may_return() -> None:
    w = world(
        Label(MOBILE, "so360", "骚扰电话", returns=4 * DAY, spreads=False),
        Review("so360", (Mood.APPROVE,), MOBILE, took=DAY, cache=10 * HOUR),
    )
    receipt = taken(appeal(w, "so360", HOUR))
    assert ruling(w, receipt, "so360", HOUR + DAY - 1) == (Ruling.IN_REVIEW, "")
    assert ruling(w, receipt, "so360", HOUR + DAY) == (Ruling.APPROVED, "")
    gone = HOUR + DAY + 10 * HOUR
    assert w.face("so360", MOBILE, T0 + gone - 1).words
    assert w.face("so360", MOBILE, T0 + gone).words is None
    assert w.face("so360", MOBILE, T0 + gone + 4 * DAY - 1).words is None
    assert w.face("so360", MOBILE, T0 + gone + 4 * DAY).words == "骚扰电话"
    assert w.face("so360", MOBILE, T0 + gone + 400 * DAY).words == "骚扰电话"


def test_a_rejection_says_what_is_missing_and_a_stronger_appeal_passes() -> None:
    w = world(
        Label(MOBILE, "tencent", "广告推销"),
        Review("tencent", (Mood.EVIDENCE, Mood.STRONGER), MOBILE, took=DAY, cache=HOUR),
    )
    first = taken(appeal(w, "tencent", 0, "NT-A", evidence=("recordings",)))
    assert ruling(w, first, "tencent", DAY) == (Ruling.REJECTED, "缺少号码归属证明")
    second = taken(appeal(w, "tencent", 2 * DAY, "NT-B", evidence=("recordings",)))
    assert ruling(w, second, "tencent", 3 * DAY) == (Ruling.REJECTED, "缺少号码归属证明")
    third = taken(appeal(w, "tencent", 4 * DAY, "NT-C", letter="随附材料：号码归属证明或运营商合同。"))
    assert ruling(w, third, "tencent", 5 * DAY) == (Ruling.APPROVED, "")
    assert [a.attempt for a in w.appeals("tencent", T0)] == [1, 2, 3]
    assert w.face("tencent", MOBILE, T0 + 5 * DAY + HOUR).words is None


def test_more_than_before_is_stronger_even_if_it_is_not_what_was_wanted() -> None:
    w = world(
        Label(AMERICAN, "telnyx", "Telemarketing"),
        Review("telnyx", (Mood.REJECT, Mood.STRONGER), AMERICAN, took=DAY),
    )
    first = taken(appeal(w, "telnyx", 0, "NT-A", number=AMERICAN, via="http", letter="evidence: recordings"))
    assert ruling(w, first, "telnyx", DAY)[0] is Ruling.REJECTED
    more = "evidence: recordings, licence"
    second = taken(appeal(w, "telnyx", 2 * DAY, "NT-B", number=AMERICAN, via="http", letter=more))
    assert ruling(w, second, "telnyx", 3 * DAY)[0] is Ruling.APPROVED


def test_a_second_appeal_under_review_is_refused_and_the_repeat_is_counted() -> None:
    w = world(Label(MOBILE, "tencent", "广告推销"))
    receipt = taken(appeal(w, "tencent", 0, "NT-A"))
    refused = appeal(w, "tencent", 60, "NT-A")
    assert refused == Refused("该号码已有申诉在处理中，不可重复提交", receipt)
    appeal(w, "tencent", 60, "NT-B")
    assert (w.duplicates(), w.overlaps(), w.state.repeats) == ({}, 0, 1)
    assert w.state.refusals == {"tencent": 2}


def test_a_platform_that_does_not_look_takes_both_and_the_world_counts() -> None:
    w = world(Label(MOBILE, "tencent", "广告推销"), habits=Habits(detect_duplicates=False))
    for ref in ("NT-A", "NT-A", "NT-A", "NT-B"):
        taken(appeal(w, "tencent", 0, ref))
    assert w.duplicates() == {(MOBILE, "tencent", "NT-A"): 3}
    assert w.overlaps() == 3


def test_refusals_have_their_reasons() -> None:
    w = world(
        Label(MOBILE, "teddy", "诈骗电话"),
        Label(LANDLINE, "teddy", "骚扰电话"),
        Window(Weather.MAINTENANCE, "baidu", until=DAY),
        Review("teddy", (Mood.REJECT,), took=HOUR),
    )
    assert appeal(w, "sogou", 0) == Refused("该号码无标记信息")
    assert appeal(w, "baidu", 0) == Refused("平台维护中")
    assert appeal(w, "so360", 0, number=AMERICAN) == Refused("号码不支持")
    assert appeal(w, "teddy", 0) == Refused("诈骗类标记不可申诉，请联系反诈中心")
    receipt = taken(appeal(w, "teddy", 0, number=LANDLINE))
    too_soon = Refused("号码当天已提交过申诉，不可重复提交", receipt)
    assert appeal(w, "teddy", 2 * HOUR, "NT-2", number=LANDLINE) == too_soon


def test_maintenance_stretches_a_review() -> None:
    w = world(
        Label(MOBILE, "baidu", "广告营销"),
        Review("baidu", took=DAY, cache=0.0),
        Window(Weather.MAINTENANCE, "baidu", at=HOUR, until=3 * DAY),
    )
    receipt = taken(appeal(w, "baidu", 0))
    assert ruling(w, receipt, "baidu", 3 * DAY - 1)[0] is Ruling.IN_REVIEW
    assert ruling(w, receipt, "baidu", 3 * DAY)[0] is Ruling.APPROVED


def test_a_late_arrival_takes_effect_when_it_arrives() -> None:
    w = world(Label(MOBILE, "tencent", "广告推销"))
    w.submit_later(Arrive("tencent", (MOBILE,), "NT-L", "", (), "form"), T0 + 50)
    assert w.appeals("tencent", T0 + 49) == []
    assert [(a.ref, a.at) for a in w.appeals("tencent", T0 + 60)] == [("NT-L", T0 + 50)]


def test_certified_names_come_and_go() -> None:
    w = world(Certify(MOBILE, "so360", "示例公司"), Certify(MOBILE, "so360", "", at=DAY))
    assert w.face("so360", MOBILE, T0).name == "示例公司"
    assert w.face("so360", MOBILE, T0 + DAY).name == ""


def test_flicker_shows_a_label_now_and_then_and_the_same_way_every_time() -> None:
    def looks() -> list[bool]:
        w = world(
            Label(MOBILE, "so360", "骚扰电话"),
            Window(Weather.FLICKER, "so360", until=DAY, detail="0.5"),
        )
        return [w.face("so360", MOBILE, T0 + 60.0 * n).words is not None for n in range(100)]

    first = looks()
    assert 25 < sum(first) < 75
    assert looks() == first


def test_windows_hold_for_their_time_and_number_only() -> None:
    w = world(Window(Weather.BLOCKED, "sogou", at=HOUR, until=2 * HOUR, number=MOBILE))
    at = [w.weather(T0 + t, "sogou", MOBILE) is not None for t in (0, HOUR, 2 * HOUR - 1, 2 * HOUR)]
    assert at == [False, True, True, False]
    assert w.weather(T0 + HOUR, "sogou", LANDLINE) is None


@pytest.mark.parametrize(
    "item",
    [Label("13800138000", "nowhere", "x"), Label("hello", "so360", "x"), Review("nowhere")],
)
def test_nonsense_is_refused(item: Label | Review) -> None:
    with pytest.raises(ValueError, match="no"):
        world(item)


HABITS = Habits(label_rate=0.3, return_chance=0.5, reject_chance=0.5, slow_chance=0.2)


def play(seed: int, restarts: int, order: int) -> list[str]:
    """Twenty days in which everything seen is appealed, in one of two orders, with restarts between."""
    w = world(habits=HABITS, seed=seed, numbers=(MOBILE, LANDLINE, AMERICAN))
    places = [(p, n) for p in TRAITS for n in (MOBILE, LANDLINE, AMERICAN) if serves(p, n)]
    for day in range(20):
        if restarts and day % restarts == 0:
            w = World.load(w.dump())
        now = T0 + day * DAY
        seen = {key: w.face(*key, now) for key in (places if order == 0 else reversed(places))}
        for platform, number in places:
            if seen[platform, number].words is not None:
                more = ("number_ownership",) if day % 2 else ()
                w.submit(Arrive(platform, (number,), f"NT-{day}", "", more, "form"), now)
    return w.trace()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), restarts=st.integers(0, 5), order=st.integers(0, 1))
def test_one_seed_is_one_world(seed: int, restarts: int, order: int) -> None:
    """Whatever the order of asking, and however often it restarts."""
    assert play(seed, restarts, order) == play(seed, 0, 0)


def test_another_seed_is_another_world() -> None:
    traces = [tuple(play(seed, 0, 0)) for seed in range(3)]
    assert len(set(traces)) == 3
    words = {line.split()[1] for line in itertools.chain(*traces)}
    assert {"labelled", "cleared", "submitted", "approved", "rejected", "refused"} <= words


def test_a_damaged_document_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        World.load(world().dump()[:-9])


def test_evidence_is_recognised_by_kind_and_by_word() -> None:
    assert brought("", ["number_ownership", "recordings"]) == {"number_ownership", "recordings"}
    assert brought("随附材料：营业执照（加盖公章）、两部以上手机的标记截图", []) == {"licence", "screenshots"}
    assert brought("请取消标记", []) == frozenset()
    assert lacking("number_ownership") == "缺少号码归属证明"
