"""`numtrustd pack test` and `look --record`: what an author of a pack is told, right or wrong."""

from pathlib import Path

import pytest

from numtrustd import exit_status
from numtrustd.domain.number import from_canonical
from numtrustd.domain.observation import Observation, Status
from numtrustd.packtest import run_pack_test
from numtrustd.probes import fixture
from numtrustd.probes.fixture import FixtureError
from numtrustd.wire.exchange import Reply

PACK = """
[platform]
id = "acme"
name = "示例号码库"
class = "data_owner"
grade = "A"
checked = "2026-01"
seen = "documentation"
official_hosts = ["labels.example.com"]

[[source]]
id = "acme.lookup"
title = "Acme look-up API"
grade = "A"
checked = "2026-01"
kinds = ["mobile"]
echo = [{ view = "answer", path = "number" }]
[source.request]
url = "https://labels.example.com/v1/lookup?number={e164}"
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
MARKED = (
    'HTTP 200\n\n{"number": "+8613800138000", "label": "骚扰电话"}',
    'status = "marked"\ncategory = "nuisance"\nwords = "骚扰电话"',
)
CLEAN = ('HTTP 200\n\n{"number": "+8613800138000", "status": "none"}', 'status = "clean"')
BLOCKED = ("HTTP 200\n\n<p>captcha</p>", 'status = "unknown"\nreason = "blocked"')


def keep(tmp_path: Path, name: str, answer: str, expect: str) -> None:
    home = tmp_path / "acme"
    home.mkdir(exist_ok=True)
    (home / f"{name}.http").write_text(answer, encoding="utf-8")
    (home / f"{name}.toml").write_text(
        f'number = "13800138000"\n[[expect]]\nplatform = "acme"\n{expect}\n', encoding="utf-8"
    )


def run(tmp_path: Path, pack: str = PACK) -> tuple[int, str]:
    file, said = tmp_path / "acme.toml", []
    file.write_text(pack, encoding="utf-8")
    status = run_pack_test(file, None, said.append)
    return status, "\n".join(said)


def test_answers_that_read_right_pass_and_what_they_do_not_show_is_said(tmp_path: Path) -> None:
    keep(tmp_path, "marked", *MARKED)
    keep(tmp_path, "clean", *CLEAN)
    status, said = run(tmp_path)
    assert status == 0
    assert "no recorded answer reaches blocked" in said
    assert "shows blocked, limited, login" in said
    keep(tmp_path, "blocked-captcha", *BLOCKED)
    status, said = run(tmp_path)
    assert status == 0
    assert "reaches" not in said
    assert said.endswith("3 of 3 recorded answers read as they should")


def test_an_answer_that_reads_otherwise_is_shown_with_what_was_tried(tmp_path: Path) -> None:
    keep(tmp_path, "marked", MARKED[0], 'status = "marked"\ncategory = "marketing"\nwords = "推销"')
    keep(tmp_path, "clean", *CLEAN)
    status, said = run(tmp_path)
    assert status == exit_status.DATA
    assert 'acme/default category: expected "marketing", read "nuisance"' in said
    assert 'acme/default words: expected "推销", read "骚扰电话"' in said
    assert "guard blocked: no" in said
    assert "rule marked: matches" in said
    assert said.endswith("1 of 2 recorded answers read as they should")


def test_a_pack_that_takes_another_numbers_answer_fails(tmp_path: Path) -> None:
    keep(tmp_path, "marked", *MARKED)
    loose = (
        PACK.replace('path = "number" }]', 'css = "p" }]')
        if False
        else PACK.replace(
            'echo = [{ view = "answer", path = "number" }]', 'echo = [{ regex = "(\\\\+8613800138\\\\d)" }]'
        )
    )
    status, said = run(tmp_path, loose)
    assert status != 0, said


def test_a_verdict_that_hangs_on_the_head_of_an_answer_fails_when_it_is_cut(tmp_path: Path) -> None:
    """A clean page whose mark stands at its end: cut before it, it must not be clean."""
    html = PACK.replace(
        'echo = [{ view = "answer", path = "number" }]', 'echo = [{ view = "page", css = "i" }]'
    ).replace('[source.views.answer]\nsteps = [{ do = "json" }]', '[source.views.page]\nsteps = [{ do = "html" }]')
    html = html.replace(
        '{ view = "answer", path = "label", nonempty = true }', '{ view = "page", css = "b.mark", nonempty = true }'
    )
    html = html.replace('words = { view = "answer", path = "label" }', 'words = { view = "page", css = "b.mark" }')
    html = html.replace(
        '{ view = "answer", path = "status", equals = "none" }', '{ view = "page", css = "i.card", nonempty = true }'
    )
    page = (
        'HTTP 200\n\n<html><i class="card">13800138000</i><p>'
        + "filler " * 80
        + '</p><b class="mark">骚扰电话</b></html>'
    )
    keep(tmp_path, "marked", page, MARKED[1])
    status, said = run(tmp_path, html)
    assert status == exit_status.DATA, said
    assert "cut off after" in said
    assert "it is read as clean, by rule clean, and whole as marked" in said


@pytest.mark.parametrize(
    ("answer", "told", "says"),
    [
        ("200 OK\n\nx", 'number = "13800138000"\nexpect = []', "its first line is '200 OK': write HTTP and the status"),
        ("HTTP 200\nContent-Type: a\n\nx", 'number = "13800138000"\nexpect = []', "'Content-Type: a' is no header"),
        ("HTTP 200", 'number = "13800138000"\nexpect = []', "no empty line ends its headers"),
        ("HTTP 200\n\n", "number = 5", "Expected `str`, got `int` - at `$.number`"),
        ("HTTP 200\n\n", 'number = "12"\nexpect = []', "number: "),
        (
            "HTTP 200\n\n",
            'number = "13800138000"\n[[expect]]\nplatform = "a"\nstatus = "spotless"',
            'expect[0].status: "spotless" is none of marked, clean, certified, unknown: write number = "…" and one',
        ),
        (
            "HTTP 200\n\n",
            'number = "13800138000"\n[[expect]]\nplatform = "a"\nstatus = "unknown"\nreason = "captcha"',
            'expect[0].reason: "captcha" is none of blocked, rate_limited, login, maintenance, no_card, ',
        ),
        (
            "HTTP 200\n\n",
            'number = "13800138000"\n[[expect]]\nplatform = "a"\nstatus = "marked"\ncategory = "spam"',
            'expect[0].category: "spam" is none of fraud, nuisance, marketing, finance, agent, service, other',
        ),
        (
            "HTTP 200\n\n",
            'number = "13800138000"\n[[expect]]\nplatform = "a"\nstatus = "clean"\ncolour = 1',
            "expect[0]: Object contains unknown field `colour`; known here: platform, status, surface, category, ",
        ),
        ("HTTP 200\n\n", "number = ", "Invalid value"),
    ],
)
def test_a_fixture_that_cannot_be_used_says_why(tmp_path: Path, answer: str, told: str, says: str) -> None:
    keep(tmp_path, "marked", *MARKED)
    (tmp_path / "acme" / "bad.http").write_text(answer, encoding="utf-8")
    (tmp_path / "acme" / "bad.toml").write_text(told, encoding="utf-8")
    status, said = run(tmp_path)
    assert status == exit_status.DATA
    assert says in said
    assert str(tmp_path / "acme" / "bad") in said
    assert said.endswith("1 of 2 recorded answers read as they should"), "the others are read all the same"


def test_halves_of_a_fixture_are_named(tmp_path: Path) -> None:
    keep(tmp_path, "marked", *MARKED)
    (tmp_path / "acme" / "alone.toml").write_text('number = "13800138000"\nexpect = []', encoding="utf-8")
    (tmp_path / "acme" / "lone.http").write_text("HTTP 200\n\n", encoding="utf-8")
    status, said = run(tmp_path)
    assert status == exit_status.DATA
    assert "alone.toml: has no answer beside it: record one as alone.http" in said
    assert "lone.toml: cannot be read" in said


def test_nothing_recorded_is_no_success(tmp_path: Path) -> None:
    status, said = run(tmp_path)
    assert status == exit_status.DATA
    assert "numtrustd look NUMBER --source acme.lookup --record" in said


def test_a_pack_with_a_mistake_says_place_and_remedy(tmp_path: Path) -> None:
    status, said = run(tmp_path, PACK.replace('say = "clean"', 'say = "spotless"'))
    assert status == exit_status.CONFIG
    assert said.startswith(f"{tmp_path / 'acme.toml'}:")


def test_only_the_packs_own_problems_are_said(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[platform]\nid = "other"\ncolour = "red"\n', encoding="utf-8")
    keep(tmp_path, "marked", *MARKED)
    assert run(tmp_path)[0] == 0


def test_several_sources_have_a_directory_each(tmp_path: Path) -> None:
    second = PACK[PACK.index("[[source]]") :].replace("acme.lookup", "acme.second")
    for source in ("acme.lookup", "acme.second"):
        keep(tmp_path, "marked", *MARKED)
        home = tmp_path / "acme" / source
        home.mkdir()
        for kind in ("http", "toml"):
            (tmp_path / "acme" / f"marked.{kind}").rename(home / f"marked.{kind}")
    status, said = run(tmp_path, PACK + second)
    assert status == 0
    assert "2 of 2" in said


def test_what_is_recorded_is_read_again_without_cookies(tmp_path: Path) -> None:
    headers = (("Content-Type", "text/html"), ("Set-Cookie", "session=mine"))
    seen = Observation(
        "acme.lookup", "acme", 1.0, Status.MARKED, words='a "quoted" 词', marks=3, rule="marked", digest="d"
    )
    fixture.write(
        tmp_path / "new" / "marked", "13800138000", Reply(200, headers, b"body\n\n"), (seen,), "Recorded now."
    )
    found = fixture.read(tmp_path / "new" / "marked.http")
    assert found.reply.headers == (("content-type", "text/html"),)
    assert found.reply.body == b"body\n\n"
    assert found.number == from_canonical("+8613800138000")
    [expected] = found.expect
    assert (expected.words, expected.marks, expected.rule) == ('a "quoted" 词', 3, "marked")
    with pytest.raises(FixtureError, match="is there already"):
        fixture.write(tmp_path / "new" / "marked", "13800138000", Reply(200, (), b""), (), "Recorded now.")


HANDS = """
[platform]
id = "acme"
name = "示例手机"
class = "handset_vendor"
grade = "D"
checked = "2026-01"
seen = "hearsay"
[platform.device_test]
surfaces = ["incoming_call"]
steps = ["拨打这部手机"]
record = ["机型"]
"""
REPORT = (
    '{"number": "13800138000", "platform": "acme", "surface": "incoming_call", "status": "marked", '
    '"words": "诈骗电话", "device": "A1", "os": "A 1"}\n'
)
SEEN = """
[[expect]]
platform = "acme"
surface = "incoming_call"
status = "marked"
category = "fraud"
words = "诈骗电话"
"""


def tell(tmp_path: Path, name: str, told: str, beside: str, directory: str = "") -> None:
    home = tmp_path / "acme" / directory
    home.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(told, encoding="utf-8")
    (home / name).with_suffix(".toml").write_text(f'number = "13800138000"\n{beside}', encoding="utf-8")


@pytest.mark.parametrize("directory", ["", "acme.device"])
def test_what_people_tell_of_a_platform_is_tested_likewise(tmp_path: Path, directory: str) -> None:
    status, said = run(tmp_path, HANDS)
    assert status == 0
    assert "put a report as `numtrustctl observe` takes it on a line into marked.json" in said
    assert said.endswith("good; it has no source of its own, so there is nothing that must be read")
    tell(tmp_path, "marked.json", REPORT, SEEN, directory)
    tell(tmp_path, "no-handset.json", REPORT.replace('"device": "A1", ', ""), 'refused = "device"\n', directory)
    status, said = run(tmp_path, HANDS)
    assert status == 0
    assert "acme.device: nothing recorded shows blocked, wrong, malformed" in said
    assert said.endswith("2 of 2 recorded answers read as they should")
    tell(tmp_path, "wrong-number.json", REPORT, 'refused = "number"\n', directory)
    tell(tmp_path, "malformed.json", "{", SEEN, directory)
    (tmp_path / "acme" / directory / "lone.toml").write_text('number = "1"', encoding="utf-8")
    status, said = run(tmp_path, HANDS)
    assert status == exit_status.DATA
    assert "wrong-number.json: read as marked, expected to be refused for number" in said
    assert "malformed.json: refused for line (is no JSON), expected to be taken" in said
    assert "lone.toml: has no answer beside it: record one as lone.json" in said
    assert said.endswith("2 of 5 recorded answers read as they should")


def test_what_a_program_writes_is_tested_likewise(tmp_path: Path) -> None:
    farm = HANDS + (
        '[[source]]\nid = "acme.farm"\ntitle = "our handsets"\nkinds = ["mobile"]\n[source.command]\n'
        'argv = ["/opt/handsets/look"]\n[[source.reading]]\nplatform = "acme"\nsurface = "incoming_call"\n'
    )
    line = REPORT.replace(', "device": "A1", "os": "A 1"', "")
    status, said = run(tmp_path, farm)
    assert status == exit_status.DATA
    assert "put the lines that the program writes into marked.jsonl" in said
    tell(tmp_path, "marked.jsonl", line, SEEN, "acme.farm")
    status, said = run(tmp_path, farm)
    assert (status, said.splitlines()[-1].endswith("1 of 1 recorded answers read as they should")) == (0, True)
    tell(tmp_path, "marked.jsonl", line.replace("marked", "clean"), SEEN, "acme.farm")
    status, said = run(tmp_path, farm)
    assert status == exit_status.DATA
    assert 'acme/incoming_call status: expected "marked", read "unknown"' in said, "a line that contradicts itself"
