"""A daemon that is not there: both sockets with canned answers, served by a thread."""

import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from msgspec import Struct, structs

from numtrustd.api import (
    CONTROL,
    STATUS,
    calls,
    control,
    errors,
    evidence,
    facts,
    incidents,
    ledger,
    links,
    rows,
    silence,
    status,
    wants,
)
from numtrustd.ctl import lang, names
from numtrustd.varlink.interface import Call, CallError, Handler, bind
from numtrustd.varlink.listeners import listen
from numtrustd.varlink.server import Service
from tests.ctl.report_sample import sample

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NUMBER = "+862151288888"
CASE = f"{NUMBER}/so360/1"
TASK = f"{CASE}/3.0"
NASTY = "广告推销\x1b[31m\u202egnp.exe\nroot"
"""What a platform may put into its words: colours, a right-to-left override, a line end."""

CASE_ROW = rows.CaseRow(
    case=CASE,
    kind="appeal",
    number=NUMBER,
    platform="so360",
    state="at_person",
    meaning="a person hands the appeal in",
    waits_for="person",
    attempt=1,
    opened_at=NOW - 2 * DAY,
    moved_at=NOW - HOUR,
    then="reminds",
    due=NOW + 3 * HOUR,
    task=TASK,
)
TASK_ROW = rows.TaskRow(
    task=TASK,
    kind="submit_appeal",
    title="Hand in the appeal",
    state="open",
    case=CASE,
    number=NUMBER,
    platform="so360",
    platform_name="360",
    opened_at=NOW - HOUR,
    due=NOW - HOUR,
    answers=("submitted", "refused"),
)
PAPERS = (
    rows.Paper(kind="licence", title="营业执照（加盖公章）", held=True, on_file="/srv/papers/licence.pdf"),
    rows.Paper(kind="recordings", title="通话录音", held=False),
)
BEGUN: dict[str, Any] = {
    "now": NOW,
    "case": f"{NUMBER}/so360/3",
    "number": NUMBER,
    "platform": "so360",
    "state": "waiting",
    "meaning": "waiting for its slot",
    "then": "submits it",
    "due": NOW,
}
CHANGE: dict[str, Any] = {
    "now": NOW,
    "case": CASE,
    "number": NUMBER,
    "platform": "so360",
    "old": "at_person",
    "new": "in_review",
    "meaning": "the platform reviews",
    "then": "chases the review",
    "due": NOW + 3 * DAY,
}


def number_row(number: str, **values: Any) -> rows.NumberRow:
    given: dict[str, Any] = {
        "number": number,
        "name": "上海客服",
        "group": "sales",
        "kind": "landline",
        "labelled": (),
        "clean": 3,
        "certified": 0,
        "unknown": 0,
        "blind": 0,
        "findings": (),
        "open_cases": 0,
        "parked": False,
        "last_look": NOW - 5 * HOUR,
    }
    return rows.NumberRow(**{**given, **values})


def platform_row(platform: str, **values: Any) -> rows.PlatformRow:
    """A platform that nobody looks at."""
    given: dict[str, Any] = {
        "platform": platform,
        "name": platform,
        "name_en": platform,
        "kind": "search_engine",
        "importance": 0.5,
        "grade": "B",
        "checked": "2026-11",
        "sources": (),
        "appeal": "manual",
        **dict.fromkeys(("numbers", "labelled", "clean", "certified", "unknown", "blind", "open_cases"), 0),
    }
    return rows.PlatformRow(**{**given, **values})


PLATFORM = facts.PlatformView(
    now=NOW,
    row=platform_row("xiaomi", name="小米", kind="handset_vendor", unseen_why="no pack has a source for it"),
    seen="YellowPageContract",
    official_hosts=("miui.com",),
    data="小米黄页 (C), 泰迪熊 in part (D)",
    fed_by=(facts.FeedFact(platform="teddy", soonest=0.0, latest=604_800.0),),
    feeds=(),
    appeal_at=("teddy",),
    shown_from=6,
    quotas=(facts.QuotaFact(what="appeals", most=1, per=86_400.0), facts.QuotaFact(what="numbers", most=100)),
    certification=facts.CertificationFact(route="a form", grade="D", papers=("licence",), days=5),
    device_test=facts.HandLook(
        steps=("拨打这部手机", "截图"), surfaces=("incoming_call",), record=("型号",), command="adb shell true"
    ),
    assisted=facts.HandLook(steps=("type the number",), surfaces=(), record=(), address="https://miui.com/q"),
    appeal=facts.AppealFact(
        channel="manual",
        review_days=5,
        country="CN",
        cooldown=86_400.0,
        propagation=432_000.0,
        takes=("nuisance", "other"),
        attempts=(facts.AttemptFact(papers=()), facts.AttemptFact(papers=("licence",))),
        address="https://miui.com/a",
    ),
)


def case_view() -> status.CaseView:
    return status.CaseView(
        **structs.asdict(CASE_ROW),
        now=NOW,
        platform_name="360",
        finding="mislabel: shown as 广告推销",
        causes=("reports: 38 marks counted by the platform",),
        data=(
            rows.Fact(name="our reference", value="NT-0A1B2C3D4E5F"),
            rows.Fact(name="submitted", value="2026-11-20T08:30:00.123456Z"),
            rows.Fact(name="answer expected by", value="2026-11-27T10:00:00.000000Z"),
            rows.Fact(name="not before", value="some day"),
            rows.Fact(name="receipt", value="2026-11-20T08:30:00.123456Z"),
        ),
        evidence=PAPERS,
        actions=(
            rows.ActionRow(
                action=f"{CASE}/2.0",
                kind="submit",
                state="uncertain",
                attempt=1,
                ref="NT-0A1B2C3D4E5F",
                planned_at=NOW - DAY,
                sent_at=NOW - DAY,
                detail="timeout",
            ),
        ),
        history=(
            rows.Move(at=NOW - 2 * DAY, old="", new="waiting", reason="opened"),
            rows.Move(at=NOW - HOUR, old="waiting", new="at_person", reason="timed out", by="li"),
        ),
    )


SILENCE = silence.SilenceRow(
    silence="s-20261120-080000",
    targets=(
        silence.SilenceTarget(scope="number", name=NUMBER),
        silence.SilenceTarget(scope="platform", name="so360"),
    ),
    since=NOW - HOUR,
    until=NOW + HOUR,
    by="li",
    reason="已知",
)


class Fake:
    """Handlers by method name; `answers` may be replaced, `asked` tells what came in."""

    def __init__(self) -> None:
        self.asked: list[Struct] = []
        self.answers: dict[str, Any] = {
            "GetStatus": status.Status(
                summary="24 numbers on 8 platforms, 2 labelled, 1 open case",
                groups=("default", "sales"),
                version="0.1.0",
                pid=4711,
                started_at=NOW - HOUR,
                now=NOW,
                clock_speed=20_000.0,
                numbers=24,
                numbers_labelled=2,
                platforms=8,
                sources=3,
                labelled=3,
                certified=1,
                clean=180,
                unknown=7,
                blind=1,
                open_cases=1,
                tasks_open=1,
                overdue_looks=2,
                schedule_lag_seconds=130.0,
                looks_total=12_345,
                looks_per_second=31.25,
                parked=0,
                store=rows.StoreStatus(bytes=3_250_000, limit=2**30, nearly_full=False),
            ),
            "ListNumbers": [
                status.NumberPage(
                    now=NOW,
                    numbers=(number_row(NUMBER, labelled=("so360", "sogou")), number_row("95588")),
                    next="95588",
                ),
                status.NumberPage(now=NOW, numbers=(number_row("+8613800138000", parked=True, name="老王"),)),
            ],
            "GetNumber": status.NumberView(
                now=NOW,
                number=NUMBER,
                dashed="021-51288888",
                kind="landline",
                name="上海客服",
                group="sales",
                accept=("service",),
                parked=False,
                platforms=(
                    rows.VerdictRow(
                        platform="so360",
                        platform_name="360",
                        verdict="marked",
                        flapping=False,
                        since=NOW - 2 * DAY,
                        category="marketing",
                        words=NASTY,
                        marks=38,
                        finding="mislabel",
                        last_look=NOW - HOUR,
                        last_said="clean",
                        tending="1 of 3 looks say clean",
                        next_look=NOW + HOUR,
                        case=CASE,
                        disagreement="sogou.vr/search: no label, against so360.onebox/search: marked:marketing",
                        apart_since=NOW - DAY,
                        views=(
                            rows.ViewRow(
                                source="so360.onebox",
                                surface="search",
                                status="unknown",
                                at=NOW - HOUR,
                                said="marked",
                                said_at=NOW - DAY,
                                agrees=True,
                                category="marketing",
                                words=NASTY,
                                marks=38,
                                reason="blocked",
                                blind_since=NOW - 2 * HOUR,
                                missed=True,
                                looked_at=NOW - 3 * HOUR,
                            ),
                            rows.ViewRow(
                                source="so360.page",
                                surface="search",
                                status="clean",
                                at=NOW - HOUR,
                                said="clean",
                                said_at=NOW - HOUR,
                                agrees=False,
                            ),
                        ),
                        faults=(
                            rows.DisplayFault(
                                finding="display_wrong",
                                source="so360.page",
                                surface="search",
                                why="still shows the old name 示例物流",
                                since=NOW - DAY,
                                confirmed=True,
                            ),
                        ),
                    ),
                    rows.VerdictRow(
                        platform="sogou",
                        platform_name="搜狗",
                        verdict="unknown",
                        flapping=False,
                        last_look=NOW - HOUR,
                        last_said="unknown: blocked",
                        blind_since=NOW - 400 * DAY,
                        views=(rows.ViewRow(source="sogou.vr", surface="search", status="unknown", at=NOW - HOUR),),
                        faults=(),
                    ),
                ),
                cases=(CASE_ROW,),
                tasks=(TASK_ROW,),
            ),
            "ListPlatforms": status.PlatformList(
                now=NOW,
                platforms=(
                    rows.PlatformRow(
                        platform="so360",
                        name="360",
                        name_en="Qihoo 360",
                        kind="security_vendor",
                        importance=0.9,
                        grade="C",
                        checked="2026-11",
                        sources=("so360.onebox",),
                        appeal="manual",
                        numbers=24,
                        labelled=3,
                        clean=20,
                        certified=0,
                        unknown=1,
                        blind=0,
                        open_cases=1,
                        maintenance=rows.Maintenance(kind="major", since=NOW - HOUR, by="platform", overdue=True),
                    ),
                    platform_row("telnyx", sources=("telnyx.reputation",), unseen_why="none of the numbers is foreign"),
                    platform_row("sogou", unseen_why="sogou.search is off: confirm the terms"),
                    platform_row("baidu", unseen_why="no pack has a source for it"),
                ),
            ),
            "GetPlatform": PLATFORM,
            "ListSources": status.SourceList(
                now=NOW,
                sources=(
                    rows.SourceRow(
                        source="sogou.search",
                        title="Sogou search",
                        kind="http",
                        platforms=("sogou",),
                        state="open",
                        looks=10,
                        failures=9,
                        waiting=4,
                        interval=1.0,
                        cadence=21_600.0,
                        grade="C",
                        when="doubt",
                        hours="09:00-18:00",
                        via="office",
                        since=NOW - HOUR,
                        why="blocked: captcha page",
                        http_status=403,
                        refused_credentials=("sogou-key",),
                        batches=rows.OpenBatches(open=2, awaited=150, since=NOW - HOUR, next=NOW + HOUR),
                    ),
                ),
            ),
            "ListCases": [status.CasePage(now=NOW, cases=(CASE_ROW,))],
            "GetCase": case_view(),
            "Explain": status.Explanation(
                now=NOW,
                number=NUMBER,
                dashed="021-51288888",
                name="上海客服",
                lines=(
                    rows.ExplainLine(
                        platform="so360",
                        fact="marked as 广告推销 (38 marks)",
                        why="2 looks over 1 h agree",
                        next="a person hands the appeal in",
                        who="person",
                        case=CASE,
                        task=TASK,
                        when=NOW + 3 * HOUR,
                    ),
                    rows.ExplainLine(
                        platform="sogou",
                        fact="not visible",
                        why="the source is blocked",
                        next="looks again",
                        who="daemon",
                        when=NOW - HOUR,
                    ),
                    rows.ExplainLine(
                        platform="sogou",
                        fact="in review",
                        why="handed in",
                        next="the daemon asks",
                        who="platform",
                        when=NOW + HOUR,
                    ),
                    rows.ExplainLine(
                        platform="sogou", fact="maintenance", why="declared", next="it ends", who="platform"
                    ),
                ),
            ),
            "History": status.HistoryPage(
                now=NOW,
                number=NUMBER,
                events=(
                    rows.HistoryRow(
                        at=NOW - HOUR,
                        action="verdict.changed",
                        text="clean -> marked",
                        platform="so360",
                        old="clean",
                        new="marked:marketing",
                    ),
                    rows.HistoryRow(
                        at=NOW - 2 * HOUR,
                        action="task.opened",
                        text="task for a person, by 2026-11-21 10:00:00 UTC",
                        platform="so360",
                    ),
                ),
                more=True,
                next="1790000000123.4.0",
            ),
            "ListTasks": [status.TaskPage(now=NOW, tasks=(TASK_ROW,))],
            "GetTask": status.TaskView(
                **structs.asdict(TASK_ROW),
                now=NOW,
                detail=("second attempt",),
                steps=("打开网页", "填写号码"),
                fields=(rows.Fact(name="号码", value="021-51288888"),),
                evidence=PAPERS,
                address="https://example.org/appeal",
                letter="尊敬的平台：\n\n我司号码被误标。\x1b]0;evil\x07",
                bring_back="受理编号",
            ),
            "Watch": [
                status.LogRecord(
                    at=NOW + n * HOUR,
                    level=level,
                    action="case.moved",
                    message=f"case {n}, by 2026-11-20 18:30:00 UTC",
                    sequence=n,
                    missed=n,
                    fields={"event.action": "case.moved", "numtrust.number": NUMBER, "n": n}
                    | ({"numtrust.clock_speed": 17280.0} if n else {}),
                )
                for n, level in enumerate(("info", "error"))
            ],
            "TaskDone": control.TaskChange(**CHANGE, task=TASK, outcome="submitted"),
            "TaskFail": control.TaskChange(**CHANGE, task=TASK, outcome="failed"),
            "Look": control.LookResult(
                now=NOW,
                number=NUMBER,
                sources=("so360.onebox",),
                observations=(
                    rows.ObservationRow(
                        at=NOW,
                        platform="so360",
                        source="so360.onebox",
                        surface="default",
                        status="unknown",
                        reason="blocked",
                        detail="captcha",
                    ),
                    rows.ObservationRow(
                        at=NOW,
                        platform="huawei",
                        source="huawei.device",
                        surface="incoming_call",
                        status="certified",
                        shown_name="示例物流",
                        logo="sha256:0a0b",
                        tag="冰饮专线",
                    ),
                ),
                pending=(
                    rows.PendingLook(
                        source="sogou.search", when=NOW + HOUR, why="it has not answered for 1 d (blocked)"
                    ),
                    rows.PendingLook(source="telnyx.reputation"),
                ),
            ),
            "Observe": control.ObserveResult(
                now=NOW,
                number=NUMBER,
                platform="huawei",
                source="huawei.device",
                surface="incoming_call",
                status="marked",
                category="marketing",
                old="clean",
                new="marked:marketing",
                counted=True,
            ),
            "Reload": control.ReloadResult(
                now=NOW,
                numbers_added=1,
                numbers_removed=2,
                numbers_changed=3,
                platforms_changed=("so360",),
                sources_changed=(),
                warnings=("numbers.csv:3: number: written twice",),
            ),
            "ListIncidents": [
                incidents.IncidentPage(
                    now=NOW,
                    incidents=(
                        incidents.IncidentRow(
                            incident=f"{NUMBER}/incident/1",
                            number=NUMBER,
                            trigger="label",
                            why="so360 shown as 骚扰电话",
                            since=NOW - HOUR,
                            state="submitting",
                            meaning="everything that matters is to be handed in",
                            marks=(
                                incidents.MarkRow(mark="submit", due=NOW, met=True, at=NOW),
                                incidents.MarkRow(mark="follow_up", due=NOW, met=False, at=NOW),
                                incidents.MarkRow(mark="resolve", due=NOW + HOUR),
                            ),
                            cases=(f"{NUMBER}/so360/1",),
                        ),
                    ),
                )
            ],
            "Certify": wants.CaseBegun(**BEGUN, kind="certification"),
            "ChangeTag": wants.CaseBegun(**BEGUN, kind="tag"),
            "SetIdentity": wants.IdentityChange(now=NOW, number=NUMBER, cases=1, name="示例快运", tag=""),
            "Backup": lambda p: control.BackupResult(path=p.path, bytes=2_000_000, seconds=1.25),
            "Cancel": control.CaseChange(
                now=NOW,
                case=f"{NUMBER}/cancellation/1",
                number=NUMBER,
                platform="",
                old="cancelling",
                new="cancelling",
                meaning="everything is being deleted",
            ),
            "Release": control.ReleaseResult(
                now=NOW,
                number=NUMBER,
                old="cancelling",
                new="released",
                forced=True,
                waits_for=("so360 is waiting",),
                case=f"{NUMBER}/cancellation/1",
            ),
            "Park": control.NumberChange(now=NOW, number=NUMBER, old="running", new="parked"),
            "Unpark": control.NumberChange(now=NOW, number=NUMBER, old="running", new="running"),
            "ReportCalls": calls.CallsTaken(now=NOW, days=2, numbers=1),
            "Complain": calls.ComplaintTaken(now=NOW, number=NUMBER, day="2026-11-20", complaints=3),
            "GetCalls": calls.CallsView(
                now=NOW,
                number=NUMBER,
                days=(
                    calls.CallDay(number=NUMBER, day="2026-11-20", calls=120, answered=48, short=9, complaints=3),
                    calls.CallDay(number=NUMBER, day="2026-11-19", calls=0, answered=0),
                ),
            ),
            "ListEvidence": evidence.EvidenceList(
                now=NOW,
                papers=(
                    evidence.EvidenceRow(
                        kind="licence",
                        title="营业执照（加盖公章）",
                        path="/srv/papers/licence.pdf",
                        state="expired",
                        needed=12,
                        needed_by=(CASE,),
                        platforms=("so360",),
                        cases=(),
                        why="expired on 2026-11-01",
                        finding="paper_expired",
                        expires="2026-11-01",
                    ),
                    evidence.EvidenceRow(
                        kind="nda",
                        title="与代理机构的保密协议",
                        path="/srv/papers/nda.pdf",
                        state="changed",
                        why="changed since it was registered",
                        digest="0a1b",
                        needed=0,
                        needed_by=(),
                        platforms=(),
                        cases=(),
                        agent="代理",
                    ),
                ),
                lacking=(
                    evidence.Lacking(
                        kind="recordings",
                        title="通话录音",
                        platform="so360",
                        why="none is on file",
                        needed=1,
                        needed_by=(CASE,),
                    ),
                ),
                incomplete=True,
            ),
            "GetLedger": ledger.LedgerView(
                now=NOW,
                month="2026-11",
                present=True,
                committed=30_050,
                planned=70_000,
                void=0,
                entries=3,
                budget=100_000,
                over=50,
                forecast=ledger.Outlook(
                    least=100_050,
                    most=120_050,
                    over=20_050,
                    plan_count=2,
                    plans=(
                        ledger.PlanRow(
                            number=NUMBER,
                            platform="so360",
                            what="certification",
                            least=0,
                            most=20_000,
                            why="the certificate is renewed: the provider's fee",
                        ),
                    ),
                ),
                charges=(
                    ledger.ChargeRow(
                        charge="c1",
                        at=NOW - HOUR,
                        what="expedite",
                        fen=70_000,
                        way="agent",
                        standing="planned",
                        number=NUMBER,
                        platform="so360",
                        case=CASE,
                    ),
                    ledger.ChargeRow(
                        charge="c2",
                        at=NOW - DAY,
                        what="certification",
                        fen=30_050,
                        way="official",
                        standing="committed",
                        note="发票 7",
                    ),
                ),
            ),
            "GetReport": sample(),
            "RecordCharge": ledger.ChargeTaken(
                now=NOW,
                charge="c3",
                number=NUMBER,
                what="expedite",
                fen=29_990,
                month="2026-11",
                spent=60_040,
                budget=100_000,
            ),
            "EvidenceAdd": evidence.EvidenceChange(
                now=NOW, kind="nda", title="协议", path="/srv/nda.pdf", on_file=True, digest="0a", expires="2027-01-31"
            ),
            "EvidenceRemove": evidence.EvidenceChange(
                now=NOW, kind="nda", title="协议", path="/srv/nda.pdf", on_file=False, digest="0a"
            ),
            "ListSilences": silence.SilenceList(now=NOW, silences=(SILENCE,)),
            "SilenceAdd": silence.SilenceChange(now=NOW, row=SILENCE, holds=True),
            "SilenceRemove": silence.SilenceChange(now=NOW, row=SILENCE, holds=False),
            "Ack": silence.AckTaken(now=NOW, case=CASE, state="in_review", since=NOW - DAY, by="li"),
            "CheckLink": links.LinkCheck(
                now=NOW,
                standing="official",
                official=True,
                why=("haoma.so.com is an official host of so360",),
                advice="it leads to the platform itself",
                links=(
                    links.LinkRow(
                        url="https://haoma.so.com/x",
                        standing="official",
                        why=("haoma.so.com is an official host of so360",),
                        host="haoma.so.com",
                        platform="so360",
                    ),
                ),
            ),
            "TrustSource": control.SourceChange(now=NOW, source="so360.onebox", old="quarantined", new="ok"),
            "SetLogLevel": control.LevelChange(old="info", new="debug"),
            "MaintenanceStart": control.MaintenanceChange(
                now=NOW,
                platform="so360",
                old="open",
                new="maintenance",
                cases=2,
                kind="major",
                until=NOW + DAY,
            ),
            "MaintenanceEnd": control.MaintenanceChange(
                now=NOW, platform="so360", old="maintenance", new="open", cases=2
            ),
            **{
                verb: control.CaseChange(**CHANGE)
                for verb in ("Approve", "Hold", "Advance", "Reject", "Withdraw", "Reopen")
            },
        }

    def refuse(self, method: str, error: Struct) -> None:
        self.answers[method] = CallError(error)

    def handlers(self, spec: Any) -> dict[str, Handler]:
        return {m.name: self._pages(m.name) if m.stream != "no" else self._one(m.name) for m in spec.methods}

    def _one(self, name: str) -> Handler:
        async def answer(params: Struct, call: Call) -> Struct:
            self.asked.append(params)
            found = self.answers[name]
            found = found(params) if callable(found) else found
            if isinstance(found, Exception):
                raise found
            assert isinstance(found, Struct)
            return found

        return answer

    def _pages(self, name: str) -> Callable[[Any, Call], AsyncGenerator[Struct, None]]:
        async def answer(params: Struct, call: Call) -> AsyncGenerator[Struct, None]:
            self.asked.append(params)
            found = self.answers[name]
            if isinstance(found, Exception):
                raise found
            for page in found:
                yield page
            if name == "Watch":
                raise CallError(errors.NotReady("stopping"))

        return answer


@pytest.fixture(autouse=True)
def _in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are the reader's own."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever the language of who runs the tests; the client changes both."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LANGUAGE", "")
    yield
    lang.use("en", {})
    names.use(None)


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Both sockets in a directory of their own, which the environment names."""
    fake = Fake()
    ready = threading.Event()
    holder: dict[str, Any] = {}

    async def main() -> None:
        def service(*specs: Any) -> Service:
            return Service(
                vendor="numtrust",
                product="numtrustd",
                version="0",
                url="",
                interfaces=[bind(spec, fake.handlers(spec)) for spec in specs],
                on_error=lambda method, peer, error: errors.InternalError(type(error).__name__),
            )

        with listen(tmp_path / "status.sock") as look, listen(tmp_path / "control.sock") as act:
            async with trio.open_nursery() as nursery:
                await nursery.start(service(STATUS).serve, [look.listener])
                await nursery.start(service(STATUS, CONTROL).serve, [act.listener])
                holder["token"] = trio.lowlevel.current_trio_token()
                holder["scope"] = nursery.cancel_scope
                ready.set()

    thread = threading.Thread(target=trio.run, args=(main,))
    thread.start()
    while not ready.wait(0.05):
        assert thread.is_alive(), "it did not start: a declaration may be wrong, see above"
    monkeypatch.setenv("NUMTRUSTD_SOCKET_DIR", str(tmp_path))
    yield fake
    holder["token"].run_sync_soon(holder["scope"].cancel)
    thread.join(10)
    assert not thread.is_alive()
