"""The order in which an answer is read, what failures become, and what a source may not say."""

import hashlib
import json

import pytest
from msgspec import structs

from numtrustd.domain.label import Category
from numtrustd.domain.number import NumberKind, from_canonical
from numtrustd.domain.observation import Observation, Status, UnknownReason
from numtrustd.probes.extract import FAILURES, WORD_NOT_KNOWN, extract, trace
from numtrustd.probes.lint import advice, lint
from numtrustd.probes.spec import Reading, Rule, SayCertified, SayClean, SayMarked, SayUnknown, Source
from numtrustd.wire import echo
from numtrustd.wire.exchange import Failure, NotSent, Outcome, Reply, Unknown
from numtrustd.wire.spec import Condition, Html, Json, Jsonp, Locator, Pick, RequestSpec, Take, View
from tests import packs

NUMBER = from_canonical("+8613800138000")
AT = 1_795_000_000.0
J = "json"


def where(path: str, **test: object) -> Condition:
    return Condition(view=J, path=path, **test)  # type: ignore[arg-type]  # tests pass what the struct takes


MARKED = Rule(
    "marked", (where("label", nonempty=True),), SayMarked(Pick(view=J, path="label"), marks=Pick(view=J, path="n"))
)
CLEAN = Rule("clean", (where("label", equals=""),), SayClean(name=Pick(view=J, path="owner")))
NAMED = Rule(
    "named",
    (where("owner", nonempty=True),),
    SayCertified(Pick(view=J, path="owner"), Pick(view=J, path="logo"), Pick(view=J, path="tag")),
)
WAIT = Rule("wait", (where("state", equals="wait"),), SayUnknown(UnknownReason.PENDING))
BLOCK = Rule("block", (Condition(contains=("captcha",)),), SayUnknown(UnknownReason.BLOCKED))
SOURCE = Source(
    id="p.one",
    title="One",
    kinds=(NumberKind.MOBILE,),
    request=RequestSpec(url="https://api.example.com/{national}"),
    readings=(Reading("p"),),
    rules=(WAIT, MARKED, CLEAN, NAMED),
    guards=(BLOCK,),
    views={J: View((Json(),))},
    echo=(Locator(view=J, path="phone"),),
)


def reply(status: int = 200, **members: object) -> Reply:
    return Reply(status, (), json.dumps({"phone": NUMBER.national, **members}).encode())


def look(outcome: Outcome, source: Source = SOURCE, **words: Category) -> Observation:
    (seen,) = extract(source, NUMBER, outcome, AT, {"p": words})
    return seen


def test_marked() -> None:
    seen = look(reply(label="广告推销", n=3))
    assert (seen.status, seen.category, seen.words, seen.marks) == (Status.MARKED, Category.MARKETING, "广告推销", 3)
    assert (seen.platform, seen.source, seen.surface, seen.at, seen.rule) == ("p", "p.one", "default", AT, "marked")
    assert seen.detail is None


def test_digest_is_of_the_raw_body() -> None:
    answer = reply(label="x")
    assert look(answer).digest == hashlib.sha256(answer.body).hexdigest()[:16]


def test_words_nobody_knows() -> None:
    seen = look(reply(label="碰瓷电话"))
    assert (seen.category, seen.detail, seen.words) == (Category.OTHER, WORD_NOT_KNOWN, "碰瓷电话")
    own = look(reply(label="碰瓷电话"), 碰瓷电话=Category.FRAUD)
    assert (own.category, own.detail) == (Category.FRAUD, None)


def test_marked_without_words() -> None:
    rule = structs.replace(MARKED, then=SayMarked(words=Pick(view=J, path="nope")))
    seen = look(reply(label="x"), structs.replace(SOURCE, rules=(rule,)))
    assert (seen.category, seen.words, seen.detail) == (Category.OTHER, None, "no words given")
    rule = structs.replace(MARKED, then=SayMarked(category=Category.FRAUD))
    assert look(reply(label="x"), structs.replace(SOURCE, rules=(rule,))).category is Category.FRAUD


def test_clean_and_certified() -> None:
    assert look(reply(label="", owner="示例")).name == "示例"
    seen = look(reply(owner="示例", logo="L", tag="T"))
    assert (seen.status, seen.name, seen.logo, seen.tag) == (Status.CERTIFIED, "示例", "L", "T")


def test_no_rule_is_never_clean() -> None:
    seen = look(reply(other=1))
    assert (seen.status, seen.reason, seen.rule) == (Status.UNKNOWN, UnknownReason.BAD_SHAPE, None)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (reply(403, captcha=1), UnknownReason.BLOCKED),
        (reply(200, captcha=1, label="x"), UnknownReason.BLOCKED),
        (reply(429, label="x"), UnknownReason.RATE_LIMITED),
        (reply(401, label="x"), UnknownReason.BLOCKED),
        (reply(403, label="x"), UnknownReason.BLOCKED),
        (reply(404, label="x"), UnknownReason.HTTP_ERROR),
        (reply(302, label="x"), UnknownReason.HTTP_ERROR),
        (reply(500, label="x"), UnknownReason.HTTP_ERROR),
        (reply(199, label=""), UnknownReason.HTTP_ERROR),
        (Reply(200, (), b""), UnknownReason.EMPTY),
        (Reply(204, (), b" "), UnknownReason.EMPTY),
        (Reply(200, (), b"{}"), UnknownReason.EMPTY),
        (reply(phone="13900139000", label=""), UnknownReason.WRONG_CARD),
        (reply(phone="", label="x"), UnknownReason.NO_CARD),
        (reply(phone=None, owner="x"), UnknownReason.NO_CARD),
        (reply(phone="13900139000", state="wait"), UnknownReason.PENDING),
    ],
)
def test_the_order(outcome: Outcome, reason: UnknownReason) -> None:
    seen = look(outcome)
    assert (seen.status, seen.reason) == (Status.UNKNOWN, reason)


def test_a_guard_may_read_a_status() -> None:
    login = Rule("login", (Condition(status=(302,)),), SayUnknown(UnknownReason.LOGIN))
    seen = look(reply(302), structs.replace(SOURCE, guards=(login,)))
    assert (seen.reason, seen.rule) == (UnknownReason.LOGIN, "login")


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("make", [NotSent, Unknown])
def test_failures(failure: Failure, make: type[NotSent | Unknown]) -> None:
    seen = look(make(failure, "why"))
    assert (seen.status, seen.reason, seen.detail, seen.digest) == (Status.UNKNOWN, FAILURES[failure], "why", None)
    assert look(make(failure)).detail == str(failure)


def test_failure_reasons() -> None:
    assert FAILURES[Failure.TIMEOUT] is UnknownReason.TIMEOUT
    assert FAILURES[Failure.TLS] is UnknownReason.TLS
    assert FAILURES[Failure.TOO_LARGE] is UnknownReason.TOO_LARGE
    assert FAILURES[Failure.DNS] is UnknownReason.UNREACHABLE
    assert FAILURES.keys() == set(Failure)


CARDS = Source(
    id="p.cards",
    title="Cards",
    kinds=(NumberKind.MOBILE,),
    request=RequestSpec(url="https://a.example/"),
    readings=(Reading("p", view="page", at=".card"),),
    rules=(
        Rule("clean", (Condition(view="item", css=".ok", exists=True),), SayClean()),
        Rule("marked", (Condition(view="item", css=".bad", exists=True),), SayMarked(Pick(view="item", css=".bad"))),
    ),
    views={"page": View((Html(),))},
    echo=(Locator(view="item"),),
)


def page(*cards: str) -> Reply:
    return Reply(200, (), "".join(f"<div class=card>{card}</div>" for card in cards).encode() or b"<p>none</p>")


def test_the_part_that_names_the_number_is_taken() -> None:
    others = "<b class=bad>骚扰电话</b> 13900139000"
    ours = "<b class=ok>ok</b> 138-0013-8000"
    assert look(page(ours), CARDS).status is Status.CLEAN
    assert look(page(others, ours), CARDS).status is Status.CLEAN
    assert look(page(ours, others), CARDS).status is Status.CLEAN
    assert look(page(others), CARDS).reason is UnknownReason.WRONG_CARD
    assert look(page(others, others), CARDS).reason is UnknownReason.WRONG_CARD
    assert look(page("<b class=ok>ok</b>"), CARDS).reason is UnknownReason.NO_CARD
    gone = look(page(), CARDS)
    assert (gone.reason, gone.detail) == (UnknownReason.BAD_SHAPE, "the part that the reading is about is not there")


@pytest.mark.covers("N11")
def test_parts_within_parts_are_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part holds all the text of those within it: fifty of them would be read as fifty pages."""
    read: list[int] = []
    names = echo.names

    def counted(text: str, asked: echo.Asked) -> bool:
        read.append(len(text))
        return names(text, asked)

    monkeypatch.setattr(echo, "names", counted)
    nested = Reply(200, (), b"<div class=card>" * 40 + "号码 ".encode() * 5_000 + b"<b class=ok>ok</b>")
    assert look(nested, CARDS).reason is UnknownReason.NO_CARD
    assert 2 <= len(read) <= 6
    read.clear()
    assert look(page(*["x" * 400] * 40, "<b class=ok>ok</b> 138-0013-8000"), CARDS).status is Status.CLEAN


def test_parts_of_a_list() -> None:
    source = structs.replace(
        SOURCE,
        readings=(Reading("p", view=J, at="rows[]"),),
        rules=(Rule("clean", (Condition(view="item", path="label", equals=""),), SayClean()),),
        echo=(Locator(view="item", path="phone"),),
    )
    rows = [{"phone": "13900139000", "label": "x"}, {"phone": NUMBER.national, "label": ""}]
    assert look(reply(rows=rows), source).status is Status.CLEAN
    assert look(reply(rows=rows[:1]), source).reason is UnknownReason.BAD_SHAPE
    assert look(Reply(200, (), b"[[[[["), source).detail == "the view json cannot be read"


def test_a_part_by_what_is_no_selector_is_never_there() -> None:
    """Loading reads a source with pages of its own, and must outlast the one that it is about to refuse."""
    at = ":is(:lexbor-co)ntains(x))"
    source = structs.replace(SOURCE, views={"page": View((Html(),))}, readings=(Reading("p", view="page", at=at),))
    assert [line for line in lint(source) if line.startswith("reading[0].at: ")]
    seen = look(Reply(200, (), b"<p>13800138000</p>"), source)
    assert (seen.reason, seen.detail) == (UnknownReason.BAD_SHAPE, "the view page cannot be read")


def test_one_platform_does_not_spoil_another() -> None:
    source = structs.replace(
        SOURCE,
        readings=tuple(Reading(name, view=J, at=f"rows.{name}") for name in ("a", "b", "c")),
        rules=(
            Rule("clean", (Condition(view="item", path="label", equals=""),), SayClean()),
            Rule(
                "marked",
                (Condition(view="item", path="label", nonempty=True),),
                SayMarked(Pick(view="item", path="label")),
            ),
        ),
    )
    seen = extract(source, NUMBER, reply(rows={"a": {"label": "骚扰电话"}, "b": 7, "c": {"label": ""}}), AT, {})
    assert [(o.platform, o.status) for o in seen] == [
        ("a", Status.MARKED),
        ("b", Status.UNKNOWN),
        ("c", Status.CLEAN),
    ]


def test_trace_says_why() -> None:
    (told,) = trace(SOURCE, NUMBER, reply(label="广告推销"))
    assert [(step.kind, step.name, step.held) for step in told.steps] == [
        ("guard", "block", False),
        ("rule", "wait", False),
        ("rule", "marked", True),
    ]
    assert told.steps[1].why == "json: path state equals 'wait' does not hold: nothing there"
    assert told.steps[2].why == "json: path label nonempty True holds: '广告推销'"
    (wrong,) = trace(SOURCE, NUMBER, reply(phone="1", label="x"))
    assert (wrong.steps[-1].kind, wrong.steps[-1].why) == ("echo", "the answer names another number")
    (lost,) = trace(SOURCE, NUMBER, Unknown(Failure.TIMEOUT, "20 s"))
    assert (lost.steps[0].name, lost.steps[0].why) == ("no answer", "timeout: 20 s")
    (http,) = trace(SOURCE, NUMBER, reply(500))
    assert http.steps[-1].why == "HTTP 500"


WITNESSES = ("baidu.haoma_page", "baidu.search_page", "baidu.mobile_page")
"""Pages of which only the form of a label is known: whoever adds one says so here."""


@pytest.mark.parametrize("source", packs.sources().values(), ids=lambda s: s.id)
def test_shipped_sources_are_without_fault(source: Source) -> None:
    assert lint(source) == []
    witness = ["rule: no rule says clean or certified, so a label is never seen to go"]
    assert advice(source) == ([] if source.clears else witness)
    assert source.clears or source.id in WITNESSES
    assert source.grade in "ABCD"
    assert source.checked
    assert not source.enabled
    assert source.why_off


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"request": RequestSpec(url="http://a.example/{ref}")}, "request: "),
        ({"views": {J: View((Json(), Take("a[")))}}, "views.json.steps[1].path: not a JMESPath"),
        ({"readings": ()}, "reading: there is none"),
        ({"readings": (Reading("p"), Reading("p"))}, "reading[1]: p/default is read twice"),
        ({"readings": (Reading("p", view="x"),)}, "reading[0].view: there is no view 'x'"),
        ({"readings": (Reading("p", at="a"),)}, "reading[0].at: the view 'body' holds text"),
        ({"readings": (Reading("p", view=J, at="a["),)}, "reading[0].at: not a JMESPath"),
        ({"rules": ()}, "rule: there is none"),
        ({"rules": (CLEAN, CLEAN)}, "rule[1].name: the name 'clean' is taken"),
        ({"rules": (structs.replace(CLEAN, when=()),)}, "a rule without conditions matches everything"),
        ({"rules": (structs.replace(CLEAN, when=(where("label", exists=False),)),)}, "only absence leads to clean"),
        ({"rules": (structs.replace(MARKED, then=SayMarked()),)}, "rule.marked.then: give words or a category"),
        ({"rules": (structs.replace(MARKED, then=SayMarked(Pick())),)}, "rule.marked.then.words: picks the whole body"),
        ({"rules": (structs.replace(CLEAN, when=(where("label", matches="("),)),)}, "rule.clean.when[0].matches: not"),
        ({"rules": (structs.replace(CLEAN, when=(Condition(view="item", exists=True),)),)}, "there is no view 'item'"),
        ({"guards": (CLEAN,), "rules": (MARKED,)}, "guard.clean: a guard says unknown"),
        ({"echo": (Locator(view="nope"),)}, "echo[0].view: there is no view 'nope'"),
    ],
)  # fmt: skip
def test_lint(change: dict[str, object], said: str) -> None:
    assert lint(SOURCE) == []
    found = lint(structs.replace(SOURCE, **change))
    assert any(said in line for line in found), found


BOUND = structs.replace(
    SOURCE,
    request=RequestSpec(url="https://api.example.com/?n={national}&callback=cb_{national}"),
    views={J: View((Jsonp("cb_{national}"),))},
    echo=(),
)


def test_a_callback_made_of_the_number_stands_for_an_echo() -> None:
    assert lint(BOUND) == []
    assert advice(BOUND) == []
    other = structs.replace(BOUND, views={J: View((Jsonp("cb"),))})
    assert [line.split(":")[0] for line in advice(other)] == ["echo"]
    assert look(Reply(200, (), b'cb_13800138000({"label": ""})'), BOUND).status is Status.CLEAN
    assert look(Reply(200, (), b'cb_13900139000({"label": ""})'), BOUND).reason is UnknownReason.BAD_SHAPE


@pytest.mark.parametrize(
    ("request_", "good"),
    [
        (RequestSpec(url="https://api.example.com/?callback=cb_{national}"), True),
        (RequestSpec(url="https://api.example.com/", method="POST", form={"cb": "cb_{national}"}), True),
        (RequestSpec(url="https://api.example.com/?callback=cb"), False),
        (RequestSpec(url="https://api.example.com/?callback=cb_{digits}"), False),
    ],
)
def test_the_request_must_ask_for_the_callback(request_: RequestSpec, *, good: bool) -> None:
    said = "views.json.steps[0].callback: the request does not ask for 'cb_{national}'; write it there the same way"
    assert (lint(structs.replace(BOUND, request=request_)) == []) is good
    assert good or said in lint(structs.replace(BOUND, request=request_))


def test_a_source_that_only_knows_the_form_of_a_label_is_a_witness() -> None:
    assert SOURCE.clears
    assert structs.replace(SOURCE, rules=(WAIT, MARKED, NAMED)).clears
    assert not structs.replace(SOURCE, rules=(WAIT, MARKED)).clears


def test_advice() -> None:
    assert advice(structs.replace(SOURCE)) == []
    bare = structs.replace(SOURCE, echo=(), guards=(), rules=(MARKED,), enabled=False)
    assert [line.split(":")[0] for line in advice(bare)] == ["echo", "guard", "rule", "why_off"]
