"""A pack author's mistakes: each gives one error, with where it stands, what is wrong and what would be right."""

from pathlib import Path

import pytest

from numtrustd.settings.pack_file import PackFile, read_pack

PACK = """\
[platform]
id = "acme"
name = "示例号码库"
class = "data_owner"
grade = "A"
checked = "2026-01"
seen = "the platform's API documentation"
official_hosts = ["labels.example.com"]
importance = 0.3

[platform.words]
"推广号" = "marketing"

[appeal]
channel = "manual"
review_days = 3
[[appeal.attempt]]
evidence = ["number_ownership"]
[appeal.manual]
address = "https://labels.example.com/appeal"
[appeal.manual.fields]
"理由" = "{letter}"

[[source]]
id = "acme.lookup"
title = "Acme look-up API"
kinds = ["mobile", "landline"]
cadence = "6h"
interval = "2s"
echo = [{ view = "answer", path = "number" }]
[source.request]
url = "https://labels.example.com/v1/lookup?number={e164}"
[source.request.auth]
kind = "bearer"
token = "{secret:acme-key}"
[source.views.answer]
steps = [{ do = "json" }]
[[source.reading]]
platform = "acme"
[[source.guard]]
name = "blocked"
when = [{ contains = ["captcha"] }]
then = { say = "unknown", reason = "blocked" }
[[source.rule]]
name = "marked"
when = [{ view = "answer", path = "label", nonempty = true }]
then = { say = "marked", words = { view = "answer", path = "label" } }
[[source.rule]]
name = "clean"
when = [{ view = "answer", path = "status", equals = "none" }]
then = { say = "clean" }
"""

CLEAN = 'when = [{ view = "answer", path = "status", equals = "none" }]'
MARKED = 'when = [{ view = "answer", path = "label", nonempty = true }]'
VIEW = "[source.views.answer]"

MISTAKES = {
    "a misspelt key": ("cadence =", "cadance =", "source[0].cadance", 'did you mean "cadence"?'),
    "no duration": ('"6h"', '"6 hours"', "source[0].cadence", "write a duration"),
    "a negative time": ('"2s"', '"-2s"', "source[0].interval", "write a duration"),
    "no kind of number": ('"mobile",', '"mobil",', "source[0].kinds[0]", 'one of "mobile"'),
    "a class that there is not": ('"data_owner"', '"dataowner"', "platform.class", '"data_owner"'),
    "a grade that there is not": ('grade = "A"', 'grade = "E"', "platform.grade", 'one of "A"'),
    "checked in time to come": ("2026-01", "2036-01", "platform.checked", "the month or the day of the last check"),
    "no share": ("importance = 0.3", "importance = 30", "platform.importance", "give a share from 0 to 1"),
    "no host": ('["labels.example.com"]', '["labels.example.com/v1"]', "platform.official_hosts[0]", "write it like"),
    "no category": ('"marketing"', '"advertising"', 'platform.words."推广号"', 'one of "fraud"'),
    "an appeal to somebody else": (
        "https://labels.example.com/appeal",
        "https://labels-example.com/appeal",
        "appeal.manual.address",
        "or add the host to official_hosts",
    ),
    "no paper": ('"number_ownership"', '"passport"', "appeal.attempt[0].evidence[0]", "known here: authorisation"),
    "a field that nobody fills in": ("{letter}", "{leter}", 'appeal.manual.fields."理由"', "there are area"),
    "a source of somebody else": ("acme.lookup", "acne.lookup", "source[0].id", 'name it "acme.…"'),
    "a platform that no pack has": ('platform = "acme"', 'platform = "acne"', "source[0].reading[0].platform", "acme"),
    "a placeholder that there is not": ("{e164}", "{phone}", "source[0].request.url", "there are area"),
    "a request about nobody": ("?number={e164}", "", "source[0].request.url", "put {national}, {e164} or {digits}"),
    "plain http": ("https://labels.example.com/v1", "http://labels.example.com", "source[0].request.url", "loopback"),
    "a key written out": ("{secret:acme-key}", "sk-12345", "source[0].request.auth.token", "write {secret:NAME}"),
    "no way to prove who asks": ('"bearer"', '"oauth"', "source[0].request.auth.kind", "known here: basic"),
    "no step of a view": ('do = "json"', 'do = "jsn"', "source[0].views.answer.steps[0].do", 'did you mean "json"?'),
    "a view that there is not": (
        MARKED, MARKED.replace("answer", "anser"), "source[0].rule.marked.when[0]", "answer, body",
    ),
    "no JMESPath": ('"status", eq', '"status[", eq', "source[0].rule.clean.when[0].path", "not a JMESPath"),
    "a selector into JSON": (
        MARKED, 'when = [{ view = "answer", css = "b", nonempty = true }]', "source[0].rule.marked.when[0].css", "HTML",
    ),
    "no regular expression": (
        'contains = ["captcha"]', 'matches = "(captcha"', "source[0].guard.blocked.when[0].matches", "missing )",
    ),
    "one that takes for ever": (
        'contains = ["captcha"]', 'matches = "(a+)+$"', "source[0].guard.blocked.when[0].matches", "bound the inner",
    ),
    "no reason": ('reason = "blocked"', 'reason = "captcha"', "source[0].guard[0].then.reason", 'one of "blocked"'),
    "a guard that says clean": (
        '{ say = "unknown", reason = "blocked" }', '{ say = "clean" }', "source[0].guard.blocked", "only a rule may",
    ),
    "two rules of one name": ('name = "clean"', 'name = "marked"', "source[0].rule[1].name", "a name of its own"),
    "a label without words": (
        ', words = { view = "answer", path = "label" }', "", "source[0].rule.marked.then", "give words or a category",
    ),
    "clean that the number alone proves": (
        CLEAN, 'when = [{ view = "answer", path = "number", nonempty = true }]', "source[0].rule.clean.when",
        "the platform's own word for no mark",
    ),
    "clean that a captcha page proves": (
        CLEAN, 'when = [{ contains = ["html"] }]', "source[0].rule.clean.when", "only the number's own card has",
    ),
    "a second way to look": (VIEW, f"[source.report]\n{VIEW}", "source[0].report", "keep one, or make two sources"),
    "no control number": (
        VIEW, f'[source.controls]\nmarked = ["123"]\n{VIEW}', "source[0].controls.marked[0]", "give one of these kinds",
    ),
    "money without a price": (VIEW, f"[source.budget]\nmoney = 10\n{VIEW}", "source[0].budget.money", "give price"),
    "no looks at all": (VIEW, f"[source.budget]\nper_day = 0\n{VIEW}", "source[0].budget.per_day", "at least 1"),
    "no hour": ('"2s"', '"2s"\nhours = "25:00-26:00"', "source[0].hours", 'write "08:00-22:00"'),
    "no step for a person": (
        "[appeal]", "[platform.device_test]\nsteps = []\n[appeal]", "platform.device_test.steps", "one step a line",
    ),
    "a lag that ends before it begins": (
        "importance", 'feeds = [{ platform = "oppo", lag = ["7d", "0s"] }]\nimportance',
        "platform.feeds[0].lag", "[soonest, latest]",
    ),
}  # fmt: skip
"""What was written for what, where it is said to be wrong, and a part of what is said or of what would be right."""


def test_the_pack_is_good_without_them(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(PACK, encoding="utf-8")
    assert isinstance(read_pack(file), PackFile)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_gives_one_error_with_its_place_and_the_remedy(tmp_path: Path, mistake: str) -> None:
    old, new, key, said = MISTAKES[mistake]
    assert PACK.count(old) >= 1
    text = PACK.replace(old, new, 1)
    file = tmp_path / "acme.toml"
    file.write_text(text, encoding="utf-8")
    found = read_pack(file)
    assert isinstance(found, list), "nothing is said"
    [problem] = found
    assert problem.key.startswith(key)
    assert said in f"{problem.what}: {problem.remedy}"
    assert len(problem.remedy) > 5
    first = PACK[: PACK.index(old)].count("\n") + 1
    above = 3 if key == "source[0].guard.blocked" else 0  # of the whole guard
    assert first - above <= problem.line <= first + new.count("\n") + 1, "not where it stands"
