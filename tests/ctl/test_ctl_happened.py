"""What happened, in Chinese: every event has a sentence with the same facts in it, and the commands that tell of events
say it; what does not fit is shown as the daemon said it.
"""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from docs import catalogue
from numtrustd import events
from numtrustd.actors.control.views import history_row
from numtrustd.actors.decision import entry_of
from numtrustd.api.rows import HistoryRow
from numtrustd.api.status import LogRecord
from numtrustd.ctl import happened, lang
from numtrustd.ctl.cli import main
from numtrustd.ctl.sentences import LONGEST
from numtrustd.ctl.text import in_local_time
from numtrustd.domain.label import Category
from numtrustd.domain.observation import Status
from numtrustd.events import CATALOGUE, Event, payload, sentence
from numtrustd.events.template import Place, parts
from tests.ctl.conftest import CASE, NOW, NUMBER
from tests.logcheck import MemoryLog
from tests.test_events import KINDS, sample

Capture = pytest.CaptureFixture[str]
HAN = re.compile(r"[\u4e00-\u9fff]")
OF_NUMBERS = [kind for kind in KINDS if "number" in CATALOGUE[str(kind.id)].__struct_fields__]


@pytest.fixture
def chinese() -> None:
    """The other fixtures put it back."""
    lang.use("zh", {})


def record(event: Event) -> LogRecord:
    """The event as a client sees it."""
    log = MemoryLog()
    log.emit(event)
    fields = json.loads(log.lines[0])
    return LogRecord(
        at=NOW,
        level=fields["log.level"],
        action=fields["event.action"],
        message=fields["message"],
        sequence=fields["event.sequence"],
        missed=0,
        fields=fields,
    )


def row(event: Event) -> HistoryRow:
    """The event as a line of a number's history."""
    return history_row(entry_of(event, NOW.timestamp()))


# --------------------------------------------------------------------------------------------------- every event's own


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_message_is_translated_with_the_same_facts_in_it(kind: type[Event], language: str) -> None:
    lang.use(language, {})
    said = lang.event_word(kind.message)
    words = re.sub(r"\{[^}]*\}", "", kind.message)
    assert (said != kind.message) or not re.search("[a-z]", words), "not translated"
    assert HAN.search(said) or not re.search("[a-z]", words)
    assert facts(said) == facts(kind.message)


def facts(message: str) -> list[list[Place]]:
    """What a message has places for: all that it always says, then what is left out together."""
    always = [place for part in parts(message) if not part.optional for place in part.places]
    return [sorted(always), *sorted(sorted(part.places) for part in parts(message) if part.optional)]


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_event_is_said_with_all_its_facts(chinese: None, kind: type[Event], full: bool) -> None:
    event = sample(kind, full=full)
    line = record(event)
    said = in_local_time(happened.logged(line), NOW)
    assert not re.search(r"[{}\[\]|]|%s|None", said)
    assert said != line.message or kind.action == "demo.note"
    for part in parts(kind.message):
        for place in part.places:
            value = getattr(event, place.field)
            if isinstance(value, str) and value.startswith("some "):
                assert value in said, "a word that nobody knows is shown as it is"
            elif isinstance(value, int) and not isinstance(value, bool):
                assert str(value) in said
    ours = re.sub(r"some \w+|one|numtrustd", "", said)
    assert not re.search("[a-zA-Z]{3}", ours), "English is left"


@pytest.mark.parametrize("name", [*happened.METHODS, *happened.ERRORS])
def test_what_was_called_and_how_it_was_refused_are_words(chinese: None, name: str) -> None:
    assert HAN.search(lang.event_word(name))
    assert not re.search("[a-zA-Z]", lang.event_word(name))


@pytest.mark.parametrize("full", [False, True], ids=["least", "full"])
@pytest.mark.parametrize("kind", OF_NUMBERS)
def test_a_history_says_the_same(chinese: None, kind: type[Event], full: bool) -> None:
    event = sample(kind, full=full)
    if getattr(event, "number", None) is None:
        event = structs.replace(event, number="some number")
    told = happened.remembered(row(event), "some number")
    # Where a sentence is all there is, nobody knows where one of several unknown things ends.
    assert told.replace(", 两个", "，两个") == happened.logged(record(event))


@pytest.mark.parametrize("kind", KINDS)
def test_in_english_it_is_left_as_it_was_said(kind: type[Event]) -> None:
    lang.use("en", {})
    event = sample(kind, full=True)
    assert happened.logged(record(event)) == sentence(event)
    assert happened.remembered(row(event), "some number") == sentence(event)


# ---------------------------------------------------------------------------------------------------------- one by one

ABOUT: dict[str, Any] = {"number": NUMBER, "platform": "so360"}
AT = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (
            events.VerdictChanged(
                **ABOUT, from_="clean", to="marked:marketing", words="广告 of, 3 marks", marks=7,
                category=Category.MARKETING,
            ),
            f"{NUMBER} 在 so360 由干净变为已标记（营销）“广告 of, 3 marks”，7 次标记",
        ),
        (
            events.CaseMoved(
                **ABOUT, case=CASE, kind="appeal", from_="in_review", to="cooling",
                reason="rejected: 缺少（盖章）授权 (2)",
            ),
            f"申诉案件 {CASE}：审核中 → 冷却期（被驳回：缺少（盖章）授权 (2)）",
        ),
        (
            events.CaseMoved(**ABOUT, case=CASE, kind="appeal", from_="in_review", to="overdue"),
            f"申诉案件 {CASE}：审核中 → 已逾期",
        ),
        (
            events.CaseClosed(
                **ABOUT, case=CASE, kind="appeal", from_="verifying", to="cleared", outcome="cleared", took_seconds=9000
            ),
            f"{NUMBER} 在 so360 的申诉案件 {CASE} 结案：已解决，历时 2.5 小时",
        ),
        (
            events.FindingOpened(**ABOUT, finding="mislabel", why="shown as 广告推销, which costs answered calls"),
            f"{NUMBER} 在 so360 有问题（误标）：显示为“广告推销”，会减少接通",
        ),
        (
            events.FindingOpened(
                **ABOUT, finding="blind", why="nothing could be seen for 1.1 d (so360.page/search: blocked)"
            ),
            f"{NUMBER} 在 so360 有问题（看不到）：1.1 天内什么也看不到（so360.page/search：被拦截）",
        ),
        (
            events.TaskOpened(
                **ABOUT, task=f"{CASE}/3.1", kind="submit_appeal", title="Hand in the appeal", due=AT, case=CASE
            ),
            f"任务 {CASE}/3.1 待人办理：提交申诉，期限 18:00",
        ),
        (
            events.IncidentMilestone(
                incident=f"{NUMBER}/incident/1", number=NUMBER, mark="resolve", met=False,
                why=f"{CASE} is cooling; so360 shown as 骚扰, which costs answered calls",
            ),
            f"{NUMBER} 的紧急事件 {NUMBER}/incident/1：节点“解决”到期，达成：否"
            f"（{CASE} 处于“冷却期”；so360 显示为“骚扰”，会减少接通）",
        ),
        (
            events.CaseAcknowledged(**ABOUT, case=CASE, state="at_person", by="li", why="its time came"),
            f"li 已看过案件 {CASE} 的现状：待人提交（its time came）",
        ),
        (
            events.ComplaintRecorded(number=NUMBER, day="2026-11-19", complaints=2, said="no longer shown", by="li"),
            "2026-11-19 收到对 +862151288888 的投诉，当天第 2 次：no longer shown",
        ),
        (
            events.ActionUncertain(
                **ABOUT, action_id=f"{CASE}/2.0", case=CASE, kind="submit", channel="http", reason="outcome_unknown"
            ),
            f"案件 {CASE}：“提交”是否送到 so360 不明：结果不明",
        ),
        (
            events.LedgerCharged(**ABOUT, kind="certification", amount=6000.0, currency="CNY"),
            "记账：so360 的认证申请，6000 元",
        ),
        (
            events.DeadlineCorrected(number=NUMBER, kind="submit_appeal", task=f"{CASE}/3.1", deadline=AT),
            f"此前按走快的时钟设定，现已更正：任务 {CASE}/3.1（提交申诉），期限改为 18:00",
        ),
        (
            events.ObservationReported(
                **ABOUT, source="so360.device", surface="incoming_call", status=Status.MARKED, by="li", words="骚扰"
            ),
            f"li 报告 {NUMBER} 在 so360（incoming_call）的显示：已标记“骚扰”",
        ),
    ],
    ids=lambda value: value.action if isinstance(value, Event) else "",
)  # fmt: skip
def test_facts_are_said_in_words(chinese: None, event: Event, wanted: str) -> None:
    assert in_local_time(happened.logged(record(event)), NOW) == wanted
    assert in_local_time(happened.remembered(row(event), NUMBER), NOW) == wanted


@pytest.mark.parametrize(
    ("event", "wanted"),
    [
        (
            events.ControlActed(
                method="TaskDone", subject=CASE, result="submitted, case at_person -> in_review", by="li"
            ),
            f"li 操作：报告任务结果 {CASE}：已提交，案件待人提交 → 审核中",
        ),
        (
            events.ControlActed(method="Advance", result="Refused: there is no case x", by="li"),
            "li 操作：放行：被拒绝：没有案件 x",
        ),
        (
            events.ControlActed(method="Reload", result="ConfigRejected"),
            "操作：重新读取配置：配置被拒绝",
        ),
        (
            events.ControlActed(method="Foresee", subject="x", result="Unheard: of it", by="li"),
            "li 操作：Foresee x：Unheard：of it",
        ),
        (
            events.ConfigRejected(
                config="/etc/n.toml", count=1, problems=("/etc/n.toml:3: key: is empty: leave it out",)
            ),
            "/etc/n.toml 被拒绝，有 1 处问题：/etc/n.toml:3: key: 为空：请删去这一项",
        ),
        (
            events.SilenceAdded(
                silence="s-1", targets=("platform so360", "group sales"), until=AT, by="li", why="too late"
            ),
            "静默 s-1：平台 so360，分组 sales，至 18:00，由 li 添加：too late",
        ),
        (
            events.PlatformMaintenance(platform="baidu", state="ended", kind="routine", why="ended by li"),
            "baidu 的平台维护：已结束：由 li 结束",
        ),
        (events.ConfigLoaded(config="/c", numbers=1, platforms=9), "/c 已加载：1 个号码，9 个平台"),
        (
            events.DaemonDumped(
                numbers=24, labelled=2, blind=0, open_cases=1, overdue_looks=0, open_tasks=0, uptime_seconds=9,
                unhealthy=("so360.onebox: blocked",), parked=(NUMBER,),
            ),
            f"24 个号码中 2 个有标记，1 个未结案件，so360.onebox：被拦截，已搁置：{NUMBER}",
        ),
        (
            events.DaemonStarted(pid=1, state_dir="/s", config="/c", numbers=1, platforms=1, clock_speed=17280.0),
            "numtrustd 已启动，配置 /c，时钟快 17280 倍",
        ),
        (events.ClockJumped(seconds=-30), "系统时钟跳变了 -30 秒"),
    ],
    ids=lambda value: value.action if isinstance(value, Event) else "",
)  # fmt: skip
def test_facts_of_the_daemon_are_said_in_words(chinese: None, event: Event, wanted: str) -> None:
    assert in_local_time(happened.logged(record(event)), NOW) == wanted


# ------------------------------------------------------------------------------------------------ older, newer, hostile


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "case.danced"},
        {"fields": {}},
        {"fields": {**payload(sample(events.CaseMoved, full=True)), "numtrust.from": 3}},
    ],
    ids=["unknown", "bare", "of another type"],
)
def test_what_does_not_fit_is_shown_as_it_was_said(chinese: None, changes: dict[str, Any]) -> None:
    line = structs.replace(record(sample(events.CaseMoved, full=True)), **changes)
    assert happened.logged(line) == line.message


def test_a_line_of_history_that_is_worded_otherwise_is_shown_as_it_was_said(chinese: None) -> None:
    line = row(events.CaseMoved(**ABOUT, case=CASE, kind="appeal", from_="waiting", to="cooling"))
    assert HAN.search(happened.remembered(line, NUMBER))
    for changes in (
        {"text": f"the appeal {CASE} went from waiting to cooling"},
        {"text": line.text.replace("cooling", "somewhere else")},
        {"action": "case.danced"},
        {"text": ""},
    ):
        other = structs.replace(line, **changes)
        assert happened.remembered(other, NUMBER) == other.text


@pytest.mark.parametrize("kind", OF_NUMBERS)
@pytest.mark.parametrize("bit", [" (", ", ", ": ", " of ", " {", ") (", ", 3 marks", " → "])
def test_no_platform_makes_a_history_slow(chinese: None, kind: type[Event], bit: str) -> None:
    line = row(sample(kind, full=True))
    hostile = structs.replace(line, text=line.text + bit * ((LONGEST - len(line.text)) // len(bit)))
    begun = time.perf_counter()
    assert happened.remembered(hostile, "some number")
    assert time.perf_counter() - begun < 2.0


# -------------------------------------------------------------------------------------------------------- the commands


def moved(kind: str = "appeal") -> Event:
    return events.CaseMoved(**ABOUT, case=CASE, kind=kind, from_="waiting", to="at_person", reason="its time came")


def test_watch_speaks_the_readers_language(daemon: Any, capsys: Capture) -> None:
    opened = events.TaskOpened(task="t", kind="submit_appeal", title="Hand in the appeal", due=NOW.timestamp())
    daemon.answers["Watch"] = [record(moved()), record(opened)]
    said = {}
    for language in ("en", "zh"):
        main(["--lang", language, "watch"])
        people = capsys.readouterr().out.splitlines()
        main(["--json", "--lang", language, "watch"])
        said[language] = (people, capsys.readouterr().out)
    assert said["en"][1] == said["zh"][1]
    assert said["en"][0][0].endswith(f"case.moved appeal case {CASE}: waiting → at_person (its time came)")
    assert said["zh"][0][0].endswith(f"case.moved 申诉案件 {CASE}：等待中 → 待人提交（时间到了）")
    assert said["zh"][0][1].endswith("task.opened 任务 t 待人办理：提交申诉，期限 18:00")


def test_history_speaks_the_readers_language(daemon: Any, capsys: Capture) -> None:
    page = daemon.answers["History"]
    daemon.answers["History"] = structs.replace(page, events=(row(moved()),))
    said = {}
    for language in ("en", "zh"):
        assert main(["--lang", language, "history", NUMBER]) == 0
        people = capsys.readouterr().out
        assert main(["--json", "--lang", language, "history", NUMBER]) == 0
        said[language] = (people, capsys.readouterr().out)
    assert said["en"][1] == said["zh"][1]
    assert f"appeal case {CASE}: waiting → at_person (its time came)" in said["en"][0]
    assert f"申诉案件 {CASE}：等待中 → 待人提交（时间到了）" in said["zh"][0]
    assert "appeal case" not in said["zh"][0]


@pytest.mark.parametrize(
    ("event", "what", "words"),
    [
        (events.PlatformMaintenance(platform="so360", state="seen"), "平台维护", "so360 的平台维护：查看得知已开始"),
        (
            events.ActorParked(actor=NUMBER, why="by li: no reason given"),
            "号码搁置",
            f"{NUMBER} 已搁置：由 li 搁置（没有说明原因）",
        ),
        (events.ActorUnparked(actor=NUMBER, by="li"), "号码恢复", f"{NUMBER} 恢复运行，由 li 恢复"),
    ],
    ids=lambda value: value.action if isinstance(value, Event) else "",
)
def test_a_history_also_has_what_is_not_of_one_number(
    daemon: Any, capsys: Capture, event: Event, what: str, words: str
) -> None:
    daemon.answers["History"] = structs.replace(daemon.answers["History"], events=(row(event),))
    assert main(["--lang", "zh", "history", NUMBER]) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert what in line
    assert words in line


def test_a_checked_link_is_explained_in_the_readers_language(daemon: Any, capsys: Capture) -> None:
    why = ("haoma.so.com.evil.example only begins like so.com: it belongs to evil.example", "it is http, not https")
    daemon.answers["CheckLink"] = structs.replace(daemon.answers["CheckLink"], why=why)
    main(["--lang", "zh", "check-link", "x"])
    shown = capsys.readouterr().out
    assert "只是开头像 so.com：实际属于 evil.example" in shown
    assert "用的是 http，不是 https" in shown
    main(["check-link", "x"])
    assert why[0] in capsys.readouterr().out
