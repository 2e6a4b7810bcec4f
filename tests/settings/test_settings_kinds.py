"""Sources that are no HTTP requests: every mistake of a pack's author is found, with its place and its remedy."""

import os
import pathlib
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from settings_files import Files

from numtrustd import build
from numtrustd.settings import Loaded

Good = Callable[..., Loaded]
Problems = Callable[..., str]

FARM = """\
[platform]
id = "phone"
name = "Phone"
class = "handset_vendor"

[vars]
rack = "7"

[[source]]
id = "phone.farm"
title = "our farm"
kinds = ["mobile"]
[source.command]
argv = ["/bin/true", "{var:rack}"]
at_most = 20
deadline = "10m"
max_bytes = "64 KiB"
env = { KEY = "{secret:farm-key}" }
[[source.reading]]
platform = "phone"
surface = "incoming_call"
"""


@pytest.fixture(autouse=True)
def not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_234)


def farm(base: Files, old: str = "", new: str = "", settings: str = "") -> Files:
    assert old in FARM
    secret = {"secrets/farm-key": "s3cret-key"}
    main = base["numtrustd.toml"] + settings + '[credentials]\ndir = "secrets"\n'
    return base | secret | {"numtrustd.toml": main, "platforms.d/phone.toml": FARM.replace(old, new)}


def test_a_program(good: Good, base: Files) -> None:
    loaded = good(farm(base))
    source = loaded.sources["phone.farm"]
    assert source.kind == "command"
    assert source.clears
    program = build.program(loaded, "phone.farm").spec
    assert program.argv == ("/bin/true", "7")
    assert program.env == {"KEY": "s3cret-key"}
    assert (program.at_most, program.deadline, program.max_bytes) == (20, 600.0, 65_536)
    assert "s3cret-key" in build.private(loaded)


def test_another_secret_makes_another_source_of_it(good: Good, base: Files) -> None:
    before = build.bound_sources(good(farm(base)))
    after = build.bound_sources(good(farm(base) | {"secrets/farm-key": "an0ther-key"}))
    assert build.difference(before, after).changed == ("phone.farm",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            FARM[FARM.index("[source.command]") : FARM.index("[[source.reading]]")],
            "",
            "phone.toml:9: source[0].request: missing: give [source.request] for an HTTP request, [source.batch]",
        ),
        (
            "[[source.reading]]",
            '[source.request]\nurl = "https://phone.example/"\n[[source.reading]]',
            "a second way to look beside source.command: keep one",
        ),
        ('"/bin/true"', '"true"', 'argv[0]: "true" is no absolute path: write it whole'),
        ('"/bin/true"', '"/no/such"', "argv[0]: there is no program /no/such: put it there"),
        ('"/bin/true"', '"/etc/passwd"', "argv[0]: /etc/passwd cannot be executed: chmod +x"),
        ('["/bin/true", "{var:rack}"]', "[]", "argv: is empty: name the program"),
        ("{var:rack}", "{var:rak}", "argv[1]: uses {var:rak}, which [vars] does not name"),
        ('rack = "7"', 'rack = ""', 'platform.phone.vars.rack: phone.farm needs it: [platform.phone.vars] rack = "…"'),
        ("{var:rack}", "{secret:farm-key}", "puts a secret on the command line"),
        ("{var:rack}", "{national}", "is not filled in here: the numbers come on the program's standard input"),
        ("KEY =", '"K-Y" =', '"K-Y" is no name of a variable'),
        ("farm-key}", "other}", "credentials.other: phone.farm needs this secret"),
        ("at_most = 20", "at_most = 0", "phone.toml:15: source[0].command.at_most: is the number 0"),
        ('deadline = "10m"', 'deadline = "0s"', "source[0].command.deadline: is"),
        ('"64 KiB"', '"65 MiB"', "source[0].command.max_bytes: is"),
        ("at_most", "most", "source[0].command.most: unknown key"),
        ("[source.command]", '[source.command]\nuser = "nobody-here"', 'user: no user is called "nobody-here"'),
        ("[source.command]", '[source.command]\nuser = "root"', "user: is root: name a user who may do no more"),
        ('surface = "incoming_call"', 'at = "rows"', "reading[0].at: is for answers of HTTP requests: leave it out"),
        ('surface = "incoming_call"\n', '[[source.reading]]\nplatform = "phone"\n', "phone/default is read twice"),
        (
            "[[source.reading]]",
            '[[source.rule]]\nname = "x"\nwhen = [{ status = [200] }]\nthen = { say = "clean" }\n[[source.reading]]',
            "rule: is for answers of HTTP requests: leave it out",
        ),
    ],
)
def test_each_mistake_has_its_place_and_remedy(problems: Problems, base: Files, old: str, new: str, said: str) -> None:
    found = problems(farm(base, old, new))
    assert said in found
    assert found.count("\n") <= 2, f"one mistake, one line: {found}"


def test_a_program_that_cannot_run_where_it_lies_has_another_remedy(
    problems: Problems, base: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != "/bin/true")
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_NOEXEC))
    found = problems(farm(base))
    assert (
        "/bin/true cannot be executed: nothing can be where it lies (mounted noexec): systemctl edit numtrustd" in found
    )
    assert "ExecPaths=/bin" in found


@pytest.mark.parametrize("key", ['base_url = "https://a.example"', 'via = "direct"', 'limits = { deadline = "5s" }'])
def test_settings_of_requests_have_no_effect_on_a_program(problems: Problems, base: Files, key: str) -> None:
    assert "has no effect: phone.farm is no HTTP request" in problems(
        farm(base, settings=f'[source."phone.farm"]\n{key}\n')
    )


def test_one_that_is_off_need_not_be_on_this_machine(good: Good, base: Files) -> None:
    files = farm(base, 'kinds = ["mobile"]', 'kinds = ["mobile"]\nenabled = false\nwhy_off = "needs a farm"')
    files["platforms.d/phone.toml"] = files["platforms.d/phone.toml"].replace("/bin/true", "/no/such")
    del files["secrets/farm-key"]
    assert "phone.farm" in good(files).idle


def test_root_is_warned_that_it_will_not_run_it(good: Good, base: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    said = [str(warning) for warning in good(farm(base)).warnings]
    assert any("a daemon that is root does not run the program" in line for line in said)
    named = farm(base, "[source.command]", '[source.command]\nuser = "nobody"')
    assert not any("user" in str(warning) for warning in good(named).warnings)


def test_somebody_else_than_root_cannot_become_the_user(good: Good, base: Files) -> None:
    said = [str(w) for w in good(farm(base, "[source.command]", '[source.command]\nuser = "nobody"')).warnings]
    assert any("can only be nobody when the daemon is root" in line for line in said)


def test_the_program_is_looked_for_as_it_is_called(good: Good, base: Files, tmp_path: pathlib.Path) -> None:
    program = tmp_path / "look 7"
    program.write_text("")
    program.chmod(0o755)
    files = farm(base, '"/bin/true", "{var:rack}"', f'"{tmp_path}/look {{var:rack}}"')
    assert build.program(good(files), "phone.farm").spec.argv == (str(program),)


RELAY = """\
[platform]
id = "phone"
name = "Phone"
class = "handset_vendor"
[platform.device_test]
surfaces = ["incoming_call", "call_log"]
steps = ["call it"]

[[source]]
id = "phone.relay"
title = "our relay"
kinds = ["mobile"]
[source.report]
authors = ["relay"]
max_age = "2d"
[[source.reading]]
platform = "phone"
surface = "incoming_call"
"""


def test_what_is_told(good: Good, base: Files) -> None:
    loaded = good(base | {"platforms.d/phone.toml": RELAY})
    source = loaded.sources["phone.relay"]
    assert source.kind == "report"
    assert source.report is not None
    assert (source.report.authors, source.report.max_age) == (("relay",), 172_800.0)
    assert build.bound_sources(loaded) == {}


def test_a_platform_that_people_look_at_has_its_source_and_it_is_off(good: Good, base: Files) -> None:
    files = base | {"platforms.d/phone.toml": RELAY}
    source = good(files).idle["phone.device"]
    assert source.report is not None
    assert source.report.handset
    assert [reading.surface for reading in source.readings] == ["incoming_call", "call_log"]
    assert source.why_off
    files["numtrustd.toml"] = '[platforms]\nshipped = false\nenable = ["phone.device"]\n'
    assert "phone.device" in good(files).sources


def test_a_pack_may_write_it_down_itself(good: Good, base: Files) -> None:
    files = base | {"platforms.d/phone.toml": RELAY.replace("phone.relay", "phone.device")}
    loaded = good(files)
    assert loaded.sources["phone.device"].title == "our relay"
    assert not loaded.idle


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('max_age = "2d"', 'max_age = "0s"', "source[0].report.max_age: is"),
        ('max_age = "2d"', 'max_age = "2 years"', "source[0].report.max_age: is"),
        ("authors", "author", "source[0].report.author: unknown key: did you mean"),
        ('["relay"]', '"relay"', "source[0].report.authors: is"),
        ("[source.report]", "[source.command]\nargv = ['/bin/true']\n[source.report]", "a second way to look beside"),
        ('surface = "incoming_call"\n', 'surface = "a b"\n', 'reading[0].surface: "a b" is no name'),
    ],
)
def test_each_mistake_of_a_report_source(problems: Problems, base: Files, old: str, new: str, said: str) -> None:
    assert said in problems(base | {"platforms.d/phone.toml": RELAY.replace(old, new, 1)})


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('interval = "0s"', "device_tests.interval: is no time at all: give more than 0 seconds"),
        ("numbers = 0", "device_tests.numbers: is the number 0: give at least 1"),
        ("open_tasks = 0", "device_tests.open_tasks: is the number 0: give at least 1"),
        ('enabled = "no"', "device_tests.enabled: is"),
        ("monthly = true", "device_tests.monthly: unknown key"),
    ],
)
def test_each_mistake_of_the_device_tests(problems: Problems, base: Files, key: str, said: str) -> None:
    base["numtrustd.toml"] += f"[device_tests]\n{key}\n"
    assert said in problems(base)


def test_the_device_tests_as_they_are_set(good: Good, base: Files) -> None:
    base["numtrustd.toml"] += '[device_tests]\ninterval = "14d"\nnumbers = 5\n'
    hands = build.context(good(base), "store").hands
    assert (hands.interval, hands.numbers, hands.enabled) == (14 * 86_400.0, 5, True)


@pytest.mark.parametrize(
    "key", ['interval = "5s"', 'cadence = "1d"', 'when = "doubt"', "budget = { per_day = 3 }", "concurrency = 2"]
)
def test_settings_of_looks_have_no_effect_on_what_is_told(problems: Problems, base: Files, key: str) -> None:
    files = base | {"platforms.d/phone.toml": RELAY}
    files["numtrustd.toml"] += f'[source."phone.device"]\n{key}\n'
    assert "has no effect: phone.device is told, and looks at nothing by itself: leave it out" in problems(files)


def test_what_is_told_is_told_in_doubt_or_not(problems: Problems, base: Files) -> None:
    files = base | {"platforms.d/phone.toml": RELAY.replace("[source.report]", 'when = "doubt"\n[source.report]')}
    assert "when: nobody looks through it by himself: leave it out" in problems(files)


def test_the_platforms_of_a_page_are_read_there_and_only_a_label_counts(good: Good, base: Files) -> None:
    page = RELAY.replace("[platform.device_test]", "[platform.assisted]").replace(
        'steps = ["call it"]', 'steps = ["type it"]\nreads = ["other"]'
    )
    other = '[platform]\nid = "other"\nname = "Other"\nclass = "social"\n'
    source = good(base | {"platforms.d/phone.toml": page, "platforms.d/other.toml": other}).idle["phone.assisted"]
    assert [(r.platform, r.surface) for r in source.readings][-1] == ("other", "phone")
    assert not source.clears
